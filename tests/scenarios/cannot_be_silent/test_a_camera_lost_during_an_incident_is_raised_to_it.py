"""Somebody presses, and then the camera that looks at the house goes dark: whoever deals with the
press hears of it there, not in a list of what is to be repaired.
"""

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from camerad.simulator.film import draw_film
from camerad.simulator.scenes import EAST_GATE
from camerad.simulator.site import SimulatedCameraSite
from linkage.demo.town import VILLAGES
from tests.scenarios.cameras import Registered, register, until_watching
from tests.scenarios.house import house

CAMERA = "cam-gate"


@pytest.mark.timeout(180)
async def test_the_incident_rings_again_and_says_which_camera(tmp_path: Path) -> None:
    film = tmp_path / "gate.mp4"
    draw_film(film, EAST_GATE, seconds=4, fps=10)
    async with house(tmp_path, discover=True) as site, AsyncExitStack() as power:
        village = VILLAGES[0]
        camera = Registered(CAMERA, spot=(village.latitude, village.longitude))
        register(site, camera)
        await power.enter_async_context(SimulatedCameraSite([camera.playing(film)]))
        await site.start()
        async with site.client() as officer, site.button() as button:
            await officer.sign_in()
            await officer.here()
            await until_watching(officer, CAMERA)
            pressed = await button.press(timeout_s=20)
            incident = await officer.incident_of(pressed.alarm)
            await officer.sees_called(incident, "duty")
            assert CAMERA in incident["cameras"]
            await power.aclose()
            shown = await officer.until(incident, lambda i: len(i["alarms"]) == 2, within_s=60)
        assert [(a["device"], a["kind"]) for a in shown["alarms"]] == [
            (site.buttons[0].credentials.device, "panic"),
            (CAMERA, "camera_fault"),
        ]
        assert shown["kind"] == "panic"
        assert shown["ring"] >= 2
