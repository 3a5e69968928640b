"""Rows of incidents and actions, read and written inside the caller's transaction.

No decisions here: what to write is decided in the pipeline, the desk and the escalation.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    bindparam,
    func,
    literal_column,
    select,
    update,
)

from alarms.model import AlarmKind
from alarms.store import chain
from alarms.store.prepared import Prepared, PreparedIn
from linkage.bulk import execute_many, insert_unless_there
from linkage.model.action import Action, ActionKind, ActionState, PlannedAction
from linkage.model.incident import Incident, Outcome, Stage
from linkage.schema import actions, incidents

# Built once: making and hashing a statement costs more than running it, and in a storm these are
# run for every few actions.
_INCIDENT = select(incidents).where(incidents.c.id == bindparam("incident"))
# four digits are padded, a fifth comes without: longer is later
_NEWEST_NUMBER = Prepared(
    select(incidents.c.number)
    .where(incidents.c.number.like(bindparam("of_day")))
    .order_by(func.length(incidents.c.number).desc(), incidents.c.number.desc())
    .limit(literal_column("1"))
)
_THESE_ACTIONS = actions.c.id.in_(bindparam("ids", expanding=True))
_PLANNED: ColumnElement[str] = literal_column(f"'{ActionState.PLANNED.value}'")
_OF_THESE = actions.c.incident_id.in_(bindparam("ids", expanding=True))
# no index fits this: SQLite would rather go through all that is planned than down the incidents'
_STILL_PLANNED = actions.c.state.concat(literal_column("''")) == _PLANNED
_CANCEL = (
    update(actions)
    .where(_OF_THESE, _STILL_PLANNED, actions.c.kind.in_(bindparam("kinds", expanding=True)))
    .values(state=ActionState.CANCELLED.value, done_at_ms=bindparam("at_ms"))
)
_DUE = (
    select(actions)
    .where(
        actions.c.state == _PLANNED,
        actions.c.lane == bindparam("of_lane"),
        actions.c.due_at_ms <= bindparam("now_ms"),
    )
    .limit(bindparam("at_most", type_=Integer))
)
# apart, so that each goes down one index: what is planned for later is not gone through
_FIRST_TURN: ColumnElement[int] = literal_column("0")
_DUE_FIRST = Prepared(
    _DUE.where(actions.c.turn == _FIRST_TURN).order_by(actions.c.due_at_ms, actions.c.id)
)
_DUE_LATER = Prepared(
    _DUE.where(actions.c.turn > _FIRST_TURN).order_by(
        actions.c.turn, actions.c.due_at_ms, actions.c.id
    )
)
_NOTICES = select(actions).where(_THESE_ACTIONS, actions.c.kind == ActionKind.NOTICE.value)
_KEEP_PAYLOAD = update(actions).where(actions.c.id == bindparam("action"))
_ESCALATIONS = PreparedIn(
    lambda ids: select(actions.c.incident_id, actions.c.due_at_ms, actions.c.payload).where(
        actions.c.incident_id.in_(ids),
        _STILL_PLANNED,
        actions.c.kind == literal_column(f"'{ActionKind.ESCALATE.value}'"),
    )
)
# without the state in the condition: SQLite would rather go through all that is planned
_STATES = PreparedIn(lambda ids: select(actions.c.id, actions.c.state).where(actions.c.id.in_(ids)))
_NOTE_ATTEMPT = (
    update(actions)
    .where(actions.c.id == bindparam("action"))
    .values(attempts=actions.c.attempts + literal_column("1"))
    .values({n: bindparam(n) for n in ("state", "due_at_ms", "done_at_ms", "error")})
)


class Fresh(NamedTuple):
    """An action that was planned just now for the first time, and its turn in its lane."""

    planned: PlannedAction
    incident_id: str
    turn: int

    @property
    def action(self) -> Action:
        """As it would be read from the store."""
        one = self.planned
        return Action(
            id=one.id,
            incident_id=self.incident_id,
            kind=one.kind,
            target=one.target,
            payload=dict(one.payload),
            attempts=0,
            due_at_ms=one.due_at_ms,
            deadline_ms=one.deadline_ms,
        )


def incident_by_id(conn: Connection, incident_id: str) -> Incident | None:
    row = conn.execute(_INCIDENT, {"incident": incident_id}).mappings().first()
    if row is None:
        return None
    facts = dict(row)
    return Incident(
        **{
            **facts,
            "stage": Stage(facts["stage"]),
            "kind": AlarmKind(facts["kind"]),
            "outcome": None if facts["outcome"] is None else Outcome(facts["outcome"]),
            "responders": tuple(json.loads(facts["responders"] or "[]")),
            "overdue": facts["overdue"] or 0,
        }
    )


class Numbers:
    """The free incident numbers of a day (`20261121`); good for one writing transaction."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        self._last: dict[str, int] = {}

    def next(self, local_date: str) -> str:
        if local_date not in self._last:
            newest = _NEWEST_NUMBER.rows(self._conn, {"of_day": f"{local_date}-%"})
            self._last[local_date] = int(newest[0][0].partition("-")[2]) if newest else 0
        self._last[local_date] += 1
        return f"{local_date}-{self._last[local_date]:04d}"


