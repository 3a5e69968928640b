"""The queue, one incident, its steps; what of a household is shown to whom."""

import json
import sqlite3

import pytest
from sqlalchemy import insert, update

from alarms.store.tables import devices
from linkage import schema as s
from linkage.model.event import EventType
from linkage.model.incident import Outcome
from linkage.timeline import NewEvent, record
from tests.linkage.web_house import EAST, WEST, house


@pytest.fixture
async def town(tmp_path):
    async with house(tmp_path) as h:
        await h.person("duty", "duty-officer")
        yield h


async def fetch(browser, path, status=200):
    async with browser.get(path) as answer:
        assert answer.status == status, await answer.text()
        return await answer.json()


async def step(browser, name, body=None, version="1", incident="a"):
    headers = {} if version is None else {"If-Match": version}
    return await browser.post(f"/api/v1/incidents/{incident}/{name}", json=body, headers=headers)


async def test_an_incident_in_the_list_has_the_agreed_shape(town):
    await town.incident("a")
    async with town.browser("duty") as browser:
        (item,) = (await fetch(browser, "/api/v1/incidents?state=open"))["items"]
    assert item == {
        "id": "a",
        "number": "20261121-a",
        "stage": "reported",
        "priority": 1,
        "kind": "panic",
        "silent": False,
        "drill": False,
        "opened_at": "2026-11-21T20:00:00.000+08:00",
        "closed_at": None,
        "place": {
            "village": "东村",
            "grid": "东村网格",
            "group": "东村3组",
            "household": "3组017号",
        },
        "place_ids": {
            "village": EAST,
            "grid": "dongcun-g1",
            "group": "dongcun-t3",
            "household": "dongcun-017",
        },
        "acknowledged": None,
        "alarms": [
            {
                "id": "alarm-a",
                "device": "dongcun-017-1",
                "kind": "panic",
                "received_at": "2026-11-21T20:00:00.000+08:00",
                "flags": ["clock_suspect"],
                "silent": False,
                "household": "3组017号",
            }
        ],
        "alarm_count": 1,
        "alarm_kinds": {"panic": 1},
        "alarm_households": 1,
        "alarm_flags": ["clock_suspect"],
        "callers": [
            {
                "household": "3组017号",
                "household_id": "dongcun-017",
                "device": None,
                "village": "东村",
                "group": "东村3组",
                "kind": "panic",
                "silent": False,
                "at": "2026-11-21T20:00:00.000+08:00",
                "alarms": 1,
            }
        ],
        "caller_count": 1,
        "cameras": [],
        "evidence": [],
        "evidence_count": 0,
        "next": {"action": "acknowledge", "due_at": None, "due_for": None},
        "called": [],
        "called_count": 0,
        "asked": [],
        "informed": [],
        "cancel_claimed": False,
        "outcome": None,
        "version": 1,
        "ring": 1,
        "times": dict.fromkeys(
            (
                "acknowledged",
                "verified",
                "dispatched",
                "set_out",
                "arrived",
                "responded",
                "closed",
                "reviewed",
            )
        ),
        "overdue": 0,
        "responder": None,
        "supervised": None,
        "suspended_until": None,
        "merged_into": None,
        "station": None,
        "certainty": "likely",
        "drill_id": None,
        "ring_style": "normal",
        "flood": False,
    }


async def test_of_many_alarms_the_list_has_the_newest_and_the_count(town):
    await town.incident("a")
    await town.database.write(lambda conn: _press_again(conn, "a", 600))
    async with town.browser("duty") as browser:
        (item,) = (await fetch(browser, "/api/v1/incidents?state=open"))["items"]
        detail = await fetch(browser, "/api/v1/incidents/a")
    assert [a["id"] for a in item["alarms"]] == [f"more-{n}" for n in range(580, 600)]
    assert (len(detail["alarms"]), detail["alarms"][-1]["id"]) == (500, "more-599")
    for shown in (item, detail):
        assert (shown["alarm_count"], shown["alarm_households"]) == (601, 1)
        assert shown["alarm_kinds"] == {"fire": 600, "panic": 1}
        assert shown["alarm_flags"] == ["clock_suspect"]


