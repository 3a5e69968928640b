"""Closing what the system raised about itself, once it is over. Nothing else is ever closed here:
an incident that holds any other alarm is left to people."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, select

from alarms.model import SYSTEM_KINDS, AlarmKind
from alarms.store.tables import alarms
from linkage import records
from linkage.model.action import ActionKind
from linkage.model.event import EventType
from linkage.model.incident import OPEN_STAGES, Outcome
from linkage.schema import incident_alarms, incidents
from linkage.steps import writing
from linkage.steps.events import Happened, after
from linkage.steps.taking import Taken, not_before
from linkage.ways.over import webhooks_over, webhooks_told

_BY = "系统 System"
_SETTLED = (ActionKind.ESCALATE, ActionKind.PAGE, ActionKind.NOTICE, ActionKind.FAN_OUT)


@dataclass(frozen=True)
class OpenSystemIncident:
    """An open incident of nothing but alarms of one kind that we raised ourselves."""

    id: str
    number: str
    details: tuple[dict[str, object], ...]
    """What its alarms said, oldest first; those that were pruned are missing."""


def open_incidents(conn: Connection, kind: AlarmKind) -> list[OpenSystemIncident]:
    """Those of this kind that may be closed by the system."""
    rows = conn.execute(
        select(incidents.c.id, incidents.c.number)
        .where(
            incidents.c.kind == kind.value,
            incidents.c.stage.in_([stage.value for stage in OPEN_STAGES]),
        )
        .order_by(incidents.c.number)
    ).all()
    found = []
    for row in rows:
        linked = conn.execute(
            select(incident_alarms.c.kind, alarms.c.payload)
            .join(alarms, alarms.c.id == incident_alarms.c.alarm_id, isouter=True)
            .where(incident_alarms.c.incident_id == row.id)
            .order_by(incident_alarms.c.position)
        ).all()
        if all(one.kind == kind.value for one in linked):
            told = tuple(json.loads(a.payload)["detail"] for a in linked if a.payload is not None)
            found.append(OpenSystemIncident(row.id, row.number, told))
    return found


def close(
    conn: Connection,
    found: Iterable[OpenSystemIncident],
    kind: AlarmKind,
    reason: str,
    *,
    writer: str,
    now_ms: int,
) -> int:
    """Close them, inside `Database.write`: the newest position of the timeline, 0 for none.

    Raises ValueError for any kind but those that the system raises itself.
    """
    if kind not in SYSTEM_KINDS:
        raise ValueError(f"{kind.value} is no alarm of the system's own: only people close it")
    still = {one.id for one in open_incidents(conn, kind)}
    position = 0
    for one in found:
        before = records.incident_by_id(conn, one.id)
        if before is None or one.id not in still:
            continue
        at_ms = not_before(before, now_ms)
        events = (
            Happened(EventType.RECOVERED, at_ms, data={"reason": reason}),
            Happened(EventType.CLOSED, at_ms, data={"outcome": Outcome.REAL.value, "by": _BY}),
        )
        closed = before
        for event in events:
            closed = after(closed, event)
        records.cancel(conn, one.id, _SETTLED, now_ms=now_ms)
        taken = Taken(events, closed)
        position = writing.write(
            conn, before, taken, writer=writer, now_ms=now_ms, new_version=True
        )
        told = webhooks_told(conn, one.id)
        webhooks_over(conn, one.id, told, version=before.version + 1, now_ms=now_ms)
    return position
