"""The map by the API: what stands on it for whom, what is blind, what is never named."""

import json

import pytest
from sqlalchemy import update

from linkage import schema as s
from linkage.mapping.settings import MapSettings, tiles_of
from tests.linkage.registry_room import SQUARE
from tests.linkage.web_house import EAST, WEST, house

HOME = (29.8, 121.5)
NORTH = (29.80036, 121.5)
"""Some 40 m north of it."""
TILES = tiles_of(
    MapSettings(tiles=["https://t.example.cn/{z}/{x}/{y}"], attribution="甲 GS(2024)1号"), ""
)


@pytest.fixture
async def town(tmp_path):
    async with house(tmp_path) as h:
        await survey(h)
        yield h


async def survey(h, view=(180.0, 90.0, 80.0)):
    """A household of each village, and the east's camera north of it, looking south."""

    def write(conn):
        for village in (EAST, WEST):
            at = dict(zip(("latitude", "longitude"), HOME, strict=True))
            home = s.households.c.id == f"{village}-017"
            conn.execute(update(s.households).where(home).values(**at))
        conn.execute(
            update(s.cameras)
            .where(s.cameras.c.id == "cam-east")
            .values(
                latitude=NORTH[0],
                longitude=NORTH[1],
                view_bearing_deg=view and view[0],
                view_angle_deg=view and view[1],
                view_range_m=view and view[2],
            )
        )
        conn.execute(
            update(s.villages).where(s.villages.c.id == EAST).values(boundary=json.dumps(SQUARE))
        )

    await h.database.write(write)


async def get(h, who, path, role, places=("*",)):
    await h.person(who, role, places)
    async with h.browser(who) as page, page.get(f"/api/v1{path}") as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def test_a_household_stands_on_the_map_by_its_label_and_the_camera_that_sees_it(town):
    found = await get(town, "duty", "/map", "duty-officer")
    home = next(one for one in found["households"] if one["id"] == f"{EAST}-017")
    assert home == {
        "id": f"{EAST}-017",
        "label": "3组017号",
        "group": f"{EAST}-t3",
        "latitude": HOME[0],
        "longitude": HOME[1],
        "sight": "seen",
        "seen_by": ["cam-east"],
    }
    assert "王小明" not in str(found)
    assert "138" not in str(found["households"])


async def test_cameras_stand_with_where_they_look_and_those_not_surveyed_are_counted(town):
    found = await get(town, "duty", "/map", "duty-officer")
    (camera,) = found["cameras"]
    assert camera["view"] == {"bearing": 180.0, "angle": 90.0, "range_m": 80.0}
    assert found["cameras_unplaced"] == 3
    assert found["tiles"] is None


async def test_a_household_behind_the_camera_is_blind_and_its_group_says_so(town):
    await survey(town, view=(0.0, 90.0, 80.0))
    found = await get(town, "duty", "/map", "duty-officer")
    (home,) = [one for one in found["households"] if one["id"] == f"{EAST}-017"]
    assert (home["sight"], home["seen_by"]) == ("blind", [])
    (group,) = [one for one in found["groups"] if one["id"] == f"{EAST}-t3"]
    assert (group["seen"], group["blind"], group["unplaced"]) == (0, 1, 1)


async def test_a_camera_of_another_village_sees_and_is_not_named(town):
    found = await get(town, "head", "/map", "village-head", [WEST])
    assert {one["id"] for one in found["villages"]} == {WEST}
    assert {one["village"] for one in found["grids"]} == {WEST}
    assert found["cameras"] == []
    (home,) = found["households"]
    assert (home["id"], home["sight"], home["seen_by"]) == (f"{WEST}-017", "seen", [])


async def test_a_patrol_sees_boundaries_and_neither_households_nor_cameras(town):
    found = await get(town, "patrol", "/map", "patrol")
    assert (found["households"], found["groups"], found["cameras"]) == (None, None, None)
    (east,) = [one for one in found["villages"] if one["id"] == EAST]
    assert east["boundary"] == SQUARE


async def test_open_incidents_stand_where_their_household_is(town):
    await town.incident("i1")
    await town.incident("i2", household_id=f"{EAST}-018")  # not surveyed
    await town.incident("i3", stage="closed")
    await town.incident("i4", household_id=None, camera_id="cam-east", kind="loitering")
    found = await get(town, "duty", "/map/now", "duty-officer")
    spots = {
        one["incident"]: (one["latitude"], one["longitude"], one["of"])
        for one in found["incidents"]
    }
    assert spots == {"i1": (*HOME, "household"), "i4": (*NORTH, "camera")}


