"""Rows of incidents and actions, read and written inside the caller's transaction.

No decisions here: what to write is decided in the pipeline, the desk and the escalation.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from alarms.model import AlarmKind
from alarms.store import chain
from linkage.model import (
    Action,
    ActionKind,
    ActionState,
    Incident,
    Outcome,
    PlannedAction,
    Stage,
)
from linkage.schema import actions, incidents


def incident_by_id(conn: Connection, incident_id: str) -> Incident | None:
    row = conn.execute(select(incidents).where(incidents.c.id == incident_id)).mappings().first()
    if row is None:
        return None
    facts = dict(row)
    return Incident(
        **{
            **facts,
            "stage": Stage(facts["stage"]),
            "kind": AlarmKind(facts["kind"]),
            "outcome": None if facts["outcome"] is None else Outcome(facts["outcome"]),
        }
    )


def next_number(conn: Connection, local_date: str) -> str:
    """The next free incident number of a day (`20261121`); unique inside a writing transaction."""
    # four digits are padded, a fifth comes without: longer is later
    newest = conn.scalar(
        select(incidents.c.number)
        .where(incidents.c.number.startswith(f"{local_date}-"))
        .order_by(func.length(incidents.c.number).desc(), incidents.c.number.desc())
        .limit(1)
    )
    counter = 0 if newest is None else int(str(newest).partition("-")[2])
    return f"{local_date}-{counter + 1:04d}"


def plan(
    conn: Connection, incident_id: str, planned: Sequence[PlannedAction], *, now_ms: int
) -> None:
    """Put the actions into the outbox; those that are there already stay as they are."""
    wanted = {action.id: action for action in planned}
    known = set(conn.scalars(select(actions.c.id).where(actions.c.id.in_(wanted))))
    fresh = [action for name, action in wanted.items() if name not in known]
    if fresh:
        conn.execute(insert(actions), [_row(a, incident_id, now_ms) for a in fresh])


def cancel(conn: Connection, incident_id: str, kinds: Iterable[ActionKind], *, now_ms: int) -> None:
    """Cancel what of these kinds is still planned for the incident."""
    conn.execute(
        update(actions)
        .where(
            actions.c.incident_id == incident_id,
            actions.c.state == ActionState.PLANNED.value,
            actions.c.kind.in_([kind.value for kind in kinds]),
        )
        .values(state=ActionState.CANCELLED.value, done_at_ms=now_ms)
    )


def due_actions(
    conn: Connection, kind: ActionKind, *, now_ms: int, without: Iterable[str], limit: int
) -> list[Action]:
    """Planned actions of a kind whose time has come, oldest first."""
    rows = conn.execute(
        select(actions)
        .where(
            actions.c.state == ActionState.PLANNED.value,
            actions.c.kind == kind.value,
            actions.c.due_at_ms <= now_ms,
            actions.c.id.not_in(list(without)),
        )
        .order_by(actions.c.due_at_ms, actions.c.id)
        .limit(limit)
    )
    return [_action(r) for r in rows]


def notice_to(conn: Connection, notice_id: str, device: str) -> Action | None:
    """The notice with this id, when it went to this device."""
    row = conn.execute(
        select(actions).where(
            actions.c.id == notice_id,
            actions.c.kind == ActionKind.NOTICE.value,
            actions.c.target == device,
        )
    ).first()
    return None if row is None else _action(row)


def _action(row: Row[Any]) -> Action:
    return Action(
        id=row.id,
        incident_id=row.incident_id,
        kind=ActionKind(row.kind),
        target=row.target,
        payload=json.loads(row.payload),
        attempts=row.attempts,
        due_at_ms=row.due_at_ms,
        deadline_ms=row.deadline_ms,
        error=row.error,
    )


def _row(action: PlannedAction, incident_id: str, now_ms: int) -> dict[str, object]:
    return {
        "id": action.id,
        "incident_id": incident_id,
        "kind": action.kind.value,
        "target": action.target,
        "payload": chain.canonical(dict(action.payload)),
        "state": ActionState.PLANNED.value,
        "attempts": 0,
        "planned_at_ms": now_ms,
        "due_at_ms": action.due_at_ms,
        "deadline_ms": action.deadline_ms,
    }


def planned_payloads(
    conn: Connection, incident_id: str, kind: ActionKind, state: ActionState
) -> list[tuple[int, dict[str, object]]]:
    """(due_at_ms, payload) of the incident's actions of a kind in a state."""
    rows = conn.execute(
        select(actions.c.due_at_ms, actions.c.payload).where(
            actions.c.incident_id == incident_id,
            actions.c.kind == kind.value,
            actions.c.state == state.value,
        )
    )
    return [(r.due_at_ms, json.loads(r.payload)) for r in rows]


def note_attempt(
    conn: Connection,
    action: Action,
    state: ActionState,
    *,
    now_ms: int,
    due_ms: int | None = None,
    error: str | None = None,
) -> bool:
    """Note how carrying went; False when the action was settled otherwise meanwhile."""
    changed: dict[str, object] = {
        "state": state.value,
        "attempts": actions.c.attempts + 1,
        "error": None if error is None else error[:500],
    }
    if state is ActionState.PLANNED:
        changed["due_at_ms"] = due_ms
    else:
        changed["done_at_ms"] = now_ms
    marked = conn.execute(
        update(actions)
        .where(actions.c.id == action.id, actions.c.state == ActionState.PLANNED.value)
        .values(**changed)
    )
    return marked.rowcount > 0
