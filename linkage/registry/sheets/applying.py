"""Writing what a plan says, all or nothing, with its history and one entry in the audit.

What takes long (drawing keys, sealing) is done beforehand, outside the transaction: presses wait
for no import.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, bindparam, insert, update

from alarms.devices import PlannedDevice
from alarms.store import SealedBox, chain
from alarms.store.tables import devices
from linkage import audit
from linkage.audit import AuditAction, AuditEntry
from linkage.registry.history import Caller, position
from linkage.registry.model import Change, Entity, Said
from linkage.registry.personal import sealed_columns
from linkage.registry.schema import estates, registry_changes
from linkage.registry.sheets.model import Plan, Progress, Write
from linkage.registry.sheets.registered import Registered
from linkage.schema import grids, households, mutual_aid_groups, villages

PlannedRows = Callable[[Iterable[PlannedDevice]], list[dict[str, object]]]
"""`DeviceRegistry.planned_rows`."""

# what holds others comes first
_TABLES: dict[Entity, tuple[Table, tuple[str, ...]]] = {
    Entity.VILLAGE: (villages, ("name", "households_total")),
    Entity.GRID: (grids, ("village_id", "name")),
    Entity.ESTATE: (estates, ("village_id", "name", "property_company")),
    Entity.GROUP: (mutual_aid_groups, ("grid_id", "name", "leader_household_id")),
    Entity.HOUSEHOLD: (
        households,
        (
            "group_id",
            "label",
            "estate_id",
            "latitude",
            "longitude",
            "wants_notices",
            "told_by",
            "data_key_sealed",
            "personal_sealed",
        ),
    ),
    Entity.DEVICE: (devices, ()),
}
_SEALING = Said("加密", "sealing")
_STEP = 200


class Overtaken(Exception):
    """Somebody changed the registry since the plan was made: make it anew."""


@dataclass(frozen=True)
class Prepared:
    """The rows of a plan, ready for one transaction."""

    version: int
    """Where the history stood when the plan was made."""
    inserts: list[tuple[Table, list[dict[str, Any]]]]
    updates: list[tuple[Table, list[dict[str, Any]]]]
    changes: list[dict[str, object]]
    """Rows of the history, but for who and when."""


def prepare(
    plan: Plan,
    registered: Registered,
    box: SealedBox,
    planned_rows: PlannedRows,
    progress: Progress,
) -> Prepared:
    """Draw keys, seal what is personal, and make the rows. Raises StoreUnusable."""
    made: dict[Entity, list[dict[str, Any]]] = {entity: [] for entity in _TABLES}
    changed: dict[tuple[Entity, tuple[str, ...]], list[dict[str, Any]]] = defaultdict(list)
    for number, write in enumerate(plan.writes):
        if number % _STEP == 0:
            progress(_SEALING, number, len(plan.writes))
        values = {**write.values, **_sealed(write, registered, box)}
        if write.change is Change.CREATED:
            columns = dict.fromkeys(_TABLES[write.entity][1])
            made[write.entity].append({"id": write.id, **columns, **values})
            continue
        if write.entity is Entity.DEVICE and values.get("unsigned") is False:
            # from now on it signs: with a key that nobody has seen
            (row,) = planned_rows([PlannedDevice(write.id, "button")])
            values["key_sealed"] = row["key_sealed"]
        if values:
            names = tuple(sorted(values))
            changed[write.entity, names].append({"of_id": write.id, **values})
    made[Entity.DEVICE] = planned_rows(PlannedDevice(**row) for row in made[Entity.DEVICE])
    return Prepared(
        version=registered.version,
        inserts=[(_TABLES[entity][0], rows) for entity, rows in made.items() if rows],
        updates=[(_TABLES[entity][0], rows) for (entity, _), rows in changed.items()],
        changes=[
            {
                "entity": write.entity.value,
                "entity_id": write.id,
                "change": write.change.value,
                "data": chain.canonical(write.data),
            }
            for write in plan.writes
        ],
    )


def apply(conn: Connection, caller: Caller, prepared: Prepared, said: dict[str, object]) -> None:
    """Write it, inside `Database.write`. `said` goes into the audit; nothing personal.

    Raises Overtaken when the registry is not what the plan was made for: nothing is written then.
    """
    if position(conn) != prepared.version:
        raise Overtaken
    for table, rows in prepared.inserts:
        conn.execute(insert(table), rows)
    for table, rows in prepared.updates:
        _update(conn, table, rows)
    whose = {"at_ms": caller.at_ms, "actor": caller.username}
    if prepared.changes:
        conn.execute(insert(registry_changes), [{**whose, **row} for row in prepared.changes])
    entry = AuditEntry(
        caller.username,
        AuditAction.CHANGE,
        "registry:import",
        caller.address,
        {"unit": caller.unit, **said},
    )
    audit.record(conn, caller.writer, [entry], at_ms=caller.at_ms)


def _update(conn: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    names = [name for name in rows[0] if name != "of_id"]
    statement = (
        update(table)
        .where(table.c.id == bindparam("of_id"))
        .values({name: bindparam(f"new_{name}") for name in names})
    )
    conn.execute(
        statement,
        [{"of_id": row["of_id"], **{f"new_{n}": row[n] for n in names}} for row in rows],
    )


def _sealed(write: Write, registered: Registered, box: SealedBox) -> dict[str, object]:
    """The sealed columns of a household whose contact is new."""
    if not write.contact_said or write.contact is None:
        return {}
    known = registered.households.get(write.id)
    return dict(
        sealed_columns(
            box, write.id, write.contact, key_sealed=None if known is None else known.key_sealed
        )
    )
