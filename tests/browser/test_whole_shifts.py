"""Shifts as they go: one site for all of them, each person with a browser's page of their own.

What single pages do is in the files beside this one; here people work together, stand in each
other's way, lose their line, and look where they have no business.
"""

import asyncio
import dataclasses
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Response, Route, expect
from sqlalchemy import Connection, insert

from alarms.log import AlarmLog
from alarms.model import AlarmKind, AlarmSource, NewAlarm
from alarms.store.tables import devices
from camerad.simulator.site import SimulatedCameraSite
from lianfang_timing import SystemClock
from linkage import schema
from linkage.demo.town import VILLAGES
from tests.browser.conftest import launched, photographed_on_failure
from tests.browser.duty_page import DESK, HD, PHONE, DutyPage, open_page
from tests.browser.line import Line
from tests.camerad.rtsp_cameras import draw_clip
from tests.scenarios.cameras import Registered, register, until_watching
from tests.scenarios.house import House, Officer, house

pytestmark = pytest.mark.asyncio(loop_scope="module")

LATER_MS = 30_000
SPOT = (VILLAGES[0].latitude, VILLAGES[0].longitude)
GATE = Registered("cam-gate", spot=SPOT)
STORM = 400
PHOTOGRAPH = b"\xff\xd8\xff\xc0\x00\x0b\x08\x00\x03\x00\x04\x01\x01\x11\x00\xff\xd9"
"""As a JPEG begins that is four pixels wide and three high."""

_LISTEN = """
window.sounded = []
const start = AudioBufferSourceNode.prototype.start
AudioBufferSourceNode.prototype.start = function (...given) {
  window.sounded.push({ loop: this.loop, seconds: Math.round(this.buffer.duration * 10) / 10 })
  return start.apply(this, given)
}
"""
ALARM_S, LOST_S, ENDED_S = 1.6, 5.0, 2.0
"""How long one round of each sound is; nothing else tells them apart from outside."""

_CONTROLS = """() => {
  const shown = [...document.querySelectorAll('button, a, input, select, textarea, summary')]
  return shown
    .map((one) => ({ one, box: one.getBoundingClientRect() }))
    .filter(({ one, box }) => box.width > 0 && box.height > 0 && one.checkVisibility())
    .map(({ one, box }) => ({
      name: one.dataset.testid ?? one.className, area: box.width * box.height,
      bottom: box.bottom, top: box.top,
    }))
    .sort((a, b) => b.area - a.area)
}"""


@dataclass
class Town:
    """The site, a browser, and what the tests of this file share."""

    site: House
    browser: Browser

    async def page(
        self, username: str, size: tuple[int, int] = DESK, at: House | None = None
    ) -> DutyPage:
        duty = await open_page(self.browser, at or self.site, size)
        await duty.page.add_init_script(_LISTEN)
        await duty.sign_in(username)
        return duty

    async def pressed(self, device: str, officer: Officer) -> dict[str, object]:
        """The incident of a press."""
        async with self.site.button(device=device) as button:
            outcome = await button.press(timeout_s=20)
        return await officer.incident_of(outcome.alarm)

    async def settle(self) -> None:
        """Close whatever is open, so that the next shift begins with a calm board."""
        async with self.site.client() as officer:
            await officer.sign_in("leader")
            left = (await officer.get("/incidents?state=open&limit=200"))["items"]
            if len(left) > STORM // 4:
                return  # the storm is the last of all
            for incident in left:
                for step, body in (
                    ("acknowledge", {}),
                    ("verify", {"note": "已核实"}),
                    ("respond", {"note": "已处置"}),
                    ("close", {"outcome": "accidental", "note": "误按"}),
                    ("close", {"outcome": "real", "note": "已处置"}),
                ):
                    await officer.step(await officer.detail(incident), step, **body)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    folder = tmp_path_factory.mktemp("shifts")
    film = await asyncio.to_thread(draw_clip, folder / "red.mp4", seconds=6)
    async with AsyncExitStack() as stack:
        site = await stack.enter_async_context(house(folder, broker="embedded", discover=True))
        register(site, GATE)
        _more_groups(site)
        await stack.enter_async_context(SimulatedCameraSite([GATE.playing(film)]))
        browser = await stack.enter_async_context(launched())
        await site.start()
        yield Town(site, browser)
        assert await site.stop() == 0


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def shift(request: pytest.FixtureRequest, town: Town) -> AsyncIterator[None]:
    async with photographed_on_failure(request, town.browser):
        yield
    for context in town.browser.contexts:
        await context.close()
    await town.settle()


