"""Reading the registry for people: the tree, a group, households; what is personal masked or not.

Plain functions of a `Connection`. Whoever asks passes the places that are theirs; what lies
elsewhere is not there (`NoSuchEntry`).
"""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from alarms.store import SealedBox
from alarms.store.tables import devices
from linkage.accounts.rights import Places
from linkage.registry import places as where
from linkage.registry.coverage import covers
from linkage.registry.model import ToldBy
from linkage.registry.personal import Contact, HouseholdBox
from linkage.registry.places import must_cover
from linkage.registry.schema import estates
from linkage.schema import grids, households, mutual_aid_groups, villages

_AT_ONCE = 500


@dataclass(frozen=True)
class GroupInTree:
    id: str
    name: str
    households: int
    """In the net."""
    leader_household_id: str | None
    retired: bool


@dataclass(frozen=True)
class GridInTree:
    id: str
    name: str
    groups: list[GroupInTree]


@dataclass(frozen=True)
class EstateInTree:
    id: str
    name: str
    property_company: str | None


@dataclass(frozen=True)
class VillageInTree:
    id: str
    name: str
    households_total: int | None
    grids: list[GridInTree]
    estates: list[EstateInTree]


@dataclass(frozen=True)
class DeviceWords:
    """A device with its last words. Times are Unix milliseconds; None where nothing is known."""

    id: str
    kind: str
    state: str
    online: bool | None
    heard_at_ms: int | None
    tested_at_ms: int | None
    status: dict[str, Any]
    """As it last said of itself: battery, rssi, fw…"""


@dataclass(frozen=True, repr=False)
class Home:
    """A household as the registry shows it; `contact` is in the clear: views mask it."""

    id: str
    label: str
    group_id: str
    group_name: str
    grid_id: str
    village_id: str
    estate_id: str | None
    latitude: float | None
    longitude: float | None
    wants_notices: bool
    told_by: ToldBy
    leads: bool
    """It is its group's 联户长."""
    left_at_ms: int | None
    erased_at_ms: int | None
    contact: Contact | None
    devices: list[DeviceWords]

    @property
    def covered(self) -> bool:
        """In the net, with a device that works."""
        return self.left_at_ms is None and any(
            covers(d.state, d.tested_at_ms) for d in self.devices
        )


@dataclass(frozen=True)
class Wanted:
    """Which households a list should hold; None: whichever."""

    village: str | None = None
    grid: str | None = None
    group: str | None = None
    estate: str | None = None
    gone: bool = False
    """Those that left too."""


@dataclass(frozen=True)
class GroupShown:
    """A group with everything of it. `devices` are those of the whole group, such as its siren."""

    id: str
    name: str
    grid_id: str
    grid_name: str
    village_id: str
    village_name: str
    leader_household_id: str | None
    retired_at_ms: int | None
    members: list[Home]
    devices: list[DeviceWords]


def read_tree(conn: Connection, places: Places) -> list[VillageInTree]:
    """Every village of these places with all below it, each in the order of its name."""
    groups: dict[str, list[GroupInTree]] = defaultdict(list)
    h, g = households.c, mutual_aid_groups.c
    counted: Counter[str] = Counter(conn.scalars(select(h.group_id).where(h.left_at_ms.is_(None))))
    for row in conn.execute(select(mutual_aid_groups).order_by(g.name, g.id)):
        groups[row.grid_id].append(
            GroupInTree(
                row.id,
                row.name,
                counted[row.id],
                row.leader_household_id,
                row.retired_at_ms is not None,
            )
        )
    in_village: dict[str, list[GridInTree]] = defaultdict(list)
    for row in conn.execute(
        select(grids.c.id, grids.c.name, grids.c.village_id).order_by(grids.c.name, grids.c.id)
    ):
        in_village[row.village_id].append(GridInTree(row.id, row.name, groups[row.id]))
    built: dict[str, list[EstateInTree]] = defaultdict(list)
    for row in conn.execute(select(estates).order_by(estates.c.name, estates.c.id)):
        built[row.village_id].append(EstateInTree(row.id, row.name, row.property_company))
    v = villages.c
    return [
        VillageInTree(row.id, row.name, row.households_total, in_village[row.id], built[row.id])
        for row in conn.execute(select(v.id, v.name, v.households_total).order_by(v.name, v.id))
        if places.covers(row.id)
    ]


def read_village(conn: Connection, places: Places, village_id: str) -> Row[Any]:
    """The village's row. Raises NoSuchEntry."""
    row = conn.execute(select(villages).where(villages.c.id == village_id)).first()
    must_cover(places, None if row is None else village_id)
    assert row is not None
    return row


def read_estate(conn: Connection, places: Places, estate_id: str) -> Row[Any]:
    """The estate's row. Raises NoSuchEntry."""
    must_cover(places, where.village_of_estate(conn, estate_id))
    return conn.execute(select(estates).where(estates.c.id == estate_id)).one()


