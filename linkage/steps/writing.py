"""Writing a taken step: the incident's row, its events, the clock of what is due, who is called.

Runs inside the caller's transaction. What happens is decided in `linkage.steps.taking`; the
incident's row changes only by what an event says.
"""

import json
from collections.abc import Iterable
from dataclasses import fields
from enum import Enum

from sqlalchemy import Connection, bindparam, update

from linkage import people, records
from linkage.model.action import ActionKind, PlannedAction, action_id
from linkage.model.incident import Incident
from linkage.model.person import Person
from linkage.schema import incidents
from linkage.steps.events import Happened
from linkage.steps.taking import Taken
from linkage.timeline import NewEvent, record

_CHANGE = update(incidents).where(incidents.c.id == bindparam("incident"))


def write(
    conn: Connection,
    before: Incident,
    taken: Taken,
    *,
    writer: str,
    now_ms: int,
    new_version: bool,
) -> int:
    """Write what has happened and plan when the next step is due; the last event's position."""
    changed = changed_columns(before, taken.incident)
    if changed:
        conn.execute(_CHANGE, {"incident": before.id, **changed})
    if {"due_step", "next_due_at_ms", "overdue"} & set(changed):
        records.cancel(conn, before.id, [ActionKind.DUE], now_ms=now_ms)
        due = planned_due(taken.incident, before.version + int(new_version))
        records.plan(conn, before.id, due, now_ms=now_ms)
    return record(
        conn,
        before.id,
        [_new_event(event) for event in taken.events],
        writer=writer,
        at_ms=taken.events[-1].at_ms,
        new_version=new_version,
    )


def changed_columns(before: Incident, after: Incident) -> dict[str, object]:
    """The columns of `incidents` in which the two differ, as they are stored."""
    pairs = ((f.name, getattr(before, f.name), getattr(after, f.name)) for f in fields(Incident))
    return {name: _stored(new) for name, old, new in pairs if old != new}


def columns(incident: Incident) -> dict[str, object]:
    """The whole row of an incident, as it is stored."""
    return {f.name: _stored(getattr(incident, f.name)) for f in fields(Incident)}


def _stored(value: object) -> object:
    match value:
        case Enum():
            return value.value
        case tuple():
            return json.dumps(list(value), ensure_ascii=False)
        case _:
            return value


def planned_due(incident: Incident, version: int) -> list[PlannedAction]:
    """The clock of what the incident waits for; none where nothing is due."""
    if incident.due_step is None or incident.next_due_at_ms is None:
        return []
    step, at_ms = incident.due_step, incident.next_due_at_ms
    return [
        PlannedAction(
            id=action_id(ActionKind.DUE, incident.id, version, step, incident.overdue),
            kind=ActionKind.DUE,
            target="incident",
            due_at_ms=at_ms,
            payload={"step": step, "due_at_ms": at_ms},
        )
    ]


def escalation_begins(incident: Incident, version: int, now_ms: int) -> PlannedAction:
    """The first look of the escalation clock, for an incident that nobody has signed for (yet)."""
    return PlannedAction(
        id=action_id(ActionKind.ESCALATE, incident.id, "version", version),
        kind=ActionKind.ESCALATE,
        target="incident",
        due_at_ms=now_ms,
        payload={"step": 0, "round": 0, "generation": incident.ring, "pending": None},
    )


def page(
    conn: Connection,
    incident: Incident,
    called: Iterable[Person],
    *,
    why: str,
    version: int,
    now_ms: int,
) -> None:
    """Call these people on their consoles; `why` is the word for the timeline."""
    attended = people.attended_usernames(conn, now_ms)
    calls = [
        PlannedAction(
            id=action_id(ActionKind.PAGE, incident.id, why, version, incident.ring, one.username),
            kind=ActionKind.PAGE,
            target=one.username,
            due_at_ms=now_ms,
            payload={
                "username": one.username,
                "display_name": one.display_name,
                "role": one.role.value,
                "step": 0,
                "round": 0,
                "way": "console",
                "attended": one.username in attended,
                "why": why,
            },
        )
        for one in called
    ]
    records.plan(conn, incident.id, calls, now_ms=now_ms)


def _new_event(event: Happened) -> NewEvent:
    return NewEvent(event.type, event.data, actor=event.actor)
