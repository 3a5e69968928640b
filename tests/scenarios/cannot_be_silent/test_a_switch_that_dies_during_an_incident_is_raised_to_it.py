"""Somebody presses, and then a switch dies with every camera of the street: one alarm tells of the
switch, and the incident hears that nobody sees it any more. When the incident is closed, that the
cameras are gone is still said.
"""

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from camerad.simulator.film import draw_film
from camerad.simulator.scenes import EAST_GATE
from camerad.simulator.site import SimulatedCameraSite
from linkage.demo.town import VILLAGES
from tests.polling import until
from tests.scenarios.cameras import Registered, register, until_watching
from tests.scenarios.house import house

GATE = "cam-gate"
ELSEWHERE = tuple(f"cam-{n}" for n in range(4))


@pytest.mark.timeout(180)
async def test_the_switch_is_one_alarm_and_the_incident_rings_again(tmp_path: Path) -> None:
    film = tmp_path / "gate.mp4"
    draw_film(film, EAST_GATE, seconds=4, fps=5)
    async with house(tmp_path, discover=True) as site, AsyncExitStack() as power:
        village = VILLAGES[0]
        cameras = [
            Registered(GATE, spot=(village.latitude, village.longitude)),
            # too far away to see anything of it
            *(Registered(name, spot=(village.latitude + 1.0, 0.0)) for name in ELSEWHERE),
        ]
        register(site, *cameras)
        await power.enter_async_context(
            SimulatedCameraSite([camera.playing(film) for camera in cameras])
        )
        await site.start()
        async with site.client() as officer, site.button() as button:
            await officer.sign_in()
            await officer.here()
            for camera in (GATE, *ELSEWHERE):
                await until_watching(officer, camera)
            pressed = await button.press(timeout_s=20)
            incident = await officer.incident_of(pressed.alarm)
            await officer.sees_called(incident, "duty")
            await power.aclose()
            shown = await officer.until(incident, lambda i: len(i["alarms"]) == 2, within_s=60)
            assert (shown["alarms"][1]["device"], shown["kind"]) == (GATE, "panic")
            assert shown["ring"] >= 2

            async def faults() -> list[dict[str, object]]:
                found = (await officer.get("/incidents?state=open"))["items"]
                return [one for one in found if one["kind"] == "camera_fault"]

            (of_the_switch,) = await until(faults, timeout_s=20)
            assert [a["device"] for a in of_the_switch["alarms"]] == ["cameras"]
            cards = (await officer.get("/cameras"))["items"]
            assert {card["fault"]["incident"] for card in cards} == {of_the_switch["id"]}
            for step, said in (
                ("acknowledge", {}),
                ("verify", {}),
                ("close", {"outcome": "accidental"}),
            ):
                shown = await officer.detail(incident)
                assert await officer.step(shown, step, **said) == 200
            assert [one["id"] for one in await faults()] == [of_the_switch["id"]]