def plan(
    conn: Connection, incident_id: str, planned: Sequence[PlannedAction], *, now_ms: int
) -> None:
    """Put the actions into the outbox; those that are there already stay as they are."""
    plan_rows(conn, planned_rows(planned, incident_id, now_ms))


def plan_rows(conn: Connection, rows: Iterable[dict[str, object]]) -> None:
    """As `plan`, for rows made by `planned_rows`."""
    wanted = list(rows)
    if wanted:
        execute_many(conn, insert_unless_there(actions, conn.dialect.name), wanted)


def cancel(conn: Connection, incident_id: str, kinds: Iterable[ActionKind], *, now_ms: int) -> None:
    """Cancel what of these kinds is still planned for the incident."""
    cancel_all(conn, [incident_id], kinds, now_ms=now_ms)


def cancel_all(
    conn: Connection, incident_ids: Sequence[str], kinds: Iterable[ActionKind], *, now_ms: int
) -> None:
    """As `cancel`, for many incidents."""
    asked = {"ids": incident_ids, "kinds": [kind.value for kind in kinds], "at_ms": now_ms}
    conn.execute(_CANCEL, asked)


def due_actions(
    conn: Connection, lane: str, *, now_ms: int, without: Collection[str], limit: int
) -> list[Action]:
    """Planned actions of a lane whose time has come: the first of every incident before the second
    of any, of those the oldest first."""
    # hundreds of ids in a condition cost more than as many rows that are skipped here
    asked = {"of_lane": lane, "now_ms": now_ms, "at_most": limit + len(without)}
    found: list[Action] = []
    for statement in (_DUE_FIRST, _DUE_LATER):
        if len(found) < limit:
            fresh = [r for r in statement.records(conn, asked) if r.id not in without]
            found += [_action(r) for r in fresh[: limit - len(found)]]
    return found


def notices(conn: Connection, ids: Collection[str]) -> dict[str, Action]:
    """The notices with these ids."""
    rows = conn.execute(_NOTICES, {"ids": list(set(ids))}) if ids else ()
    return {r.id: _action(r) for r in rows}


def keep_payloads(conn: Connection, payloads: Mapping[str, dict[str, object]]) -> None:
    """Replace the payloads of these actions."""
    rows = [{"action": i, "payload": chain.canonical(p)} for i, p in payloads.items()]
    if rows:
        conn.execute(_KEEP_PAYLOAD, rows)


def _action(row: Any) -> Action:
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


def planned_rows(
    planned: Iterable[PlannedAction], incident_id: str, now_ms: int, *, ring: int = 1
) -> list[dict[str, object]]:
    """The actions as their rows begin. `ring` counts how often the incident has rung: what a later
    ring causes is never the first message."""
    payload, encoded = None, ""
    state = ActionState.PLANNED.value
    turns: dict[ActionKind, int] = {}
    rows: list[dict[str, object]] = []
    for action in planned:
        # what goes to a whole group has one payload
        if payload is not action.payload:
            payload, encoded = action.payload, chain.canonical(dict(action.payload))
        turn = turns.get(action.kind, ring - 1)
        turns[action.kind] = turn + 1
        rows.append(
            {
                "id": action.id,
                "incident_id": incident_id,
                "kind": action.kind.value,
                "target": action.target,
                "payload": encoded,
                "state": state,
                "attempts": 0,
                "planned_at_ms": now_ms,
                "due_at_ms": action.due_at_ms,
                "deadline_ms": action.deadline_ms,
                "done_at_ms": None,
                "lane": action.lane,
                "turn": turn,
            }
        )
    return rows


def planned_steps(conn: Connection, incident_ids: Sequence[str]) -> dict[str, tuple[int, int]]:
    """(step, due_at_ms) of the escalation's next look, of each incident whose clock runs."""
    first: dict[str, tuple[int, int]] = {}
    for incident_id, due_ms, payload in _ESCALATIONS.rows(conn, incident_ids):
        step = json.loads(payload).get("step")
        if isinstance(step, int):
            due = (due_ms, step)
            first[incident_id] = min(first.get(incident_id, due), due)
    return {incident: (step, due_ms) for incident, (due_ms, step) in first.items()}


@dataclass(frozen=True)
class Attempt:
    """How carrying an action went. `due_ms`: when it is tried again, where it is to be."""

    action: Action
    state: ActionState
    due_ms: int | None = None
    error: str | None = None


def note_attempts(conn: Connection, attempts: Sequence[Attempt], *, now_ms: int) -> set[str]:
    """Note how carrying went; the ids of the actions that were not settled otherwise meanwhile."""
    if not attempts:
        return set()
    # nobody else writes before this transaction ends, so what is planned here is planned below
    ids = [one.action.id for one in attempts]
    states = _STATES.rows(conn, ids)
    marked = {action for action, state in states if state == ActionState.PLANNED.value}
    changed = [
        {
            "action": one.action.id,
            "state": one.state.value,
            "due_at_ms": one.due_ms if again else one.action.due_at_ms,
            "done_at_ms": None if again else now_ms,
            "error": None if one.error is None else one.error[:500],
        }
        for one in attempts
        for again in [one.state is ActionState.PLANNED]
        if one.action.id in marked
    ]
    if changed:
        execute_many(conn, _NOTE_ATTEMPT, changed)
    return marked
