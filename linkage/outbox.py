"""Carrying out what was decided: planned actions are taken from the store, carried, and marked.

Between carrying and marking we may crash; then the action is carried again, and its id makes the
repeat harmless. What a carrier does is its own file's business (`linkage.carriers`).
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import structlog
from sqlalchemy import Connection, insert

from alarms.errors import BrokerAway, StoreBusy
from alarms.store import Database
from camerad.errors import NoSnapshot
from lianfang_timing import Backoff, Clock, unix_ms
from linkage.changes import Changes
from linkage.errors import EvidenceNotKept
from linkage.model import Action, ActionKind, ActionState, EventType
from linkage.records import Attempt, due_actions, note_attempts
from linkage.schema import evidence
from linkage.timeline import Entry, NewEvent, record_all

LOOK_EVERY_S = 0.5

GATHER_S = 0.02
"""How long what is done waits for others: a lane full of notices is one commit, not sixty-four."""

EXPECTED = (BrokerAway, NoSnapshot, StoreBusy, EvidenceNotKept, TimeoutError)
"""What a carrier may raise to be tried again; anything else is a bug."""

_FAILED: Mapping[ActionKind, EventType] = {
    ActionKind.NOTICE: EventType.NOTICE_FAILED,
    ActionKind.SNAPSHOT: EventType.EVIDENCE_FAILED,
}

_KEEP_EVIDENCE = insert(evidence)

logger = structlog.get_logger()


@dataclass(frozen=True)
class CarryResult:
    """What a carrier has to say: the event for the timeline, and a row of evidence."""

    event: NewEvent | None = None
    evidence: Mapping[str, object] | None = None
    expired: bool = False
    """It came too late to be of use and was not sent."""


class Carrier(Protocol):
    """Carries out actions of one kind; many at once."""

    async def carry(self, action: Action) -> CarryResult:
        """Do it. Raises one of EXPECTED to be tried again later."""
        ...


@dataclass(frozen=True)
class Lane:
    """How one kind is carried: at most `width` at a time, each for at most `limit_s`."""

    width: int
    limit_s: float
    retry: Backoff


LANES: Mapping[ActionKind, Lane] = {
    ActionKind.ESCALATE: Lane(4, 20.0, Backoff(first_s=0.2, cap_s=2.0)),
    ActionKind.DUE: Lane(4, 20.0, Backoff(first_s=0.2, cap_s=5.0)),
    ActionKind.PAGE: Lane(16, 5.0, Backoff(first_s=0.2, cap_s=5.0)),
    ActionKind.REPLY: Lane(64, 12.0, Backoff(first_s=1.0, cap_s=30.0)),
    ActionKind.NOTICE: Lane(64, 12.0, Backoff(first_s=1.0, cap_s=15.0)),
    ActionKind.SNAPSHOT: Lane(4, 15.0, Backoff(first_s=1.0, cap_s=15.0)),
}


@dataclass
class _InFlight:
    """What one lane is carrying now. Kept in memory only: after a restart it is planned still."""

    tasks: dict[asyncio.Task["_Done"], str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Done:
    action: Action
    result: CarryResult | None
    error: str | None


class Outbox:
    """Carries out planned actions, each kind in a lane of its own. Only one may run at a time."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        carriers: Mapping[ActionKind, Carrier],
        changes: Changes,
        *,
        writer: str,
        lanes: Mapping[ActionKind, Lane] = LANES,
    ) -> None:
        """A kind without a carrier stays planned. `writer` names our chain in the timeline."""
        self._database = database
        self._clock = clock
        self._carriers = carriers
        self._changes = changes
        self._writer = writer
        self._lanes = lanes

    async def run(self) -> None:
        """Carry until cancelled; what is under way then is carried again at the next start."""
        async with asyncio.TaskGroup() as group:
            for kind in self._carriers:
                group.create_task(self._run_lane(kind), name=f"outbox-{kind.value}")

    async def run_once(self) -> int:
        """Carry everything that is due now, and what becomes due by it; how many that was.

        Raises StoreBusy.
        """
        total = 0
        while carried := sum([await self._empty_lane(kind) for kind in self._carriers]):
            total += carried
        return total

    async def _run_lane(self, kind: ActionKind) -> None:
        flight, failures = _InFlight(), 0
        try:
            while True:
                seen = self._changes.position
                try:
                    await self._start_due(kind, flight)
                    await self._settle(flight, self._changed(seen))
                except StoreBusy as error:
                    # what was carried stays in flight and is marked when the store answers again
                    wait_s = self._lanes[kind].retry.delay_s(failures)
                    failures += 1
                    logger.warning("outbox.store_busy", kind=kind.value, detail=str(error))
                    await asyncio.sleep(wait_s)
                else:
                    failures = 0
        finally:
            for task in flight.tasks:
                task.cancel()
            await asyncio.gather(*flight.tasks, return_exceptions=True)

    async def _empty_lane(self, kind: ActionKind) -> int:
        flight, carried = _InFlight(), 0
        while True:
            await self._start_due(kind, flight)
            if not flight.tasks:
                return carried
            carried += await self._settle(flight, None)

    async def _changed(self, seen: int) -> None:
        """Return at the next change, or when it is time to look anyway."""
        try:
            async with asyncio.timeout(LOOK_EVERY_S):
                await self._changes.wait_beyond(seen)
        except TimeoutError:
            return

    async def _start_due(self, kind: ActionKind, flight: _InFlight) -> None:
        free = self._lanes[kind].width - len(flight.tasks)
        if free <= 0:
            return
        now_ms, under_way = unix_ms(self._clock.now()), list(flight.tasks.values())
        due = await self._database.read(
            lambda conn: due_actions(conn, kind.value, now_ms=now_ms, without=under_way, limit=free)
        )
        for action in due:
            task = asyncio.create_task(self._carry(action), name=f"carry-{action.id}")
            flight.tasks[task] = action.id

    async def _settle(self, flight: _InFlight, woken: object) -> int:
        """Wait until something is done (or `woken`), and mark what is, in one transaction."""
        waker = asyncio.ensure_future(woken) if asyncio.iscoroutine(woken) else None
        waiting: set[asyncio.Future[object]] = {*flight.tasks}  # type: ignore[arg-type]
        if waker is not None:
            waiting.add(waker)
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if any(task.done() for task in flight.tasks):
                # those that end with it share its commit
                await asyncio.wait(flight.tasks, timeout=GATHER_S)
        finally:
            if waker is not None:
                waker.cancel()
        finished = [task for task in flight.tasks if task.done()]
        if not finished:
            return 0
        done = [task.result() for task in finished]
        now_ms = unix_ms(self._clock.now())
        position = await self._database.write(lambda conn: self._mark(conn, done, now_ms))
        for task in finished:
            del flight.tasks[task]
        self._changes.notify(position)
        return len(done)

    async def _carry(self, action: Action) -> _Done:
        now_ms = unix_ms(self._clock.now())
        if action.deadline_ms is not None and now_ms >= action.deadline_ms:
            return _Done(action, CarryResult(expired=True), None)
        try:
            async with asyncio.timeout(self._lanes[action.kind].limit_s):
                return _Done(action, await self._carriers[action.kind].carry(action), None)
        except EXPECTED as error:
            reason = str(error) or "no answer in time"
            logger.warning("outbox.not_carried", action=action.id, detail=reason)
            return _Done(action, None, reason)
        except Exception as error:  # bulkhead: a notifier's bug costs its own action only
            logger.exception("outbox.carrier_broken", action=action.id, kind=action.kind.value)
            return _Done(action, None, f"internal error: {type(error).__name__}")

    def _mark(self, conn: Connection, done: list[_Done], now_ms: int) -> int:
        attempts = [self._attempt(one, now_ms) for one in done]
        marked = note_attempts(conn, attempts, now_ms=now_ms)
        entries, rows = [], []
        for one, attempt in zip(done, attempts, strict=True):
            if one.action.id not in marked:
                continue
            if attempt.state is ActionState.SENT and one.result is not None:
                event = one.result.event
                if one.result.evidence is not None:
                    rows.append(dict(one.result.evidence))
            else:
                event = _failure(attempt)
            if event is not None:
                entries.append(Entry(one.action.incident_id, [event], new_version=False))
        if rows:
            conn.execute(_KEEP_EVIDENCE, rows)
        return record_all(conn, entries, writer=self._writer, at_ms=now_ms)

    def _attempt(self, one: _Done, now_ms: int) -> Attempt:
        action, result = one.action, one.result
        if result is not None and not result.expired:
            return Attempt(action, ActionState.SENT)
        if result is None:
            wait_s = self._lanes[action.kind].retry.delay_s(action.attempts)
            due_ms = now_ms + round(wait_s * 1000)
            if action.deadline_ms is None or due_ms < action.deadline_ms:
                return Attempt(action, ActionState.PLANNED, due_ms, one.error)
        return Attempt(action, ActionState.EXPIRED, error=one.error or action.error or "too late")


def _failure(attempt: Attempt) -> NewEvent | None:
    """What the timeline says of an action that was given up."""
    failed = _FAILED.get(attempt.action.kind)
    if attempt.state is not ActionState.EXPIRED or failed is None:
        return None
    return NewEvent(failed, {"target": attempt.action.target, "error": attempt.error})