def _more_groups(site: House) -> None:
    """Groups of one household each, for the storm: presses of one group are one incident."""
    database = site.database()

    def write(conn: Connection) -> None:
        numbers = range(STORM)
        village = VILLAGES[2].id
        conn.execute(
            insert(schema.mutual_aid_groups),
            [{"id": f"s{n}", "grid_id": f"{village}-w1", "name": f"风暴{n}组"} for n in numbers],
        )
        conn.execute(
            insert(schema.households),
            [
                {"id": f"s{n}-1", "group_id": f"s{n}", "label": f"{n}组01号", "wants_notices": True}
                for n in numbers
            ],
        )
        conn.execute(
            insert(devices),
            [
                {"id": f"storm-{n}", "kind": "button", "household_id": f"s{n}-1", "unsigned": True}
                for n in numbers
            ],
        )

    database.write_now(write)
    database.close_now()


async def until_sounding(duty: DutyPage, seconds: float) -> None:
    """Return once the last sound that began and goes on is one of this length."""
    await duty.page.wait_for_function(
        "s => window.sounded.filter((one) => one.loop).at(-1)?.seconds === s",
        arg=seconds,
        timeout=LATER_MS,
    )


async def step_to(duty: DutyPage, after: str, *, text: str | None = None) -> None:
    if text is not None:
        await duty.find("step-text").fill(text)
    await duty.find("step-submit").click()
    await expect(duty.find("step-panel")).to_have_attribute("data-action", after, timeout=LATER_MS)


@pytest.mark.timeout(240)
async def test_a_shift_from_hand_over_to_review(town: Town) -> None:
    async with town.site.client() as officer:
        await officer.sign_in()
        await until_watching(officer, GATE.id)
        duty, leader = await town.page("duty"), await town.page("leader")
        await leader.page.goto(f"{town.site.url}/duty")
        await leader.find("handover-begin").click()
        await leader.find("handover-notes").fill("一切正常")
        await leader.find("handover-draft").click()
        await duty.page.goto(f"{town.site.url}/duty")
        await duty.find("handover-sign").click()
        await expect(duty.find("handover-row").first).to_have_attribute("data-state", "signed")
        await duty.page.keyboard.press("b")
        # opened anew it is locked until it is touched, and says so
        await duty.find("sound-state").click()
        await expect(duty.find("calm-panel")).to_be_visible()

        incident = await town.pressed("dongcun-001-1", officer)
        await until_sounding(duty, ALARM_S)
        assert (await duty.page.title()).startswith("(1) 紧急求助")
        await expect(duty.find("attention-ack")).to_be_enabled()
        await duty.page.keyboard.press("a")
        # beside it, once it is this officer's: whom to ring, who is told, which camera, the plan
        await expect(duty.find("beside-household").locator("a[href^='tel:']")).to_be_visible(
            timeout=LATER_MS
        )
        for part in ("beside-group", "beside-cameras", "beside-plan"):
            await expect(duty.find(part)).to_be_visible()
        await duty.page.keyboard.press("n")
        await expect(duty.find("stage-bar")).to_be_visible()

        await duty.page.keyboard.press("l")
        playing = duty.page.locator("[data-testid=live-tile][data-phase=playing]")
        await expect(playing).to_have_count(1, timeout=45_000)
        await step_to(duty, "dispatch", text="画面可见有人倒地，电话已核实")

        async with duty.page.context.expect_page() as opened:
            await duty.find("order-print").click()
        order = await opened.value
        await expect(order.locator("body")).to_contain_text(str(incident["number"]))
        await expect(order.locator("body")).to_contain_text("画面可见有人倒地")
        await order.close()

        await duty.find("step-text").fill("120 急救")
        await step_to(duty, "set-out")
        await step_to(duty, "arrive")
        await step_to(duty, "respond")
        await duty.find("photograph-file").set_input_files(
            {"name": "scene.jpg", "mimeType": "image/jpeg", "buffer": PHOTOGRAPH}
        )
        added = duty.page.locator("[data-testid=timeline-item][data-type=evidence_added]")
        await expect(added.filter(has_text="照片")).to_have_count(1, timeout=LATER_MS)
        await step_to(duty, "close", text="已送医")
        await duty.page.get_by_text("属实", exact=True).click()
        await step_to(duty, "review", text="队伍与住户均确认")

        await leader.page.goto(duty.page.url)
        await leader.find("step-text").fill("处置及时")
        await leader.find("step-submit").click()
        await expect(leader.find("stage-bar")).to_have_attribute("data-stage", "reviewed")
        # and whoever wants it on paper as evidence finds where to ask for it
        await leader.find("to-custody").click()
        await expect(leader.find("export-open")).to_be_visible()


