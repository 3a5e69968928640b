"""Writing the timeline: `incident_events`, append-only and hash-chained.

Its positions are what the console's stream resumes from; so every change to an incident that
anybody should see ends in a row here, in the same transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, func, insert, select, update

from alarms.store import chain
from linkage.model import EventType
from linkage.schema import incident_events, incidents


@dataclass(frozen=True)
class NewEvent:
    """An event on its way into the timeline. `actor` is a user name; None: the system."""

    type: EventType
    data: Mapping[str, object] = field(default_factory=dict)
    actor: str | None = None


def record(
    conn: Connection,
    incident_id: str,
    events: Sequence[NewEvent],
    *,
    writer: str,
    at_ms: int,
    new_version: bool,
) -> int:
    """Append the events and note them in the incident's row; returns the last one's position.

    `new_version` is for what changes the ground a person decides on; what merely went out or
    came in (a notice sent, a picture added) must not make an officer's sign-for stale.
    """
    version = int(
        conn.scalar(select(incidents.c.version).where(incidents.c.id == incident_id)) or 0
    ) + int(new_version)
    rows: list[dict[str, object]] = [
        {
            "incident_id": incident_id,
            "at_ms": at_ms,
            "type": event.type.value,
            "actor": event.actor,
            "data": chain.canonical(dict(event.data)),
            "incident_version": version,
        }
        for event in events
    ]
    position = 0
    for row, link in zip(rows, chain.extend(conn, incident_events, writer, rows), strict=True):
        inserted = conn.execute(insert(incident_events).values(**row, **vars(link)))
        key = inserted.inserted_primary_key
        position = 0 if key is None else int(key[0])
    conn.execute(
        update(incidents)
        .where(incidents.c.id == incident_id)
        .values(version=version, changed_position=position)
    )
    return position


def newest_position(conn: Connection) -> int:
    """The last position in the timeline; 0 when it is empty."""
    return int(conn.scalar(select(func.max(incident_events.c.position))) or 0)
