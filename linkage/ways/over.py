"""Telling that it is over, or not yet: what follows from a close or a reopening for those who were
told of the incident.

Plain functions of a `Connection`, inside the caller's transaction.
"""

import json
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, or_, select

from alarms.model import AlarmKind
from linkage import records
from linkage.model.action import Action, ActionKind, ActionState, PlannedAction, action_id
from linkage.schema import actions, incident_alarms
from linkage.ways.planning import CLOSED

_LATER_TURN = 2
"""That it is over waits behind every first message that somebody needs help."""


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
    planned = [
        _taking_away(notice.id, notice.target, told, cause=version, now_ms=now_ms)
        for notice, told in sent
        if "over" not in told and notice.id not in taken_away
    ]
    _plan_notices(conn, incident_id, planned, now_ms=now_ms)


def overtaken_notices_over(conn: Connection, sent: Sequence[Action], *, now_ms: int) -> None:
    """As `notices_over`, for notices that were on their way when their incident was closed: they
    were cancelled, and may have arrived all the same."""
    a = actions.c
    ids = [one.id for one in sent]
    cancelled = set(
        conn.scalars(select(a.id).where(a.id.in_(ids), a.state == ActionState.CANCELLED.value))
    )
    for one in sent:
        if one.id in cancelled and "over" not in one.payload:
            told = _taking_away(one.id, one.target, one.payload, cause="overtaken", now_ms=now_ms)
            _plan_notices(conn, one.incident_id, [told], now_ms=now_ms)


def webhooks_told(conn: Connection, incident_id: str) -> dict[str, int | None]:
    """The webhooks that were told of this incident, with how long each is tried, ms (None: for
    ever)."""
    a = actions.c
    rows = conn.execute(
        select(a.target, a.payload, a.planned_at_ms, a.deadline_ms)
        .where(
            a.incident_id == incident_id,
            a.kind == ActionKind.WEBHOOK.value,
            a.state != ActionState.CANCELLED.value,
        )
        .order_by(a.planned_at_ms, a.id)
    )
    return {
        row.target: None if row.deadline_ms is None else row.deadline_ms - row.planned_at_ms
        for row in rows
        if json.loads(row.payload)["event"] != CLOSED
    }


def webhooks_over(
    conn: Connection,
    incident_id: str,
    told: Mapping[str, int | None],
    *,
    version: int,
    now_ms: int,
    into: str | None = None,
) -> None:
    """Tell `webhooks_told` that it is closed, or merged `into` the incident of this number. Nobody
    need confirm that."""
    planned = [
        PlannedAction(
            id=action_id(ActionKind.WEBHOOK, incident_id, CLOSED, version, name),
            kind=ActionKind.WEBHOOK,
            target=name,
            due_at_ms=now_ms,
            deadline_ms=None if tried_ms is None else now_ms + tried_ms,
            payload={"event": CLOSED, "alarm": None, "use": None, "into": into},
        )
        for name, tried_ms in told.items()
    ]
    _plan_later(conn, incident_id, planned, now_ms=now_ms)


def _taking_away(
    notice_id: str, device: str, told: Mapping[str, object], *, cause: object, now_ms: int
) -> PlannedAction:
    until_ms = told["until_ms"]
    assert isinstance(until_ms, int), "whoever planned the notice said until when it is shown"
    return PlannedAction(
        id=action_id(ActionKind.NOTICE, notice_id, "over", cause),
        kind=ActionKind.NOTICE,
        target=device,
        due_at_ms=now_ms,
        deadline_ms=until_ms,
        payload={**{k: v for k, v in told.items() if k != "seen"}, "over": notice_id},
    )


def _plan_notices(
    conn: Connection, incident_id: str, planned: Sequence[PlannedAction], *, now_ms: int
) -> None:
    quiet = _quiet_devices(conn, incident_id)
    wanted = [
        one
        for one in planned
        if one.target not in quiet and (one.deadline_ms is None or one.deadline_ms > now_ms)
    ]
    _plan_later(conn, incident_id, wanted, now_ms=now_ms)


def _plan_later(
    conn: Connection, incident_id: str, planned: Sequence[PlannedAction], *, now_ms: int
) -> None:
    records.plan_rows(conn, records.planned_rows(planned, incident_id, now_ms, ring=_LATER_TURN))


def _quiet_devices(conn: Connection, incident_id: str) -> set[str]:
    i = incident_alarms.c
    quiet = or_(i.silent.is_(True), i.kind.in_([AlarmKind.DURESS.value, AlarmKind.CANCEL.value]))
    return set(conn.scalars(select(i.device).where(i.incident_id == incident_id, quiet)))