def groups_of_estate(conn: Connection, estate_id: str) -> list[GroupInTree]:
    """The groups that have households in the estate; `households` are those that live there."""
    h, g = households.c, mutual_aid_groups.c
    there = func.count().label("there")
    rows = conn.execute(
        select(g.id, g.name, g.leader_household_id, g.retired_at_ms, there)
        .join(households, h.group_id == g.id)
        .where(h.estate_id == estate_id, h.left_at_ms.is_(None))
        .group_by(g.id, g.name, g.leader_household_id, g.retired_at_ms)
        .order_by(g.name, g.id)
    )
    return [
        GroupInTree(
            row.id, row.name, row.there, row.leader_household_id, row.retired_at_ms is not None
        )
        for row in rows
    ]


def read_group(conn: Connection, places: Places, box: SealedBox, group_id: str) -> GroupShown:
    """The group with its members in the net. Raises NoSuchEntry."""
    village_id = must_cover(places, where.village_of_group(conn, group_id))
    g = mutual_aid_groups.c
    row = conn.execute(
        select(
            mutual_aid_groups,
            grids.c.name.label("grid_name"),
            villages.c.name.label("village_name"),
        )
        .join(grids, grids.c.id == g.grid_id)
        .join(villages, villages.c.id == grids.c.village_id)
        .where(g.id == group_id)
    ).one()
    ids = list_households(conn, places, Wanted(group=group_id))
    own = conn.execute(
        select(devices).where(devices.c.group_id == group_id, devices.c.household_id.is_(None))
    )
    return GroupShown(
        id=row.id,
        name=row.name,
        grid_id=row.grid_id,
        grid_name=row.grid_name,
        village_id=village_id,
        village_name=row.village_name,
        leader_household_id=row.leader_household_id,
        retired_at_ms=row.retired_at_ms,
        members=read_homes(conn, box, ids),
        devices=sorted((words_of(device) for device in own), key=lambda d: d.id),
    )


def list_households(conn: Connection, places: Places, wanted: Wanted) -> list[str]:
    """The ids of all households that are wanted, in their order."""
    h, g, r = households.c, mutual_aid_groups.c, grids.c
    query = select(h.id).join(mutual_aid_groups, g.id == h.group_id).join(grids, r.id == g.grid_id)
    for column, value in (
        (r.village_id, wanted.village),
        (r.id, wanted.grid),
        (h.group_id, wanted.group),
        (h.estate_id, wanted.estate),
    ):
        if value is not None:
            query = query.where(column == value)
    if places.villages is not None:
        query = query.where(r.village_id.in_(sorted(places.villages)))
    if not wanted.gone:
        query = query.where(h.left_at_ms.is_(None))
    # not by the engine, whose order depends on its language: pages go on after an id
    return sorted(conn.scalars(query))


def read_home(conn: Connection, places: Places, box: SealedBox, household_id: str) -> Home:
    """One household. Raises NoSuchEntry."""
    must_cover(places, where.village_of_household(conn, household_id))
    (home,) = read_homes(conn, box, [household_id])
    return home


def read_homes(conn: Connection, box: SealedBox, ids: Sequence[str]) -> list[Home]:
    """These households, in this order; those that are not there are left out."""
    found: dict[str, Home] = {}
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        words = _words_of_households(conn, some)
        own = HouseholdBox(box)
        for row in conn.execute(_homes().where(households.c.id.in_(some))):
            found[row.id] = Home(
                id=row.id,
                label=row.label,
                group_id=row.group_id,
                group_name=row.group_name,
                grid_id=row.grid_id,
                village_id=row.village_id,
                estate_id=row.estate_id,
                latitude=row.latitude,
                longitude=row.longitude,
                wants_notices=row.wants_notices,
                told_by=ToldBy(row.told_by),
                leads=row.leader_household_id == row.id,
                left_at_ms=row.left_at_ms,
                erased_at_ms=row.erased_at_ms,
                contact=own.open(row.id, row.data_key_sealed, row.personal_sealed),
                devices=words.get(row.id, []),
            )
    return [found[one] for one in ids if one in found]


def words_of(row: Row[Any]) -> DeviceWords:
    """From a row of `devices`."""
    return DeviceWords(
        row.id,
        row.kind,
        row.state,
        row.online,
        row.heard_at_ms,
        row.tested_at_ms,
        {} if row.status is None else json.loads(row.status),
    )


def _homes() -> Select[Any]:
    g, r = mutual_aid_groups.c, grids.c
    return (
        select(
            households,
            g.name.label("group_name"),
            g.leader_household_id,
            g.grid_id,
            r.village_id,
        )
        .join(mutual_aid_groups, g.id == households.c.group_id)
        .join(grids, r.id == g.grid_id)
    )


def _words_of_households(conn: Connection, ids: Collection[str]) -> dict[str, list[DeviceWords]]:
    d = devices.c
    found: dict[str, list[DeviceWords]] = defaultdict(list)
    for row in conn.execute(select(devices).where(d.household_id.in_(ids)).order_by(d.id)):
        found[row.household_id].append(words_of(row))
    return found
