"""Fetching what the pipeline's stages look at.

Everything is read inside the engine's writing transaction, so that it still holds when the
decision is written.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Select, or_, select

from alarms.model import AlarmKind, AlarmSource, LoggedAlarm
from linkage import places
from linkage.facts import Facts, LinkedAlarm, OpenIncident
from linkage.model import NOWHERE, OPEN_STAGES, ActionKind, ActionState, Place
from linkage.records import incident_by_id, planned_payloads
from linkage.rules import Rules
from linkage.schema import incident_alarms, incident_cameras, incidents


def fetch(
    conn: Connection, alarm: LoggedAlarm, *, rules: Rules, now_ms: int, local: datetime
) -> Facts:
    """The facts about one alarm, as they stand in this transaction."""
    known = conn.scalar(
        select(incident_alarms.c.alarm_id).where(incident_alarms.c.alarm_id == alarm.id)
    )
    if known is not None:
        return Facts(alarm, now_ms, local, rules, linked=True)
    place = _place(conn, alarm)
    return Facts(
        alarm,
        now_ms,
        local,
        rules,
        place=place,
        incidents=tuple(_open_incidents(conn, alarm, place)),
        cameras=tuple(places.cameras_near(conn, place, rules.widest_m)),
        members=(
            () if place.group_id is None else tuple(places.member_devices(conn, place.group_id))
        ),
    )


def _place(conn: Connection, alarm: LoggedAlarm) -> Place:
    match alarm.source:
        case AlarmSource.BUTTON:
            return places.place_of_device(conn, alarm.device)
        case AlarmSource.CAMERA:
            return places.place_of_camera(conn, alarm.device)
        case AlarmSource.REPORT:
            return _reported_place(conn, alarm.detail)


def _reported_place(conn: Connection, detail: dict[str, object]) -> Place:
    household, village = detail.get("household"), detail.get("village")
    if isinstance(household, str):
        found = places.place_of_household(conn, household)
        if found != NOWHERE:
            return found
    return places.place_of_village(conn, village) if isinstance(village, str) else NOWHERE


def _open_incidents(conn: Connection, alarm: LoggedAlarm, place: Place) -> list[OpenIncident]:
    shared: list[ColumnElement[bool]] = [
        incidents.c.id.in_(_ids_with_alarm(incident_alarms.c.device == alarm.device))
    ]
    if place.household_id is not None:
        same = incident_alarms.c.household_id == place.household_id
        shared.append(incidents.c.id.in_(_ids_with_alarm(same)))
    if place.group_id is not None:
        shared.append(incidents.c.group_id == place.group_id)
    if place.camera_id is not None:
        linked = select(incident_cameras.c.incident_id).where(
            incident_cameras.c.camera_id == place.camera_id
        )
        shared.append(incidents.c.id.in_(linked))
    ids = conn.scalars(
        select(incidents.c.id)
        .where(incidents.c.stage.in_([s.value for s in OPEN_STAGES]), or_(*shared))
        .order_by(incidents.c.opened_at_ms.desc(), incidents.c.number.desc())
    ).all()
    return [_open_incident(conn, i) for i in ids]


def _ids_with_alarm(condition: ColumnElement[bool]) -> Select[tuple[str]]:
    return select(incident_alarms.c.incident_id).where(condition)


def _open_incident(conn: Connection, incident_id: str) -> OpenIncident:
    row = incident_by_id(conn, incident_id)
    assert row is not None
    return OpenIncident(
        id=row.id,
        number=row.number,
        kind=row.kind,
        priority=row.priority,
        plan=row.plan,
        silent=row.silent,
        ring=row.ring,
        cancel_claimed=row.cancel_claimed,
        acknowledged_by=row.acknowledged_by,
        group_id=row.group_id,
        camera_id=row.camera_id,
        alarms=tuple(_linked_alarms(conn, incident_id)),
        camera_ids=frozenset(
            conn.scalars(
                select(incident_cameras.c.camera_id).where(
                    incident_cameras.c.incident_id == incident_id
                )
            )
        ),
        pending=_pending(conn, incident_id),
    )


def _linked_alarms(conn: Connection, incident_id: str) -> Sequence[LinkedAlarm]:
    rows = conn.execute(
        select(incident_alarms)
        .where(incident_alarms.c.incident_id == incident_id)
        .order_by(incident_alarms.c.position)
    )
    return [
        LinkedAlarm(AlarmKind(r.kind), r.silent, r.device, r.household_id, r.received_at_ms)
        for r in rows
    ]


def _pending(conn: Connection, incident_id: str) -> tuple[int, int] | None:
    """The escalation step that is planned, if the clock runs."""
    planned = planned_payloads(conn, incident_id, ActionKind.ESCALATE, ActionState.PLANNED)
    steps = [(due_at_ms, payload.get("step")) for due_at_ms, payload in planned]
    first = min(((due, step) for due, step in steps if isinstance(step, int)), default=None)
    return None if first is None else (first[1], first[0])
