"""A press stands on the map where its household is, with the cameras that see it; by keys alone,
and without a word to anybody outside.
"""

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Locator, Request, expect

from linkage.demo.town import VILLAGES
from linkage.mapping.sight import FieldOfView
from tests.browser.conftest import ARTIFACTS
from tests.browser.duty_page import DESK, PHONE, DutyPage, open_page
from tests.scenarios.cameras import Registered, register
from tests.scenarios.house import house

HOME, LABEL = "dongcun-001", "1组01号"
NORTH_OF_IT = (VILLAGES[0].latitude + 0.00036, VILLAGES[0].longitude)
"""Some 40 m."""
SEES = Registered("cam-gate", spot=NORTH_OF_IT, view=FieldOfView(180, 90, 80))
LOOKS_AWAY = Registered("cam-away", spot=NORTH_OF_IT, view=FieldOfView(0, 90, 80))
_SOON_MS = 20_000


@pytest.mark.timeout(180)
async def test_a_press_stands_at_its_household_and_nobody_outside_is_asked(
    chromium: Browser, tmp_path: Path
) -> None:
    async with house(tmp_path, broker="embedded") as site:
        register(site, SEES, LOOKS_AWAY)
        await site.start()
        duty = await open_page(chromium, site, DESK)
        asked = listen(duty)
        await duty.sign_in()
        await duty.find("nav-map").click()
        await expect(duty.find("map-sheet")).to_be_visible(timeout=_SOON_MS)
        await expect(duty.find("map-blind-sum")).to_contain_text("118 户看不到")

        async with site.button(device=f"{HOME}-1") as button:
            outcome = await button.press(timeout_s=20)
        pin = duty.find("map-pin")
        await expect(pin).to_be_visible(timeout=_SOON_MS)
        incident = await pin.get_attribute("data-incident-id") or ""
        async with site.client() as officer:
            await officer.sign_in()
            assert incident == (await officer.incident_of(outcome.alarm))["id"]

        # the list moves the map, and Enter tells what lies in its middle: no mouse is needed
        await duty.find("map-incident-show").focus()
        await duty.page.keyboard.press("Enter")
        await expect(duty.find("map-incident-show")).to_have_attribute("aria-pressed", "true")
        await expect_in_the_middle(duty, pin)
        await duty.find("map-sheet").focus()
        await duty.page.keyboard.press("Enter")
        chosen = duty.find("map-chosen")
        await expect(chosen).to_contain_text(LABEL)
        await expect(chosen).to_contain_text(SEES.name)
        await expect(chosen).not_to_contain_text(LOOKS_AWAY.name)
        await look(duty, "map-desk")

        await duty.page.goto(f"{site.url}/map?incident={incident}")
        await expect(pin).to_be_visible(timeout=_SOON_MS)
        phone = await open_page(chromium, site, PHONE)
        asked_too = listen(phone)
        await phone.sign_in("dongcun-head", "en")
        await phone.page.goto(f"{site.url}/map?incident={incident}")
        await expect(phone.find("map-pin")).to_be_visible(timeout=_SOON_MS)
        await look(phone, "map-phone")
        assert await phone.width_left_over() <= 0

        # the incident's own page says it in words as well
        for page in (duty, phone):
            await page.page.goto(f"{site.url}/incidents/{incident}")
            where = page.find("incident-map")
            await expect(where.get_by_test_id("map-pin").locator("i")).to_be_visible(
                timeout=_SOON_MS
            )
            seen = page.find("incident-map-seen")
            await expect(seen).to_contain_text(SEES.name)
            await expect(seen).not_to_contain_text(LOOKS_AWAY.name)
        await where.scroll_into_view_if_needed()
        await look(phone, "map-incident-phone")
        assert await phone.width_left_over() <= 0

        assert {urlsplit(url).hostname for url in asked + asked_too} == {"127.0.0.1"}
        assert await site.stop() == 0


def listen(duty: DutyPage) -> list[str]:
    """Every address that the page asks for from now on."""
    asked: list[str] = []

    def note(request: Request) -> None:
        if not request.url.startswith(("data:", "blob:")):
            asked.append(request.url)

    duty.page.on("request", note)
    return asked


async def expect_in_the_middle(duty: DutyPage, pin: Locator) -> None:
    """The pin's foot is where the sheet's middle is."""
    sheet, foot = await duty.find("map-sheet").bounding_box(), await pin.bounding_box()
    assert sheet is not None
    assert foot is not None
    away_x = foot["x"] - (sheet["x"] + sheet["width"] / 2)
    away_y = foot["y"] + foot["height"] / 2 - (sheet["y"] + sheet["height"] / 2)
    assert abs(away_x) <= 4, away_x
    assert abs(away_y) <= 30, away_y


async def look(duty: DutyPage, name: str) -> None:
    folder = ARTIFACTS / "screens"
    folder.mkdir(parents=True, exist_ok=True)
    await duty.page.screenshot(path=folder / f"{name}.png")
