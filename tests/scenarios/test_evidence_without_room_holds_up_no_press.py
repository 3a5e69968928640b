"""The space for evidence is used up: presses and incidents go on, the incident says what it has not
and why, and what is held stands.
"""

from pathlib import Path

from camerad.simulator.film import draw_film
from camerad.simulator.reel import load_reel
from camerad.simulator.rtsp import RtspServer
from camerad.simulator.scenes import EAST_GATE
from lianfang_timing import SystemClock
from linkage.demo.town import VILLAGES
from tests.polling import until
from tests.scenarios.cameras import LOGIN, PASSWORD, Registered, register, until_watching
from tests.scenarios.house import Officer, house

QUOTA = '\n[evidence]\nquota = "1MB"\nbefore = "5s"\nafter = "5s"\n'
"""Enough for a picture, and for no clip."""
CAMERA = "cam-gate"


async def test_evidence_without_room_holds_up_no_press(tmp_path: Path) -> None:
    film = tmp_path / "gate.mp4"
    draw_film(film, EAST_GATE, seconds=4, fps=8)
    elapsed = SystemClock().monotonic
    async with (
        house(tmp_path, broker="embedded") as site,
        RtspServer(load_reel(film), username=LOGIN, password=PASSWORD, elapsed=elapsed) as server,
        site.client() as leader,
    ):
        with (site.config / "site.toml").open("a", encoding="utf-8") as file:
            file.write(QUOTA)
        spot = (VILLAGES[0].latitude, VILLAGES[0].longitude)
        gate = Registered(CAMERA, endpoint_reference=None, stream_uri=server.url, spot=spot)
        register(site, gate)
        await site.start()
        await leader.sign_in("leader")
        await until_watching(leader, CAMERA)
        async with site.button() as button:
            outcome = await button.press(timeout_s=20)
        assert outcome.state == "received"
        incident = await leader.incident_of(outcome.alarm)
        shown = await leader.until(incident, lambda i: i["evidence"], within_s=30)
        assert {one["kind"] for one in shown["evidence"]} == {"snapshot"}
        [gap] = await missing(leader, incident)
        assert (gap["camera"], gap["kind"], gap["why"]) == (CAMERA, "clip", "quota")
        assert gap["said"].startswith("存证空间配额已满")
        async with leader.session.post(
            f"/api/v1/incidents/{incident['id']}/holds", json={"reason": "立案"}
        ) as answer:
            assert answer.status == 201
        # another press of the same night: the incident goes on, and the picture stands
        async with site.button(1) as neighbour:
            assert (await neighbour.press(timeout_s=20)).state == "received"
        async with leader.session.get(str(shown["evidence"][0]["url"])) as answer:
            assert answer.status == 200
        assert await site.stop() == 0


async def missing(leader: Officer, incident: dict[str, object]) -> list[dict[str, object]]:
    """What the incident says that it has not, as soon as it says anything."""

    async def said() -> list[dict[str, object]]:
        found = (await leader.get(f"/incidents/{incident['id']}/custody"))["missing"]
        assert isinstance(found, list)
        return found

    return await until(said, timeout_s=30)
