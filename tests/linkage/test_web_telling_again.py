"""Telling somebody once more by one touch; the dispatch order to print."""

import json

import pytest
from sqlalchemy import select, update

from lianfang_timing import unix_ms
from linkage import records
from linkage import schema as s
from linkage.model.action import ActionKind, PlannedAction
from linkage.ways.planning import siren_actions, webhook_action
from linkage.ways.settings import USUAL_WAYS, Use, Webhook
from tests.linkage.web_house import EAST, START, house

STATION = Webhook("station", "https://jcj.example/", b"", frozenset({Use.STATION}))
PATH = "/api/v1/incidents/i1/tell-again"
NOW_MS = unix_ms(START)


def page_of(username: str) -> PlannedAction:
    told = {"username": username, "display_name": "刘领导", "role": "shift-leader", "step": 1}
    payload = {**told, "round": 0, "way": "console", "attended": False}
    return PlannedAction("page-1", ActionKind.PAGE, username, NOW_MS, payload=payload)


def notice_to(device: str, **more) -> PlannedAction:
    payload = {"household": f"{EAST}-017", "from": "3组017号", "phrase": "neighbour-needs-help"}
    payload |= {"drill": False, "until_ms": NOW_MS + 600_000, "seen": "read", **more}
    return PlannedAction(
        f"notice-{device}", ActionKind.NOTICE, device, NOW_MS, NOW_MS + 600_000, payload
    )


@pytest.fixture
async def town(tmp_path):
    async with house(tmp_path) as h:
        await h.incident("i1")
        told = webhook_action(STATION, cause="a", event="opened", now_ms=NOW_MS, use=Use.STATION)
        look = PlannedAction(
            "station-1",
            ActionKind.STATION,
            "station",
            NOW_MS + 30_000,
            payload={"message": told.id, "number": "0574", "within_s": 30.0},
        )
        sirens = siren_actions(USUAL_WAYS, ["s1"], cause="a", now_ms=NOW_MS)
        planned = [told, look, page_of("leader"), notice_to("b2"), *sirens]
        await h.database.write(lambda conn: records.plan(conn, "i1", planned, now_ms=NOW_MS))
        await sent(h)
        await h.person("duty", "duty-officer")
        h.clock.move(60)
        yield h


async def sent(town, state="sent"):
    """All that was planned until now has gone out."""
    a = s.actions.c
    done = update(s.actions).where(a.state == "planned").values(state=state, done_at_ms=NOW_MS)
    await town.database.write(lambda conn: conn.execute(done))


async def ask(town, kind, target):
    async with (
        town.browser("duty") as browser,
        browser.post(PATH, json={"kind": kind, "target": target}) as answer,
    ):
        return answer.status, await answer.json()


async def planned(town, kind):
    a = s.actions.c
    found = select(s.actions).where(a.kind == kind.value, a.state == "planned")
    rows = await town.database.read(lambda conn: conn.execute(found).mappings().all())
    return [{**row, "payload": json.loads(row["payload"])} for row in rows]


async def test_a_member_is_told_once_more_with_a_new_time(town):
    status, said = await ask(town, "member", "b2")
    assert status == 200
    (again,) = await planned(town, ActionKind.NOTICE)
    assert again["deadline_ms"] == again["payload"]["until_ms"] == NOW_MS + 660_000
    assert "seen" not in again["payload"]
    assert [t["state"] for t in said["told"] if t["kind"] == "member"] == ["planned"]
    last = said["timeline"][-1]
    assert (last["type"], last["actor"]["username"]) == ("told_again", "duty")
    assert said["version"] == 1, "nobody's sign-for is made stale by it"


async def test_two_touches_are_one_message(town):
    for _ in range(2):
        assert (await ask(town, "member", "b2"))[0] == 200
    assert len(await planned(town, ActionKind.NOTICE)) == 1


async def test_a_person_who_is_called_again_is_rung_at_their_console(town):
    await town.person("leader", "shift-leader")
    async with town.browser("leader") as there:
        await there.post("/api/v1/presence", json={"sound": "unlocked", "visible": True})
    _, said = await ask(town, "person", "leader")
    (again,) = await planned(town, ActionKind.PAGE)
    assert again["payload"]["attended"] is True
    assert said["ring"] == 2
    assert said["timeline"][-1]["data"]["display_name"] == "刘领导"


