"""The console as a person uses it, in a browser's page. Finds things by data-testid."""

import time
from dataclasses import dataclass

from playwright.async_api import Browser, Locator, Page, expect

from tests.scenarios.house import House

HD, DESK, PHONE = (1920, 1080), (1366, 768), (390, 844)
_SOON_MS = 15_000


@dataclass
class DutyPage:
    """A page of the console and the site behind it."""

    page: Page
    site: House

    def find(self, name: str) -> Locator:
        return self.page.get_by_test_id(name)

    @property
    def incidents(self) -> Locator:
        """The rows of the board."""
        return self.find("incident-row")

    def row_of(self, incident: str) -> Locator:
        return self.page.locator(f'[data-testid=incident-row][data-incident-id="{incident}"]')

    async def open_sign_in(self, language: str = "zh") -> None:
        await self.page.goto(self.site.url)
        await expect(self.find("signin-submit")).to_be_visible(timeout=_SOON_MS)
        shown = await self.page.locator("html").get_attribute("lang") or ""
        if not shown.startswith(language):
            await self.find("language-switch").click()
        await expect(self.page.locator(f"html[lang^={language}]")).to_be_attached()

    async def sign_in(self, username: str = "duty", language: str = "zh") -> None:
        await self.open_sign_in(language)
        await self.find("signin-username").locator("visible=true").fill(username)
        await self.find("signin-password").fill(self.site.accounts[username])
        await self.find("signin-submit").click()
        await self.live()

    async def live(self, timeout_s: float = 20) -> None:
        """Return when the page says that its line to the service is open."""
        line = self.page.locator("[data-testid=connection-state][data-state=live]")
        await expect(line).to_be_attached(timeout=timeout_s * 1000)

    async def seen_after_s(self, rows: int, begun_s: float) -> float:
        """Seconds from `begun_s` (monotonic) until the board has this many incidents."""
        await self.incidents.nth(rows - 1).wait_for(timeout=10_000)
        return time.monotonic() - begun_s

    async def width_left_over(self) -> int:
        """Pixels by which the page is wider than the screen; above 0 it scrolls sideways.

        Not measured by the window's own width: a telephone's window grows with what is too wide.
        """
        size = self.page.viewport_size
        assert size is not None
        wide = int(await self.page.evaluate("document.documentElement.scrollWidth"))
        return wide - size["width"]


async def open_page(browser: Browser, site: House, size: tuple[int, int] = HD) -> DutyPage:
    """A new person's page: no cookies, no memory of a language."""
    wide, high = size
    context = await browser.new_context(
        viewport={"width": wide, "height": high},
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        is_mobile=size == PHONE,
        has_touch=size == PHONE,
        # what beats and blinks is drawn by the processor here, all the while
        reduced_motion="reduce",
    )
    return DutyPage(await context.new_page(), site)
