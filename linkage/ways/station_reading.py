"""Rows behind `linkage.ways.station`, read for many incidents at once."""

import json
from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, select

from linkage.model.action import ActionKind, ActionState
from linkage.model.event import EventType
from linkage.schema import actions, incident_events
from linkage.ways.station import STATION_EVENTS, Happened, Sent, Standing, standing

# built once: the console's stream asks it for every few changes
_SENT = (
    select(actions)
    .where(
        actions.c.incident_id.in_(bindparam("ids", expanding=True)),
        actions.c.kind == ActionKind.WEBHOOK.value,
    )
    .order_by(actions.c.planned_at_ms, actions.c.id)
)
_HAPPENED = (
    select(incident_events)
    .where(
        incident_events.c.incident_id.in_(bindparam("ids", expanding=True)),
        incident_events.c.type.in_([kind.value for kind in STATION_EVENTS]),
    )
    .order_by(incident_events.c.position)
)


def standings(conn: Connection, incident_ids: Sequence[str]) -> dict[str, Standing]:
    """Where the station's word stands, of each incident that one is told of."""
    if not incident_ids:
        return {}
    sent: dict[str, list[Sent]] = defaultdict(list)
    for row in conn.execute(_SENT, {"ids": list(incident_ids)}):
        told = json.loads(row.payload)
        sent[row.incident_id].append(
            Sent(
                id=row.id,
                name=row.target,
                use=told.get("use"),
                state=ActionState(row.state),
                planned_at_ms=row.planned_at_ms,
                done_at_ms=row.done_at_ms,
                error=row.error,
                drill=told.get("drill") is True,
            )
        )
    if not sent:
        return {}
    happened: dict[str, list[Happened]] = defaultdict(list)
    for row in conn.execute(_HAPPENED, {"ids": list(sent)}):
        data = json.loads(row.data)
        happened[row.incident_id].append(
            Happened(
                type=EventType(row.type),
                at_ms=row.at_ms,
                name=data.get("name"),
                message=data.get("message"),
                number=data.get("number"),
            )
        )
    found = {
        incident: standing(messages, happened[incident]) for incident, messages in sent.items()
    }
    return {incident: one for incident, one in found.items() if one is not None}
