"""Moving households between groups and groups between grids; splitting and merging groups.

To be run inside `Database.write`; raises as `writing` does. History says what became of each.
Incidents that are open stay with the group they were opened for: whoever handles them has called
these neighbours. A leader who moves away is leader no longer.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, select, update

from alarms.store.tables import devices
from linkage.registry import checks, places
from linkage.registry.errors import BadEntry, NotPossible
from linkage.registry.faults import same_label_fault
from linkage.registry.history import Caller, note
from linkage.registry.model import MOST_HOUSEHOLDS, Change, Entity, Outcome, Said, Written
from linkage.registry.places import households_in_net, must_cover
from linkage.registry.writing import must_be_there, size_warnings
from linkage.schema import households, mutual_aid_groups


def move_household(conn: Connection, caller: Caller, household_id: str, group_id: str) -> Written:
    """To another group, also of another village where both are the caller's; whoever had left is
    in the net again."""
    must_cover(caller.places, places.village_of_household(conn, household_id))
    must_take_in(conn, caller, group_id)
    h = households.c
    before = conn.execute(
        select(h.group_id, h.left_at_ms, h.erased_at_ms).where(h.id == household_id)
    ).one()
    if before.erased_at_ms is not None:
        raise NotPossible(Said("该户资料已删除", "this household was erased"))
    if before.group_id == group_id and before.left_at_ms is None:
        return Written(Outcome.UNCHANGED, size_warnings(conn, group_id))
    must_have_room(conn, group_id, 1)
    must_be_told_apart(conn, group_id, [household_id])
    values = {"group_id": group_id, "left_at_ms": None}
    conn.execute(update(households).where(h.id == household_id).values(values))
    if before.group_id != group_id:
        no_longer_leader(conn, caller, [household_id], before.group_id)
        data = {"from": before.group_id, "to": group_id}
        note(conn, caller, Entity.HOUSEHOLD, household_id, Change.MOVED, data)
    if before.left_at_ms is not None:
        note(conn, caller, Entity.HOUSEHOLD, household_id, Change.RETURNED, {"to": group_id})
    touched = dict.fromkeys((group_id, before.group_id))
    return Written(Outcome.CHANGED, size_warnings(conn, *touched))


def move_group(conn: Connection, caller: Caller, group_id: str, grid_id: str) -> Written:
    """To another grid, with its households."""
    must_cover(caller.places, places.village_of_group(conn, group_id))
    must_be_there(caller, places.village_of_grid(conn, grid_id), "grid", grid_id)
    must_be_in_use(conn, group_id)
    g = mutual_aid_groups.c
    before = conn.scalar(select(g.grid_id).where(g.id == group_id))
    if before == grid_id:
        return Written(Outcome.UNCHANGED, size_warnings(conn, group_id))
    conn.execute(update(mutual_aid_groups).where(g.id == group_id).values(grid_id=grid_id))
    data = {"from": before, "to": grid_id}
    note(conn, caller, Entity.GROUP, group_id, Change.MOVED, data)
    return Written(Outcome.CHANGED, size_warnings(conn, group_id))


def split_group(
    conn: Connection,
    caller: Caller,
    group_id: str,
    *,
    new_id: str,
    new_name: str,
    household_ids: Sequence[str],
) -> Written:
    """Make a new group in the same grid out of some of the group's households. What sounds for the
    whole group stays with it."""
    must_cover(caller.places, places.village_of_group(conn, group_id))
    must_be_in_use(conn, group_id)
    checks.check_id(new_id, "into")
    new_name = checks.tidy_name(new_name, "into")
    if places.village_of_group(conn, new_id) is not None:
        raise NotPossible(Said(f"编号 {new_id} 已有", f"there is a group {new_id} already"))
    chosen = _members_among(conn, group_id, household_ids)
    if len(chosen) > MOST_HOUSEHOLDS:
        raise _full(new_id)
    _must_differ(conn, chosen)
    g = mutual_aid_groups.c
    grid_id = conn.scalar(select(g.grid_id).where(g.id == group_id))
    conn.execute(mutual_aid_groups.insert().values(id=new_id, grid_id=grid_id, name=new_name))
    note(conn, caller, Entity.GROUP, new_id, Change.CREATED, {"split_from": group_id})
    _move_all(conn, caller, chosen, group_id, new_id)
    no_longer_leader(conn, caller, chosen, group_id)
    data = {"into": new_id, "households": len(chosen)}
    note(conn, caller, Entity.GROUP, group_id, Change.SPLIT, data)
    return Written(Outcome.CHANGED, size_warnings(conn, group_id, new_id))


def merge_group(conn: Connection, caller: Caller, group_id: str, into: str) -> Written:
    """All of the group's households and sounders go to `into`; the group is retired and stays
    for what is recorded of it."""
    must_cover(caller.places, places.village_of_group(conn, group_id))
    must_be_in_use(conn, group_id)
    must_take_in(conn, caller, into, "into")
    if group_id == into:
        raise BadEntry("into", Said("不能并入自己", "a group cannot be merged into itself"))
    h, g = households.c, mutual_aid_groups.c
    must_have_room(conn, into, households_in_net(conn, group_id))
    # those that left too: their group must be one that is in use, should they come back
    everyone = list(conn.scalars(select(h.id).where(h.group_id == group_id).order_by(h.id)))
    in_net = select(h.id).where(h.group_id == group_id, h.left_at_ms.is_(None))
    must_be_told_apart(conn, into, list(conn.scalars(in_net)))
    _move_all(conn, caller, everyone, group_id, into)
    of_group = list(conn.scalars(select(devices.c.id).where(devices.c.group_id == group_id)))
    for device in of_group:
        conn.execute(update(devices).where(devices.c.id == device).values(group_id=into))
        note(conn, caller, Entity.DEVICE, device, Change.MOVED, {"from": group_id, "to": into})
    conn.execute(
        update(mutual_aid_groups)
        .where(g.id == group_id)
        .values(retired_at_ms=caller.at_ms, leader_household_id=None)
    )
    note(conn, caller, Entity.GROUP, group_id, Change.RETIRED, {"into": into})
    data = {"from": group_id, "households": len(everyone)}
    note(conn, caller, Entity.GROUP, into, Change.MERGED, data)
    return Written(Outcome.CHANGED, size_warnings(conn, into))


def must_take_in(conn: Connection, caller: Caller, group_id: str, field: str = "group") -> None:
    """Raises BadEntry when there is no such group for the caller, or it was retired."""
    must_be_there(caller, places.village_of_group(conn, group_id), field, group_id)
    if _retired(conn, group_id):
        raise BadEntry(field, Said(f"组 {group_id} 已撤销", f"group {group_id} was retired"))


def must_have_room(conn: Connection, group_id: str, more: int) -> None:
    """Raises NotPossible when the group would have more households than a group may."""
    if households_in_net(conn, group_id) + more > MOST_HOUSEHOLDS:
        raise _full(group_id)


def must_be_told_apart(conn: Connection, group_id: str, joining: Sequence[str]) -> None:
    """Raises NotPossible when one that joins has the label of one that is in the group."""
    h = households.c
    labels = list(conn.scalars(select(h.label).where(h.id.in_(joining))))
    other = conn.execute(
        select(h.id, h.label).where(
            h.group_id == group_id,
            h.left_at_ms.is_(None),
            h.id.not_in(joining),
            h.label.in_(labels),
        )
    ).first()
    if other is not None:
        raise NotPossible(same_label_fault(other.label, other.id).said)


def _must_differ(conn: Connection, chosen: Sequence[str]) -> None:
    """Raises NotPossible when two of these have one label: kept so once, they part or are mended,
    but begin no new group. A split that leaves one of them behind is how they part."""
    h, first = households.c, dict[str, str]()
    for row in conn.execute(select(h.id, h.label).where(h.id.in_(chosen)).order_by(h.id)):
        other = first.setdefault(row.label, row.id)
        if other != row.id:
            raise NotPossible(same_label_fault(row.label, other).said)


def must_be_in_use(conn: Connection, group_id: str) -> None:
    """Raises NotPossible when the group was retired."""
    if _retired(conn, group_id):
        raise NotPossible(Said("该组已撤销", "this group was retired"))


def no_longer_leader(
    conn: Connection, caller: Caller, household_ids: Sequence[str], group_id: str
) -> None:
    """Whoever of these led the group leads it no more; the group says so in its history."""
    g = mutual_aid_groups.c
    leader = conn.scalar(select(g.leader_household_id).where(g.id == group_id))
    if leader is None or leader not in household_ids:
        return
    conn.execute(update(mutual_aid_groups).where(g.id == group_id).values(leader_household_id=None))
    data = {"fields": ["leader_household_id"], "from": leader, "to": None}
    note(conn, caller, Entity.GROUP, group_id, Change.CHANGED, data)


def _members_among(conn: Connection, group_id: str, household_ids: Sequence[str]) -> list[str]:
    chosen = sorted(set(household_ids))
    h = households.c
    members = set(
        conn.scalars(
            select(h.id).where(h.id.in_(chosen), h.group_id == group_id, h.left_at_ms.is_(None))
        )
    )
    strange = [one for one in chosen if one not in members]
    if strange or not chosen:
        named = "、".join(strange[:5])
        raise BadEntry(
            "households",
            Said(f"须为本组在网住户：{named}", f"must be households of this group: {named}"),
        )
    if len(chosen) == households_in_net(conn, group_id):
        raise BadEntry(
            "households",
            Said("不能拆出全部住户", "some households must stay in the group"),
        )
    return chosen


def _move_all(
    conn: Connection, caller: Caller, household_ids: Sequence[str], before: str, after: str
) -> None:
    for household_id in household_ids:
        conn.execute(
            update(households).where(households.c.id == household_id).values(group_id=after)
        )
        data = {"from": before, "to": after}
        note(conn, caller, Entity.HOUSEHOLD, household_id, Change.MOVED, data)


def _retired(conn: Connection, group_id: str) -> bool:
    g = mutual_aid_groups.c
    return conn.scalar(select(g.retired_at_ms).where(g.id == group_id)) is not None


def _full(group_id: str) -> NotPossible:
    return NotPossible(
        Said(
            f"组 {group_id} 将超过 {MOST_HOUSEHOLDS} 户，请先拆分",
            f"group {group_id} would have more than {MOST_HOUSEHOLDS} households: split it first",
        )
    )
