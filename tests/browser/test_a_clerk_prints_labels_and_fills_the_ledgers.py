"""A village head's week with devices: a label printed, a button enrolled by its test, a group told,
a leader reminded, a battery seen to, a key changed, a button taken out, and what came of it in the
ledgers. Then a town's worth of rows in one list.
"""

import base64
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.async_api import Browser, Page, Route, expect
from sqlalchemy import Connection, update

from alarms.simulator import SimulatedButton
from alarms.store.tables import devices
from lianfang_timing import SystemClock, unix_ms
from linkage.demo import town
from tests.browser.duty_page import DESK, PHONE, DutyPage, open_page
from tests.labels import Scanned, scan
from tests.polling import until
from tests.scenarios.house import QUICK, House, Officer, house

NEW, NEIGHBOUR = "dongcun-new-1", "dongcun-002-1"
GROUP = "东村1组"
DRILL = "秋季演练"
LOW_BATTERY = 0.05
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
        battery=LOW_BATTERY,
    )


def not_tested_lately(site: House, device: str) -> None:
    """It was enrolled and has been left out of the month's test."""
    now_ms = unix_ms(SystemClock().now())
    button = next(one for one in site.buttons if one.credentials.device == device)

    def tried(conn: Connection) -> None:
        town.try_buttons(conn, [button], writer="test", now_ms=now_ms)
        last_ms = now_ms - 40 * 86_400_000
        conn.execute(update(devices).where(devices.c.id == device).values(tested_at_ms=last_ms))

    database = site.database()
    database.write_now(tried)
    database.close_now()


async def was_practised(leader: Officer) -> None:
    """A drill of the village, begun and ended."""
    now = SystemClock().now()
    body = {
        "name": DRILL,
        "villages": ["dongcun"],
        "begin": now.isoformat(),
        "end": (now + timedelta(hours=1)).isoformat(),
    }
    async with leader.session.post("/api/v1/drills", json=body) as answer:
        assert answer.status == 201, await answer.text()
        drill = (await answer.json())["id"]
    for act in ("start", "end"):
        async with leader.session.post(f"/api/v1/drills/{drill}/{act}") as answer:
            assert answer.status == 200, await answer.text()


async def popup_of(clerk: DutyPage, name: str) -> Page:
    """The page that this link opens beside the console."""
    async with clerk.page.expect_popup() as popup:
        await clerk.find(name).click()
    return await popup.value


async def registers_a_button_by_hand(head: DutyPage) -> None:
    await head.page.goto(f"{head.site.url}/registry/households/dongcun-001")
    await head.find("device-add").click()
    await head.find("device-id").fill(NEW)
    await head.find("form-save").click()
    await expect(head.find("device-made-print")).to_be_visible()


async def reminds_the_leader(head: DutyPage, leader: SimulatedButton) -> None:
    await head.find("book-untested").click()
    group = head.page.locator("[data-testid=untested-group][data-group=dongcun-g1]")
    await expect(group).to_contain_text("1组02号")
    await group.get_by_test_id("remind").click()
    await expect(head.find("reminded")).to_contain_text(GROUP)
    assert (await leader.wait_for_notice(20)).phrase == "test-due"


async def gives_away_and_finishes_an_order(head: DutyPage) -> None:
    site = head.site

    async def is_found() -> bool:
        answer = await head.page.context.request.get(
            f"{site.url}/api/v1/maintenance-orders?state=open"
        )
        return bool((await answer.json())["items"])

    await until(is_found, timeout_s=30)
    await head.page.goto(f"{site.url}/maintenance")
    order = head.find("order")
    await expect(order).to_have_count(1)
    await expect(order).to_contain_text(NEW)
    await expect(order).to_contain_text("电量低")
    await order.get_by_test_id("order-assign").click()
    await head.find("order-owner").select_option(label="王村长")
    await head.find("order-assign-save").click()
    await expect(order).to_contain_text("王村长")
    await order.get_by_test_id("order-finish").click()
    await head.find("order-note").fill("换了电池")
    await head.find("order-finish-save").click()
    await expect(head.find("orders-none")).to_be_visible()
    await head.find("orders-done").click()
    await expect(order).to_contain_text("换了电池")