async def pages_of(browser, path):
    """All items of a list that is read page by page, and how many pages there were."""
    items, pages, after = [], 0, ""
    while True:
        page = await fetch(browser, f"{path}?limit=150{after}")
        items, pages = items + page["items"], pages + 1
        if page["next"] is None:
            return items, pages
        after = f"&after={page['next']}"


async def test_of_many_pictures_the_newest_and_the_count_are_shown_and_all_can_be_paged(town):
    await town.incident("a")
    await town.database.write(lambda conn: conn.execute(insert(s.evidence), _pictures("a", 350)))
    async with town.browser("duty") as browser:
        (item,) = (await fetch(browser, "/api/v1/incidents?state=open"))["items"]
        detail = await fetch(browser, "/api/v1/incidents/a")
        paged, pages = await pages_of(browser, "/api/v1/incidents/a/evidence")
        await fetch(browser, "/api/v1/incidents/none/evidence", status=404)
    urls = [f"/api/v1/evidence/e{n:03}" for n in range(350)]
    assert [e["url"] for e in item["evidence"]] == urls[-20:]
    assert [e["url"] for e in detail["evidence"]] == urls[-200:]
    assert item["evidence_count"] == detail["evidence_count"] == 350
    assert ([e["url"] for e in paged], pages) == (urls, 3)


async def test_of_many_calls_the_newest_and_the_count_are_shown_and_all_can_be_paged(town):
    await town.incident("a")
    await town.database.write(lambda conn: conn.execute(insert(s.actions), _calls("a", 350)))
    async with town.browser("duty") as browser:
        (item,) = (await fetch(browser, "/api/v1/incidents?state=open"))["items"]
        detail = await fetch(browser, "/api/v1/incidents/a")
        paged, pages = await pages_of(browser, "/api/v1/incidents/a/called")
    names = [f"p{n:03}" for n in range(350)]
    assert [c["username"] for c in item["called"]] == names[-60:]
    assert [c["username"] for c in detail["called"]] == names[-300:]
    assert item["called_count"] == detail["called_count"] == 350
    assert ([c["username"] for c in paged], pages) == (names, 3)


