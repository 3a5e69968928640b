"""What a machine can judge of WCAG 2.2 AA: every page, both languages, both themes."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect
from sqlalchemy import insert

from linkage.registry.schema import estates
from linkage.web.app import BUILT_CONSOLE
from tests.browser.duty_page import HD
from tests.browser.every_page import LANGUAGES, PAGES, THEMES
from tests.linkage.appraisal.appraisal_stories import local, tell
from tests.linkage.registry_room import GROUP
from tests.linkage.test_web_rights import furnished
from tests.linkage.web_house import EAST, PASSWORD

CONSOLE = Path(__file__).resolve().parents[2] / "console"
AXE = CONSOLE / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
_JUDGE = """async (tags) => {
  const found = await axe.run(document, { runOnly: tags, resultTypes: ['violations'] })
  return found.violations.flatMap((v) => v.nodes.map((n) => [
    v.id, n.target.join(' '), (n.any[0] ?? n.all[0] ?? n.none[0])?.message ?? v.help,
  ]))
}"""
THINGS = {
    "incident": "i-east",
    "drill": "drill-east",
    "camera": "cam-east",
    "device": "b-east",
    "group": GROUP,
    "household": f"{EAST}-017",
    "village": EAST,
    "estate": f"{EAST}-e1",
}
_SOON_MS = 20_000


@pytest.fixture
def built_console(tmp_path: Path) -> None:
    assert (BUILT_CONSOLE / "index.html").exists(), "build the console: make console"
    (tmp_path / "console").symlink_to(BUILT_CONSOLE)


@pytest.fixture
async def town(built_console: None, tmp_path: Path) -> AsyncIterator[Any]:
    async with furnished(tmp_path) as house:
        yield house


def test_every_page_of_the_router_has_its_stop() -> None:
    router = (CONSOLE / "src" / "router.ts").read_text(encoding="utf-8")
    assert set(re.findall(r"path: '[^']*', name: '([\w-]+)'", router)) == set(PAGES)


@asynccontextmanager
async def signed_in(browser: Browser, url: str, username: str) -> AsyncIterator[Page]:
    width, height = HD
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        locale="zh-CN",
        bypass_csp=True,  # the judge is not the page's own
        reduced_motion="reduce",
    )
    page = await context.new_page()
    await page.goto(url)
    await page.get_by_test_id("signin-username").locator("visible=true").fill(username)
    await page.get_by_test_id("signin-password").fill(PASSWORD)
    await page.get_by_test_id("signin-submit").click()
    await expect(page.locator("[data-testid=connection-state][data-state=live]")).to_be_attached(
        timeout=_SOON_MS
    )
    yield page
    await context.close()


async def judged(page: Page, name: str) -> set[tuple[str, ...]]:
    """What is wrong with the page as it stands: rule, where, why, and on which page and look."""
    if not await page.evaluate("'axe' in window"):
        await page.add_script_tag(path=AXE)
    wrong: list[list[Any]] = await page.evaluate(_JUDGE, RULES)
    return {(*map(str, one), name) for one in wrong}


@pytest.mark.timeout(420)
async def test_no_page_keeps_anybody_out(chromium: Browser, town: Any) -> None:
    await town.person("shift", "shift-leader")
    await town.person("admin", "administrator")

    def more(conn: Any) -> None:
        estate = {"id": f"{EAST}-e1", "village_id": EAST, "name": "花园小区"}
        conn.execute(insert(estates).values(**estate))
        tell(conn, 1, local(2026, 11, 20, 9))

    await town.database.write(more)
    wrong: set[tuple[str, ...]] = set()
    for who in sorted({stop.who for stop in PAGES.values()}):
        async with signed_in(chromium, town.url, who) as page:
            for name, stop in PAGES.items():
                if stop.who != who:
                    continue
                await page.goto(town.url.rstrip("/") + stop.at(THINGS))
                await expect(page.locator("main")).to_be_visible(timeout=_SOON_MS)
                await page.wait_for_load_state("networkidle")
                if name == "board":
                    await expect(page.get_by_test_id("sound-unlock")).to_be_visible(
                        timeout=_SOON_MS
                    )
                for number in range(len(LANGUAGES) * len(THEMES)):
                    look = await page.locator("html").evaluate("e => `${e.className} ${e.lang}`")
                    wrong |= await judged(page, f"{name} {look}")
                    await page.get_by_test_id("theme-switch").click()
                    if number % 2:
                        await page.get_by_test_id("language-switch").click()
    assert wrong == set(), "\n".join(sorted(map(str, wrong)))
