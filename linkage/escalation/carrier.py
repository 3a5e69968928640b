"""Carrying out one look of the escalation clock: fetch, let `escalation.decide` say, write.

One transaction holds the calls, the next look and the timeline, and marks the look as done; so
after a crash it happens again as a whole or not at all.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Connection, bindparam, select, update

from alarms.model import LIFE_SAFETY_KINDS, AlarmKind
from alarms.store import Database
from lianfang_timing import Clock, from_unix_ms, unix_ms
from linkage import people, records
from linkage.carrier_port import CarryResult
from linkage.changes import Changes
from linkage.escalation import confirmations, telling
from linkage.escalation.callees import Roster
from linkage.escalation.confirming import still_asked
from linkage.escalation.deciding import Standing, Verdict, decide
from linkage.escalation.plans import UNTIL_ONE, Plan, Plans, Until
from linkage.model.action import Action, ActionKind, ActionState, PlannedAction, action_id
from linkage.model.event import EventType
from linkage.model.incident import Incident
from linkage.model.person import Person
from linkage.schema import incident_alarms, incidents
from linkage.timeline import NewEvent, record
from linkage.ways.settings import USUAL_WAYS, Ways

NEVER_WAITS = LIFE_SAFETY_KINDS | {AlarmKind.CANCEL}
"""Hours, conditions and limits of plans hold back none of these; a cancel may hide a duress."""

# built once: in a storm it is run for every incident
_LOOKED = (
    update(incidents)
    .where(incidents.c.id == bindparam("incident"))
    .values(next_due_at_ms=bindparam("next_ms"), ring=incidents.c.ring + bindparam("rings"))
)
_ALARMS = select(incident_alarms.c.received_at_ms).where(
    incident_alarms.c.incident_id == bindparam("incident"),
    incident_alarms.c.received_at_ms > bindparam("since_ms"),
)

logger = structlog.get_logger()


class EscalateCarrier:
    """Plans whom to call for an incident that nobody has signed for, or not all who should."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        changes: Changes,
        *,
        plans: Plans,
        writer: str,
        time_zone: ZoneInfo = ZoneInfo("Asia/Shanghai"),  # noqa: B008 - never changes
        ways: Ways = USUAL_WAYS,
    ) -> None:
        self._database = database
        self._clock = clock
        self._changes = changes
        self._plans = plans
        self._writer = writer
        self._time_zone = time_zone
        self._ways = ways

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
        # a close and a newer clock cancel the looks that are planned
        if not taken or incident is None:
            return 0
        plan = self._plans.get(incident.plan)
        roster = people.roster(conn, now, self._time_zone, village_id=incident.village_id)
        if incident.acknowledged_by is not None:
            self._ask_on(conn, incident, action, plan, roster, unix_ms(now))
            return 0
        standing = _standing(conn, incident, action, plan, now)
        verdict = decide(standing, plan, roster, now)
        if verdict.everyone and not verdict.calls:
            logger.error("escalation.nobody_at_all", incident=incident.number)
        return self._write(conn, incident, action, plan, verdict, unix_ms(now))

    def _ask_on(
        self,
        conn: Connection,
        incident: Incident,
        action: Action,
        plan: Plan,
        roster: Roster,
        now_ms: int,
    ) -> None:
        """It is taken; those who should know of it too are called until they have confirmed."""
        asked = still_asked(
            plan,
            confirmations.called_by_step(conn, incident.id),
            confirmations.signed(conn, incident),
            roster,
            village_id=incident.village_id,
            grid_id=incident.grid_id,
        )
        if not asked:
            return
        round_ = _number(action, "round")
        calls = [
            _call(
                incident,
                action,
                one.person,
                step=_number(action, "step"),
                round_=round_,
                attended=one.person.username in roster.attended,
                until=one.until,
                now_ms=now_ms,
            )
            for one in asked
        ]
        due_ms = now_ms + round(plan.repeat_s * 1000)
        look = confirmations.look((action.id,), _number(action, "generation"), round_ + 1, due_ms)
        records.plan(conn, incident.id, [*calls, look], now_ms=now_ms)

    def _write(
        self,
        conn: Connection,
        incident: Incident,
        action: Action,
        plan: Plan,
        verdict: Verdict,
        now_ms: int,
    ) -> int:
        planned = [
            _call(
                incident,
                action,
                call.person,
                step=verdict.step,
                round_=_number(action, "round"),
                attended=call.attended,
                until=plan.until_of(verdict.step),
                now_ms=now_ms,
            )
            for call in verdict.calls
        ]
        planned += telling.informing(
            incident,
            verdict.informed,
            step=verdict.step,
            generation=action.payload.get("generation"),
            now_ms=now_ms,
        )
        for step, way in verdict.ways:
            planned += telling.planned(
                conn, incident, way, self._ways, cause=f"{action.id}|{step}", now_ms=now_ms
            )
        upcoming, next_ms = verdict.next, None
        if upcoming is not None:
            next_ms = unix_ms(upcoming.at)
            planned.append(_next_look(action, upcoming.step, upcoming.round, next_ms))
        records.plan(conn, incident.id, planned, now_ms=now_ms)
        # the incident rang when it opened; every later step that calls sounds anew
        rings = 1 if verdict.calls and _number(action, "step") > 0 else 0
        conn.execute(_LOOKED, {"incident": incident.id, "next_ms": next_ms, "rings": rings})
        return record(
            conn,
            incident.id,
            _events(verdict, next_ms),
            writer=self._writer,
            at_ms=now_ms,
            new_version=False,
        )


