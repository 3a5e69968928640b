"""Marking what was carried, in the store: done, to be tried again, or given up.

What carries it, and when it is marked, is `linkage.outbox`'s.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from linkage.camera_events.schema import camera_relays
from linkage.carrier_port import CarryResult
from linkage.custody.schema import evidence_gaps
from linkage.lanes import Lane
from linkage.model.action import Action, ActionKind, ActionState
from linkage.model.event import EventType
from linkage.records import Attempt, note_attempts
from linkage.schema import evidence
from linkage.timeline import Entry, NewEvent, record_all
from linkage.ways.over import overtaken_notices_over

_FAILED: Mapping[ActionKind, EventType] = {
    ActionKind.NOTICE: EventType.NOTICE_FAILED,
    ActionKind.SNAPSHOT: EventType.EVIDENCE_FAILED,
}

RELAY = "onvif"
"""As `linkage.ways.relay.RelayWay` calls itself."""

_TOLD_BY: Mapping[ActionKind, str] = {
    ActionKind.WEBHOOK: "webhook",
    ActionKind.SIREN: "mqtt",
    ActionKind.LOUDSPEAKER: "mqtt",
}

_KEEP_EVIDENCE = insert(evidence)
_NOTE_GAP = insert(evidence_gaps)


@dataclass(frozen=True)
class Done:
    """An action that was carried; `error` says why it was not, and then there is no result."""

    action: Action
    result: CarryResult | None
    error: str | None


def mark(
    conn: Connection,
    done: Sequence[Done],
    *,
    lanes: Mapping[ActionKind, Lane],
    due_now_ms: int,
    now_ms: int,
    writer: str,
) -> int:
    """Note how carrying went, with what the timelines and the evidence say of it; how far the
    changes stand after it. `due_now_ms`: what time it is for due times."""
    attempts = [_attempt(one, lanes[one.action.kind], due_now_ms) for one in done]
    marked = note_attempts(conn, attempts, now_ms=now_ms)
    entries, rows, gaps = [], [], []
    for one, attempt in zip(done, attempts, strict=True):
        if one.action.id not in marked:
            continue
        if attempt.state is ActionState.SENT and one.result is not None:
            event = one.result.event
            rows += [dict(row) for row in one.result.evidence]
            if one.result.gap is not None:
                gaps.append(dict(one.result.gap))
        else:
            event = _failure(conn, attempt)
        if event is not None:
            entries.append(Entry(one.action.incident_id, [event], new_version=False))
    if rows:
        conn.execute(_KEEP_EVIDENCE, rows)
    if gaps:
        conn.execute(_NOTE_GAP, gaps)
    # closed while they were on their way: they may have arrived all the same
    overtaken = [
        one.action
        for one in done
        if one.action.id not in marked and one.action.kind is ActionKind.NOTICE
    ]
    if overtaken:
        overtaken_notices_over(conn, overtaken, now_ms=now_ms)
    return record_all(conn, entries, writer=writer, at_ms=now_ms)


def _attempt(one: Done, lane: Lane, now_ms: int) -> Attempt:
    action, result = one.action, one.result
    if result is not None and not result.expired:
        return Attempt(action, ActionState.SENT)
    if result is None:
        wait_s = lane.retry.delay_s(action.attempts)
        due_ms = now_ms + round(wait_s * 1000)
        if action.deadline_ms is None or due_ms < action.deadline_ms:
            return Attempt(action, ActionState.PLANNED, due_ms, one.error)
    return Attempt(action, ActionState.EXPIRED, error=one.error or action.error or "too late")


def _failure(conn: Connection, attempt: Attempt) -> NewEvent | None:
    """What the timeline says of an action that was given up."""
    if attempt.state is not ActionState.EXPIRED:
        return None
    action = attempt.action
    way = _way_of(conn, action)
    if way is not None:
        data = {"way": way, "kind": action.kind.value, "state": "failed", "action": action.id}
        return NewEvent(EventType.TOLD, {**data, "target": action.target, "error": attempt.error})
    failed = _FAILED.get(action.kind)
    # a notice that could not be taken away ends by its own time; whom we told was told
    if failed is None or "over" in action.payload:
        return None
    return NewEvent(failed, {"target": action.target, "error": attempt.error})


def _way_of(conn: Connection, action: Action) -> str | None:
    """By which way it was to go; None where it is no message to anybody."""
    if action.kind is ActionKind.SIREN:
        r = camera_relays.c
        if conn.scalar(select(r.siren).where(r.siren == action.target)) is not None:
            return RELAY
    return _TOLD_BY.get(action.kind)
