"""考核评价 in a browser: figures with their charts, no style that our pages forbid, a visit."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, expect

from linkage.web.app import BUILT_CONSOLE
from tests.browser.duty_page import DESK, PHONE
from tests.linkage.appraisal.appraisal_stories import local, tell
from tests.linkage.web_house import EAST, PASSWORD, house

_SOON_MS = 20_000


async def sign_in(page: Page, url: str) -> None:
    await page.goto(f"{url}appraisal")
    await page.get_by_test_id("signin-username").locator("visible=true").fill("shift")
    await page.get_by_test_id("signin-password").fill(PASSWORD)
    await page.get_by_test_id("signin-submit").click()


def a_month(conn) -> None:
    for day in range(1, 13):
        outcome = "accidental" if day % 4 == 0 else "real"
        tell(conn, day, local(2026, 11, day, 9 + day % 3), outcome=outcome)
    tell(conn, 1, local(2026, 10, 5, 9))
    tell(
        conn, 20, local(2026, 11, 20, 9), (), stage="reported", outcome=None, acknowledged_by="duty"
    )


@pytest.mark.timeout(180)
async def test_a_leader_reads_the_month_and_notes_a_visit(
    chromium: Browser, tmp_path: Path
) -> None:
    assert (BUILT_CONSOLE / "index.html").exists(), "build the console: make console"
    (tmp_path / "console").symlink_to(BUILT_CONSOLE)
    async with house(tmp_path) as site:
        await site.person("shift", "shift-leader")
        await site.database.write(a_month)
        width, height = DESK
        page = await chromium.new_page(viewport={"width": width, "height": height})
        refused: list[str] = []

        def hear(message: ConsoleMessage) -> None:
            if "Content Security Policy" in message.text:
                refused.append(message.text)

        page.on("console", hear)
        await sign_in(page, site.url)
        for field, day in (("period-from", "2026-11-01"), ("period-to", "2026-11-30")):
            await page.get_by_test_id(field).fill(day)
        await expect(page.get_by_test_id("counted")).to_have_text("12", timeout=_SOON_MS)
        await expect(page.locator("[data-testid=chart] canvas").first).to_be_visible(
            timeout=_SOON_MS
        )
        await page.get_by_test_id("to-visits").click()
        await page.get_by_test_id("visit").click()
        # the page scrolls within its frame: the bar and what alarms stay where they are
        assert await page.evaluate("document.documentElement.scrollHeight") <= height
        # the site's clock stands still in November, whatever day it is
        await page.get_by_test_id("visit-day").fill("2026-11-20")
        await page.get_by_test_id("visit-said").fill("按钮挂得太低，孩子碰到；已抬高")
        await page.get_by_test_id("form-save").click()
        await expect(page.get_by_test_id("visited")).to_contain_text("已抬高", timeout=_SOON_MS)
        await expect(page.get_by_test_id("to-visit")).to_have_count(0)
        await page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        wide = await page.evaluate("document.documentElement.scrollWidth")
        assert wide <= PHONE[0]
        assert refused == []
        assert f"household:{EAST}-017" in [one["object"] for one in await site.audited()]
        await page.close()
