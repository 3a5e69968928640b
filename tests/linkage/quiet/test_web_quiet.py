"""Silences, maintenance windows and drills over HTTP; and what the board says of a flood."""

import pytest
from sqlalchemy import insert

from alarms.model import AlarmKind, AlarmSource, NewAlarm
from alarms.store.tables import devices
from lianfang_timing import unix_ms
from linkage import schema as s
from tests.linkage.web_house import EAST, START, WEST, house

TONIGHT = "2026-11-21T22:00:00+08:00"


@pytest.fixture
async def town(tmp_path):
    async with house(tmp_path) as h:
        await h.person("leader", "shift-leader")
        await h.person("east", "shift-leader", [EAST])
        await h.person("duty", "duty-officer")
        yield h


async def posted(browser, path, body=None, status=201):
    answer = await browser.post(f"/api/v1/{path}", json=body or {})
    said = await answer.json()
    assert answer.status == status, said
    return said


def a_silence(**changes):
    return {"cameras": ["cam-east"], "reason": "集市", "end": TONIGHT} | changes


def a_drill(**changes):
    begin, end = "2026-11-21T20:00:00+08:00", "2026-11-21T21:00:00+08:00"
    return {"name": "演练", "villages": [EAST], "begin": begin, "end": end} | changes


async def test_a_silence_says_who_why_until_when_and_what_it_holds(town):
    async with town.browser("leader") as browser:
        made = await posted(browser, "silences", a_silence())
        await town.log.append(
            [
                NewAlarm(AlarmSource.CAMERA, c, 1, 1, "", AlarmKind.LOITERING)
                for c in ("cam-east", "cam-west")
            ]
        )
        town.clock.move(1)
        [shown] = (await (await browser.get("/api/v1/silences")).json())["items"]
        assert (await (await browser.get("/api/v1/maintenance")).json())["items"] == []
    assert made["held"] == 0
    assert shown == {
        "id": made["id"],
        "sort": "silence",
        "cameras": ["cam-east"],
        "villages": [],
        "layers": [],
        "devices": [],
        "kinds": ["loitering"],
        "reason": "集市",
        "author": {"username": "leader", "display_name": "leader 显示名"},
        "made_at": "2026-11-21T20:00:00.000+08:00",
        "begin": "2026-11-21T20:00:00.000+08:00",
        "end": "2026-11-21T22:00:00.000+08:00",
        "state": "in-force",
        "ended_by": None,
        "held": 1,
    }
    [entry] = [e for e in await town.audited() if e["object"] == f"silence:{made['id']}"]
    assert (entry["actor"], entry["detail"]["what"]) == ("leader", "made")


async def test_a_silence_is_ended_once_by_name(town):
    async with town.browser("leader") as browser:
        made = await posted(browser, "silences", a_silence())
        ended = await posted(browser, f"silences/{made['id']}/end", status=200)
        assert (ended["state"], ended["ended_by"]["username"]) == ("ended", "leader")
        await posted(browser, f"silences/{made['id']}/end", status=409)
        await posted(browser, f"maintenance/{made['id']}/end", status=404)
        await posted(browser, "silences/nothing/end", status=404)


async def test_a_coming_window_is_shown_as_such(town):
    async with town.browser("leader") as browser:
        body = a_silence(begin="2026-11-21T21:00:00+08:00")
        assert (await posted(browser, "maintenance", body))["state"] == "coming"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (a_silence(kinds=["loitering", "panic"]), "求助报警"),
        (a_silence(end="2026-11-29T22:00:00+08:00"), "7 天"),
        (a_silence(cameras=[]), "say where"),
        (a_silence(cameras=["cam-nowhere"]), "no camera 'cam-nowhere'"),
        (a_silence(villages=["nowhere"]), "no village 'nowhere'"),
        (a_silence(reason=" "), "reason"),
        (a_silence(end="2026-11-21T22:00:00"), "end"),
    ],
)
async def test_a_window_that_must_not_be_is_422_with_a_sentence(town, body, says):
    async with town.browser("leader") as browser:
        problem = await posted(browser, "silences", body, status=422)
    assert says in problem["detail"]


async def test_who_has_one_village_silences_only_there_and_sees_only_what_touches_it(town):
    async with town.browser("leader") as browser:
        await posted(browser, "silences", a_silence(cameras=["cam-west"]))
        drill = await posted(browser, "drills", a_drill(villages=[WEST]))
    async with town.browser("east") as browser:
        await posted(browser, "silences", a_silence())
        await posted(browser, "silences", a_silence(villages=[WEST], cameras=[]), status=404)
        await posted(browser, "silences", a_silence(layers=["area"], cameras=[]), status=404)
        shown = (await (await browser.get("/api/v1/silences")).json())["items"]
        assert [one["cameras"] for one in shown] == [["cam-east"]]
        await posted(browser, f"drills/{drill['id']}/start", status=404)
        assert (await (await browser.get("/api/v1/drills")).json())["items"] == []


