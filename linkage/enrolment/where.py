"""Where a device belongs, as far as it decides whose business the device is."""

from dataclasses import dataclass

from sqlalchemy import Connection, select
from sqlalchemy.engine import RowMapping

from alarms.store.tables import devices
from linkage.accounts.rights import Places
from linkage.registry.errors import NoSuchEntry
from linkage.schema import grids, households, mutual_aid_groups, villages


@dataclass(frozen=True)
class Home:
    """Names and ids of where it is; None where unknown or not registered."""

    village_id: str | None = None
    village: str | None = None
    group_id: str | None = None
    group: str | None = None
    household_id: str | None = None
    label: str | None = None
    """The household's agreed label, never a name."""


NOT_PLACED = Home()


def home_of_device(conn: Connection, row: RowMapping) -> Home:
    """Of a row of `devices`."""
    if row["household_id"] is not None:
        # of one that has left too: its devices are still there to be collected
        return home_of_household(conn, row["household_id"], in_net=False) or NOT_PLACED
    if row["group_id"] is not None:
        return home_of_group(conn, row["group_id"]) or NOT_PLACED
    return NOT_PLACED


def home_of_household(conn: Connection, household_id: str, *, in_net: bool = True) -> Home | None:
    """None when there is no such household, or when it has left and `in_net` is asked for."""
    h = households.c
    row = conn.execute(
        select(h.label, h.group_id, h.left_at_ms).where(h.id == household_id)
    ).first()
    if row is None or (in_net and row.left_at_ms is not None):
        return None
    group = home_of_group(conn, row.group_id)
    return (
        None
        if group is None
        else Home(**{**vars(group), "household_id": household_id, "label": row.label})
    )


def home_of_group(conn: Connection, group_id: str) -> Home | None:
    """None when there is no such group."""
    g = mutual_aid_groups.c
    row = conn.execute(
        select(g.name.label("group_name"), villages.c.id, villages.c.name)
        .join(grids, grids.c.id == g.grid_id)
        .join(villages, villages.c.id == grids.c.village_id)
        .where(g.id == group_id)
    ).first()
    if row is None:
        return None
    return Home(village_id=row.id, village=row.name, group_id=group_id, group=row.group_name)


def own_device(conn: Connection, places: Places, device: str) -> tuple[RowMapping, Home]:
    """Its row, and where it belongs. Raises NoSuchEntry where that is not inside `places`."""
    row = conn.execute(select(devices).where(devices.c.id == device)).mappings().first()
    if row is None:
        raise NoSuchEntry
    home = home_of_device(conn, row)
    if not places.covers(home.village_id):
        raise NoSuchEntry
    return row, home