@pytest.mark.timeout(120)
async def test_of_two_officers_who_are_equally_quick_one_has_it_and_the_other_is_told(
    town: Town,
) -> None:
    async with town.site.client() as officer:
        await officer.sign_in()
        pages = [await town.page("duty"), await town.page("leader")]
        incident = await town.pressed("dongcun-011-1", officer)
        for one in pages:
            await expect(one.find("attention-ack")).to_be_enabled(timeout=LATER_MS)
        await asyncio.gather(*(one.page.keyboard.press("a") for one in pages))
        for one in pages:
            await expect(one.find("next-panel")).to_be_visible(timeout=LATER_MS)
            await one.page.goto(f"{town.site.url}/incidents/{incident['id']}")
            await expect(one.find("step-panel")).to_have_attribute("data-action", "verify")
        found = await officer.detail(incident)
        assert [e["type"] for e in found["timeline"]].count("acknowledged") == 1

        # neither page hears of the other in time
        for number, one in enumerate(pages, 1):
            await one.page.context.route("**/api/v1/stream*", _drop)
            await one.page.reload()
            await one.find("step-text").fill(f"由第 {number} 台核实")
        await asyncio.gather(*(one.find("step-submit").click() for one in pages))
        found = await officer.until(incident, lambda i: i["stage"] == "verified")
        notes = [e["data"].get("note") for e in found["timeline"] if e["type"] == "verified"]
        assert len(notes) == 1
        (loser,) = [one for number, one in enumerate(pages, 1) if f"第 {number} 台" not in notes[0]]
        await expect(loser.find("step-trouble")).to_contain_text("核查登记", timeout=LATER_MS)


async def _drop(route: Route) -> None:
    await route.abort()


@pytest.mark.timeout(120)
async def test_the_stations_dispatcher_sends_and_answers_and_closes_nothing(town: Town) -> None:
    async with town.site.client() as officer:
        await officer.sign_in()
        incident = await town.pressed("dongcun-021-1", officer)
        await officer.step(incident, "acknowledge")
        await officer.step(await officer.detail(incident), "verify", note="属实")
        police = await town.page("police")
        await expect(police.find("next-step")).to_be_visible()
        await police.find("next-step").click()
        await expect(police.find("households")).to_contain_text("东村")
        await police.find("step-text").fill("周警官巡逻车")
        await step_to(police, "set-out")
        # whoever was told and has not answered is told once more by one touch
        folded = "details:not([open]):has([data-testid=tell-again]) summary"
        await police.page.locator(folded).first.click()
        await police.page.locator("[data-testid=tell-again]:visible").first.click()
        retold = police.page.locator("[data-testid=timeline-item][data-type=told_again]")
        await expect(retold).to_have_count(1, timeout=LATER_MS)
        await expect(retold).to_contain_text("周警官")
        await step_to(police, "arrive")
        await step_to(police, "respond")
        await step_to(police, "close", text="已控制现场")
        await expect(police.find("step-submit")).to_have_count(0)
        await expect(police.find("step-panel")).to_contain_text("这一步须由别人办理")


