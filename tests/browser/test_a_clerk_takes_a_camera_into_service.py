"""A village clerk takes a recorder's channel into service: found, logged in to, looked through,
judged, placed, and watched once its notice sign hangs. The store is the witness.
"""

import uuid
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from camerad.simulator.film import draw_film
from camerad.simulator.scenes import EAST_GATE
from camerad.simulator.site import CameraSpec, SimulatedCameraSite
from tests.browser.conftest import ARTIFACTS
from tests.browser.duty_page import DESK, PHONE, DutyPage, open_page
from tests.scenarios.cameras import LOGIN, PASSWORD, until_watching
from tests.scenarios.house import house

NAME = "海康录像机 Hikvision"
LATER_MS = 60_000
"""Asking a device and decoding a first picture take their time on a busy machine."""


@pytest.mark.timeout(240)
async def test_a_clerk_takes_a_camera_into_service(chromium: Browser, tmp_path: Path) -> None:
    film = tmp_path / "gate.mp4"
    draw_film(film, EAST_GATE, seconds=4, fps=12)
    recorder = CameraSpec(
        id="nvr", endpoint_reference=f"urn:uuid:{uuid.uuid4()}", name=NAME, film=str(film),
        username=LOGIN, password=PASSWORD, channels=2, clock_off_s=-10_800.0,
    )  # fmt: skip
    async with (
        house(tmp_path, broker="embedded", discover=True) as site,
        SimulatedCameraSite([recorder]),
    ):
        await site.start()
        async with site.client() as witness:
            await witness.sign_in("dongcun-head")
            clerk = await open_page(chromium, site, DESK)
            await clerk.sign_in("dongcun-head")
            await clerk.page.goto(f"{site.url}/cameras")
            await clerk.find("adopt-open").click()

            await find_and_log_in(clerk)
            await look_and_judge(clerk)
            await place(clerk)
            (waiting,) = (await witness.get("/cameras/unwatched"))["items"]
            assert (waiting["id"], waiting["name"]) == ("dongcun-cam-01", "东村牌坊")

            telephone = await open_page(chromium, site, PHONE)
            await telephone.sign_in("dongcun-head")
            await telephone.page.goto(f"{site.url}/cameras")
            await photograph(telephone, "cameras-phone")
            assert await telephone.width_left_over() <= 0
            await telephone.find("sign-is-up").click()
            await expect(telephone.find("unwatched")).to_be_hidden()
            await until_watching(witness, "dongcun-cam-01", within_s=60)
            await expect(telephone.find("camera-clock")).to_contain_text("慢 3:00:0")
            await telephone.find("camera-login").click()
            await telephone.find("login-username").fill(LOGIN)
            await telephone.find("login-password").fill(PASSWORD)
            await photograph(telephone, "cameras-watched-phone")
            await telephone.find("form-save").click()
            await expect(telephone.find("camera-said")).to_contain_text("共 1 路")
            await telephone.page.goto(f"{site.url}/cameras/adopt")
            await telephone.find("adopt-search").click()
            mine = telephone.find("adopt-found").filter(has_text=NAME)
            await expect(mine).to_contain_text("已接入：东村牌坊", timeout=LATER_MS)
            await telephone.find("adopt-by-hand").click()
            await photograph(telephone, "adopt-phone")
            assert await telephone.width_left_over() <= 0

            await clerk.page.goto(f"{site.url}/cameras")
            await clerk.find("camera-retire").click()
            await clerk.find("reason").fill("灯杆拆除")
            await photograph(clerk, "cameras-desk")
            await clerk.find("reason-go").click()
            await expect(clerk.find("camera-card")).to_have_count(0)
        assert await site.stop() == 0


async def find_and_log_in(clerk: DutyPage) -> None:
    await clerk.find("adopt-search").click()
    mine = clerk.find("adopt-found").filter(has_text=NAME)
    await expect(mine).to_be_visible(timeout=LATER_MS)
    await mine.get_by_test_id("adopt-choose").click()
    await clerk.find("adopt-username").fill(LOGIN)
    await clerk.find("adopt-password").fill("wrong")
    await clerk.find("adopt-ask").click()
    # where this make keeps its ONVIF users, in the clerk's own language
    await expect(clerk.find("adopt-refused")).to_contain_text("集成协议", timeout=LATER_MS)
    await photograph(clerk, "adopt-refused")
    await clerk.find("adopt-password").fill(PASSWORD)
    await clerk.find("adopt-ask").click()
    await expect(clerk.find("adopt-channel")).to_have_count(2, timeout=LATER_MS)
    await expect(clerk.find("adopt-clock")).to_contain_text("慢 3:00:0")
    await clerk.find("adopt-channel").nth(1).check()


async def look_and_judge(clerk: DutyPage) -> None:
    await clerk.find("adopt-look").click()
    await expect(clerk.find("adopt-picture")).to_be_visible(timeout=LATER_MS)
    await expect(clerk.find("adopt-placing")).to_be_hidden()
    await clerk.find("adopt-judged-some").check()
    await clerk.find("adopt-sees-dormitory").check()
    await expect(clerk.find("adopt-prohibited")).to_contain_text("第八条")
    await expect(clerk.find("adopt-placing")).to_be_hidden()
    await photograph(clerk, "adopt-prohibited")
    await clerk.find("adopt-judged-none").check()


async def place(clerk: DutyPage) -> None:
    await expect(clerk.find("adopt-save")).to_be_disabled()
    await clerk.find("adopt-name").fill("东村牌坊")
    await clerk.find("adopt-village").select_option("dongcun")
    await clerk.find("adopt-location").fill("牌坊东侧灯杆，高 4 米")
    await clerk.find("adopt-layer-checkpoint").check()
    await clerk.find("adopt-class-public").check()
    await expect(clerk.find("adopt-missing")).to_contain_text("提示标志")
    await clerk.find("adopt-sign-later").check()
    await photograph(clerk, "adopt-placing")
    assert await clerk.width_left_over() <= 0
    await clerk.find("adopt-save").click()
    await expect(clerk.find("adopt-done")).to_contain_text("东村牌坊")


async def photograph(page: DutyPage, name: str) -> None:
    """For somebody to see how it looks."""
    folder = ARTIFACTS / "screens"
    folder.mkdir(parents=True, exist_ok=True)
    await page.page.evaluate("document.fonts.ready")
    await page.page.screenshot(path=folder / f"{name}.png", full_page=True)