async def changes_the_key_and_takes_it_out(head: DutyPage) -> None:
    site = head.site
    await head.page.goto(f"{site.url}/devices/{NEW}")
    await head.find("device-rotate").click()
    await head.find("device-rotate-sure").click()
    sheet = await popup_of(head, "sheet-open")
    (label,) = scan(await sheet.content())
    await sheet.close()
    await head.find("sheet-close").click()
    async with button_of(label, site.mqtt_port) as button:
        assert (await button.press("test", timeout_s=20)).state == "received"
        await head.find("device-revoke").click()
        await head.find("device-revoke-reason").select_option("broken")
        await head.find("device-revoke-sure").click()
        await expect(head.find("device-detail")).to_have_attribute("data-state", "revoked")
        outcome = await button.press(timeout_s=20)
        assert outcome.state != "received"


async def opens_every_book(head: DutyPage) -> None:
    await head.page.goto(f"{head.site.url}/ledgers")
    for name, said in (
        ("tests", "1组01号"),
        ("untested", "1组02号"),
        ("groupTests", "王村长"),
        ("drills", DRILL),
    ):
        await head.find(f"book-{name}").click()
        book = await popup_of(head, "book-print")
        await expect(book.locator("tbody").first).to_contain_text(said)
        await book.close()
        link = await head.find("book-xlsx").get_attribute("href")
        file = await head.page.context.request.get(f"{head.site.url}{link}")
        assert file.ok
        sheet = load_workbook(BytesIO(await file.body())).active
        assert sheet is not None
        cells = [str(cell) for row in sheet.iter_rows(values_only=True) for cell in row]
        assert any(said in cell for cell in cells), f"{name} lacks {said}"


@pytest.mark.timeout(240)
async def test_labels_printed_enrol_by_a_test_and_the_group_is_in_the_ledgers(
    chromium: Browser, tmp_path: Path
) -> None:
    async with house(tmp_path, broker="embedded") as site:
        not_tested_lately(site, NEIGHBOUR)
        await site.start()
        async with site.client() as leader:
            await leader.sign_in("leader")
            await was_practised(leader)
        head = await open_page(chromium, site, DESK)
        await head.sign_in("dongcun-head")
        await registers_a_button_by_hand(head)

        # labels: the only village is chosen already, and the only device without one ticked
        await head.page.goto(f"{site.url}/labels")
        await expect(head.find("label-device")).to_have_count(1)
        await head.find("label-print").click()
        await expect(head.find("sheet-warning")).to_be_visible()
        sheet = await popup_of(head, "sheet-open")
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

            await head.page.goto(f"{site.url}/ledgers")
            await reminds_the_leader(head, button)
            async with site.button(device=NEIGHBOUR) as neighbour:
                await a_group_is_told_and_answers(head, button, neighbour)
            await gives_away_and_finishes_an_order(head)

        await opens_every_book(head)
        await changes_the_key_and_takes_it_out(head)
        assert await site.stop() == 0


async def a_group_is_told_and_answers(
    head: DutyPage, button: SimulatedButton, neighbour: SimulatedButton
) -> None:
    await neighbour.wait_connected()
    await head.find("book-groupTests").click()
    await head.find("group-test-group").select_option(label=GROUP)
    await head.find("group-test-start").click()
    notice = await neighbour.wait_for_notice(20)
    delivered, answered = (head.find(f"group-test-{what}") for what in ("delivered", "answered"))
    await expect(delivered).to_have_attribute("data-count", "2", timeout=SOON_MS)
    neighbour.answer_notice(notice.id, "coming")
    button.answer_notice(notice.id, "cannot")
    await expect(answered).to_have_attribute("data-count", "2", timeout=SOON_MS)


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