@pytest.mark.timeout(120)
async def test_a_village_head_helps_from_a_phone_and_sees_the_own_village_only(town: Town) -> None:
    async with town.site.client() as officer:
        await officer.sign_in()
        own = await town.pressed("dongcun-002-1", officer)
        other = await town.pressed("xicun-001-1", officer)
        for incident in (own, other):
            await officer.step(incident, "acknowledge")
        await officer.step(await officer.detail(own), "verify", note="属实")
        await officer.step(await officer.detail(own), "dispatch", to="dongcun-head")
        head = await town.page("dongcun-head", PHONE)
        await expect(head.row_of(str(own["id"]))).to_have_count(1)
        await expect(head.row_of(str(other["id"]))).to_have_count(0)
        assert await head.width_left_over() <= 0
        await head.find("next-step").click()
        await expect(head.find("households")).to_contain_text("0000000")
        assert await head.width_left_over() <= 0
        await head.find("photograph-file").set_input_files(
            {"name": "door.jpg", "mimeType": "image/jpeg", "buffer": PHOTOGRAPH}
        )
        await expect(head.find("evidence-panel")).to_contain_text("由值班室查看", timeout=LATER_MS)
        await expect(head.find("evidence-picture")).to_have_count(0)
        await step_to(head, "arrive")
        await step_to(head, "respond")
        await step_to(head, "close", text="人已扶起")
        await head.page.goto(f"{town.site.url}/incidents/{other['id']}")
        await expect(head.page.locator("[role=alert]").first).to_contain_text("不在您的辖区")


@pytest.mark.timeout(180)
async def test_a_line_that_is_cut_for_half_a_minute_is_told_and_caught_up(town: Town) -> None:
    async with Line(town.site.port) as line, town.site.client() as officer:
        await officer.sign_in()
        through = dataclasses.replace(town.site, port=line.port)
        duty = await open_page(town.browser, through, DESK)
        await duty.page.add_init_script(_LISTEN)
        await duty.page.clock.install()
        await duty.sign_in()
        before = await town.pressed("dongcun-031-1", officer)
        await officer.step(before, "acknowledge")
        await expect(duty.find("next-panel")).to_be_visible(timeout=LATER_MS)
        await line.cut()
        lost = duty.page.locator("[data-testid=connection-state]:not([data-state=live])")
        await expect(lost).to_be_attached(timeout=LATER_MS)
        during = [await town.pressed(f"xicun-{n}-1", officer) for n in ("001", "011")]
        await duty.page.clock.fast_forward(30_000)
        # a page that cannot hear of an alarm says since when, and by a sound of its own
        await expect(duty.page.get_by_role("alert").first).to_contain_text(
            "连接中断", timeout=LATER_MS
        )
        await until_sounding(duty, LOST_S)
        for incident in during:
            await expect(duty.row_of(str(incident["id"]))).to_have_count(0)
        await line.mend()
        await duty.page.clock.fast_forward(5_000)
        await duty.live(40)
        for incident in (before, *during):
            await expect(duty.row_of(str(incident["id"]))).to_have_count(1, timeout=LATER_MS)
        await until_sounding(duty, ALARM_S)
        await expect(duty.find("attention-panel")).to_be_visible()


@pytest.mark.timeout(120)
async def test_a_session_that_is_ended_elsewhere_covers_the_screen_and_sounds(town: Town) -> None:
    duty = await town.page("duty", HD)
    elsewhere = await duty.page.context.new_page()
    await elsewhere.goto(town.site.url)
    await elsewhere.evaluate(
        "fetch('/api/v1/session', {method: 'DELETE', headers: {'X-Requested-With': 'lianfang'}})"
    )
    await expect(duty.find("session-ended")).to_be_visible(timeout=LATER_MS)
    await until_sounding(duty, ENDED_S)
    assert (await duty.page.title()).startswith("(!)")


FORBIDDEN = {
    "police": ("/duty/settings", "/plans", "/labels", "/exports", "/registry/sheets"),
    "auditor": ("/labels", "/registry/directory", "/cameras/adopt"),
}


