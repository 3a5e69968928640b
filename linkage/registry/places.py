"""Which village an entry lies in, and whether that is the caller's: asked before all else.

What is not there and what lies elsewhere are told alike (`NoSuchEntry`).
"""

from typing import Any

from sqlalchemy import Column, Connection, func, select

from alarms.store.tables import devices
from linkage.accounts.rights import Places
from linkage.registry.errors import NoSuchEntry
from linkage.registry.schema import estates
from linkage.schema import grids, households, mutual_aid_groups, villages


def village_of_grid(conn: Connection, grid_id: str) -> str | None:
    return _one(conn, grids.c.village_id, grids.c.id, grid_id)


def village_of_estate(conn: Connection, estate_id: str) -> str | None:
    return _one(conn, estates.c.village_id, estates.c.id, estate_id)


def village_of_group(conn: Connection, group_id: str) -> str | None:
    statement = (
        select(grids.c.village_id)
        .join(mutual_aid_groups, mutual_aid_groups.c.grid_id == grids.c.id)
        .where(mutual_aid_groups.c.id == group_id)
    )
    return conn.scalar(statement)


def village_of_household(conn: Connection, household_id: str) -> str | None:
    group = _one(conn, households.c.group_id, households.c.id, household_id)
    return None if group is None else village_of_group(conn, group)


def village_of_device(conn: Connection, device_id: str) -> str | None:
    """By its household, or by the group that it sounds for."""
    columns = devices.c.household_id, devices.c.group_id
    row = conn.execute(select(*columns).where(devices.c.id == device_id)).first()
    if row is None:
        return None
    if row.household_id is not None:
        return village_of_household(conn, row.household_id)
    return None if row.group_id is None else village_of_group(conn, row.group_id)


def must_cover(places: Places, village_id: str | None) -> str:
    """The village. Raises NoSuchEntry when there is none, or it is not the caller's."""
    if village_id is None or not places.covers(village_id):
        raise NoSuchEntry
    return village_id


def village_is_there(conn: Connection, village_id: str) -> bool:
    return _one(conn, villages.c.id, villages.c.id, village_id) is not None


def households_in_net(conn: Connection, group_id: str) -> int:
    """How many of the group's households have not left."""
    h = households.c
    statement = select(func.count()).where(h.group_id == group_id, h.left_at_ms.is_(None))
    return conn.scalar(statement) or 0


def _one(conn: Connection, wanted: Column[Any], key: Column[Any], value: str) -> str | None:
    return conn.scalar(select(wanted).where(key == value))
