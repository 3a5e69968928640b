"""Carrying out one look of the escalation clock: fetch, let `escalation.decide` say, write.

One transaction holds the calls, the next look and the timeline, and marks the look as done; so
after a crash it happens again as a whole or not at all.
"""

import structlog
from sqlalchemy import Connection, bindparam, update

from alarms.store import Database
from lianfang_timing import Clock, from_unix_ms, unix_ms
from linkage import people, records
from linkage.changes import Changes
from linkage.escalation import Standing, Verdict, decide
from linkage.model import (
    Action,
    ActionKind,
    ActionState,
    EventType,
    Incident,
    PlannedAction,
    action_id,
)
from linkage.outbox import CarryResult
from linkage.plans import Plans
from linkage.schema import incidents
from linkage.timeline import NewEvent, record

# built once: in a storm it is run for every incident
_LOOKED = (
    update(incidents)
    .where(incidents.c.id == bindparam("incident"))
    .values(next_due_at_ms=bindparam("next_ms"), ring=incidents.c.ring + bindparam("rings"))
)

logger = structlog.get_logger()


class EscalateCarrier:
    """Plans whom to call for an incident that nobody has signed for."""

    def __init__(
        self, database: Database, clock: Clock, changes: Changes, *, plans: Plans, writer: str
    ) -> None:
        self._database = database
        self._clock = clock
        self._changes = changes
        self._plans = plans
        self._writer = writer

    async def carry(self, action: Action) -> CarryResult:
        """Take the step that is due. Raises StoreBusy."""
        position = await self._database.write(lambda conn: self._look(conn, action))
        self._changes.notify(position)
        return CarryResult()

    def _look(self, conn: Connection, action: Action) -> int:
        now = self._clock.now()
        taken = records.note_attempts(
            conn, [records.Attempt(action, ActionState.SENT)], now_ms=unix_ms(now)
        )
        incident = records.incident_by_id(conn, action.incident_id)
        # a sign-for, a close and a newer clock cancel the looks that are planned
        if not taken or incident is None:
            return 0
        verdict = decide(
            _standing(incident, action),
            self._plans.get(incident.plan),
            people.people(conn),
            people.attended_usernames(conn, unix_ms(now)),
            now,
        )
        if not verdict.calls:
            logger.error("escalation.nobody_at_all", incident=incident.number)
        return self._write(conn, incident, action, verdict, unix_ms(now))

    def _write(
        self, conn: Connection, incident: Incident, action: Action, verdict: Verdict, now_ms: int
    ) -> int:
        generation, round_ = action.payload.get("generation"), action.payload.get("round")
        calls = [
            PlannedAction(
                id=action_id(
                    ActionKind.PAGE,
                    incident.id,
                    generation,
                    verdict.step,
                    round_,
                    call.person.username,
                ),
                kind=ActionKind.PAGE,
                target=call.person.username,
                due_at_ms=now_ms,
                payload={
                    "username": call.person.username,
                    "display_name": call.person.display_name,
                    "role": call.person.role.value,
                    "step": verdict.step,
                    "round": round_,
                    "way": "console",
                    "attended": call.attended,
                },
            )
            for call in verdict.calls
        ]
        next_ms = unix_ms(verdict.next_at)
        next_look = PlannedAction(
            id=action_id(
                ActionKind.ESCALATE,
                incident.id,
                generation,
                verdict.next_step,
                verdict.next_round,
            ),
            kind=ActionKind.ESCALATE,
            target="incident",
            due_at_ms=next_ms,
            payload={
                "step": verdict.next_step,
                "round": verdict.next_round,
                "generation": generation,
                "pending": None,
            },
        )
        records.plan(conn, incident.id, [*calls, next_look], now_ms=now_ms)
        # the incident rang when it opened; every later step sounds anew
        first = action.payload.get("step") == 0
        rings = 0 if first else 1
        conn.execute(_LOOKED, {"incident": incident.id, "next_ms": next_ms, "rings": rings})
        events = [*_skips(verdict), _escalated(verdict, next_ms)]
        return record(
            conn, incident.id, events, writer=self._writer, at_ms=now_ms, new_version=False
        )


def _standing(incident: Incident, action: Action) -> Standing:
    match action.payload:
        case {"step": int(step), "round": int(round_), "pending": [int(later), int(at_ms)]}:
            pending = (later, from_unix_ms(at_ms))
            return Standing(incident.village_id, step, round_, pending)
        case {"step": int(step), "round": int(round_)}:
            return Standing(incident.village_id, step, round_)
        case _:
            return Standing(incident.village_id, 0)


def _skips(verdict: Verdict) -> list[NewEvent]:
    return [
        NewEvent(
            EventType.UNATTENDED_SKIPPED,
            {
                "step": skipped.step,
                "reason": "unattended" if skipped.people else "nobody",
                "people": [
                    {
                        "username": p.username,
                        "display_name": p.display_name,
                        "role": p.role.value,
                    }
                    for p in skipped.people
                ],
            },
        )
        for skipped in verdict.skipped
    ]


def _escalated(verdict: Verdict, next_ms: int) -> NewEvent:
    return NewEvent(
        EventType.ESCALATED,
        {
            "step": verdict.step,
            "called": [call.person.username for call in verdict.calls],
            "everyone": verdict.everyone,
            "next_step": verdict.next_step,
            "next_due_at_ms": next_ms,
        },
    )