@pytest.mark.timeout(180)
@pytest.mark.parametrize("username", list(FORBIDDEN))
async def test_addresses_typed_by_hand_give_a_wrong_role_nothing(town: Town, username: str) -> None:
    duty = await town.page(username)
    errors: list[str] = []
    broken: list[str] = []
    duty.page.on("pageerror", lambda error: errors.append(str(error)))

    def heard(answer: Response) -> None:
        if answer.status >= 500:
            broken.append(f"{answer.status} {answer.url}")

    duty.page.on("response", heard)
    for path in (*FORBIDDEN[username], "/nothing/there"):
        await duty.page.goto(town.site.url + path)
        await duty.live()
        # the page says something, and the way back is there
        await expect(duty.page.locator("main")).not_to_be_empty()
        await expect(duty.page.locator("header a[href='/']").first).to_be_visible()
    assert (errors, broken) == ([], [])


@pytest.mark.timeout(120)
async def test_the_next_step_is_the_largest_control_and_in_sight(town: Town) -> None:
    async with town.site.client() as officer:
        await officer.sign_in()
        pages = [await town.page("duty", size) for size in (HD, DESK)]
        incident = await town.pressed("dongcun-003-1", officer)
        await town.pressed("xicun-012-1", officer)
        for name in ("attention-ack", "next-step"):
            for duty in pages:
                await expect(duty.find(name)).to_be_visible(timeout=LATER_MS)
                await expect(duty.find("beside")).to_be_visible()
                size = duty.page.viewport_size
                assert size is not None
                largest, second, *_ = await duty.page.evaluate(_CONTROLS)
                assert largest["name"] == name, json.dumps([largest, second])
                assert largest["top"] >= 0
                assert largest["bottom"] <= size["height"]
                assert await duty.page.evaluate("window.scrollY") == 0
            for one in (await officer.get("/incidents?state=open"))["items"]:
                await officer.step(one, "acknowledge")
        assert incident["id"]


@pytest.mark.timeout(60)
async def test_question_mark_lists_the_keys_and_an_alarm_closes_the_list(town: Town) -> None:
    async with town.site.client() as officer:
        await officer.sign_in()
        duty = await town.page("duty")
        await duty.page.keyboard.press("?")
        await expect(duty.find("keys-help")).to_be_visible()
        await expect(duty.find("keys-help")).to_contain_text("签收")
        await town.pressed("dongcun-012-1", officer)
        await expect(duty.find("keys-help")).to_be_hidden(timeout=LATER_MS)
        await expect(duty.find("attention-panel")).to_be_visible()


@pytest.mark.timeout(240)
async def test_four_hundred_incidents_in_a_minute_leave_the_board_usable(town: Town) -> None:
    duty = await town.page("duty", HD)
    await _storm(town.site)
    await duty.page.wait_for_function(
        "most => Number(document.querySelector('.queue .count').textContent) >= most",
        arg=STORM,
        timeout=90_000,
    )
    # a fire comes first, however many wait, and is signed for with the key
    async with town.site.client() as officer:
        await officer.sign_in()
        alarm = await officer.report(kind="fire", household="xicun-021")
        fire = await officer.incident_of(alarm, within_s=30)
        panel = duty.page.locator(f"[data-testid=attention-panel][data-incident-id='{fire['id']}']")
        await expect(panel).to_be_visible(timeout=LATER_MS)
        await expect(duty.find("attention-ack")).to_be_enabled()
        await duty.page.keyboard.press("a")
        await officer.until(fire, lambda i: i["acknowledged"], within_s=20)
    # not hundreds of rows are drawn, and it says how many are not
    assert await duty.incidents.count() <= 60
    await expect(duty.page.get_by_text("全部显示")).to_be_visible()
    assert await duty.width_left_over() <= 0


async def _storm(site: House) -> None:
    """Four hundred households press within seconds, each of a group of its own."""
    database = site.database()
    log = AlarmLog(database, SystemClock(), writer="storm")
    try:
        for first in range(0, STORM, 50):
            await log.append([_press(n) for n in range(first, first + 50)])
            await asyncio.sleep(0)
    finally:
        await database.close()


def _press(number: int) -> NewAlarm:
    return NewAlarm(
        source=AlarmSource.BUTTON,
        device=f"storm-{number}",
        boot=1,
        seq=1,
        mac=uuid.uuid4().hex,
        kind=AlarmKind.PANIC,
        silent=False,
        mac_ok=True,
    )
