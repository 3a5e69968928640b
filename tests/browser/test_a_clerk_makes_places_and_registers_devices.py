"""A village clerk makes what nobody imported: a grid with a group, an estate, the village's
boundary, a button by hand; and clears what need not be known. The store is the witness.
"""

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.browser.duty_page import DESK, PHONE, DutyPage, open_page
from tests.scenarios.house import House, house

VILLAGE, ESTATE = "dongcun", "dongcun-e1"
COMPANY, PHONE_NUMBER = "安居物业", "00000000888"


@pytest.mark.timeout(180)
async def test_a_clerk_makes_places_and_registers_a_button(
    chromium: Browser, tmp_path: Path
) -> None:
    async with house(tmp_path, broker="embedded") as site:
        await site.start()
        async with site.client() as witness:
            await witness.sign_in("dongcun-head")
            clerk = await open_page(chromium, site, DESK)
            await clerk.sign_in("dongcun-head")

            # the only village is the page; another's is not there
            await clerk.find("nav-registry").click()
            await clerk.find("nav-registry-villages").click()
            await expect(clerk.find("village")).to_contain_text("东村")
            await clerk.page.goto(f"{site.url}/registry/villages/xicun")
            await expect(clerk.find("village-trouble")).to_be_visible()

            await clerk.page.goto(f"{site.url}/registry/villages/{VILLAGE}")
            await make_a_group(clerk)
            await make_an_estate(clerk)
            estate = await witness.get(f"/registry/estates/{ESTATE}")
            assert (estate["village"], estate["property_company"]) == (VILLAGE, COMPANY)

            await clerk.page.goto(f"{site.url}/registry/villages/{VILLAGE}?draw=1")
            await draw_the_boundary(clerk)
            await expect(clerk.find("village-all")).to_have_text("99")
            village = await witness.get(f"/registry/villages/{VILLAGE}")
            assert len(village["boundary"]["coordinates"][0]) == 4, "three corners, closed"

            await register_a_button(clerk, site)
            device = await witness.get("/devices/dongcun-001-2")
            assert (device["household"]["id"], device["state"]) == ("dongcun-001", "issued")

            # it hangs elsewhere now, and must be tested there
            await clerk.page.goto(f"{site.url}/devices/dongcun-001-2")
            await clerk.find("device-edit").click()
            await clerk.find("device-to-household").select_option("dongcun-002")
            await expect(clerk.find("device-moves")).to_be_visible()
            await clerk.find("form-save").click()
            await expect(clerk.find("device-detail")).to_contain_text("换地方 1组02号")

            # what need not be known is cleared without being looked at
            await clerk.page.goto(f"{site.url}/registry/households/dongcun-001")
            await clerk.find("household-edit").click()
            await clerk.find("household-clear-phone").check()
            await clerk.find("form-save").click()
            await expect(clerk.find("history")).to_contain_text(re.compile("更改 *电话 *王村长"))
            kept = (await witness.get("/registry/households/dongcun-001"))["household"]["contact"]
            assert (kept["phone"], kept["name"] != "") == ("", True)
        assert await site.stop() == 0


async def make_a_group(clerk: DutyPage) -> None:
    await clerk.find("grid-add").click()
    await expect(clerk.find("place-id")).to_have_value("dongcun-w3")
    await clerk.find("place-name").fill("东村第3网格")
    await clerk.find("form-save").click()
    grid = clerk.page.locator("[data-testid=grid][data-id=dongcun-w3]")
    await grid.get_by_test_id("group-add").click()
    # an id that is in use changes nobody else
    await clerk.find("place-id").fill("dongcun-g1")
    await clerk.find("place-name").fill("东村5组")
    await clerk.find("form-save").click()
    await expect(clerk.find("form-trouble")).to_be_visible()
    await clerk.find("place-id").fill("dongcun-g5")
    await clerk.find("form-save").click()
    await expect(grid.get_by_test_id("group-link")).to_contain_text("东村5组")


async def make_an_estate(clerk: DutyPage) -> None:
    await clerk.find("estate-add").click()
    await clerk.find("estate-name").fill("花园小区")
    await clerk.find("estate-company").fill(COMPANY)
    await clerk.find("estate-phone").fill(PHONE_NUMBER)
    await clerk.find("form-save").click()
    await expect(clerk.find("estate-has-company")).to_have_text(COMPANY)
    phone = clerk.find("estate-has-phone")
    await expect(phone).not_to_have_text(PHONE_NUMBER)
    await clerk.find("estate-unmask").click()
    await clerk.find("reason").fill("联系物业")
    await clerk.find("reason-go").click()
    await expect(phone).to_have_text(PHONE_NUMBER)


async def draw_the_boundary(clerk: DutyPage) -> None:
    await clerk.find("village-total").fill("99")
    await clerk.find("boundary-clear").click()
    sheet = clerk.find("boundary-sheet")
    await sheet.scroll_into_view_if_needed()
    for x, y in ((60, 40), (300, 60), (180, 200)):
        await sheet.click(position={"x": x, "y": y})
    await expect(clerk.find("boundary-corner")).to_have_count(3)
    await clerk.find("form-save").click()


async def register_a_button(clerk: DutyPage, site: House) -> None:
    await clerk.page.goto(f"{site.url}/registry/households/dongcun-001")
    await clerk.find("device-add").click()
    await expect(clerk.find("device-id")).to_have_value("dongcun-001-2")
    await clerk.find("form-save").click()
    await clerk.find("device-made-print").click()
    await expect(clerk.find("sheet-open")).to_be_visible()


@pytest.mark.timeout(120)
async def test_pages_of_places_fit_a_telephone(chromium: Browser, tmp_path: Path) -> None:
    async with house(tmp_path, broker="embedded") as site:
        await site.start()
        async with site.client() as admin:
            await admin.sign_in("admin")
            body = {"village": VILLAGE, "name": "花园小区", "property_company": COMPANY}
            path = f"/api/v1/registry/estates/{ESTATE}"
            async with admin.session.put(path, json=body) as answer:
                assert answer.status == 201, await answer.text()
        page = await open_page(chromium, site, PHONE)
        await page.sign_in("admin", "en")
        for path, shown in (
            ("/registry/villages", "village-row"),
            (f"/registry/villages/{VILLAGE}?draw=1", "boundary-sheet"),
            (f"/registry/estates/{ESTATE}", "estate"),
            ("/registry/coverage", "coverage-row"),
        ):
            await page.page.goto(f"{site.url}{path}")
            await expect(page.find(shown).first).to_be_visible()
            assert await page.width_left_over() <= 0, f"{path} scrolls sideways"
        assert await site.stop() == 0
