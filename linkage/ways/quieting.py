"""Switching off what sounds: at an incident's close, at 消音, at a claim to cancel.

Plain functions of a `Connection`, inside the caller's transaction.
"""

import json

from sqlalchemy import Connection, select

from linkage import records
from linkage.model.action import ActionKind, ActionState
from linkage.model.incident import OPEN_STAGES
from linkage.schema import actions, incidents
from linkage.ways.planning import siren_off

SOUNDING = (ActionKind.SIREN, ActionKind.LOUDSPEAKER)


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
