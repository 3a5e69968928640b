"""The ledgers: tests are kept, the untested named and reminded, group tests counted."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from openpyxl import load_workbook
from sqlalchemy import delete, insert, select, update

from alarms.model import AlarmKind, AlarmSource, LoggedAlarm, SeenNotice
from alarms.store.tables import devices
from lianfang_timing import unix_ms
from linkage import schema as s
from linkage.ledgers.device_tests import keep_tests
from linkage.registry.schema import registry_changes
from tests.linkage.web_house import EAST, START, WEST, house

GROUP = f"{EAST}-t3"
LEADER, MEMBER = f"{EAST}-017-1", f"{EAST}-018-1"
WESTERN = f"{WEST}-017-1"


@pytest.fixture
async def h(tmp_path):
    async with house(tmp_path) as one:
        for name, role, places in (
            ("duty", "duty-officer", ["*"]),
            ("east", "village-head", [EAST]),
            ("auditor", "auditor", ["*"]),
            ("patrol", "patrol", [EAST]),
        ):
            await one.person(name, role, places)
        await one.database.write(_hang_buttons)
        yield one


def _hang_buttons(conn):
    rows = [
        {
            "id": f"{home}-1",
            "kind": "button",
            "household_id": home,
            "unsigned": False,
            "key_sealed": b"sealed",
            "state": "enrolled",
            "issued_at_ms": unix_ms(START) - 40 * 86_400_000,
        }
        for home in (f"{EAST}-017", f"{EAST}-018", f"{WEST}-017", f"{WEST}-018")
    ]
    conn.execute(insert(devices), rows)
    conn.execute(
        update(s.mutual_aid_groups)
        .where(s.mutual_aid_groups.c.id == GROUP)
        .values(leader_household_id=f"{EAST}-017")
    )


def a_test(device: str, at: datetime, **more) -> LoggedAlarm:
    facts = {
        "position": 1,
        "id": f"alarm-{device}-{unix_ms(at)}",
        "source": AlarmSource.BUTTON,
        "device": device,
        "boot": 1,
        "seq": 1,
        "kind": AlarmKind.TEST,
        "silent": False,
        "at_ms": None,
        "received_at_ms": unix_ms(at),
        "mac_ok": True,
        "flags": frozenset(),
        "detail": {},
        "chain": "",
    }
    return LoggedAlarm(**{**facts, **more})


async def keep(h, *tests):
    await h.database.write(lambda conn: keep_tests(conn, tests, now_ms=0))


async def was_tested(h, device: str, at: datetime) -> None:
    statement = update(devices).where(devices.c.id == device).values(tested_at_ms=unix_ms(at))
    await h.database.write(lambda conn: conn.execute(statement))


async def get(h, who, path):
    async with h.browser(who) as browser, browser.get(f"/api/v1/{path}") as answer:
        is_json = answer.content_type.endswith("json")
        return answer.status, await (answer.json() if is_json else answer.read())


async def post(h, who, path, **body):
    async with h.browser(who) as browser, browser.post(f"/api/v1/{path}", json=body) as answer:
        return answer.status, await answer.json()


async def start_group_test(h, group=GROUP, who="duty", minutes=10):
    return await post(h, who, "group-tests", group=group, minutes=minutes)


async def test_a_genuine_test_press_is_entered_and_nothing_else_is(h):
    await keep(
        h,
        a_test(LEADER, START),
        a_test(MEMBER, START, mac_ok=False),
        a_test(MEMBER, START + timedelta(seconds=1), source=AlarmSource.REPORT),
        a_test(MEMBER, START + timedelta(seconds=2), kind=AlarmKind.PANIC),
    )
    status, book = await get(h, "auditor", "ledgers/device-tests")
    assert status == 200
    assert [(line["device"], line["label"], line["group"]) for line in book["items"]] == [
        (LEADER, "3组017号", "东村3组")
    ]


async def test_the_ledger_keeps_the_group_of_that_day_when_the_household_has_moved(h):
    await keep(h, a_test(LEADER, START))
    move = update(s.households).where(s.households.c.id == f"{EAST}-017")
    await h.database.write(lambda conn: conn.execute(move.values(group_id=f"{WEST}-t3")))
    _, book = await get(h, "east", "ledgers/device-tests")
    assert [line["group"] for line in book["items"]] == ["东村3组"]


async def test_a_period_is_two_local_days_both_within_it(h):
    # 16:00 UTC is midnight here
    before, first = datetime(2026, 11, 9, 15, 59, tzinfo=UTC), datetime(2026, 11, 9, 16, tzinfo=UTC)
    last, after = first + timedelta(days=2, seconds=-1), first + timedelta(days=2)
    await keep(h, *(a_test(LEADER, at) for at in (before, first, last, after)))
    _, book = await get(h, "duty", "ledgers/device-tests?from=2026-11-10&to=2026-11-11")
    assert [line["at"][:19] for line in book["items"]] == [
        "2026-11-11T23:59:59",
        "2026-11-10T00:00:00",
    ]


@pytest.mark.parametrize(
    ("period", "field"),
    [
        ("from=today", "from"),
        ("from=2026-11-10&to=2026-11-09", "from"),
        ("to=2026-02-30", "to"),
        ("to=9999-12-31", "to"),
        ("to=0001-01-01", "to"),
    ],
)
async def test_a_period_that_is_none_is_one_clear_problem(h, period, field):
    status, problem = await get(h, "duty", f"ledgers/device-tests?{period}")
    assert (status, problem["field"]) == (400, field)


async def test_a_village_head_sees_the_own_village_only(h):
    await keep(h, a_test(LEADER, START), a_test(WESTERN, START))
    _, book = await get(h, "east", "ledgers/device-tests")
    assert [line["device"] for line in book["items"]] == [LEADER]
    _, late = await get(h, "east", "ledgers/untested")
    assert [group["group"] for group in late["items"]] == [GROUP]
    for path in (f"ledgers/device-tests?village={WEST}", f"ledgers/untested.xlsx?village={WEST}"):
        assert (await get(h, "east", path))[0] == 404
    assert (await start_group_test(h, f"{WEST}-t3", "east"))[0] == 404
    assert (await post(h, "east", "ledgers/untested/remind", village=WEST))[0] == 404
    _, made = await start_group_test(h, f"{WEST}-t3")
    assert (await get(h, "east", f"group-tests/{made['id']}"))[0] == 404
    assert (await get(h, "east", "group-tests"))[1]["items"] == []


async def test_an_auditor_reads_and_starts_nothing_and_a_patrol_reads_nothing(h):
    assert (await start_group_test(h, who="auditor"))[0] == 403
    assert (await post(h, "auditor", "ledgers/untested/remind", group=GROUP))[0] == 403
    assert (await get(h, "patrol", "ledgers/device-tests"))[0] == 403


async def test_who_has_not_tested_for_a_month_is_named_by_group_with_its_leader(h):
    now = h.clock.now()
    await was_tested(h, LEADER, now - timedelta(days=30))
    await was_tested(h, MEMBER, now - timedelta(days=32))
    _, late = await get(h, "duty", f"ledgers/untested?village={EAST}")
    (group,) = late["items"]
    assert (group["leader_label"], group["buttons"]) == ("3组017号", 2)
    assert [button["device"] for button in group["untested"]] == [MEMBER]


async def test_a_revoked_button_and_one_whose_household_has_left_need_no_test(h):
    def gone(conn):
        conn.execute(update(devices).where(devices.c.id == LEADER).values(state="revoked"))
        home = s.households.c.id == f"{EAST}-018"
        conn.execute(update(s.households).where(home).values(left_at_ms=1))

    await h.database.write(gone)
    assert (await get(h, "duty", f"ledgers/untested?village={EAST}"))[1]["items"] == []


async def test_a_leader_is_reminded_by_the_device_at_home_and_it_is_written_down(h):
    status, done = await post(h, "duty", "ledgers/untested/remind", group=GROUP)
    assert (status, done["reminded"], done["not_reminded"]) == (200, [GROUP], [])
    ((topic, notice),) = h.told.notices
    assert topic == f"lianfang/button/{LEADER}/notice"
    assert (notice["phrase"], notice["drill"]) == ("test-due", True)
    assert notice["until_ms"] > unix_ms(h.clock.now())
    changes = await h.database.read(lambda conn: conn.execute(select(registry_changes)).all())
    assert [(c.entity_id, c.change, c.actor) for c in changes] == [(GROUP, "reminded", "duty")]


async def test_a_reminder_is_for_one_village_or_one_group(h):
    for body in ({}, {"village": EAST, "group": GROUP}):
        assert (await post(h, "duty", "ledgers/untested/remind", **body))[0] == 422
    assert (await post(h, "east", "ledgers/untested/remind", group=f"{WEST}-t3"))[0] == 404
    assert (await post(h, "duty", "ledgers/untested/remind", group="nowhere"))[0] == 404
    assert h.told.notices == []


async def test_a_village_is_reminded_group_by_group(h):
    _, done = await post(h, "east", "ledgers/untested/remind", village=EAST)
    assert (done["reminded"], done["not_reminded"]) == ([GROUP], [])


async def test_a_group_without_a_leader_is_named_as_not_reminded(h):
    _, done = await post(h, "duty", "ledgers/untested/remind", village=WEST)
    (left,) = done["not_reminded"]
    assert (left["group"], left["why_zh"]) == (f"{WEST}-t3", "未指定联户长")
    assert h.told.notices == []


async def test_leaders_are_reminded_by_themselves_by_day_and_once_a_week(h):
    # the house's clock stands at 20:00 local time
    for hours, so_far in ((0, 0), (13, 1), (14, 1), (6 * 24, 1), (7 * 24 + 13, 2)):
        h.clock.move(START.timestamp() + hours * 3600 - h.clock.now().timestamp())
        await h.ledgers.run_once()
        assert len(h.told.notices) == so_far, hours


async def test_a_button_that_was_given_out_lately_reminds_nobody_by_itself(h):
    fresh = update(devices).where(devices.c.household_id.like(f"{EAST}%"))
    await h.database.write(lambda conn: conn.execute(fresh.values(issued_at_ms=unix_ms(START))))
    h.clock.move(13 * 3600)
    await h.ledgers.run_once()
    assert h.told.notices == []
    _, late = await get(h, "duty", f"ledgers/untested?village={EAST}")
    assert len(late["items"][0]["untested"]) == 2


async def test_a_group_test_tells_every_member_once_and_counts_who_answers(h):
    status, made = await start_group_test(h)
    assert (status, made["told"], made["running"]) == (201, 2, True)
    await h.ledgers.run_once()
    await h.ledgers.run_once()
    assert sorted(topic for topic, _ in h.told.notices) == [
        f"lianfang/button/{LEADER}/notice",
        f"lianfang/button/{MEMBER}/notice",
    ]
    notice = h.told.notices[0][1]
    assert (notice["phrase"], notice["drill"]) == ("notification-test", True)
    await h.ledgers.seen(
        [
            SeenNotice(LEADER, notice["id"], "coming"),
            SeenNotice(LEADER, notice["id"], "delivered"),  # late, and less than what it said
            SeenNotice(MEMBER, notice["id"], "delivered"),
            SeenNotice(WESTERN, notice["id"], "coming"),  # was told nothing
            SeenNotice(MEMBER, "group-test-', DROP", "coming"),
            SeenNotice(MEMBER, notice["id"], "dancing"),
        ]
    )
    _, test = await get(h, "duty", f"group-tests/{made['id']}")
    assert (test["delivered"], test["answered"]) == (2, 1)
    assert {m["device"]: m["state"] for m in test["members"]} == {
        LEADER: "coming",
        MEMBER: "delivered",
    }


async def test_an_answer_after_the_end_counts_no_more_and_nothing_more_is_sent(h):
    _, made = await start_group_test(h, minutes=1)
    h.clock.move(timedelta(minutes=1).total_seconds())
    await h.ledgers.run_once()
    await h.ledgers.seen([SeenNotice(LEADER, f"group-test-{made['id']}", "coming")])
    _, test = await get(h, "duty", f"group-tests/{made['id']}")
    assert (h.told.notices, test["answered"], test["running"]) == ([], 0, False)


@pytest.mark.parametrize("wish", [{"wants_notices": False}, {"told_by": "phone"}])
async def test_members_who_do_not_want_to_be_told_on_their_button_are_not_tested(h, wish):
    quiet = update(s.households).where(s.households.c.id == f"{EAST}-018")
    await h.database.write(lambda conn: conn.execute(quiet.values(**wish)))
    _, made = await start_group_test(h)
    assert [m["device"] for m in made["members"]] == [LEADER]


async def test_a_second_test_of_the_group_waits_for_the_first(h):
    await start_group_test(h)
    status, problem = await start_group_test(h)
    assert status == 409
    assert "本组正在测试" in problem["detail"]
    await h.database.write(lambda conn: conn.execute(delete(devices)))
    h.clock.move(timedelta(minutes=10).total_seconds())
    assert (await start_group_test(h))[0] == 409  # nobody is left to be told


@pytest.mark.parametrize("minutes", [0, 61])
async def test_a_test_takes_from_a_minute_to_an_hour(h, minutes):
    status, problem = await start_group_test(h, minutes=minutes)
    assert (status, problem["field"]) == (422, "minutes")


async def test_what_the_broker_did_not_take_is_sent_when_it_is_back(h):
    await start_group_test(h)
    h.told.away = True
    with pytest.raises(Exception, match="away"):
        await h.ledgers.run_once()
    h.told.away = False
    await h.ledgers.run_once()
    assert len(h.told.notices) == 2


async def test_a_reminder_that_the_broker_did_not_take_says_so_and_is_not_written_down(h):
    h.told.away = True
    status, problem = await post(h, "duty", "ledgers/untested/remind", group=GROUP)
    assert status == 503
    assert "消息代理未连接" in problem["detail"]
    assert await h.database.read(lambda conn: conn.scalars(select(registry_changes)).all()) == []


@pytest.mark.parametrize("name", ["device-tests", "untested", "group-tests", "drills"])
async def test_every_ledger_is_a_sheet_and_a_page_to_print(h, name):
    await keep(h, a_test(MEMBER, START))
    await start_group_test(h)
    status, sheet = await get(h, "auditor", f"ledgers/{name}.xlsx")
    assert status == 200
    rows = list(load_workbook(io.BytesIO(sheet)).active.iter_rows(values_only=True))
    status, page = await get(h, "auditor", f"ledgers/{name}/print")
    assert status == 200
    text = page.decode()
    assert "台账" in text or "清单" in text
    lines = {"device-tests": 1, "untested": 4, "group-tests": 2, "drills": 0}[name]
    for cell in rows[0] if lines else ("无 / none",):
        assert f">{cell}</" in text
    assert len(rows) == 1 + lines
    assert text.count("<tr>") == (1 + lines if lines else 0)
    assert f"共 {lines} 条" in text