def _call(
    incident: Incident,
    action: Action,
    person: Person,
    *,
    step: int,
    round_: int,
    attended: bool,
    until: Until,
    now_ms: int,
) -> PlannedAction:
    generation = action.payload.get("generation")
    parts: list[object] = [incident.id, generation, step, round_, person.username]
    if incident.acknowledged_by is not None:
        # the rounds begin anew after the sign-for
        parts.append(action.id)
    return PlannedAction(
        id=action_id(ActionKind.PAGE, *parts),
        kind=ActionKind.PAGE,
        target=person.username,
        due_at_ms=now_ms,
        payload={
            "username": person.username,
            "display_name": person.display_name,
            "role": person.role.value,
            "step": step,
            "round": round_,
            "way": "console",
            "attended": attended,
            # who must confirm after the first sign-for is rung at until they have
            **({} if until == UNTIL_ONE else {"until": str(until)}),
        },
    )


def _next_look(action: Action, step: int, round_: int, due_ms: int) -> PlannedAction:
    return PlannedAction(
        # from the look before: a look that waits is none that was
        id=action_id(ActionKind.ESCALATE, action.id, step, round_),
        kind=ActionKind.ESCALATE,
        target="incident",
        due_at_ms=due_ms,
        payload={
            "step": step,
            "round": round_,
            "generation": action.payload.get("generation"),
            "pending": None,
        },
    )


def _number(action: Action, key: str) -> int:
    found = action.payload.get(key)
    return found if isinstance(found, int) else 0


def _standing(
    conn: Connection, incident: Incident, action: Action, plan: Plan, now: datetime
) -> Standing:
    pending = None
    match action.payload.get("pending"):
        case [int(later), int(at_ms)]:
            pending = (later, from_unix_ms(at_ms))
    return Standing(
        incident.village_id,
        _number(action, "step"),
        _number(action, "round"),
        pending,
        grid_id=incident.grid_id,
        may_wait=incident.kind not in NEVER_WAITS,
        alarms_at=_alarms_at(conn, incident, plan, now),
    )


def _alarms_at(
    conn: Connection, incident: Incident, plan: Plan, now: datetime
) -> tuple[datetime, ...]:
    """When its alarms came, as far back as the plan asks."""
    asked_s = [s.if_more_than.within_s for s in plan.steps if s.if_more_than is not None]
    if not asked_s:
        return ()
    since_ms = unix_ms(now - timedelta(seconds=max(asked_s)))
    found = conn.scalars(_ALARMS, {"incident": incident.id, "since_ms": since_ms})
    return tuple(from_unix_ms(ms) for ms in found)


def _events(verdict: Verdict, next_ms: int | None) -> list[NewEvent]:
    skips = [
        NewEvent(
            EventType.UNATTENDED_SKIPPED,
            {
                "step": skipped.step,
                "reason": skipped.reason.value,
                "people": _shown(skipped.people),
            },
        )
        for skipped in verdict.skipped
    ]
    if verdict.left_out and not (verdict.calls or verdict.ways):
        # the plan waits: that is no escalation, and it would be told at every look
        return skips
    upcoming = verdict.next
    told = {
        "step": verdict.step,
        "called": [call.person.username for call in verdict.calls],
        "everyone": verdict.everyone,
        "next_step": None if upcoming is None else upcoming.step,
        "next_due_at_ms": next_ms,
        "informed": _shown(call.person for call in verdict.informed),
        "left_out": [{"step": one.step, "reason": one.reason.value} for one in verdict.left_out],
        "ways": [str(way) for _, way in verdict.ways],
    }
    return [*skips, NewEvent(EventType.ESCALATED, told)]


def _shown(people: Iterable[Person]) -> list[dict[str, str]]:
    return [
        {"username": p.username, "display_name": p.display_name, "role": p.role.value}
        for p in people
    ]
