"""Zones over the API: kept with who and why, judged as a file's, tried on a night's motion."""

import json

import pytest
from sqlalchemy import select

from alarms.model import AlarmKind, AlarmSource, NewAlarm
from camerad.model import Camera
from lianfang_timing import unix_ms
from linkage import schema as s
from linkage.cameras import BUILT_IN_DEFAULTS, zones_to_watch
from linkage.motion import storage
from linkage.motion.intervals import Interval
from tests.linkage.web_house import START, house

ZONES = "/api/v1/cameras/cam-east/zones"
ACTIVITY = "/api/v1/cameras/cam-east/activity"
YARD = [[0.1, 0.5], [0.6, 0.5], [0.6, 1.0], [0.1, 1.0]]
GATE = {"name": "gate", "kind": "loiter", "polygon": YARD, "dwell": "30s", "armed": "22:00-06:00"}
WINDOW = {"name": "邻家窗", "kind": "privacy", "polygon": [[0.7, 0], [1, 0], [1, 0.3]]}
CELLS = "8" + 35 * "0"


@pytest.fixture
async def town(tmp_path):
    async with house(tmp_path) as h:
        await h.person("leader", "shift-leader")
        await h.person("admin", "administrator")
        yield h


async def put(browser, version, *zones, reason="夜间有人徘徊", **more):
    body = {"version": version, "zones": zones, "reason": reason, **more}
    async with browser.put(ZONES, json=body) as answer:
        return answer.status, await answer.json()


async def got(browser, path=ZONES):
    async with browser.get(path) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def test_zones_are_kept_with_who_and_why_and_the_fleet_is_told(town):
    async with town.browser("leader") as browser:
        before = await got(browser)
        assert (before["version"], [z["name"] for z in before["zones"]]) == (0, ["gate"])
        assert before["defaults"]["dwell"] == "20s"
        status, kept = await put(browser, 0, GATE, WINDOW)
    assert status == 200
    assert kept["version"] == 1
    assert [z["name"] for z in kept["zones"]] == ["gate", "邻家窗"]
    assert kept["zones"][0]["dwell"] == "30s"
    (change,) = kept["history"]
    assert (change["by_name"], change["added"], change["changed"]) == (
        "leader 显示名",
        ["邻家窗"],
        ["gate"],
    )
    assert town.network.changes == 1
    noted = (await town.audited())[-1]
    assert (noted["actor"], noted["object"]) == ("leader", "camera:cam-east")
    assert noted["detail"]["reason"] == "夜间有人徘徊"
    assert noted["detail"]["added"] == ["邻家窗"]


async def test_it_is_said_whether_the_worker_has_taken_them_up(town):
    async with town.browser("leader") as browser:
        assert (await put(browser, 0, GATE))[1]["in_force"] is None
        camera = Camera("cam-east", "", "rtsp://c")
        town.pictures.watched["cam-east"] = camera
        assert (await got(browser))["in_force"] is False
        zones = await town.database.read(
            lambda conn: zones_to_watch(conn, "cam-east", BUILT_IN_DEFAULTS)
        )
        town.pictures.watched["cam-east"] = Camera("cam-east", "", "rtsp://c", zones=zones)
        assert (await got(browser))["in_force"] is True


async def test_who_saw_an_older_version_is_told_what_changed(town):
    async with town.browser("leader") as first, town.browser("admin") as second:
        assert (await put(first, 0, GATE, WINDOW))[0] == 200
        status, problem = await put(second, 0, WINDOW)
        assert status == 409
        assert problem["version"] == 1
        assert "leader 显示名" in problem["detail"]
        assert "新增 邻家窗" in problem["detail"]
        assert (await got(second))["version"] == 1


async def test_keeping_what_is_there_changes_nothing_and_asks_for_no_reason(town):
    async with town.browser("leader") as browser:
        await put(browser, 0, GATE)
        status, same = await put(browser, 1, GATE, reason="")
        assert (status, same["version"]) == (200, 1)
        assert (await put(browser, 1, reason=" "))[0] == 422


async def test_a_privacy_zone_opens_only_where_it_was_named(town):
    async with town.browser("leader") as browser:
        await put(browser, 0, GATE, WINDOW)
        status, problem = await put(browser, 1, GATE)
        assert (status, problem["field"]) == (422, "uncovers")
        assert "邻家窗" in problem["detail"]
        smaller = {**WINDOW, "polygon": [[0.8, 0], [1, 0], [1, 0.3]]}
        assert (await put(browser, 1, GATE, smaller))[0] == 422
        assert (await put(browser, 1, GATE, uncovers=["邻家窗"]))[0] == 200
    noted = (await town.audited())[-1]
    assert noted["detail"]["uncovered"] == ["邻家窗"]


