"""The desk: where people take the steps of an incident, from the sign-for to the review.

Each step is one transaction: the incident's row, its event, what is cancelled and what is planned
by it. Who may take a step is the web's business; whether the incident allows it, and what it
changes, is decided in `linkage.steps.taking`.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NotRequired, TypedDict, Unpack

import structlog
from sqlalchemy import Connection

from alarms.model import SeenNotice
from alarms.store import Database, SealedBox
from lianfang_timing import Clock, unix_ms
from linkage import records
from linkage.changes import Changes
from linkage.duty.sending import is_registered
from linkage.errors import NoSuchIncident, StaleVersion
from linkage.escalation import confirmations
from linkage.model.incident import Incident, Outcome
from linkage.model.person import Actor
from linkage.registry.texts import seal_said
from linkage.steps import writing
from linkage.steps.checks import Ask
from linkage.steps.following import cancel_settled, follow
from linkage.steps.moves import MOVES, Step
from linkage.steps.policy import DeskPolicy
from linkage.steps.replying import replies
from linkage.steps.situations import situation_of
from linkage.steps.taking import take
from linkage.ways import notice_answers

logger = structlog.get_logger()


class Said(TypedDict):
    """What every step takes by keyword."""

    actor: Actor
    version: int
    """The version of the incident on which the person decided."""
    note: NotRequired[str | None]
    outcome: NotRequired[Outcome | None]
    to: NotRequired[str | None]


class IncidentDesk:
    """Where people take steps. All methods return the incident's new version.

    Raise NoSuchIncident, StaleVersion (with the version now), StepNotAllowed or StoreBusy.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        changes: Changes,
        *,
        box: SealedBox,
        writer: str,
        policy: DeskPolicy = DeskPolicy(),  # noqa: B008 - frozen
    ) -> None:
        self._database = database
        self._box = box
        self._clock = clock
        self._changes = changes
        self._writer = writer
        self._policy = policy

    async def acknowledge(self, incident_id: str, **said: Unpack[Said]) -> int:
        """签收: this person has it now; the escalation stops. Once more by the same is harmless.

        Where the plan asks for more than one, the others confirm with the same step.
        """
        return await self.take(incident_id, Ask(Step.ACKNOWLEDGE, **said))

    async def verify(self, incident_id: str, **said: Unpack[Said]) -> int:
        """核查登记: somebody there was spoken with, or seen."""
        return await self.take(incident_id, Ask(Step.VERIFY, **said))

    async def dispatch(self, incident_id: str, **said: Unpack[Said]) -> int:
        """指挥派遣: `to` says who is sent."""
        return await self.take(incident_id, Ask(Step.DISPATCH, **said))

    async def respond(self, incident_id: str, **said: Unpack[Said]) -> int:
        """处置反馈: what those who were sent have done."""
        return await self.take(incident_id, Ask(Step.RESPOND, **said))

    async def close(self, incident_id: str, **said: Unpack[Said]) -> int:
        """核查结案: needs an outcome."""
        return await self.take(incident_id, Ask(Step.CLOSE, **said))

    async def review(self, incident_id: str, **said: Unpack[Said]) -> int:
        """考核评价: how it was handled."""
        return await self.take(incident_id, Ask(Step.REVIEW, **said))

    async def note(self, incident_id: str, **said: Unpack[Said]) -> int:
        """备注: needs a note; possible at any stage."""
        return await self.take(incident_id, Ask(Step.NOTE, **said))

    async def take(self, incident_id: str, ask: Ask) -> int:
        """Any step of `linkage.steps.moves.MOVES`, with all that it needs to be said."""
        now_ms = unix_ms(self._clock.now())
        version, position = await self._database.write(
            lambda conn: self._write(conn, incident_id, ask, now_ms)
        )
        self._changes.notify(position)
        logger.info("incident.step", step=ask.step.value, incident=incident_id, version=version)
        return version

    async def seen(self, said: Sequence[SeenNotice]) -> list[bool]:
        """Members' devices say `delivered read coming cannot` to notices they were sent.

        False where there is no such notice to this device, or the state is none of these; both are
        what a device may send and no error of ours. Raises StoreBusy: then nothing was kept.
        """
        now_ms = unix_ms(self._clock.now())
        known, position = await self._database.write(
            lambda conn: notice_answers.keep(conn, said, writer=self._writer, now_ms=now_ms)
        )
        self._changes.notify(position)
        return known

    def _write(self, conn: Connection, incident_id: str, ask: Ask, now_ms: int) -> tuple[int, int]:
        incident = records.incident_by_id(conn, incident_id)
        if incident is None:
            raise NoSuchIncident(f"没有警情 {incident_id} / no incident {incident_id}")
        if ask.step is Step.ACKNOWLEDGE and incident.acknowledged_by == ask.actor.username:
            return incident.version, incident.changed_position
        if ask.version != incident.version:
            raise StaleVersion(incident.version)
        ask = self._sealed(conn, incident, ask)
        if ask.step is Step.ACKNOWLEDGE and confirmations.are_asked(conn, incident):
            position = confirmations.confirm(
                conn, incident, ask.actor, note=ask.note, writer=self._writer, at_ms=now_ms
            )
            return incident.version, position
        situation = situation_of(conn, incident, ask, self._policy, now_ms)
        taken = take(incident, ask, situation, self._policy.due)
        cancel_settled(conn, incident_id, ask.step, now_ms)
        if ask.step is Step.ACKNOWLEDGE:
            plan = self._policy.plans.get(incident.plan)
            clock = confirmations.clock(incident, plan, now_ms)
            records.plan(conn, incident_id, clock, now_ms=now_ms)
        position = writing.write(
            conn, incident, taken, writer=self._writer, now_ms=now_ms, new_version=True
        )
        reply = MOVES[ask.step].reply
        if reply is not None:
            records.plan(
                conn, incident_id, replies(conn, incident_id, reply, now_ms), now_ms=now_ms
            )
        after = replace(taken.incident, version=incident.version + 1)
        position = max(
            position, follow(conn, after, ask, situation, self._policy, writer=self._writer)
        )
        return after.version, position

    def _sealed(self, conn: Connection, incident: Incident, ask: Ask) -> Ask:
        """What was said in free words, as it may lie in a timeline that is never changed."""
        home = incident.household_id
        return replace(
            ask,
            note=seal_said(conn, self._box, home, ask.note),
            reason=seal_said(conn, self._box, home, ask.reason),
            to=ask.to if is_registered(conn, ask.to) else seal_said(conn, self._box, home, ask.to),
        )
