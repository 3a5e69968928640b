"""Writing the timeline: `incident_events`, append-only and hash-chained.

Its positions are what the console's stream resumes from; so every change to an incident that
anybody should see ends in a row here, in the same transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, bindparam, func, insert, select, update

from alarms.store import chain
from alarms.store.prepared import Prepared, PreparedIn
from linkage.bulk import execute_many
from linkage.model.event import EventType
from linkage.schema import incident_events, incidents

# Built once: making and hashing a statement costs more than running it.
_VERSIONS = PreparedIn(
    lambda ids: select(incidents.c.id, incidents.c.version).where(incidents.c.id.in_(ids))
)
_INSERT = insert(incident_events)
_LAST_POSITIONS = Prepared(
    select(incident_events.c.incident_id, func.max(incident_events.c.position).label("position"))
    .where(
        incident_events.c.writer == bindparam("ours"),
        incident_events.c.number >= bindparam("first"),
    )
    .group_by(incident_events.c.incident_id)
)
_CHANGED = update(incidents).where(incidents.c.id == bindparam("incident"))


@dataclass(frozen=True)
class NewEvent:
    """An event on its way into the timeline. `actor` is a user name; None: the system."""

    type: EventType
    data: Mapping[str, object] = field(default_factory=dict)
    actor: str | None = None


@dataclass(frozen=True)
class Entry:
    """What is to be told about one incident at one moment.

    `new_version` is for what changes the ground a person decides on; what merely went out or
    came in (a notice sent, a picture added) must not make an officer's sign-for stale.
    """

    incident_id: str
    events: Sequence[NewEvent]
    new_version: bool


def record(
    conn: Connection,
    incident_id: str,
    events: Sequence[NewEvent],
    *,
    writer: str,
    at_ms: int,
    new_version: bool,
) -> int:
    """As `record_all`, for one incident."""
    return record_all(conn, [Entry(incident_id, events, new_version)], writer=writer, at_ms=at_ms)


def record_all(conn: Connection, entries: Sequence[Entry], *, writer: str, at_ms: int) -> int:
    """Append all events in this order and note them in their incidents' rows.

    Returns the last one's position; 0 when there is nothing to append.
    """
    ids = {entry.incident_id for entry in entries}
    versions: dict[str, int] = dict(_VERSIONS.rows(conn, list(ids)))
    rows: list[dict[str, object]] = []
    for entry in entries:
        version = versions.get(entry.incident_id, 0) + int(entry.new_version)
        versions[entry.incident_id] = version
        rows += [_row(entry.incident_id, event, version, at_ms) for event in entry.events]
    if not rows:
        return 0
    links = chain.extend(conn, incident_events, writer, rows)
    linked = [{**row, **vars(link)} for row, link in zip(rows, links, strict=True)]
    execute_many(conn, _INSERT, linked)
    # one look for all: a batched insert does not tell the positions it gave
    ours = {"ours": writer, "first": links[0].number}
    last: dict[str, int] = dict(_LAST_POSITIONS.rows(conn, ours))
    execute_many(
        conn,
        _CHANGED,
        [
            {"incident": i, "version": versions[i], "changed_position": position}
            for i, position in last.items()
        ],
    )
    return max(last.values())


def _row(incident_id: str, event: NewEvent, version: int, at_ms: int) -> dict[str, object]:
    return {
        "incident_id": incident_id,
        "at_ms": at_ms,
        "type": event.type.value,
        "actor": event.actor,
        "data": chain.canonical(dict(event.data)),
        "incident_version": version,
    }


def newest_position(conn: Connection) -> int:
    """The last position in the timeline; 0 when it is empty."""
    return int(conn.scalar(select(func.max(incident_events.c.position))) or 0)
