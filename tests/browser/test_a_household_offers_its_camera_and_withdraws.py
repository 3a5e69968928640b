"""小小探头: a clerk records what a household agreed to, its camera is watched; it withdraws, and
the camera is let go at once; the household is handed its log.
"""

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from camerad.simulator.film import draw_film
from camerad.simulator.reel import load_reel
from camerad.simulator.rtsp import RtspServer
from camerad.simulator.scenes import EAST_GATE
from lianfang_timing import SystemClock
from tests.browser.conftest import ARTIFACTS
from tests.browser.duty_page import DESK, PHONE, DutyPage, open_page
from tests.polling import until
from tests.scenarios.cameras import LOGIN, PASSWORD, Registered, register, until_watching
from tests.scenarios.house import house

CAMERA = "cam-yard"


@pytest.mark.timeout(180)
async def test_a_household_offers_its_camera_and_withdraws(
    chromium: Browser, tmp_path: Path
) -> None:
    film = tmp_path / "yard.mp4"
    draw_film(film, EAST_GATE, seconds=4, fps=8)
    clock = SystemClock()
    async with (
        house(tmp_path, broker="embedded") as site,
        RtspServer(
            load_reel(film), username=LOGIN, password=PASSWORD, elapsed=clock.monotonic
        ) as server,
    ):
        yard = Registered(
            CAMERA, endpoint_reference=None, stream_uri=server.url, legal_class="private"
        )
        register(site, yard)
        await site.start()
        clerk = await open_page(chromium, site, DESK)
        await clerk.sign_in("dongcun-head")
        await clerk.page.goto(f"{site.url}/cameras")
        row = clerk.find("household-camera")
        await expect(row).to_have_attribute("data-standing", "none")
        await expect(clerk.find("camera-card")).to_have_count(0)
        assert server.clients == 0

        await clerk.find("consent-open").click()
        await clerk.find("consent-group").select_option(index=1)
        await clerk.find("consent-household").select_option(index=1)
        await clerk.find("consent-by").fill("林演示")
        await clerk.find("consent-purpose").fill("本户或邻居报警时查看院门")
        await clerk.find("consent-reference").fill("同意书 2026-001，存村委会")
        await photograph(clerk, "consent-form-desk")
        await clerk.find("form-save").click()
        await expect(row).to_have_attribute("data-standing", "agreed")
        await expect(row).to_contain_text("林**")
        async with site.client() as witness:
            await witness.sign_in("dongcun-head")
            await until_watching(witness, CAMERA, within_s=60)

        await clerk.find("camera-place").click()
        await clerk.find("place-location").fill("院门内侧，朝院门")
        await clerk.find("place-layer").select_option("community")
        await clerk.find("place-reason").fill("装得更低了")
        await photograph(clerk, "camera-place-desk")
        await clerk.find("form-save").click()
        await expect(clerk.find("camera-said")).to_contain_text("已保存")

        telephone = await open_page(chromium, site, PHONE)
        await telephone.sign_in("dongcun-head")
        await telephone.page.goto(f"{site.url}/cameras")
        await telephone.find("withdraw-open").click()
        await telephone.find("withdraw-said").fill("孩子大了，不想再装")
        await photograph(telephone, "consent-withdraw-phone")
        assert await telephone.width_left_over() <= 0
        await telephone.find("withdraw-go").click()
        shown = telephone.find("household-camera")
        await expect(shown).to_have_attribute("data-standing", "withdrawn")

        async def is_let_go() -> bool:
            return server.clients == 0

        await until(is_let_go, timeout_s=10)
        async with clerk.page.expect_popup() as opened:
            await clerk.find("owner-log").click()
        sheet = await opened.value
        await expect(sheet.locator("body")).to_contain_text("已撤回")
        await expect(sheet.locator("body")).to_contain_text("林演示")
        await sheet.screenshot(path=ARTIFACTS / "screens" / "owner-log.png", full_page=True)
        assert await site.stop() == 0


async def photograph(page: DutyPage, name: str) -> None:
    """For somebody to see how it looks."""
    folder = ARTIFACTS / "screens"
    folder.mkdir(parents=True, exist_ok=True)
    await page.page.evaluate("document.fonts.ready")
    await page.page.screenshot(path=folder / f"{name}.png", full_page=True)
