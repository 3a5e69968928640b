"""Replies to the buttons of an incident as people act on it (contract §3)."""

from collections.abc import Collection

from sqlalchemy import Connection, select

from alarms.model import AlarmKind, AlarmSource, ReplyState
from alarms.store.tables import alarms
from linkage.model.action import ActionKind, PlannedAction, action_id
from linkage.schema import incident_alarms

REPLY_LASTS_MS = 60 * 60 * 1000

_QUIET_AFTER = (AlarmKind.DURESS.value, AlarmKind.CANCEL.value)
"""A device that sent one of these hears `received` and nothing more (contract §3)."""


def replies(
    conn: Connection,
    incident_id: str,
    state: ReplyState,
    now_ms: int,
    *,
    only: Collection[str] | None = None,
) -> list[PlannedAction]:
    """A reply for each press of the incident (or `only` these alarms), save to devices that claimed
    to cancel, truly or under duress."""
    here = incident_alarms.c.incident_id == incident_id
    quiet = select(incident_alarms.c.device).where(here, incident_alarms.c.kind.in_(_QUIET_AFTER))
    presses = conn.execute(
        select(alarms.c.id, alarms.c.device, alarms.c.boot, alarms.c.seq)
        .join(incident_alarms, incident_alarms.c.alarm_id == alarms.c.id)
        .where(
            here,
            alarms.c.source == AlarmSource.BUTTON.value,
            alarms.c.device.not_in(quiet),
        )
        .order_by(alarms.c.position)
    )
    return [
        PlannedAction(
            id=action_id(ActionKind.REPLY, press.id, state.value),
            kind=ActionKind.REPLY,
            target=press.device,
            due_at_ms=now_ms,
            deadline_ms=now_ms + REPLY_LASTS_MS,
            payload={
                "boot": press.boot,
                "seq": press.seq,
                "state": state.value,
                "alarm": press.id,
                "time_ms": now_ms,
            },
        )
        for press in presses
        if only is None or press.id in only
    ]
