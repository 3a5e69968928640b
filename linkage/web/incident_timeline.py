"""The timeline of one incident for the API, and why its alarms were decided so: the newest of it.

Presses of one device without end are one item, and the rows behind it are not read. Plain
functions of a `Connection`.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    String,
    Subquery,
    and_,
    case,
    cast,
    func,
    null,
    or_,
    select,
)

from alarms.store import SealedBox
from linkage import schema as s
from linkage.model.event import EventType
from linkage.web import incident_detail_views, people_views
from linkage.web.answering import moment
from linkage.web.incident_reading import read_people
from linkage.web.incident_rows import AnyRow
from linkage.web.said import tell_all

SHOWN_ITEMS = 400
"""The newest; how it began is shown beside them."""

RUNG_DECIDED = 40
"""The newest alarms that rang and whose decisions are shown; the opening's are too."""

NEWEST_DECIDED = 20
"""The newest alarms of all whose decisions are shown."""

HEARD_EVENTS = 1000
"""The newest of what devices and stations said of messages to them."""

_RUNS = (EventType.ALARM_ADDED.value, EventType.REPLY_SENT.value)
"""Of these, what differs only in time is one item as long as nothing else comes between."""

_CAUSED = tuple(
    kind.value for kind in (EventType.RANG_AGAIN, EventType.CANCEL_CLAIMED, EventType.MADE_REAL)
)
"""What stands right after the alarm that caused it: such an alarm is an item of its own."""


@dataclass(frozen=True)
class Timeline:
    items: list[incident_detail_views.TimelineItem]
    count: int
    """Of all its events."""


def read_timeline(conn: Connection, incident_id: str, zone: ZoneInfo, box: SealedBox) -> Timeline:
    """How it began, and the newest items, oldest first; what people said opened."""
    runs = _newest_runs(conn, incident_id)
    e = s.incident_events.c
    count, first = conn.execute(
        select(func.count(), func.min(e.position)).where(e.incident_id == incident_id)
    ).one()
    wanted = {run.position for run in runs} | ({first} if first is not None else set())
    events = conn.execute(
        select(s.incident_events).where(e.position.in_(wanted)).order_by(e.position)
    ).all()
    people = read_people(conn, {event.actor for event in events})
    run_at = {run.position: run for run in runs}
    told = tell_all(conn, box, [json.loads(event.data) for event in events])
    items = [
        _item(event, data, run_at.get(event.position), people, zone)
        for event, data in zip(events, told, strict=True)
    ]
    return Timeline(items, count)


def read_decisions(conn: Connection, incident_id: str) -> list[incident_detail_views.DecisionItem]:
    """Of the alarms that opened it or rang, and of the newest."""
    marked = _marked(conn, incident_id)
    decided = marked.c.type.in_((EventType.OPENED.value, EventType.ALARM_ADDED.value))
    newest = select(marked.c.position).where(decided).order_by(marked.c.position.desc())
    rang = newest.where(marked.c.next_type == EventType.RANG_AGAIN.value)
    opened = newest.where(marked.c.type == EventType.OPENED.value)
    wanted = {
        *conn.scalars(newest.limit(NEWEST_DECIDED)),
        *conn.scalars(rang.limit(RUNG_DECIDED)),
        *conn.scalars(opened.limit(1)),
    }
    e = s.incident_events.c
    found = []
    for data in conn.scalars(select(e.data).where(e.position.in_(wanted)).order_by(e.position)):
        decisions = json.loads(data).get("decisions", [])
        found += msgspec.convert(decisions, list[incident_detail_views.DecisionItem])
    return found


def read_heard(conn: Connection, incident_id: str, types: Sequence[str]) -> list[AnyRow]:
    """The newest events of these types, oldest first."""
    e = s.incident_events.c
    newest = (
        select(s.incident_events)
        .where(e.incident_id == incident_id, e.type.in_(types))
        .order_by(e.position.desc())
        .limit(HEARD_EVENTS)
    )
    return list(reversed(conn.execute(newest).all()))


def read_actors(conn: Connection, incident_id: str) -> set[str]:
    """User names of those who have acted on it."""
    e = s.incident_events.c
    return set(
        conn.scalars(
            select(e.actor).where(e.incident_id == incident_id, e.actor.is_not(None)).distinct()
        )
    )


def _marked(conn: Connection, incident_id: str) -> Subquery:
    """Its events with the type of the one after each, and how many broke a run before it."""
    e = s.incident_events.c
    is_break = case((e.type.in_(_RUNS), 0), else_=1)
    return (
        select(
            e.position,
            e.at_ms,
            e.type,
            func.lead(e.type).over(order_by=e.position).label("next_type"),
            func.sum(is_break).over(order_by=e.position).label("breaks"),
            case((e.type.in_(_RUNS), _said(conn, "device")), else_=null()).label("device"),
            case((e.type.in_(_RUNS), _said(conn, "state")), else_=null()).label("state"),
        )
        .where(e.incident_id == incident_id)
        .subquery()
    )


def _said(conn: Connection, key: str) -> ColumnElement[str]:
    """A text of an event's data; the two stores read JSON text in different words."""
    data = s.incident_events.c.data
    if conn.dialect.name == "sqlite":
        return func.json_extract(data, f"$.{key}", type_=String)
    text: ColumnElement[str] = cast(data, JSON)[key].as_string()
    return text


def _newest_runs(conn: Connection, incident_id: str) -> Sequence[AnyRow]:
    """Each with its last event's position, the moment of its first, and how many it stands for."""
    m = _marked(conn, incident_id).c
    caused = and_(m.type == EventType.ALARM_ADDED.value, m.next_type.in_(_CAUSED))
    alone = case((or_(caused, m.type.not_in(_RUNS)), 1), else_=0)
    alike = (m.breaks, m.type, m.device, m.state, alone)
    last = func.max(m.position).label("position")
    return conn.execute(
        select(last, func.min(m.at_ms).label("first_at_ms"), func.count().label("times"))
        .group_by(*alike)
        .order_by(last.desc())
        .limit(SHOWN_ITEMS)
    ).all()


def _item(
    event: AnyRow,
    data: dict[str, Any],
    run: AnyRow | None,
    people: dict[str, tuple[str, str]],
    zone: ZoneInfo,
) -> incident_detail_views.TimelineItem:
    return incident_detail_views.TimelineItem(
        seq=event.position,
        at=moment(event.at_ms, zone),
        first_at=moment(event.at_ms if run is None else run.first_at_ms, zone),
        count=1 if run is None else run.times,
        type=event.type,
        actor=_person(event.actor, people),
        # how it was decided has a list of its own
        data={k: v for k, v in data.items() if k != "decisions"},
    )


def _person(actor: str | None, people: dict[str, tuple[str, str]]) -> people_views.Person | None:
    if actor is None:
        return None
    return people_views.Person(username=actor, display_name=people.get(actor, (actor, ""))[0])
