"""Writing places and households into the registry: each with its checks, history and audit.

To be run inside `Database.write`. Every function raises BadEntry when the entry cannot be kept,
NoSuchEntry when it lies outside the caller's places, NotPossible when it does not go with how
things are. What is as it was is written nowhere.
"""

from typing import Any

from sqlalchemy import Connection, Table, insert, select, update

from alarms.store import SealedBox
from linkage.registry import checks, places
from linkage.registry.errors import BadEntry, NotPossible
from linkage.registry.history import Caller, note
from linkage.registry.model import (
    Change,
    Entity,
    EstateEntry,
    GridEntry,
    GroupEntry,
    Outcome,
    Said,
    VillageEntry,
    Written,
    size_warning,
)
from linkage.registry.places import must_cover
from linkage.registry.schema import estates
from linkage.schema import grids, households, mutual_aid_groups, villages


def put_village(conn: Connection, caller: Caller, entry: VillageEntry) -> Written:
    """Add a village, or change it; only whoever's places it is in."""
    checks.check_id(entry.id)
    name = checks.tidy_name(entry.name)
    checks.check_total(entry.households_total)
    must_cover(caller.places, entry.id)
    values = {
        "name": name,
        "households_total": entry.households_total,
        "boundary": entry.boundary,
    }
    return _put(conn, caller, Entity.VILLAGE, villages, entry.id, values)


def put_grid(conn: Connection, caller: Caller, entry: GridEntry) -> Written:
    """Add a grid, or change it. It stays in its village."""
    checks.check_id(entry.id)
    name = checks.tidy_name(entry.name)
    _into_village(conn, caller, entry.village_id, places.village_of_grid(conn, entry.id))
    values = {"village_id": entry.village_id, "name": name, "boundary": entry.boundary}
    return _put(conn, caller, Entity.GRID, grids, entry.id, values)


def put_estate(conn: Connection, caller: Caller, entry: EstateEntry, box: SealedBox) -> Written:
    """Add an estate, or change it. It stays in its village."""
    checks.check_id(entry.id)
    name, company = checks.tidy_name(entry.name), entry.property_company
    if company is not None:
        company = checks.tidy_name(company, "property_company")
    _into_village(conn, caller, entry.village_id, places.village_of_estate(conn, entry.id))
    sealed = conn.scalar(select(estates.c.property_phone_sealed).where(estates.c.id == entry.id))
    kept = estate_phone(box, entry.id, sealed)
    phone = checks.tidied_phone(entry.property_phone or "", kept, "property_phone") or None
    if phone != kept:
        context = _estate_context(entry.id)
        sealed = None if phone is None else box.seal(phone.encode(), context=context)
    values = {
        "village_id": entry.village_id,
        "name": name,
        "property_company": company,
        "property_phone_sealed": sealed,
    }
    return _put(conn, caller, Entity.ESTATE, estates, entry.id, values)


def estate_phone(box: SealedBox, estate_id: str, sealed: bytes | None) -> str | None:
    """The telephone of the estate's property company. Raises StoreUnusable."""
    return None if sealed is None else box.open(sealed, context=_estate_context(estate_id)).decode()


def put_group(conn: Connection, caller: Caller, entry: GroupEntry) -> Written:
    """Add a group, or change its name and its 联户长; another grid is `moving.move_group`."""
    checks.check_id(entry.id)
    name = checks.tidy_name(entry.name)
    g = mutual_aid_groups.c
    before = conn.execute(select(g.grid_id, g.retired_at_ms).where(g.id == entry.id)).first()
    if before is not None:
        must_cover(caller.places, places.village_of_group(conn, entry.id))
        if before.retired_at_ms is not None:
            raise NotPossible(Said("该组已撤销", "this group was retired"))
        if before.grid_id != entry.grid_id:
            raise NotPossible(
                Said("该组在另一网格，请用“调整网格”", "it is in another grid: move the group")
            )
    must_be_there(caller, places.village_of_grid(conn, entry.grid_id), "grid", entry.grid_id)
    if entry.leader_household_id is not None:
        _must_be_member(conn, entry.leader_household_id, entry.id)
    values = {
        "grid_id": entry.grid_id,
        "name": name,
        "leader_household_id": entry.leader_household_id,
    }
    written = _put(conn, caller, Entity.GROUP, mutual_aid_groups, entry.id, values)
    return Written(written.outcome, size_warnings(conn, entry.id))


def size_warnings(conn: Connection, *group_ids: str) -> tuple[Said, ...]:
    """What to say of the sizes of these groups, those that need it."""
    said = (size_warning(places.households_in_net(conn, group), group) for group in group_ids)
    return tuple(one for one in said if one is not None)


def must_be_there(caller: Caller, village_id: str | None, field: str, named: str) -> str:
    """The village of a place that an entry names. Raises BadEntry, the same for what is not there
    and for what is not the caller's."""
    if village_id is None or not caller.places.covers(village_id):
        raise BadEntry(field, Said(f"没有 {named}", f"there is no {field} {named}"))
    return village_id


def _into_village(conn: Connection, caller: Caller, village_id: str, before: str | None) -> None:
    must_cover(caller.places, village_id)
    if not places.village_is_there(conn, village_id):
        raise BadEntry("village", Said(f"没有村 {village_id}", f"there is no village {village_id}"))
    if before is not None:
        must_cover(caller.places, before)
        if before != village_id:
            raise NotPossible(
                Said(f"该编号已用于村 {before}", f"this id is in use in village {before}")
            )


def _must_be_member(conn: Connection, household_id: str, group_id: str) -> None:
    h = households.c
    member = conn.scalar(
        select(h.id).where(h.id == household_id, h.group_id == group_id, h.left_at_ms.is_(None))
    )
    if member is None:
        raise BadEntry(
            "leader",
            Said("联户长须是本组在网住户", "the leader must be a household of this group"),
        )


def _put(
    conn: Connection,
    caller: Caller,
    entity: Entity,
    table: Table,
    entry_id: str,
    values: dict[str, Any],
) -> Written:
    outcome, fields = put_row(conn, table, entry_id, values)
    if outcome is Outcome.CREATED:
        note(conn, caller, entity, entry_id, Change.CREATED)
    elif outcome is Outcome.CHANGED:
        note(conn, caller, entity, entry_id, Change.CHANGED, {"fields": fields})
    return Written(outcome)


def put_row(
    conn: Connection, table: Table, entry_id: str, values: dict[str, Any]
) -> tuple[Outcome, list[str]]:
    """Insert or update one row by its id; the columns that differ, sealed ones by their plain
    name."""
    columns = [table.c[name] for name in values]
    before = conn.execute(select(*columns).where(table.c.id == entry_id)).mappings().first()
    if before is None:
        conn.execute(insert(table).values(id=entry_id, **values))
        return Outcome.CREATED, []
    changed = {name: value for name, value in values.items() if before[name] != value}
    if not changed:
        return Outcome.UNCHANGED, []
    conn.execute(update(table).where(table.c.id == entry_id).values(**changed))
    return Outcome.CHANGED, sorted(name.removesuffix("_sealed") for name in changed)


def _estate_context(estate_id: str) -> str:
    return f"estate:{estate_id}"
