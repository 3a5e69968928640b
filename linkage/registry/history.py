"""What became of each entry of the registry: kept for ever, and in the audit at the same moment.

Ids, numbers and names of places only. What is personal, and a household's label, are named as
fields that changed, never by their values: what is written here cannot be erased.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, func, insert, select

from alarms.store import SealedBox, chain
from linkage import audit
from linkage.accounts.rights import Places
from linkage.audit import AuditAction, AuditEntry
from linkage.registry.model import Change, Entity
from linkage.registry.naming import names_in, people_named
from linkage.registry.schema import registry_changes
from linkage.registry.texts import seal_text

REASON_LIMIT = 200


@dataclass(frozen=True)
class Caller:
    """Who changes the registry, from where, and when."""

    username: str
    """User name, `machine:…`, or `cli` for the command line."""
    address: str
    """Where the call came from; empty for the command line."""
    places: Places
    """Where the caller's rights hold."""
    at_ms: int
    """The moment of the call, Unix ms."""
    writer: str
    """Whose chain of the audit its entries continue (`Audit.writer`)."""
    unit: str = ""


@dataclass(frozen=True)
class HistoryEntry:
    """One change of one entry."""

    position: int
    at_ms: int
    actor: str
    entity: Entity
    entity_id: str
    change: Change
    data: dict[str, object]
    actor_name: str = ""
    """As the actor's account is called; empty for machines and the command line."""
    names: dict[str, str] = field(default_factory=dict)
    """What the ids in `data` are called now, by its fields."""


def note(
    conn: Connection,
    caller: Caller,
    entity: Entity,
    entity_id: str,
    change: Change,
    data: Mapping[str, object] | None = None,
) -> None:
    """Write the change and its audit entry, in the transaction of the change itself.

    `data` is JSON without anything personal.
    """
    note_many(conn, caller, [(entity, entity_id, change, data or {})])


def note_many(
    conn: Connection,
    caller: Caller,
    changes: list[tuple[Entity, str, Change, Mapping[str, object]]],
) -> None:
    """As `note`, for the thousands of an import; one audit entry each."""
    if not changes:
        return
    rows = [
        {
            "at_ms": caller.at_ms,
            "actor": caller.username,
            "entity": entity.value,
            "entity_id": entity_id,
            "change": change.value,
            "data": chain.canonical(dict(data)),
        }
        for entity, entity_id, change, data in changes
    ]
    conn.execute(insert(registry_changes), rows)
    entries = [
        _entry(caller, AuditAction.CHANGE, f"{entity.value}:{entity_id}", change.value, data)
        for entity, entity_id, change, data in changes
    ]
    audit.record(conn, caller.writer, entries, at_ms=caller.at_ms)


def note_unmasking(
    conn: Connection,
    caller: Caller,
    box: SealedBox,
    about: str,
    reason: str,
    data: Mapping[str, object],
    *,
    household_id: str | None = None,
) -> None:
    """Write down that personal data is shown in the clear, and why; `about` as `household:…`.

    The reason is the caller's own words: sealed, as all that may name somebody.
    """
    sealed = seal_text(conn, box, household_id, reason[:REASON_LIMIT])
    entry = _entry(caller, AuditAction.UNMASK, about, None, {**data, "reason": sealed})
    audit.record(conn, caller.writer, [entry], at_ms=caller.at_ms)


def note_looking(conn: Connection, caller: Caller, about: str, data: Mapping[str, object]) -> None:
    """Write down that personal data left the house in the clear; `data` without any of it."""
    entry = _entry(caller, AuditAction.UNMASK, about, None, data)
    audit.record(conn, caller.writer, [entry], at_ms=caller.at_ms)


def history_of(
    conn: Connection, entity: Entity, entity_id: str, *, limit: int = 100
) -> list[HistoryEntry]:
    """What became of one entry, newest first, with the names of whom and what it speaks of."""
    c = registry_changes.c
    rows = conn.execute(
        select(registry_changes)
        .where(c.entity == entity.value, c.entity_id == entity_id)
        .order_by(c.position.desc())
        .limit(limit)
    ).all()
    changes = [(Change(row.change), json.loads(row.data)) for row in rows]
    names = names_in(conn, entity, entity_id, changes)
    people = people_named(conn, (row.actor for row in rows))
    return [
        HistoryEntry(
            row.position,
            row.at_ms,
            row.actor,
            Entity(row.entity),
            row.entity_id,
            change,
            data,
            people.get(row.actor, ""),
            named,
        )
        for row, (change, data), named in zip(rows, changes, names, strict=True)
    ]


def position(conn: Connection) -> int:
    """Where the history stands: whoever keeps a picture of the registry reads anew beyond it."""
    return conn.scalar(select(func.max(registry_changes.c.position))) or 0


def _entry(
    caller: Caller,
    action: AuditAction,
    about: str,
    change: str | None,
    data: Mapping[str, object],
) -> AuditEntry:
    detail: dict[str, object] = {"unit": caller.unit, **data}
    if change is not None:
        detail["change"] = change
    return AuditEntry(caller.username, action, about, caller.address, detail)
