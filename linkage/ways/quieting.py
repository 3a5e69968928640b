"""Switching off what sounds: at an incident's close, at 消音, at a claim to cancel; and taking away
what members' devices show, at the close.

Plain functions of a `Connection`, inside the caller's transaction.
"""

import json

from sqlalchemy import Connection, or_, select

from alarms.model import AlarmKind
from linkage import records
from linkage.model import OPEN_STAGES, ActionKind, ActionState, PlannedAction, action_id
from linkage.schema import actions, incident_alarms, incidents
from linkage.ways.planning import siren_off

SOUNDING = (ActionKind.SIREN, ActionKind.LOUDSPEAKER)

_LATER_TURN = 2
"""That it is over waits behind every first message that somebody needs help."""


def all_off(conn: Connection, incident_id: str, *, cause: str, now_ms: int) -> bool:
    """Cancel what would still sound for this incident and plan `off` for its sirens, save those
    that another open incident needs. Whether there was anything to switch off."""
    a = actions.c
    rows = conn.execute(
        select(a.target, a.kind, a.state, a.payload).where(
            a.incident_id == incident_id, a.kind.in_([kind.value for kind in SOUNDING])
        )
    ).all()
    if not rows:
        return False
    records.cancel(conn, incident_id, SOUNDING, now_ms=now_ms)
    sirens = {
        row.target
        for row in rows
        if row.kind == ActionKind.SIREN.value and _may_sound(row.payload, now_ms)
    }
    wanted = sirens - _needed_elsewhere(conn, incident_id, sirens, now_ms)
    off = [siren_off(device, cause=cause, now_ms=now_ms) for device in sorted(wanted)]
    records.plan(conn, incident_id, off, now_ms=now_ms)
    return bool(sirens) or any(row.state == ActionState.PLANNED.value for row in rows)


def notices_over(conn: Connection, incident_id: str, *, version: int, now_ms: int) -> None:
    """Tell members' devices that were sent a notice of this incident, and may show it still, that
    it is over; save those that sent something quiet themselves, which hear nothing more."""
    a = actions.c
    sent = [
        (row, json.loads(row.payload))
        for row in conn.execute(
            select(a.id, a.target, a.payload)
            .where(
                a.incident_id == incident_id,
                a.kind == ActionKind.NOTICE.value,
                a.state == ActionState.SENT.value,
            )
            .order_by(a.id)
        )
    ]
    taken_away = {told["over"] for _, told in sent if "over" in told}
    quiet = _quiet_devices(conn, incident_id)
    planned = [
        PlannedAction(
            id=action_id(ActionKind.NOTICE, notice.id, "over", version),
            kind=ActionKind.NOTICE,
            target=notice.target,
            due_at_ms=now_ms,
            deadline_ms=told["until_ms"],
            payload={**{k: v for k, v in told.items() if k != "seen"}, "over": notice.id},
        )
        for notice, told in sent
        if "over" not in told
        and notice.id not in taken_away
        and notice.target not in quiet
        and told["until_ms"] > now_ms
    ]
    records.plan_rows(conn, records.planned_rows(planned, incident_id, now_ms, ring=_LATER_TURN))


def _quiet_devices(conn: Connection, incident_id: str) -> set[str]:
    i = incident_alarms.c
    quiet = or_(i.silent.is_(True), i.kind.in_([AlarmKind.DURESS.value, AlarmKind.CANCEL.value]))
    return set(conn.scalars(select(i.device).where(i.incident_id == incident_id, quiet)))


def _may_sound(payload: str, now_ms: int) -> bool:
    told = json.loads(payload)
    return bool(told["on"]) and told["until_ms"] > now_ms


def _needed_elsewhere(
    conn: Connection, incident_id: str, sirens: set[str], now_ms: int
) -> set[str]:
    a, i = actions.c, incidents.c
    rows = conn.execute(
        select(a.target, a.payload)
        .join_from(actions, incidents, i.id == a.incident_id)
        .where(
            a.kind == ActionKind.SIREN.value,
            a.target.in_(sirens),
            a.incident_id != incident_id,
            a.state.in_([ActionState.PLANNED.value, ActionState.SENT.value]),
            i.stage.in_([stage.value for stage in OPEN_STAGES]),
        )
    )
    return {row.target for row in rows if _may_sound(row.payload, now_ms)}
