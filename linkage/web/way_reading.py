"""The ways out as the API shows them: the station's word, and who was told."""

import json
from collections.abc import Sequence, Set
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from linkage.model.action import ActionKind, ActionState
from linkage.model.event import EventType
from linkage.ways.station_reading import standings
from linkage.ways.told import RECIPIENTS, ToldAction, ToldEvent, told
from linkage.web import incident_detail_views, station_views
from linkage.web.answering import moment
from linkage.web.incident_rows import AnyRow

HEARD = tuple(
    kind.value for kind in (EventType.NOTICE_SEEN, EventType.TOLD, EventType.STATION_CONFIRMED)
)
"""The types of events that say how far a message came."""

RECIPIENT_KINDS = tuple(kind.value for kind in RECIPIENTS)
"""The kinds of actions that are messages."""


def station_facts(
    conn: Connection, incident_ids: Sequence[str], zone: ZoneInfo
) -> dict[str, station_views.Station]:
    """How the station is told, of each incident that one is told of."""
    return {
        incident: station_views.Station(
            name=one.name,
            state=one.state.value,
            at=moment(one.at_ms, zone),
            telephone=one.telephone,
            number=one.number,
            error=one.error,
        )
        for incident, one in standings(conn, incident_ids).items()
    }


def told_items(
    actions: Sequence[AnyRow], heard: Sequence[AnyRow], acted: Set[str], zone: ZoneInfo
) -> list[incident_detail_views.Told]:
    """Who was told; from the rows of one incident, oldest first. `acted`: who took a step of it."""
    found = told(
        [
            ToldAction(
                id=row.id,
                kind=ActionKind(row.kind),
                target=row.target,
                payload=json.loads(row.payload),
                state=ActionState(row.state),
                planned_at_ms=row.planned_at_ms,
                done_at_ms=row.done_at_ms,
                error=row.error,
            )
            for row in actions
        ],
        [ToldEvent(EventType(row.type), row.at_ms, json.loads(row.data)) for row in heard],
        acted,
    )
    return [
        incident_detail_views.Told(
            kind=one.kind,
            target=one.target,
            way=one.way,
            state=one.state,
            at=moment(one.at_ms, zone),
            error=one.error,
        )
        for one in found
    ]
