"""Motion over HTTP: searched, paged, inside places, and around an incident."""

import pytest
from sqlalchemy import insert

from lianfang_timing import unix_ms
from linkage import schema
from linkage.motion import storage
from linkage.motion.intervals import Interval
from tests.linkage.web_house import EAST, START, WEST, house

NOW_MS = unix_ms(START)
AREA = (0.1, 0.2, 0.3, 0.4)
MINUTE = 60_000


def motion(camera: str, minutes: float, *, zone: str = "street", lasts_s: float = 20.0) -> Interval:
    begin = NOW_MS + round(minutes * MINUTE)
    return Interval(camera, zone, begin, begin + round(lasts_s * 1000), AREA)


@pytest.fixture
async def town(tmp_path):
    async with house(tmp_path) as h:
        await h.incident("i-east")
        links = [
            {"incident_id": "i-east", "camera_id": "cam-east", "distance_m": 30.0},
            {"incident_id": "i-east", "camera_id": "cam-down", "distance_m": 60.0},
            {"incident_id": "i-east", "camera_id": "cam-home", "distance_m": 5.0},
        ]
        street = {
            "camera_id": "cam-east",
            "name": "street",
            "kind": "motion",
            "polygon": "[[0.1,0.1],[0.9,0.1],[0.5,0.9]]",
        }

        def more(conn):
            conn.execute(insert(schema.incident_cameras), links)
            conn.execute(insert(schema.zones).values(**street))
            storage.write(
                conn,
                [
                    motion("cam-east", -30),
                    motion("cam-east", -2),
                    motion("cam-east", 3, zone="yard"),
                    motion("cam-east", 11),
                    motion("cam-home", -1),
                    motion("cam-west", -3),
                ],
            )

        await h.database.write(more)
        h.clock.move(15 * 60)
        await h.person("duty", "duty-officer")
        await h.person("head", "village-head", [WEST])
        yield h


async def found(browser, query: str = "") -> list[tuple[str, str]]:
    page = await (await browser.get(f"/api/v1/motion{query}")).json()
    return [(item["camera"], item["from"][11:16]) for item in page["items"]]


async def test_the_latest_of_a_day_comes_first_and_says_where_it_was(town):
    async with town.browser("duty") as browser:
        page = await (await browser.get("/api/v1/motion")).json()
    times = [item["from"][11:16] for item in page["items"]]
    assert times == ["20:11", "20:03", "19:58", "19:57", "19:30"]
    first = page["items"][0]
    assert first == {
        "camera": "cam-east",
        "name": "cam-east 路口",
        "village": EAST,
        "zone": "street",
        "from": "2026-11-21T20:11:00.000+08:00",
        "to": "2026-11-21T20:11:20.000+08:00",
        "area": list(AREA),
    }


async def test_it_is_searched_by_camera_zone_and_time(town):
    async with town.browser("duty") as browser:
        assert await found(browser, "?camera=cam-west") == [("cam-west", "19:57")]
        assert await found(browser, "?zone=yard") == [("cam-east", "20:03")]
        since = "?from=2026-11-21T19:57:10%2B08:00&to=2026-11-21T20:00:00%2B08:00"
        assert await found(browser, since) == [("cam-east", "19:58"), ("cam-west", "19:57")]


async def test_pages_follow_one_another_without_a_gap_or_a_repeat(town):
    async with town.browser("duty") as browser:
        whole, pages, after = await found(browser), [], ""
        while True:
            page = await (await browser.get(f"/api/v1/motion?limit=2{after}")).json()
            pages += [(item["camera"], item["from"][11:16]) for item in page["items"]]
            if page["next"] is None:
                break
            after = f"&after={page['next']}"
    assert pages == whole
    assert len(whole) == 5


async def test_a_village_sees_its_own_only_and_nobody_a_household_s_camera(town):
    async with town.browser("head") as browser:
        assert await found(browser) == [("cam-west", "19:57")]
        assert await found(browser, "?camera=cam-east") == []
        answer = await browser.get("/api/v1/incidents/i-east/motion")
        assert answer.status == 404
    async with town.browser("duty") as browser:
        assert await found(browser, "?camera=cam-home") == []


@pytest.mark.parametrize(
    "query",
    [
        "from=yesterday",
        "from=2026-11-21T20:00:00",
        "to=0001-01-01T00:00:00%2B08:00",
        "from=2026-11-21T20:00:00Z&to=2026-11-21T19:00:00Z",
        "after=x",
        "limit=501",
    ],
)
async def test_wrong_input_is_one_clear_problem(town, query):
    async with town.browser("duty") as browser:
        answer = await browser.get(f"/api/v1/motion?{query}")
        assert answer.status == 400
        assert " / " in (await answer.json())["detail"]


async def test_an_incident_shows_what_moved_near_it_before_and_after(town):
    async with town.browser("duty") as browser:
        seen = await (await browser.get("/api/v1/incidents/i-east/motion")).json()
    assert (seen["from"][11:16], seen["opened_at"][11:16], seen["to"][11:16]) == (
        "19:50",
        "20:00",
        "20:10",
    )
    spans = {
        camera["camera"]: [(one["zone"], one["from"][11:16]) for one in camera["spans"]]
        for camera in seen["cameras"]
    }
    assert spans == {
        "cam-home": [("street", "19:59")],
        "cam-east": [("street", "19:58"), ("yard", "20:03")],
        "cam-down": [],
    }
    zoned = {camera["camera"]: camera["has_motion_zone"] for camera in seen["cameras"]}
    assert zoned == {"cam-home": False, "cam-east": True, "cam-down": False}
    assert seen["more"] is False
