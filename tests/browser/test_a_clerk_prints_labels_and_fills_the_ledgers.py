"""A village head's week with devices: a label printed, a button enrolled by its test, a group told,
and what came of it in the ledgers. Then a town's worth of rows in one list.
"""

import base64
from pathlib import Path

import pytest
from playwright.async_api import Browser, Route, expect

from alarms.simulator import SimulatedButton
from tests.browser.duty_page import DESK, PHONE, open_page
from tests.labels import Scanned, scan
from tests.scenarios.house import QUICK, house

NEW, NEIGHBOUR = "dongcun-new-1", "dongcun-002-1"
GROUP = "东村1组"
SOON_MS = 20_000
TOWN = 4_000
MOST_DRAWN = 60


def button_of(label: Scanned, port: int) -> SimulatedButton:
    return SimulatedButton(
        device=label.device,
        login=label.login,
        password=label.password,
        key=base64.urlsafe_b64decode(label.key + "="),
        port=port,
        timing=QUICK,
    )


@pytest.mark.timeout(240)
async def test_labels_printed_enrol_by_a_test_and_the_group_is_in_the_ledgers(
    chromium: Browser, tmp_path: Path
) -> None:
    async with house(tmp_path, broker="embedded") as site:
        await site.start()
        async with site.client() as admin:
            await admin.sign_in("admin")
            body = {"household": "dongcun-001"}
            async with admin.session.put(f"/api/v1/devices/{NEW}", json=body) as answer:
                assert answer.status == 201, await answer.text()
        head = await open_page(chromium, site, DESK)
        await head.sign_in("dongcun-head")

        # labels: the only village is chosen already, and the only device without one ticked
        await head.page.goto(f"{site.url}/labels")
        await expect(head.find("label-device")).to_have_count(1)
        await head.find("label-print").click()
        await expect(head.find("sheet-warning")).to_be_visible()
        async with head.page.expect_popup() as popup:
            await head.find("sheet-open").click()
        sheet = await popup.value
        await expect(sheet.locator(".label")).to_have_count(1)
        (label,) = scan(await sheet.content())
        assert label.device == NEW
        again = await sheet.reload()
        assert again is not None
        assert again.status == 404, "it opens only once"
        await sheet.close()

        async with button_of(label, site.mqtt_port) as button:
            assert (await button.press("test", timeout_s=20)).state == "received"
            await head.page.goto(f"{site.url}/devices/{NEW}")
            shown = head.find("device-detail")
            await expect(shown).to_have_attribute("data-state", "enrolled", timeout=SOON_MS)
            await expect(head.find("device-count")).to_contain_text("41")

            # the group is told, and one home answers
            async with site.button(device=NEIGHBOUR) as neighbour:
                await neighbour.wait_connected()
                await head.page.goto(f"{site.url}/ledgers?book=groupTests")
                await head.find("group-test-group").select_option(label=GROUP)
                await head.find("group-test-start").click()
                notice = await neighbour.wait_for_notice(20)
                await button.wait_for_notice(20)
                neighbour.answer_notice(notice.id, "coming")
                delivered, answered = (
                    head.find(f"group-test-{what}") for what in ("delivered", "answered")
                )
                await expect(answered).to_have_attribute("data-count", "1", timeout=SOON_MS)
                await expect(delivered).to_have_attribute("data-count", "2", timeout=SOON_MS)

        await head.find("book-tests").click()
        await expect(
            head.page.locator(f"[data-testid=button-test][data-device={NEW}]")
        ).to_be_visible()
        async with head.page.expect_popup() as popup:
            await head.find("book-print").click()
        book = await popup.value
        await expect(book.locator("tbody")).to_contain_text("1组01号")
        assert await site.stop() == 0


async def test_a_list_of_a_whole_towns_devices_draws_only_what_is_near_the_screen(
    chromium: Browser, tmp_path: Path
) -> None:
    async with house(tmp_path, broker="embedded") as site:
        await site.start()
        async with site.client() as duty:
            await duty.sign_in()
            one = (await duty.get("/devices?limit=1"))["items"][0]

        async def devices(route: Route) -> None:
            """What a town of thousands would answer."""
            after = route.request.url.partition("after=")[2].partition("&")[0]
            first = int(after or "0")
            last = min(TOWN, first + 200)
            items = [{**one, "id": f"{number:04}"} for number in range(first, last)]
            following = str(last) if last < TOWN else None
            await route.fulfill(json={"items": items, "total": TOWN, "next": following})

        page = await open_page(chromium, site, PHONE)
        await page.page.route("**/api/v1/devices?*", devices)
        await page.sign_in()
        await page.page.goto(f"{site.url}/devices")
        await expect(page.find("device-row").first).to_be_visible()
        await page.page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)")
        last = page.page.locator(f'[data-testid=device-row][data-id="{TOWN - 1}"]')
        await expect(last).to_be_visible(timeout=SOON_MS)
        assert await page.find("device-row").count() <= MOST_DRAWN
        assert await page.width_left_over() <= 0

        # a device takes the list's place, and the list comes back where it was
        await last.click()
        await expect(page.find("device-close")).to_be_visible()
        await page.find("device-close").click()
        await expect(last).to_be_in_viewport()
