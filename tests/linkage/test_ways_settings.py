"""config/notify.toml: what it may say, and what is refused with file and key."""

from pathlib import Path

import pytest

from alarms.model import AlarmKind
from linkage.errors import BadSettings
from linkage.ways.settings import USUAL_WAYS, Use, Webhook, load_ways
from linkage.ways.signing import secret_of

SECRET = "a secret of the station and us"


def written(folder: Path, *lines: str, url: str = "https://jcj.example/alarms") -> Path:
    (folder / "s.secret").write_text(SECRET, encoding="utf-8")
    text = "\n".join(
        ("[[webhook]]", 'name = "station"', f'url = "{url}"', 'secret_file = "s.secret"', *lines)
    )
    (folder / "notify.toml").write_text(text, encoding="utf-8")
    return folder / "notify.toml"


def test_without_the_file_there_are_no_webhooks(tmp_path: Path):
    assert load_ways(tmp_path / "notify.toml") is USUAL_WAYS


def test_a_whole_file_is_read(tmp_path: Path):
    path = written(
        tmp_path,
        'for = ["station", "incidents"]',
        'kinds = ["fire"]',
        'places = ["dongcun"]',
        'timeout = "2s"',
        'deadline = "1h"',
        'confirm_within = "45s"',
        'telephone = "0574-88000110"',
        "batch = true",
        "[siren]",
        'lasts = "1m"',
        "[loudspeaker]",
        "repeat = 5",
        'lasts = "30s"',
    )
    ways = load_ways(path)
    assert ways.webhooks["station"] == Webhook(
        name="station",
        url="https://jcj.example/alarms",
        secret=SECRET.encode(),
        uses=frozenset(Use),
        kinds=frozenset({AlarmKind.FIRE}),
        places=frozenset({"dongcun"}),
        timeout_s=2.0,
        deadline_s=3600.0,
        confirm_within_s=45.0,
        telephone="0574-88000110",
        batch=True,
    )
    assert (ways.siren.lasts_s, ways.loudspeaker.repeat, ways.loudspeaker.lasts_s) == (60, 5, 30)


def test_a_secret_is_not_shown(tmp_path: Path):
    assert SECRET not in repr(load_ways(written(tmp_path)))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('fro = ["station"]', "'for'"),
        ('for = ["sation"]', "station"),
        ('timeout = "60s"', 'webhook 1 "station", timeout'),
        ('deadline = "1s"', 'webhook 1 "station", deadline'),
        ('confirm_within = "0s"', 'webhook 1 "station", confirm_within'),
        ('ca_file = "nowhere.pem"', 'webhook 1 "station", ca_file'),
        ('[siren]\nlasts = "1h"', "siren.lasts"),
        ('[loudspeaker]\nlasts = "0s"', "loudspeaker.lasts"),
        ("[loudspeaker]\nrepeat = 11", "loudspeaker.repeat"),
        ('[[webhook]]\nname = "station"\nurl = "https://x/"\nsecret_file = "s.secret"', "two"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, line: str, said: str):
    with pytest.raises(BadSettings) as refused:
        load_ways(written(tmp_path, line))
    assert said in str(refused.value)
    assert "notify.toml" in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://jcj.example/alarms",
        "http://192.168.1.9/alarms",
        "ftp://jcj.example/",
        "https:///alarms",
        "https://user:pass@jcj.example/",
        "https://jcj.example:99999/",
        "alarms",
    ],
)
def test_households_data_goes_out_under_tls_or_not_at_all(tmp_path: Path, url: str):
    with pytest.raises(BadSettings, match='webhook 1 "station", url'):
        load_ways(written(tmp_path, url=url))


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "http://localhost/", "http://[::1]:9/"])
def test_this_machine_needs_no_tls(tmp_path: Path, url: str):
    assert load_ways(written(tmp_path, url=url)).webhooks["station"].url == url


def test_a_secret_that_is_short_or_unreadable_is_refused_without_being_shown(tmp_path: Path):
    path = written(tmp_path)
    (tmp_path / "s.secret").write_text("too short")
    with pytest.raises(BadSettings, match="at least 24 bytes") as refused:
        load_ways(path)
    assert "too short" not in str(refused.value)
    (tmp_path / "s.secret").unlink()
    with pytest.raises(BadSettings, match="cannot read"):
        load_ways(path)


@pytest.mark.parametrize("around", ["{}\n", "{}\r\n", "\ufeff{}", "\ufeff{}\r\n", " {} \n"])
def test_a_mark_before_a_secret_and_an_end_of_line_behind_it_are_no_part_of_it(
    tmp_path: Path, around: str
):
    path = written(tmp_path)
    (tmp_path / "s.secret").write_bytes(around.format(SECRET).encode())
    assert load_ways(path).webhooks["station"].secret == SECRET.encode()


def test_a_secret_saved_in_another_encoding_is_one_sentence(tmp_path: Path):
    path = written(tmp_path)
    (tmp_path / "s.secret").write_bytes(SECRET.encode("utf-16"))
    with pytest.raises(BadSettings, match=r"secret_file.*UTF-8") as refused:
        load_ways(path)
    assert SECRET not in str(refused.value)


def test_a_secret_in_base64_is_decoded():
    assert secret_of("whsec_" + "AAEC" * 8) == bytes([0, 1, 2]) * 8
    with pytest.raises(ValueError, match="not base64"):
        secret_of("whsec_not base64 at all, is it")


def test_which_incidents_a_webhook_wants():
    def webhook(*uses: Use, kinds=(), places=()) -> Webhook:
        return Webhook(
            "w", "", b"", frozenset(uses), kinds=frozenset(kinds), places=frozenset(places)
        )

    assert not webhook().wants(AlarmKind.PANIC, "dongcun")
    assert webhook(Use.INCIDENTS).wants(AlarmKind.LOITERING, None)
    assert webhook(Use.STATION).wants(AlarmKind.PANIC, None)
    assert not webhook(Use.STATION).wants(AlarmKind.LOITERING, "dongcun")
    assert webhook(Use.STATION, kinds=[AlarmKind.LOITERING]).wants(AlarmKind.LOITERING, "x")
    assert not webhook(Use.STATION, kinds=[AlarmKind.FIRE]).wants(AlarmKind.PANIC, "x")
    assert not webhook(Use.INCIDENTS, places=["dongcun"]).wants(AlarmKind.PANIC, None)
    assert webhook(*Use).use is Use.STATION
