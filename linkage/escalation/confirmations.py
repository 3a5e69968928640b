"""Confirmations in the store: who has signed or confirmed, whether more are asked, writing one.

Runs inside the caller's transaction. Who is still asked is decided in `confirming`; a clock
that still runs after the sign-for (an `escalate` action) says that somebody is.
"""

import json
from collections import defaultdict

from sqlalchemy import Connection, bindparam, func, select

from linkage.accounts.rights import Permission, permissions_of
from linkage.escalation.plans import Plan
from linkage.model.action import ActionKind, ActionState, PlannedAction, action_id
from linkage.model.event import EventType
from linkage.model.incident import Incident
from linkage.model.person import Actor
from linkage.schema import actions, incident_events
from linkage.timeline import NewEvent, record

_SIGNED_AT = select(func.max(incident_events.c.position)).where(
    incident_events.c.incident_id == bindparam("incident"),
    incident_events.c.type == EventType.ACKNOWLEDGED.value,
)
_CONFIRMED = select(incident_events.c.actor).where(
    incident_events.c.incident_id == bindparam("incident"),
    incident_events.c.type == EventType.CONFIRMED.value,
    incident_events.c.position > bindparam("since"),
)
_CLOCK = select(actions.c.id).where(
    actions.c.incident_id == bindparam("incident"),
    actions.c.kind == ActionKind.ESCALATE.value,
    actions.c.state == ActionState.PLANNED.value,
)
_CALLS = select(actions.c.target, actions.c.payload).where(
    actions.c.incident_id == bindparam("incident"), actions.c.kind == ActionKind.PAGE.value
)


def signed(conn: Connection, incident: Incident) -> frozenset[str]:
    """Who has signed for the incident, and who has confirmed since."""
    since = conn.scalar(_SIGNED_AT, {"incident": incident.id}) or 0
    names = set(conn.scalars(_CONFIRMED, {"incident": incident.id, "since": since}))
    return frozenset({*names, incident.acknowledged_by} - {None})


def called_by_step(conn: Connection, incident_id: str) -> dict[int, set[str]]:
    """Whom the plan has called, by its steps."""
    found: dict[int, set[str]] = defaultdict(set)
    for row in conn.execute(_CALLS, {"incident": incident_id}):
        payload = json.loads(row.payload)
        # who was called for another reason (dispatched to, overdue) is not asked to confirm
        if "why" not in payload:
            found[int(payload["step"])].add(row.target)
    return dict(found)


def are_asked(conn: Connection, incident: Incident) -> bool:
    """Whether somebody else than who signed for it is asked to confirm."""
    if incident.acknowledged_by is None or not incident.stage.is_open:
        return False
    return conn.execute(_CLOCK, {"incident": incident.id}).first() is not None


def may_confirm(conn: Connection, incident: Incident, actor: Actor) -> bool:
    """Whether this person could confirm now, and has not yet."""
    if actor.role is None or not are_asked(conn, incident):
        return False
    rights = permissions_of(actor.role, machine=actor.machine)
    return Permission.INCIDENT_ACKNOWLEDGE in rights and actor.username not in signed(
        conn, incident
    )


def confirm(
    conn: Connection, incident: Incident, actor: Actor, *, note: str | None, writer: str, at_ms: int
) -> int:
    """This person knows of it too; the event's position. Once more by the same is harmless.

    What others decide on is what it was: the incident keeps its version.
    """
    if actor.username in signed(conn, incident):
        return incident.changed_position
    said = {"by": actor.display_name} | ({} if note is None else {"note": note})
    event = NewEvent(EventType.CONFIRMED, said, actor=actor.username)
    return record(conn, incident.id, [event], writer=writer, at_ms=at_ms, new_version=False)


def clock(incident: Incident, plan: Plan, now_ms: int) -> list[PlannedAction]:
    """The clock that goes on after this incident was signed for; none where one is enough.

    `incident` is as it was before: what would have been called next is not put off.
    """
    if not plan.asks_more_than_one:
        return []
    due_ms = now_ms + round(plan.repeat_s * 1000)
    if incident.next_due_at_ms is not None:
        due_ms = max(now_ms, min(due_ms, incident.next_due_at_ms))
    return [look(("signed", incident.id, incident.version), incident.ring, 0, due_ms)]


def look(cause: tuple[object, ...], generation: int, round_: int, due_ms: int) -> PlannedAction:
    """One look whether all have confirmed."""
    return PlannedAction(
        id=action_id(ActionKind.ESCALATE, *cause, "confirming", round_),
        kind=ActionKind.ESCALATE,
        target="incident",
        due_at_ms=due_ms,
        payload={"step": 0, "round": round_, "generation": generation, "pending": None},
    )
