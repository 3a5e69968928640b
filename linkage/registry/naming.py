"""What a history calls things and people: the names of its ids, as they are now.

A change keeps ids, because names change and a household's label can be erased; whoever reads the
history reads names. Nothing personal: a household is its agreed label, and only inside the village
whose history it is.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, select

from alarms.store.tables import devices
from linkage.registry.model import Change, Entity
from linkage.registry.schema import estates
from linkage.schema import accounts, grids, households, mutual_aid_groups, villages

_AT_ONCE = 500

Mention = tuple[str, Entity, str]
"""The field of a change's data, what sort of thing its id is, and the id."""
_Where = tuple[str, str]
"""A thing's name, and its village."""


def mentions_of(entity: Entity, change: Change, data: Mapping[str, object]) -> list[Mention]:
    """The ids that a change of such an entry speaks of. Pure."""
    found: list[Mention] = []
    for field in ("from", "to", "into", "split_from", "group", "grid", "village", "household"):
        said = data.get(field)
        if isinstance(said, dict):
            # where a device was, or is: with its household, or with a whole group
            found += [
                (field, sort, said[sort.value])
                for sort in (Entity.HOUSEHOLD, Entity.GROUP)
                if isinstance(said.get(sort.value), str)
            ]
        elif isinstance(said, str):
            found.append((field, _sort_of(entity, change, field), said))
    return found


def names_in(
    conn: Connection,
    entity: Entity,
    entry_id: str,
    changes: Sequence[tuple[Change, Mapping[str, object]]],
) -> list[dict[str, str]]:
    """For each change of this entry, the names of what its data speaks of, by the field.

    What is no longer there has none. The village is told where a change speaks of more than one.
    """
    mentioned = [mentions_of(entity, change, data) for change, data in changes]
    every = [mention for one in mentioned for mention in one]
    known = {
        sort: _read(conn, sort, [id_ for _, of, id_ in every if of is sort])
        for sort in {sort for _, sort, _ in every}
    }
    _, at_home = _read(conn, entity, [entry_id]).get(entry_id, ("", None))
    return [_named(mentions, known, at_home) for mentions in mentioned]


def people_named(conn: Connection, usernames: Iterable[str]) -> dict[str, str]:
    """The display names of accounts; machines and the command line have none."""
    a = accounts.c
    wanted = sorted(set(usernames))
    rows = conn.execute(select(a.username, a.display_name).where(a.username.in_(wanted)))
    return {row.username: row.display_name for row in rows}


def _sort_of(entity: Entity, change: Change, field: str) -> Entity:
    if field in ("grid", "village", "household", "group"):
        return Entity(field)
    if entity is Entity.GROUP and field in ("from", "to"):
        if change is Change.MOVED:
            return Entity.GRID
        # who led it, and who leads it
        return Entity.HOUSEHOLD if change is Change.CHANGED else Entity.GROUP
    return Entity.GROUP


def _named(
    mentions: Sequence[Mention],
    known: Mapping[Entity, Mapping[str, _Where]],
    at_home: str | None,
) -> dict[str, str]:
    found = {field: (sort, known[sort][id_]) for field, sort, id_ in mentions if id_ in known[sort]}
    spread = {village for _, (_, village) in found.values()} | {at_home} - {None}
    names = {}
    for field, (sort, (name, village)) in found.items():
        if sort is Entity.HOUSEHOLD and village != at_home:
            continue
        names[field] = f"{village} · {name}" if len(spread) > 1 else name
    return names


def _read(conn: Connection, sort: Entity, ids: Sequence[str]) -> dict[str, _Where]:
    """The name and the village's name of each that is there."""
    query, wanted = _query(sort), sorted(set(ids))
    found: dict[str, _Where] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        for row in conn.execute(query.where(query.selected_columns.id.in_(some))):
            found[row.id] = (row.name, row.village)
    return found


def _query(sort: Entity) -> Select[Any]:
    v, g = villages.c, mutual_aid_groups.c
    village = v.name.label("village")
    match sort:
        case Entity.VILLAGE:
            return select(v.id, v.name, village)
        case Entity.GRID:
            return select(grids.c.id, grids.c.name, village).join(
                villages, v.id == grids.c.village_id
            )
        case Entity.ESTATE:
            return select(estates.c.id, estates.c.name, village).join(
                villages, v.id == estates.c.village_id
            )
        case Entity.GROUP:
            return _through_grids(select(g.id, g.name, village).select_from(mutual_aid_groups))
        case Entity.HOUSEHOLD:
            h = households.c
            return _through_grids(
                select(h.id, h.label.label("name"), village)
                .select_from(households)
                .join(mutual_aid_groups, g.id == h.group_id)
            )
        case Entity.DEVICE:
            d, h = devices.c, households.c
            return _through_grids(
                select(d.id, d.kind.label("name"), village)
                .select_from(devices)
                .join(households, h.id == d.household_id, isouter=True)
                .join(mutual_aid_groups, (g.id == h.group_id) | (g.id == d.group_id))
            )


def _through_grids(query: Select[Any]) -> Select[Any]:
    g, r = mutual_aid_groups.c, grids.c
    return query.join(grids, r.id == g.grid_id).join(villages, villages.c.id == r.village_id)
