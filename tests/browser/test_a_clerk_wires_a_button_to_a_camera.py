"""A clerk wires a button to a camera's input, sees the contact move and tries it; when the camera
is lost the card says that the button is dead.
"""

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from lianfang_timing import SystemClock
from tests.browser.conftest import ARTIFACTS
from tests.browser.duty_page import DESK, PHONE, DutyPage, open_page
from tests.camerad.events_camera import EventsCamera
from tests.scenarios.cameras import LOGIN, PASSWORD, Registered, register
from tests.scenarios.cannot_be_silent.test_a_wired_button_is_heard_and_its_death_too import (
    CAMERA,
    INPUT,
    NO_STREAM,
    locate,
)
from tests.scenarios.house import house

SOON_MS = 20_000


@pytest.mark.timeout(180)
async def test_a_clerk_wires_a_button_and_tries_it(chromium: Browser, tmp_path: Path) -> None:
    camera = EventsCamera(clock=SystemClock(), login=(LOGIN, PASSWORD))
    async with house(tmp_path, broker="embedded") as site:
        register(site, Registered(CAMERA, endpoint_reference=None, stream_uri=NO_STREAM))
        async with camera.serving():
            locate(site, camera.url)
            await site.start()
            clerk = await open_page(chromium, site, DESK)
            await clerk.sign_in("dongcun-head")
            await clerk.page.goto(f"{site.url}/cameras")
            await clerk.find("camera-inputs-open").click()
            one = clerk.find("camera-input")
            await expect(one).to_contain_text("未接按钮", timeout=SOON_MS)
            await clerk.find("input-wire").click()
            await clerk.find("input-button").fill("dongcun-pillar-1")
            await clerk.find("input-household").fill(site.buttons[0].household)
            await photograph(clerk, "wiring-desk")
            await clerk.find("form-save").click()
            await expect(one).to_contain_text("dongcun-pillar-1")
            await clerk.find("input-announce").click()
            await expect(clerk.find("input-test")).to_be_visible()
            camera.events.set_input(INPUT, active=True)
            await expect(one).to_contain_text("按下中", timeout=SOON_MS)
            await expect(one).to_contain_text("共 1 次")
            await expect(clerk.find("input-test")).to_be_hidden()
            camera.events.set_input(INPUT, active=False)
            await expect(one).to_contain_text("断开", timeout=SOON_MS)
        await expect(clerk.find("camera-dead-button")).to_contain_text(
            "dongcun-pillar-1", timeout=40_000
        )
        await photograph(clerk, "wired-dead-desk")
        telephone = await open_page(chromium, site, PHONE)
        await telephone.sign_in("dongcun-head")
        await telephone.page.goto(f"{site.url}/cameras")
        await telephone.find("camera-inputs-open").click()
        await expect(telephone.find("input-dead")).to_be_visible()
        await photograph(telephone, "wired-dead-phone")
        assert await telephone.width_left_over() <= 0
        async with site.client() as witness:
            await witness.sign_in("leader")
            alarms = [a for i in (await witness.get("/incidents"))["items"] for a in i["alarms"]]
        assert not [a for a in alarms if a["device"] == "dongcun-pillar-1"]
        assert await site.stop() == 0


async def photograph(who: DutyPage, name: str) -> None:
    """For somebody to see how it looks."""
    folder = ARTIFACTS / "screens"
    folder.mkdir(parents=True, exist_ok=True)
    await who.page.screenshot(path=folder / f"{name}.png", full_page=True)
