"""Carrying out a due time that has passed: the incident rings, the shift leader is called.

What follows is decided in `linkage.steps.taking.pass_due`. One transaction holds the events, the
calls and the next due time, and marks this one as done; so after a crash it happens again as a
whole or not at all.
"""

import structlog
from sqlalchemy import Connection

from alarms.store import Database
from lianfang_timing import Clock, unix_ms
from linkage import people, records
from linkage.carrier_port import CarryResult
from linkage.changes import Changes
from linkage.model.action import Action, ActionState
from linkage.model.incident import Incident
from linkage.model.person import Person, Role
from linkage.steps import writing
from linkage.steps.due_times import DueTimes
from linkage.steps.moves import Step
from linkage.steps.taking import pass_due

logger = structlog.get_logger()


class DueCarrier:
    """Acts when what an incident waits for was not done in time, or a suspension ends."""

    def __init__(
        self, database: Database, clock: Clock, changes: Changes, *, due: DueTimes, writer: str
    ) -> None:
        self._database = database
        self._clock = clock
        self._changes = changes
        self._due = due
        self._writer = writer

    async def carry(self, action: Action) -> CarryResult:
        """Note that the time has passed. Raises StoreBusy."""
        position = await self._database.write(lambda conn: self._pass(conn, action))
        self._changes.notify(position)
        return CarryResult()

    def _pass(self, conn: Connection, action: Action) -> int:
        now_ms = unix_ms(self._clock.now())
        marked = records.note_attempts(
            conn, [records.Attempt(action, ActionState.SENT)], now_ms=now_ms
        )
        incident = records.incident_by_id(conn, action.incident_id)
        if not marked or incident is None or not is_still_due(incident, action):
            return 0
        resumes = incident.due_step == Step.RESUME.value
        taken = pass_due(incident, now_ms, self._due)
        position = writing.write(
            conn,
            incident,
            taken,
            writer=self._writer,
            now_ms=now_ms,
            # that it is late changes nothing of what a person decides on
            new_version=resumes,
        )
        writing.page(
            conn,
            taken.incident,
            to_call(incident, people.people(conn, now_ms), leader_too=not resumes),
            why="resume" if resumes else "overdue",
            version=incident.version,
            now_ms=now_ms,
        )
        logger.info("incident.due_passed", incident=incident.number, step=incident.due_step)
        return position


def is_still_due(incident: Incident, action: Action) -> bool:
    """Whether the incident still waits for this: an alarm may have begun its escalation anew."""
    due = (action.payload.get("step"), action.payload.get("due_at_ms"))
    return incident.acknowledged_by is not None and due == (
        incident.due_step,
        incident.next_due_at_ms,
    )


def to_call(incident: Incident, known: list[Person], *, leader_too: bool) -> list[Person]:
    """Who has the incident, and the shift leaders of its place; without any, those of any place."""
    leaders = [p for p in known if p.role is Role.SHIFT_LEADER] if leader_too else []
    of_place = [p for p in leaders if p.covers(incident.village_id)]
    called = {p.username: p for p in of_place or leaders}
    return [
        *called.values(),
        *(p for p in known if p.username == incident.acknowledged_by and p.username not in called),
    ]
