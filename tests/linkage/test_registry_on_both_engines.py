"""The registry's rooms on either engine: writing, moving, reading, coverage, who sees what."""

import pytest
from sqlalchemy import insert

from alarms.store import SealedBox
from alarms.store.tables import devices
from linkage.accounts.rights import Places
from linkage.registry import erasing, homes, leaving, moving, reading, writing
from linkage.registry.coverage import read_coverage
from linkage.registry.errors import NoSuchEntry
from linkage.registry.history import Caller, history_of
from linkage.registry.household_export import read_everything
from linkage.registry.mentions import Mentions
from linkage.registry.model import (
    Change,
    Entity,
    GridEntry,
    GroupEntry,
    HouseholdEntry,
    Outcome,
    VillageEntry,
)
from linkage.registry.personal import Contact
from linkage.registry.reading import Wanted
from linkage.registry.search import HouseholdFinder

BOX = SealedBox(bytes(range(32)))
EVERYWHERE = Places.of(["*"])
ADMIN = Caller("admin", "", EVERYWHERE, 1_000, "test")
HOMES = [f"h{n:02d}" for n in range(1, 13)]


def fill(conn):
    writing.put_village(conn, ADMIN, VillageEntry("v1", "东村", 20))
    writing.put_village(conn, ADMIN, VillageEntry("v2", "西村"))
    for grid, village in (("g1", "v1"), ("g2", "v1"), ("g9", "v2")):
        writing.put_grid(conn, ADMIN, GridEntry(grid, village, f"{grid}网格"))
    for group, grid in (("t1", "g1"), ("t2", "g1"), ("t9", "g9")):
        writing.put_group(conn, ADMIN, GroupEntry(group, grid, f"{group}组"))
    for id_ in HOMES:
        contact = Contact(f"王{id_}", "13800000000", "东村")
        homes.put_household(conn, ADMIN, HouseholdEntry(id_, "t1", f"{id_}户"), BOX, contact)
    button = {"id": "b1", "kind": "button", "household_id": "h01", "unsigned": True}
    conn.execute(insert(devices).values(**button, state="enrolled", tested_at_ms=5))


@pytest.fixture
async def town(either_database):
    await either_database.write(fill)
    return either_database


async def test_what_was_written_is_read_again_and_once_more_is_no_change(town):
    (village, other) = await town.read(lambda conn: reading.read_tree(conn, EVERYWHERE))
    assert (village.id, other.id) == ("v1", "v2")
    assert [g.households for grid in village.grids for g in grid.groups] == [12, 0]
    entry = HouseholdEntry("h01", "t1", "h01户")
    contact = Contact("王h01", "13800000000", "东村")
    again = await town.write(lambda conn: homes.put_household(conn, ADMIN, entry, BOX, contact))
    assert again.outcome is Outcome.UNCHANGED


async def test_moves_splits_and_merges_are_told_by_the_history(town):
    def change(conn):
        moving.move_household(conn, ADMIN, "h01", "t2")
        moving.split_group(
            conn, ADMIN, "t1", new_id="t3", new_name="3组", household_ids=["h02", "h03"]
        )
        moving.merge_group(conn, ADMIN, "t2", "t3")
        moving.move_group(conn, ADMIN, "t3", "g2")

    await town.write(change)
    shown = await town.read(lambda conn: reading.read_group(conn, EVERYWHERE, BOX, "t3"))
    assert [member.id for member in shown.members] == ["h01", "h02", "h03"]
    assert shown.grid_id == "g2"

    def told(conn, entity, id_):
        return [entry.change for entry in history_of(conn, entity, id_)]

    home = await town.read(lambda conn: told(conn, Entity.HOUSEHOLD, "h01"))
    assert home == [Change.MOVED, Change.MOVED, Change.CREATED]
    assert await town.read(lambda conn: told(conn, Entity.GROUP, "t2")) == [
        Change.RETIRED,
        Change.CREATED,
    ]
    assert await town.read(lambda conn: told(conn, Entity.GROUP, "t3")) == [
        Change.MOVED,
        Change.MERGED,
        Change.CREATED,
    ]


async def test_coverage_search_and_export_hold_on_either_engine(town):
    coverage = await town.read(lambda conn: read_coverage(conn, EVERYWHERE))
    assert [(v.enrolled, v.covered, v.rate) for v in coverage] == [(12, 1, 0.05), (0, 0, None)]
    finder = HouseholdFinder(BOX)
    assert await town.read(lambda conn: finder.find(conn, "wangh07")) == {"h07"}
    assert await town.read(lambda conn: finder.find(conn, "b1")) == {"h01"}
    everything = await town.read(lambda conn: read_everything(conn, EVERYWHERE, BOX, "h01"))
    assert everything["household"]["name"] == "王h01"
    assert [device["id"] for device in everything["devices"]] == ["b1"]


async def test_leaving_and_erasing_hold_on_either_engine(town):
    await town.write(lambda conn: leaving.leave(conn, ADMIN, "h01"))
    await town.write(lambda conn: erasing.erase(conn, ADMIN, BOX, "h01", "本人要求", Mentions()))
    home = await town.read(lambda conn: reading.read_home(conn, EVERYWHERE, BOX, "h01"))
    assert (home.contact, home.erased_at_ms, home.covered) == (None, 1_000, False)
    ids = await town.read(lambda conn: reading.list_households(conn, EVERYWHERE, Wanted()))
    assert ids == HOMES[1:]


async def test_another_village_s_things_are_not_there(town):
    west = Places.of(["v2"])
    head = Caller("head", "", west, 1_000, "test")
    assert await town.read(lambda conn: reading.list_households(conn, west, Wanted())) == []
    with pytest.raises(NoSuchEntry):
        await town.read(lambda conn: reading.read_home(conn, west, BOX, "h01"))
    with pytest.raises(NoSuchEntry):
        await town.write(lambda conn: moving.move_household(conn, head, "h01", "t9"))
    with pytest.raises(NoSuchEntry):
        await town.write(lambda conn: erasing.erase(conn, head, BOX, "h01", "x", Mentions()))