async def test_maintenance_names_registered_devices(town):
    device = {"id": "b1", "kind": "button", "household_id": "dongcun-017", "unsigned": True}
    lost = {"id": "b2", "kind": "button", "household_id": None, "unsigned": True}
    await town.database.write(lambda conn: conn.execute(insert(devices), [device, lost]))
    async with town.browser("east") as browser:
        body = a_silence(cameras=[], devices=["b1"])
        assert (await posted(browser, "maintenance", body))["devices"] == ["b1"]
        await posted(browser, "silences", body, status=422)
        await posted(browser, "maintenance", a_silence(devices=["b2"]), status=404)
        await posted(browser, "maintenance", a_silence(devices=["b9"]), status=422)


async def test_a_drill_is_planned_started_and_ended_by_named_people(town):
    body = a_drill(
        notice_to="派出所", noticed_at="2026-11-21T19:00:00+08:00", groups=["dongcun-t3"]
    )
    async with town.browser("leader") as browser:
        made = await posted(browser, "drills", body)
        assert (made["state"], made["started"], made["notice_to"]) == ("planned", None, "派出所")
        assert made["group_names"] == ["东村3组"]
        started = await posted(browser, f"drills/{made['id']}/start", status=200)
        assert (started["state"], started["started"]["by"]["username"]) == ("running", "leader")
        await posted(browser, f"drills/{made['id']}/start", status=409)
    async with town.browser("duty") as browser:
        await posted(browser, f"drills/{made['id']}/start", status=403)
        ended = await posted(browser, f"drills/{made['id']}/end", status=200)
        assert (ended["state"], ended["ended"]["by"]["username"]) == ("ended", "duty")
        await posted(browser, f"drills/{made['id']}/end", status=409)
        one = await (await browser.get(f"/api/v1/drills/{made['id']}")).json()
        assert one == ended
    told = [e["detail"]["what"] for e in await town.audited() if e["object"].startswith("drill:")]
    assert told == ["planned", "started", "ended"]


async def test_a_drill_whose_window_is_over_ended_by_itself(town):
    async with town.browser("leader") as browser:
        made = await posted(browser, "drills", a_drill())
        await posted(browser, f"drills/{made['id']}/start", status=200)
        town.clock.move(3600)
        one = await (await browser.get(f"/api/v1/drills/{made['id']}")).json()
    assert (one["state"], one["ended"]) == (
        "ended",
        {"by": None, "at": "2026-11-21T21:00:00.000+08:00"},
    )


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (a_drill(villages=[]), "say where"),
        (a_drill(end="2026-11-23T21:00:00+08:00"), "24"),
        (a_drill(groups=["nowhere"]), "no group"),
        (a_drill(devices=["nowhere"]), "no device"),
    ],
)
async def test_a_drill_that_must_not_be_is_422_with_a_sentence(town, body, says):
    async with town.browser("leader") as browser:
        assert says in (await posted(browser, "drills", body, status=422))["detail"]


async def test_the_ledger_comes_as_json_and_as_a_sheet(town):
    row = {"id": "b1", "kind": "button", "household_id": "dongcun-017", "unsigned": True}
    await town.database.write(lambda conn: conn.execute(insert(devices), [row]))
    async with town.browser("leader") as browser:
        made = await posted(browser, "drills", a_drill())
        await town.incident("i1", drill=True, drill_id=made["id"])
        page = await (await browser.get(f"/api/v1/drills/{made['id']}/ledger")).json()
        sheet = await browser.get(f"/api/v1/drills/{made['id']}/ledger.csv")
        assert sheet.content_type == "text/csv"
        assert "b1,3组017号,东村3组" in await sheet.text()
        incident = await (await browser.get("/api/v1/incidents/i1")).json()
    assert page["drill"]["id"] == made["id"]
    assert [(item["device"], item["pressed_at"]) for item in page["items"]] == [("b1", None)]
    assert (incident["ring_style"], incident["drill_id"]) == ("soft", made["id"])


async def test_the_board_says_that_cameras_flood_it_and_since_when(town):
    await town.incident("i1", kind="loitering")
    now_ms = unix_ms(START)

    def work(conn):
        for n in range(10):
            conn.execute(
                insert(s.incident_alarms).values(
                    alarm_id=f"l{n}",
                    incident_id="i1",
                    position=n,
                    device="cam-east",
                    kind="loitering",
                    silent=False,
                    received_at_ms=now_ms - n * 1000,
                    flags="",
                )
            )

    await town.database.write(work)
    async with town.browser("duty") as browser:
        system = await (await browser.get("/api/v1/system")).json()
        assert system["flood"] == {"since": "2026-11-21T20:00:00.000+08:00", "alarms": 10}
        town.clock.move(600)
        system = await (await browser.get("/api/v1/system")).json()
        assert system["flood"] is None
