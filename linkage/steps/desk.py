"""The desk: where people take the steps of an incident, from the sign-for to the review.

Each step is one transaction: the incident's row, its event, what is cancelled and what is planned
by it. Who may take a step is the web's business; whether the incident allows it, and what it
changes, is decided in `linkage.steps.taking`.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from typing import NotRequired, TypedDict, Unpack
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Connection, select

from alarms.model import AlarmSource, ReplyState, SeenNotice
from alarms.store import Database, SealedBox
from lianfang_timing import Clock, from_unix_ms, unix_ms
from linkage import people, records
from linkage.changes import Changes
from linkage.duty.sending import is_registered
from linkage.errors import NoSuchIncident, StaleVersion
from linkage.escalation import confirmations
from linkage.escalation.plans import Plans, built_in_plans
from linkage.model.action import ActionKind, PlannedAction
from linkage.model.incident import Incident, Outcome, Stage
from linkage.model.person import Actor, Person
from linkage.quiet import turning_real
from linkage.registry.texts import seal_said
from linkage.rules.model import Question, Rules, matching
from linkage.schema import accounts
from linkage.steps import merging, writing
from linkage.steps.checks import Ask, ClosingCheck, Situation
from linkage.steps.due_times import DueTimes
from linkage.steps.moves import MOVES, Step
from linkage.steps.replying import replies
from linkage.steps.taking import absorb, take
from linkage.timeline import record
from linkage.ways import notice_answers
from linkage.ways.over import notices_over, webhooks_over, webhooks_told
from linkage.ways.planning import REOPENED, told_webhooks
from linkage.ways.quieting import all_off
from linkage.ways.settings import USUAL_WAYS, Ways

logger = structlog.get_logger()

_CALLED_BY = frozenset({Step.DISPATCH, Step.RETURN, Step.REASSIGN})
"""Steps that call the account they name."""


@dataclass(frozen=True)
class DeskPolicy:
    """What the settings say about the steps."""

    due: DueTimes = DueTimes()  # noqa: RUF009 - frozen
    closing_check: ClosingCheck = ClosingCheck.OTHER_THAN_RESPONDER
    time_zone: tzinfo = ZoneInfo("Asia/Shanghai")  # noqa: RUF009 - never changes
    """Dates the numbers of incidents that are split off."""
    plans: Plans = field(default_factory=built_in_plans)
    """They say whether one sign-for is enough."""
    rules: Rules = Rules()  # noqa: RUF009 - frozen
    ways: Ways = USUAL_WAYS
    """Of a drill's incident that is made real."""


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
        policy: DeskPolicy = DeskPolicy(),
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
        situation = self._situation(conn, incident, ask, now_ms)
        taken = take(incident, ask, situation, self._policy.due)
        self._cancel_settled(conn, incident_id, ask.step, now_ms)
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
        position = max(position, self._follow(conn, after, ask, situation))
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

    def _situation(self, conn: Connection, incident: Incident, ask: Ask, now_ms: int) -> Situation:
        signed_by = incident.acknowledged_by
        situation = Situation(
            now_ms=now_ms,
            closing_check=self._policy.closing_check,
            suspend_at_most_ms=self._policy.due.suspend_at_most_ms(incident.priority),
            signed_by=None if signed_by is None else _display_name(conn, signed_by),
            to=_account(conn, ask.to),
        )
        match ask.step:
            case Step.REASSIGN:
                attended = people.attended_usernames(conn, now_ms)
                return replace(situation, to_attended=ask.to in attended)
            case Step.MERGE if ask.into is not None:
                return replace(situation, into=records.incident_by_id(conn, ask.into))
            case Step.MAKE_REAL:
                return replace(situation, real_plan=self._real_plan(incident, now_ms))
            case Step.SPLIT:
                today = from_unix_ms(now_ms).astimezone(self._policy.time_zone)
                return replace(
                    situation,
                    alarms=merging.alarm_ids(conn, incident.id),
                    split_id=uuid.uuid4().hex,
                    split_number=records.Numbers(conn).next(f"{today:%Y%m%d}"),
                )
            case _:
                return situation

    def _cancel_settled(self, conn: Connection, incident_id: str, step: Step, now_ms: int) -> None:
        """What was planned and is not wanted any more, now that this step is taken."""
        if step not in (Step.ACKNOWLEDGE, Step.CLOSE, Step.MERGE, Step.MAKE_REAL):
            return
        settled = [ActionKind.ESCALATE, ActionKind.PAGE]
        if step is Step.CLOSE:
            settled += [ActionKind.NOTICE, ActionKind.FAN_OUT]
        records.cancel(conn, incident_id, settled, now_ms=now_ms)

    def _follow(self, conn: Connection, incident: Incident, ask: Ask, situation: Situation) -> int:
        """What else hangs on the step; the position of the last event of another incident."""
        now_ms = situation.now_ms
        match ask.step:
            case Step.MERGE if situation.into is not None:
                return self._merge(conn, incident, situation.into, ask, now_ms)
            case Step.SPLIT:
                return self._split(conn, incident, ask, situation)
            case Step.CLOSE:
                cause = f"close|{incident.id}|{incident.version}"
                all_off(conn, incident.id, cause=cause, now_ms=now_ms)
                notices_over(conn, incident.id, version=incident.version, now_ms=now_ms)
                told = webhooks_told(conn, incident.id)
                webhooks_over(conn, incident.id, told, version=incident.version, now_ms=now_ms)
            case Step.REOPEN:
                look = writing.escalation_begins(incident, incident.version, now_ms)
                again = self._told_webhooks(incident, "reopen", REOPENED, now_ms)
                records.plan(conn, incident.id, [look, *again], now_ms=now_ms)
            case Step.MAKE_REAL:
                self._made_real(conn, incident, now_ms)
            case Step.SUPERVISE:
                self._page(conn, incident, _account(conn, incident.acknowledged_by), ask, now_ms)
            case step if step in _CALLED_BY:
                self._page(conn, incident, situation.to, ask, now_ms)
        return 0

    def _real_plan(self, incident: Incident, now_ms: int) -> str:
        """What the rules say of such a press where no drill runs."""
        local = from_unix_ms(now_ms).astimezone(self._policy.time_zone)
        asked = Question(
            kind=incident.kind,
            source=AlarmSource.BUTTON,
            village_id=incident.village_id,
            layer=None,
            local=local.time(),
            weekday=local.isoweekday(),
            is_off=self._policy.rules.days.is_off(local.date()),
            grid_id=incident.grid_id,
            group_id=incident.group_id,
        )
        return matching(self._policy.rules, asked).plan

    def _made_real(self, conn: Connection, incident: Incident, now_ms: int) -> None:
        """What a real press would have caused, and a drill's has not."""
        cause = f"make-real|{incident.id}|{incident.version}"
        planned = [
            writing.escalation_begins(incident, incident.version, now_ms),
            *turning_real.notices_of(conn, incident, cause=cause, now_ms=now_ms),
            *self._told_webhooks(incident, "make-real", "rang_again", now_ms),
        ]
        records.plan(conn, incident.id, planned, now_ms=now_ms)

    def _told_webhooks(
        self, incident: Incident, step: str, event: str, now_ms: int
    ) -> list[PlannedAction]:
        return told_webhooks(
            self._policy.ways,
            cause=f"{step}|{incident.id}|{incident.version}",
            event=event,
            kind=incident.kind,
            village_id=incident.village_id,
            now_ms=now_ms,
            drill=incident.drill,
        )

    def _page(
        self, conn: Connection, incident: Incident, who: Person | None, ask: Ask, now_ms: int
    ) -> None:
        called = [] if who is None or who.username == ask.actor.username else [who]
        writing.page(
            conn,
            incident,
            called,
            why=ask.step.value,
            version=incident.version,
            now_ms=now_ms,
        )

    def _merge(
        self, conn: Connection, merged: Incident, target: Incident, ask: Ask, now_ms: int
    ) -> int:
        presses = merging.alarm_ids(conn, merged.id)
        told = webhooks_told(conn, merged.id)
        merging.move_all(conn, merged.id, target.id)
        # after the move: this one is about the incident that ends
        webhooks_over(
            conn, merged.id, told, version=merged.version, now_ms=now_ms, into=target.number
        )
        taken = absorb(target, merged, ask, now_ms, self._policy.due)
        position = writing.write(
            conn, target, taken, writer=self._writer, now_ms=now_ms, new_version=True
        )
        # those who pressed hear how their incident fares now
        heard = []
        if target.acknowledged_by is not None:
            heard.append(ReplyState.ACKNOWLEDGED)
        if target.stage in (Stage.DISPATCHED, Stage.RESPONDED):
            heard.append(ReplyState.DISPATCHED)
        for state in heard:
            planned = replies(conn, target.id, state, now_ms, only=presses)
            records.plan(conn, target.id, planned, now_ms=now_ms)
        return position

    def _split(self, conn: Connection, incident: Incident, ask: Ask, situation: Situation) -> int:
        assert situation.split_id is not None, "the situation of a split names the new incident"
        assert situation.split_number is not None, "as does its number"
        split, opened = merging.open_split(
            conn,
            incident,
            ask.alarms,
            new_id=situation.split_id,
            number=situation.split_number,
            actor=ask.actor,
            reason=ask.reason,
            now_ms=situation.now_ms,
        )
        look = writing.escalation_begins(split, 1, situation.now_ms)
        records.plan(conn, split.id, [look], now_ms=situation.now_ms)
        return record(
            conn,
            split.id,
            [opened],
            writer=self._writer,
            at_ms=situation.now_ms,
            new_version=True,
        )


def _display_name(conn: Connection, username: str) -> str:
    found = conn.scalar(select(accounts.c.display_name).where(accounts.c.username == username))
    return username if found is None else str(found)


def _account(conn: Connection, username: str | None) -> Person | None:
    """The enabled account of this name."""
    if username is None:
        return None
    return next((p for p in people.people(conn) if p.username == username), None)
