"""Reading places: distances, the cameras near, names; and the in-process wake-up."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import update

from alarms.store import Database
from linkage import places
from linkage.changes import Changes
from linkage.model.place import Place
from linkage.schema import cameras
from tests.linkage.town import open_town


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Database]:
    database = await open_town(tmp_path)
    yield database
    await database.close()


def test_a_degree_of_latitude_is_111_km():
    assert places.distance_m((30.0, 120.0), (31.0, 120.0)) == pytest.approx(111_195, abs=1)


def test_a_degree_of_longitude_shrinks_with_the_latitude():
    assert places.distance_m((60.0, 120.0), (60.0, 121.0)) == pytest.approx(55_597, abs=5)


async def test_a_button_stands_where_its_household_is(town: Database):
    found = await town.read(lambda conn: places.places_of_devices(conn, ["b1", "stranger"]))
    place = found.pop("b1")
    assert (place.village_id, place.group_id, place.household_id) == ("dongcun", "g3", "h1")
    assert found == {}


async def test_cameras_near_are_nearest_first_and_within_the_distance(town: Database):
    home = await town.read(lambda conn: places.place_of_household(conn, "h1"))
    for within_m, expected in ((30.0, []), (150.0, ["cam-near"]), (3e3, ["cam-near", "cam-far"])):
        near = places.near(await town.read(places.camera_spots), home, within_m)
        assert [c.camera_id for c in near] == expected
    assert near[0].distance_m == pytest.approx(40, abs=1)


async def test_an_unsurveyed_household_has_the_cameras_of_its_village(town: Database):
    home = await town.read(lambda conn: places.place_of_household(conn, "h1"))
    nowhere_exact = replace(home, latitude=None)
    spots = await town.read(places.camera_spots)
    near = places.near(spots, nowhere_exact, 150.0)
    assert [(c.camera_id, c.distance_m) for c in near] == [("cam-far", None), ("cam-near", None)]
    assert places.near(spots, Place(), 150.0) == []


async def test_a_camera_that_is_switched_off_is_not_near(town: Database):
    await town.write(lambda conn: conn.execute(update(cameras).values(enabled=False)).rowcount)
    home = await town.read(lambda conn: places.place_of_household(conn, "h1"))
    assert places.near(await town.read(places.camera_spots), home, 3e3) == []


async def test_names_of_places_are_for_people(town: Database):
    names = await town.read(
        lambda conn: places.place_names(
            conn, village_id="dongcun", grid_id="grid2", group_id="g3", household_id=None
        )
    )
    assert names == places.PlaceNames("东村", "东村第2网格", "东村3组", None)


async def test_a_change_wakes_all_who_wait_below_it():
    changes = Changes()
    waiting = [asyncio.create_task(changes.wait_beyond(n)) for n in (0, 4, 7)]
    await asyncio.sleep(0)
    changes.notify(5)
    assert await asyncio.gather(*waiting[:2]) == [5, 5]
    assert not waiting[2].done()
    changes.notify(3)
    changes.notify(8)
    assert await waiting[2] == 8