async def test_a_station_that_is_told_again_is_asked_again_whether_it_has_it(town):
    await ask(town, "webhook", "station")
    (again,) = await planned(town, ActionKind.WEBHOOK)
    (look,) = await planned(town, ActionKind.STATION)
    assert look["payload"] == {"message": again["id"], "number": "0574", "within_s": 30.0}
    assert look["due_at_ms"] == NOW_MS + 90_000
    assert again["deadline_ms"] - again["due_at_ms"] == STATION.deadline_s * 1000


async def test_a_station_that_was_telephoned_is_told_no_more(town):
    async with town.browser("duty") as browser:
        await browser.post("/api/v1/incidents/i1/station-telephoned", json={})
    assert (await ask(town, "webhook", "station"))[0] == 409


async def test_what_is_quiet_is_told_to_nobody_near(town):
    quiet = update(s.incident_alarms).values(kind="cancel")
    await town.database.write(lambda conn: conn.execute(quiet))
    assert (await ask(town, "member", "b2"))[0] == 409
    assert (await ask(town, "person", "leader"))[0] == 200


@pytest.mark.parametrize(
    ("kind", "target", "status"),
    [("member", "nobody", 409), ("siren", "s1", 422), ("person", "", 422)],
)
async def test_nobody_new_is_told_and_no_siren_sounds(town, kind, target, status):
    assert (await ask(town, kind, target))[0] == status


async def test_that_it_is_over_is_not_said_again(town):
    over = notice_to("b3", over=True)
    await town.database.write(lambda conn: records.plan(conn, "i1", [over], now_ms=NOW_MS))
    assert (await ask(town, "member", "b3"))[0] == 409


async def test_of_a_closed_incident_nobody_is_told_again(town):
    closed = update(s.incidents).values(stage="closed")
    await town.database.write(lambda conn: conn.execute(closed))
    assert (await ask(town, "person", "leader"))[0] == 409


async def test_a_message_on_its_way_is_only_hurried(town):
    a = s.actions.c
    waiting = update(s.actions).where(a.kind == "page").values(state="planned", due_at_ms=2**50)
    await town.database.write(lambda conn: conn.execute(waiting))
    await ask(town, "person", "leader")
    (page,) = await planned(town, ActionKind.PAGE)
    assert page["due_at_ms"] == unix_ms(town.clock.now())


async def test_the_dispatch_order_says_what_those_who_are_sent_must_know(town):
    async with town.browser("duty") as browser:
        await browser.post(
            "/api/v1/incidents/i1/note", json={"note": "x"}, headers={"If-Match": "0"}
        )
        async with browser.get("/api/v1/incidents/i1/order.html") as answer:
            assert (answer.status, answer.content_type) == (200, "text/html")
            text = await answer.text()
    for said in ("派警单", "20261121-i1", "紧急求助", "东村", "13812340001", "duty 显示名"):
        assert said in text
    assert "incident_events" in text, "where the records end"
    unmasked = [e for e in await town.audited() if e["action"] == "unmask"]
    assert unmasked[-1]["object"] == f"household:{EAST}-017"
    assert "order" in {e["detail"].get("what") for e in await town.audited()}


async def test_the_order_of_a_closed_incident_shows_no_contact_in_the_clear(town):
    closed = update(s.incidents).values(stage="closed")
    await town.database.write(lambda conn: conn.execute(closed))
    async with (
        town.browser("duty") as browser,
        browser.get("/api/v1/incidents/i1/order.html") as answer,
    ):
        assert "13812340001" not in await answer.text()


async def test_a_silent_alarms_order_warns_in_large_letters(town):
    silent = update(s.incidents).values(silent=True)
    await town.database.write(lambda conn: conn.execute(silent))
    async with (
        town.browser("duty") as browser,
        browser.get("/api/v1/incidents/i1/order.html") as answer,
    ):
        assert "<h2>静默报警" in await answer.text()


async def test_a_glance_leaves_contacts_masked_and_unmasks_nobody(town):
    async with (
        town.browser("duty") as browser,
        browser.get("/api/v1/incidents/i1?masked=1") as answer,
    ):
        assert (await answer.json())["household"]["contact_phone"] == "138****0001"
    assert "unmask" not in {e["action"] for e in await town.audited()}
