"""`lianfang zones`: a camera's zones as a file, out and in."""

from tests.commands.running import lianfang
from tests.scenarios.cameras import Registered, register
from tests.scenarios.house import House

LEFT = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))


async def test_zones_are_carried_out_and_in_with_a_reason(idle_site: House, tmp_path) -> None:
    register(idle_site, Registered("cam-gate", loiter=LEFT, privacy=LEFT))
    given = lianfang("zones", "export", "cam-gate", "--config", idle_site.config)
    assert given.status == 0, given.err
    file = tmp_path / "zones.toml"
    file.write_text(given.out.replace('dwell = "8s"', 'dwell = "30s"'), encoding="utf-8")
    bring = ("zones", "import", "cam-gate", file, "--config", idle_site.config)
    brought = lianfang(*bring, "--reason", "录像试算后改")
    assert brought.status == 0, brought.err
    listed = lianfang("zones", "list", "--config", idle_site.config)
    assert listed.out.splitlines()[-1].split("\t")[2:] == ["1", "gate (loiter), yard (privacy)"]

    file.write_text(given.out.split("[[zone]]")[0] + "[[zone]]" + given.out.split("[[zone]]")[1])
    refused = lianfang(*bring, "--reason", "x")
    assert refused.status == 2
    assert "yard" in refused.complaint
    assert lianfang(*bring, "--reason", "x", "--uncovers", "yard").status == 0

    unknown = lianfang("zones", "export", "cam-nowhere", "--config", idle_site.config)
    assert unknown.status == 2
    assert "cam-nowhere" in unknown.complaint