async def test_a_patrol_on_its_way_sees_where_an_open_incident_is(town):
    await town.incident("i1")
    found = await get(town, "patrol", "/map/now", "patrol", [EAST])
    assert [one["incident"] for one in found["incidents"]] == ["i1"]
    around = await get(town, "patrol2", "/incidents/i1/map", "patrol", [EAST])
    assert around["spot"]["latitude"] == HOME[0]
    assert [one["label"] for one in around["households"]] == ["3组017号"]
    assert around["cameras"] is None


async def test_a_patrol_sees_no_household_of_an_incident_that_is_over(town):
    await town.incident("i1", stage="closed")
    around = await get(town, "patrol", "/incidents/i1/map", "patrol", [EAST])
    assert (around["spot"], around["households"]) == (None, None)
    assert [one["id"] for one in around["villages"]] == [EAST]


async def test_a_machine_of_a_patrol_sees_no_household_at_all(town):
    await town.incident("i1")
    token = await town.machine("gateway", "patrol")
    async with town.browser() as page:
        bearer = {"Authorization": f"Bearer {token}"}
        async with page.get("/api/v1/map/now", headers=bearer) as answer:
            assert (await answer.json())["incidents"] == []
        async with page.get("/api/v1/incidents/i1/map", headers=bearer) as answer:
            assert (await answer.json())["spot"] is None


async def test_another_villages_incident_is_not_there(town):
    await town.incident("i1")
    await town.person("head", "village-head", [WEST])
    async with town.browser("head") as page:
        async with page.get("/api/v1/incidents/i1/map") as answer:
            assert answer.status == 404
        async with page.get("/api/v1/map/now") as answer:
            assert (await answer.json())["incidents"] == []


async def test_the_cameras_around_an_incident_say_whether_they_see_it(town):
    await town.incident("i1")
    found = await get(town, "duty", "/incidents/i1/map", "duty-officer")
    (camera,) = found["cameras"]
    assert (camera["id"], camera["sight"]) == ("cam-east", "seen")
    assert camera["distance_m"] == pytest.approx(40, abs=1)


async def test_a_camera_far_away_is_not_on_the_map_of_an_incident(town):
    await town.incident("i1")

    def far(conn):
        east = s.cameras.c.id == "cam-down"
        conn.execute(
            update(s.cameras).where(east).values(latitude=HOME[0] + 0.01, longitude=HOME[1])
        )

    await town.database.write(far)
    found = await get(town, "duty", "/incidents/i1/map", "duty-officer")
    assert [one["id"] for one in found["cameras"]] == ["cam-east"]


async def test_a_team_that_is_out_stands_at_its_base(town):
    await town.person("leader", "shift-leader")
    team = {
        "name": "巡防一队",
        "villages": [EAST],
        "slots": [{"hours": "00:00-23:59"}],
        "members": [{"name": "甲", "phone": "13800000000"}],
        "latitude": NORTH[0],
        "longitude": NORTH[1],
    }
    async with town.browser("leader") as page:
        async with page.post("/api/v1/duty/teams", json=team) as answer:
            assert answer.status == 201, await answer.text()
        async with page.get("/api/v1/map/now") as answer:
            (found,) = (await answer.json())["teams"]
    assert (found["name"], found["latitude"], found["incident"]) == ("巡防一队", NORTH[0], None)
    assert "甲" not in found.values()


async def test_tiles_are_named_to_the_page_and_opened_in_its_policy(tmp_path):
    async with house(tmp_path, tiles=TILES) as h:
        await h.person("duty", "duty-officer")
        async with h.browser("duty") as page, page.get("/api/v1/map") as answer:
            tiles = (await answer.json())["tiles"]
            policy = answer.headers["Content-Security-Policy"]
    assert tiles["layers"] == ["https://t.example.cn/{z}/{x}/{y}"]
    assert tiles["system"] == "wgs84"
    assert "img-src 'self' blob: data: https://t.example.cn;" in policy


async def test_where_a_camera_looks_is_kept_and_stays_when_it_is_left_out(town):
    await town.person("leader", "shift-leader")
    place = {
        "name": "牌坊",
        "location": "东侧灯杆",
        "layer": "area",
        "legal_class": "public",
        "latitude": NORTH[0],
        "longitude": NORTH[1],
        "reason": "补登朝向",
    }
    view = {"bearing": 90.0, "angle": 70.0, "range_m": 45.0}
    path = "/api/v1/cameras/cam-east/place"
    async with town.browser("leader") as page:

        async def put(**more):
            async with page.put(path, json=place | more) as answer:
                assert answer.status == 200, await answer.text()
            async with page.get(path) as answer:
                return (await answer.json())["view"]

        assert await put(view=view) == view
        assert await put() == view
        assert await put(view=None) is None
        async with page.put(path, json=place | {"view": view | {"angle": 400}}) as answer:
            assert answer.status in (400, 422)