@pytest.mark.parametrize(
    ("zone", "field"),
    [
        ({**GATE, "polygon": [[0, 0], [1, 1], [1, 0], [0, 1]]}, "zones.1.polygon"),
        ({**GATE, "polygon": [[0, 0], [1, 0]]}, "zones.1.polygon"),
        ({**GATE, "polygon": [[0, 0], [640, 0], [1, 1]]}, "zones.1.polygon"),
        ({**GATE, "dwell": "20"}, "zones.1.dwell"),
        ({**GATE, "armed": "22-6"}, "zones.1.armed"),
        ({**GATE, "min_height": 8}, "zones.1.min_height"),
        ({**GATE, "name": "邻家窗"}, "zones.1.name"),
    ],
)
async def test_what_a_zones_file_may_not_say_is_refused_with_its_field(town, zone, field):
    async with town.browser("leader") as browser:
        status, problem = await put(browser, 0, WINDOW, zone)
    assert (status, problem["field"]) == (422, field)


async def test_a_file_is_read_before_it_is_kept_and_written_as_it_is_kept(town):
    async with town.browser("leader") as browser:
        await put(browser, 0, GATE, WINDOW)
        async with browser.get(f"{ZONES}.toml") as answer:
            text = await answer.text()
            assert "attachment" in answer.headers["Content-Disposition"]
        async with browser.post(f"{ZONES}/read", json={"toml": text}) as answer:
            found = await answer.json()
        assert found["zones"] == (await got(browser))["zones"]
        for broken in ("[[zone", '[[zone]]\nname = "a"', text + text):
            async with browser.post(f"{ZONES}/read", json={"toml": broken}) as answer:
                assert answer.status == 422
                assert (await answer.json())["field"] == "toml"
        assert (await got(browser))["version"] == 1


async def test_the_zones_of_then_are_kept(town):
    async with town.browser("leader") as browser:
        await put(browser, 0, GATE)
        await put(browser, 1, WINDOW)
        history = (await got(browser))["history"]
    assert [(one["version"], one["removed"]) for one in history] == [(2, ["gate"]), (1, [])]
    names = await town.database.read(
        lambda conn: conn.scalars(select(s.zones.c.name)).all()  # nothing else was touched
    )
    assert names == ["邻家窗"]


async def test_a_night_s_motion_is_told_as_cells_with_the_hours_they_count_for(town):
    evening = unix_ms(START) + 60_000  # 20:01 on a Saturday in Shanghai
    await town.database.write(
        lambda conn: storage.write(
            conn,
            [
                Interval("cam-east", "street", evening, evening + 5000, None, CELLS),
                Interval("cam-east", "street", evening + 9000, evening + 9500, (0, 0, 0.05, 0.1)),
                Interval("cam-east", "own", evening + 10_000, evening + 11_000, None),
                Interval("cam-west", "street", evening, evening + 5000, None, CELLS),
                Interval("cam-east", "street", evening - 36_000_000, evening - 35_999_000, None),
            ],
        )
    )
    loitering = NewAlarm(
        AlarmSource.CAMERA, "cam-east", 1, 1, "", AlarmKind.LOITERING, detail={"zone": "gate"}
    )
    await town.log.append([loitering])
    async with town.browser("leader") as browser:
        night = await got(browser, f"{ACTIVITY}?night=2026-11-21")
        assert (await got(browser, ACTIVITY))["night"] == "2026-11-20"
        for wrong in ("yesterday", "0001-01-01", ""):
            async with browser.get(f"{ACTIVITY}?night={wrong}") as answer:
                assert answer.status == 400
    assert (night["grid"], night["from"][:19]) == ([16, 9], "2026-11-21T18:00:00")
    assert [span["cells"] for span in night["spans"]] == [CELLS, CELLS, None]
    assert (night["spans"][0]["minute"], night["spans"][0]["off"]) == (20 * 60 + 1, True)
    assert [told["zone"] for told in night["told"]] == ["gate"]
    assert night["zones_then"] is True


async def test_of_a_household_s_own_camera_no_night_is_told(town):
    async with (
        town.browser("leader") as browser,
        browser.get("/api/v1/cameras/cam-home/activity") as answer,
    ):
        assert answer.status == 409
        assert "住户" in json.loads(await answer.text())["detail"]