def _pictures(incident: str, count: int) -> list[dict]:
    row = {"incident_id": incident, "camera_id": "cam-east", "kind": "snapshot", "size": 1}
    # two at each moment: a page must not end between them and lose one
    return [
        {**row, "id": f"e{n:03}", "file": f"{n}.jpg", "sha256": "00", "at_ms": n // 2}
        for n in range(count)
    ]


def _calls(incident: str, count: int) -> list[dict]:
    row = {"incident_id": incident, "kind": "page", "state": "sent", "attempts": 1}
    when = {"planned_at_ms": 1, "payload": "{}", "lane": "page", "turn": 0}
    return [
        {**row, **when, "id": f"page-{n:03}", "target": f"p{n:03}", "due_at_ms": n // 2}
        for n in range(count)
    ]


async def test_a_device_that_presses_without_end_hides_no_neighbour(town):
    await town.incident("a")
    await town.database.write(lambda conn: _press_again(conn, "a", 1, device="dongcun-018-1"))
    await town.database.write(lambda conn: _press_again(conn, "a", 50, after=1))
    async with town.browser("duty") as browser:
        (item,) = (await fetch(browser, "/api/v1/incidents?state=open"))["items"]
    assert len(item["alarms"]) == 20
    first, *others = item["alarms"]
    assert (first["id"], first["device"]) == ("more-0", "dongcun-018-1")
    assert {a["device"] for a in others} == {"dongcun-017-1"}


async def test_every_household_that_called_is_named_the_most_urgent_first(town):
    await town.incident("a")
    other = {"device": "dongcun-018-1", "household_id": "dongcun-018", "kind": "duress"}
    stray = {"device": "stray-1", "household_id": None, "kind": "panic"}
    camera = {"device": "cam-east", "household_id": None, "kind": "loitering"}
    await town.database.write(lambda conn: _press_again(conn, "a", 2, **other))
    await town.database.write(lambda conn: _press_again(conn, "a", 1, after=2, **stray))
    await town.database.write(lambda conn: _press_again(conn, "a", 1, after=3, **camera))
    async with town.browser("duty") as browser:
        (item,) = (await fetch(browser, "/api/v1/incidents?state=open"))["items"]
        detail = await fetch(browser, "/api/v1/incidents/a")
    told = [(c["household"], c["device"], c["kind"], c["silent"]) for c in item["callers"]]
    assert told == [
        ("3组018号", None, "duress", True),
        ("3组017号", None, "panic", False),
        (None, "stray-1", "panic", False),
    ]
    assert (item["callers"][0]["alarms"], item["caller_count"]) == (2, 3)
    assert detail["callers"] == item["callers"]
    assert [h["id"] for h in detail["households"]] == ["dongcun-018", "dongcun-017"]
    assert detail["household"] == detail["households"][0]
    assert detail["household"]["contact_phone"] == "13812340001"
    assert all(h["is_source"] for h in detail["group"]["households"])
    unmasked = [e["object"] for e in await town.audited() if e["action"] == "unmask"]
    assert unmasked == ["household:dongcun-018", "household:dongcun-017"]


async def test_of_very_many_callers_ten_are_listed_and_all_counted(town):
    await town.incident("a")

    def write(conn):
        for n in range(12):
            _press_again(conn, "a", 1, device=f"stray-{n}", household_id=None, after=n)

    await town.database.write(write)
    async with town.browser("duty") as browser:
        (item,) = (await fetch(browser, "/api/v1/incidents?state=open"))["items"]
    # fire before the panic it began with, and of twelve fires the newest
    assert [c["device"] for c in item["callers"]] == [f"stray-{n}" for n in range(11, 1, -1)]
    assert item["caller_count"] == 13


def _press_again(
    conn,
    incident,
    times,
    *,
    device="dongcun-017-1",
    household_id="dongcun-017",
    kind="fire",
    after=0,
):
    alike = {"device": device, "kind": kind, "silent": False, "flags": ""}
    conn.execute(
        insert(s.incident_alarms),
        [
            {
                **alike,
                "alarm_id": f"more-{n}",
                "incident_id": incident,
                "position": 1000 + n,
                "received_at_ms": 1000 + n,
                "household_id": household_id,
            }
            for n in range(after, after + times)
        ],
    )


async def test_open_incidents_come_the_most_urgent_first_and_page_without_gap_or_repeat(town):
    for number, priority in enumerate([3, 1, 2, 1, 4, 2]):
        town.clock.move(1)
        await town.incident(f"i{number}", priority=priority)
    await town.incident("done", stage="closed")
    seen, after = [], ""
    async with town.browser("duty") as browser:
        while True:
            page = await fetch(browser, f"/api/v1/incidents?state=open&limit=2{after}")
            seen += [i["id"] for i in page["items"]]
            if page["next"] is None:
                break
            after = f"&after={page['next']}"
    assert seen == ["i3", "i1", "i5", "i2", "i0", "i4"]


async def test_closed_incidents_have_a_list_of_their_own_newest_first(town):
    await town.incident("old", stage="reviewed", priority=1)
    town.clock.move(60)
    await town.incident("new", stage="closed", priority=4)
    await town.incident("open")
    async with town.browser("duty") as browser:
        page = await fetch(browser, "/api/v1/incidents?state=closed")
    assert [i["id"] for i in page["items"]] == ["new", "old"]
    assert page["items"][0]["next"]["action"] == "review"
    assert page["items"][1]["next"] is None


@pytest.mark.parametrize("query", ["state=all", "limit=0", "limit=x", "limit=201", "after=zz"])
async def test_a_list_asked_for_wrongly_is_refused(town, query):
    async with town.browser("duty") as browser:
        await fetch(browser, f"/api/v1/incidents?{query}", 400)


async def test_the_list_says_from_which_position_the_stream_goes_on(town):
    position = await town.incident("a")
    async with town.browser("duty") as browser:
        answer = await browser.get("/api/v1/incidents")
    assert answer.headers["X-Stream-Position"] == str(position)


async def test_acknowledging_goes_to_the_desk_in_the_callers_name(town):
    await town.incident("a")
    async with town.browser("duty") as browser:
        answer = await step(browser, "acknowledge", {"note": "去看看"})
        detail = await answer.json()
    assert answer.status == 200
    ((name, incident, said),) = town.desk.asked
    assert (name, incident, said["note"]) == ("acknowledge", "a", "去看看")
    assert said["actor"].username == "duty"
    assert detail["acknowledged"]["by"] == "duty 显示名"
    assert detail["version"] == 2
    assert detail["next"]["action"] == "verify"


async def test_a_step_may_come_without_a_body(town):
    await town.incident("a")
    async with town.browser("duty") as browser:
        answer = await browser.post("/api/v1/incidents/a/acknowledge", headers={"If-Match": '"1"'})
    assert answer.status == 200


async def test_a_stale_version_gets_412_with_the_incident_as_it_is(town):
    await town.incident("a")
    await town.change("a")
    async with town.browser("duty") as browser:
        answer = await step(browser, "acknowledge")
        problem = await answer.json()
    assert answer.status == 412
    assert problem["incident"]["version"] == 2
    assert problem["incident"]["timeline"][-1]["type"] == "noted"


async def test_without_a_version_a_step_is_refused(town):
    await town.incident("a")
    async with town.browser("duty") as browser:
        assert (await step(browser, "acknowledge", version=None)).status == 428
        assert (await step(browser, "acknowledge", version="*")).status == 400
    assert town.desk.asked == []


async def test_a_step_that_is_not_possible_now_gets_409_with_the_reason(town):
    await town.incident("a")
    town.desk.refusal = "已结案 / closed already"
    async with town.browser("duty") as browser:
        answer = await step(browser, "verify")
        problem = await answer.json()
    assert answer.status == 409
    assert problem["detail"] == "已结案 / closed already"


async def test_closing_needs_an_outcome_and_noting_a_note(town):
    await town.incident("a")
    async with town.browser("duty") as browser:
        assert (await step(browser, "close", {})).status == 422
        assert (await step(browser, "close", {"outcome": "whatever"})).status == 422
        assert (await step(browser, "note", {"note": ""})).status == 422
        assert (await step(browser, "close", {"outcome": "false"})).status == 200
    assert town.desk.asked[0][2]["outcome"] is Outcome.FALSE


async def test_dispatching_says_to_whom(town):
    await town.incident("a")
    async with town.browser("duty") as browser:
        assert (await step(browser, "dispatch", {"to": "巡防一组"})).status == 200
    assert town.desk.asked[0][2]["to"] == "巡防一组"


async def test_a_change_is_audited_with_person_unit_and_step(town):
    await town.incident("a")
    async with town.browser("duty") as browser:
        await step(browser, "acknowledge")
    (change,) = [e for e in await town.audited() if e["action"] == "change"]
    assert (change["actor"], change["object"]) == ("duty", "incident:a")
    assert change["detail"] == {"step": "acknowledge", "version": 1, "unit": "综治中心"}


async def test_looking_at_an_incident_is_audited_and_so_is_each_unmasking(town):
    await town.incident("a")
    async with town.browser("duty") as browser:
        await fetch(browser, "/api/v1/incidents/a")
        await fetch(browser, "/api/v1/incidents/a")
    looks = [(e["action"], e["object"]) for e in await town.audited() if e["action"] != "sign-in"]
    assert looks == [("look", "incident:a"), ("unmask", "household:dongcun-017")] * 2


async def household_seen_by(town, role, **incident):
    await town.incident("a", **incident)
    await town.person("reader", role)
    async with town.browser("reader") as browser:
        return (await fetch(browser, "/api/v1/incidents/a"))["household"]


async def test_who_handles_an_open_incident_sees_the_household_in_the_clear(town):
    assert await household_seen_by(town, "patrol") == {
        "id": "dongcun-017",
        "label": "3组017号",
        "address": "东村三组十七号",
        "contact_name": "王小明",
        "contact_phone": "13812340001",
    }


@pytest.mark.parametrize("role", ["auditor", "administrator"])
async def test_who_does_not_handle_it_sees_the_household_masked(town, role):
    seen = await household_seen_by(town, role)
    assert seen["contact_name"] == "王**"
    assert seen["contact_phone"] == "138****0001"
    assert seen["address"] == "东村三***"
    assert not [e for e in await town.audited() if e["action"] == "unmask"]


async def test_once_closed_the_household_is_masked_for_everybody(town):
    seen = await household_seen_by(town, "shift-leader", stage="closed")
    assert seen["contact_name"] == "王**"
    assert not [e for e in await town.audited() if e["action"] == "unmask"]


async def test_a_machine_sees_the_household_masked(town):
    await town.incident("a")
    token = await town.machine("platform", "duty-officer")
    async with town.browser() as browser:
        answer = await browser.get(
            "/api/v1/incidents/a", headers={"Authorization": f"Bearer {token}"}
        )
        detail = await answer.json()
    assert detail["household"]["contact_phone"] == "138****0001"


async def test_when_a_look_cannot_be_written_down_the_incident_comes_masked(town, tmp_path):
    await town.incident("a")
    other = sqlite3.connect(tmp_path / "town.db", isolation_level=None)
    async with town.browser("duty") as browser:
        other.execute("BEGIN IMMEDIATE")  # another writer that does not let go
        detail = await fetch(browser, "/api/v1/incidents/a")
        other.execute("ROLLBACK")
    other.close()
    assert detail["number"] == "20261121-a"
    assert detail["household"]["contact_phone"] == "138****0001"


async def test_when_a_change_cannot_be_written_down_it_is_not_made(town, tmp_path):
    await town.incident("a")
    other = sqlite3.connect(tmp_path / "town.db", isolation_level=None)
    async with town.browser("duty") as browser:
        other.execute("BEGIN IMMEDIATE")
        answer = await step(browser, "acknowledge")
        other.execute("ROLLBACK")
    other.close()
    assert answer.status == 503
    assert "Retry-After" in answer.headers
    assert town.desk.asked == []


async def test_the_detail_tells_timeline_decisions_group_cameras_and_actions(town):
    await town.incident("a")
    await add_to_incident(town)
    async with town.browser("duty") as browser:
        detail = await fetch(browser, "/api/v1/incidents/a")
    opened, noted, seen, _ = detail["timeline"]
    assert (opened["type"], opened["actor"], opened["data"]) == ("opened", None, {})
    assert noted["actor"] == {"username": "duty", "display_name": "duty 显示名"}
    assert seen["type"] == "notice_seen"
    assert detail["decisions"] == [
        {"stage": "place", "matched": True, "reason": "已登记 / registered"}
    ]
    assert detail["group"] == {
        "id": "dongcun-t3",
        "name": "东村3组",
        "households": [
            {
                "id": "dongcun-017",
                "label": "3组017号",
                "is_source": True,
                "device": None,
                "notice": None,
                "told_by": "button",
                "telephone": False,
            },
            {
                "id": "dongcun-018",
                "label": "3组018号",
                "is_source": False,
                "device": "dongcun-018-1",
                "notice": "coming",
                "told_by": "button",
                "telephone": False,
            },
        ],
    }
    assert detail["cameras_near"] == [
        {
            "id": "cam-east",
            "name": "cam-east 路口",
            "state": "watching",
            "reason": "",
            "distance_m": 12.5,
        }
    ]
    (action,) = [a for a in detail["actions"] if a["kind"] == "notice"]
    assert (action["target"], action["state"]) == ("dongcun-018-1", "sent")
    skipped, called = detail["called"]
    assert called["username"] == "duty"
    assert called["state"] == "answered"
    assert (skipped["username"], skipped["state"]) == ("shift", "unattended")
    assert detail["evidence"][0]["url"] == "/api/v1/evidence/e1"


async def add_to_incident(town):
    def action(kind, target, **payload):
        return {
            "id": f"{kind}:{target}",
            "incident_id": "a",
            "kind": kind,
            "target": target,
            "payload": json.dumps(payload),
            "state": "sent",
            "attempts": 1,
            "planned_at_ms": 1,
            "due_at_ms": 1,
        }

    def write(conn):
        conn.execute(
            insert(devices).values(
                id="dongcun-018-1", kind="button", household_id="dongcun-018", unsigned=True
            )
        )
        conn.execute(
            insert(s.actions), [action("notice", "dongcun-018-1"), action("page", "duty", step=1)]
        )
        conn.execute(
            insert(s.incident_cameras).values(
                incident_id="a", camera_id="cam-east", distance_m=12.5
            )
        )
        conn.execute(
            insert(s.evidence).values(
                id="e1",
                incident_id="a",
                camera_id="cam-east",
                kind="snapshot",
                file="f.jpg",
                sha256="0" * 64,
                size=1,
                at_ms=1,
            )
        )
        absent = {"username": "shift", "display_name": "李", "role": "shift-leader"}
        events = [
            NewEvent(EventType.NOTED, {"note": "…"}, "duty"),
            NewEvent(EventType.NOTICE_SEEN, {"device": "dongcun-018-1", "state": "coming"}),
            NewEvent(
                EventType.UNATTENDED_SKIPPED,
                {"step": 0, "reason": "unattended", "people": [absent]},
            ),
        ]
        record(conn, "a", events, writer="test", at_ms=1, new_version=True)

    await town.database.write(write)


async def test_an_incident_of_thousands_of_presses_has_a_page_that_stays_small(town):
    await town.incident("a")
    await town.database.write(lambda conn: _press_without_end(conn, "a", 5000))
    async with town.browser("duty") as browser, browser.get("/api/v1/incidents/a") as answer:
        size = len(await answer.read())
        detail = await answer.json()
    assert size < 300_000
    opened, first, rang, noted, others, last_rang, again = detail["timeline"]
    assert (opened["type"], opened["count"]) == ("opened", 1)
    assert (first["type"], first["count"]) == ("alarm_added", 2499)
    assert (rang["type"], rang["count"], rang["data"]["alarm"]) == ("alarm_added", 1, "more-2499")
    assert (noted["type"], again["type"]) == ("rang_again", "rang_again")
    assert (others["count"], last_rang["count"]) == (2499, 1)
    assert detail["timeline_count"] == 5003
    assert (len(detail["actions"]), detail["action_count"]) == (300, 5000)
    assert detail["actions"][-1]["id"] == "reply:4999"
    # the opening, the two that rang, and the newest 20, of which one rang
    reasons = [d["reason"] for d in detail["decisions"]]
    newest = [f"more-{n}" for n in range(4980, 5000)]
    assert reasons == ["已登记 / registered", "more-2499", *newest]


def _press_without_end(conn, incident, times):
    """Of one device; the middle one and the last ring again."""
    _press_again(conn, incident, times)
    half = times // 2
    for at_ms, numbers in ((0, range(half)), (1000, range(half, times))):
        events = []
        for n in numbers:
            alarm = {"alarm": f"more-{n}", "device": "dongcun-017-1", "pad": "…" * 300}
            decisions = [{"stage": "ring", "matched": False, "reason": f"more-{n}"}]
            events.append(NewEvent(EventType.ALARM_ADDED, {**alarm, "decisions": decisions}))
        events.append(NewEvent(EventType.RANG_AGAIN, alarm))
        record(conn, incident, events, writer="test", at_ms=at_ms, new_version=True)
    reply = {"kind": "reply", "target": "dongcun-017-1", "payload": "{}", "state": "sent"}
    plan = {"incident_id": incident, "attempts": 1, "due_at_ms": 1}
    rows = [{**reply, **plan, "id": f"reply:{n}", "planned_at_ms": n} for n in range(times)]
    conn.execute(insert(s.actions), rows)


async def test_presses_of_two_devices_are_two_items_between_others(town):
    await town.incident("a")

    def write(conn):
        for n, device in enumerate("bababa"):
            data = {"alarm": str(n), "device": device}
            event = NewEvent(EventType.ALARM_ADDED, data)
            record(conn, "a", [event], writer="test", at_ms=n, new_version=True)

    await town.database.write(write)
    await town.change("a")
    async with town.browser("duty") as browser:
        timeline = (await fetch(browser, "/api/v1/incidents/a"))["timeline"]
    assert [(t["type"], t["count"], t["data"].get("device")) for t in timeline] == [
        ("opened", 1, None),
        ("alarm_added", 3, "b"),
        ("alarm_added", 3, "a"),
        ("noted", 1, None),
    ]
    of_b, of_a = timeline[1:3]
    assert [of_b["first_at"][-12:-6], of_b["at"][-12:-6]] == ["00.000", "00.004"]
    assert [of_a["first_at"][-12:-6], of_a["at"][-12:-6]] == ["00.001", "00.005"]


async def test_an_incident_that_moved_out_of_the_callers_places_is_gone(town):
    await town.incident("a")
    await town.person("head", "village-head", [EAST])
    async with town.browser("head") as browser:
        await fetch(browser, "/api/v1/incidents/a")
        await town.database.write(
            lambda conn: conn.execute(
                update(s.incidents).where(s.incidents.c.id == "a").values(village_id=WEST)
            )
        )
        await fetch(browser, "/api/v1/incidents/a", 404)
