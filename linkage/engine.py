"""The loop that follows the alarm log: reads, lets the pipeline decide, writes, moves its cursor.

One transaction holds the incidents, their events, the planned actions and the cursor, so that a
crash anywhere is mended by reading again. A bug here ends the process on purpose: systemd starts
it again and the log replays.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Connection

from alarms.errors import StoreBusy
from alarms.histogram import Histogram
from alarms.log import AlarmLog, cursor, move_cursor, read_alarms
from alarms.model import AlarmKind, LoggedAlarm
from alarms.store import Database
from lianfang_timing import Backoff, Clock, came_within, unix_ms
from linkage.changes import Changes
from linkage.custody.model import ClipPolicy
from linkage.fact_reading import FactReader
from linkage.facts import OpenIncident
from linkage.linking import Linking
from linkage.pipeline import decide
from linkage.records import Fresh
from linkage.right_of_way import RightOfWay
from linkage.rules.model import Rules, SourceState
from linkage.stages import Draft
from linkage.surroundings import Surroundings, surroundings
from linkage.ways.settings import USUAL_WAYS, Ways

READER = "engine"
BATCH_LEAST, BATCH_MOST = 80, 256
"""Alarms in one transaction: as many as take HOLD_S on this machine, within these bounds."""

READ_AT_ONCE = 480
"""Alarms that are read before the first of them is handled, with what the registry says of them."""

HOLD_S = 0.05
"""How long a transaction may take before its commit: presses that come meanwhile wait for it."""

BURST = 16
"""So many alarms at once are a burst: what follows their first messages is planned after those."""

KNOWN_MOST = 2000
"""Incidents that are remembered from transaction to transaction; some kB each."""

LOOK_EVERY_S = 1.0
"""Other processes append too, and do not wake us."""

_RETRY = Backoff(first_s=0.1, cap_s=5.0)

_Read = tuple[Sequence[LoggedAlarm], Surroundings]

logger = structlog.get_logger()


@dataclass(frozen=True)
class _Handled:
    """What one transaction left behind."""

    alarms: Sequence[tuple[LoggedAlarm, Draft]]
    position: int
    """Of the last event."""
    incidents: dict[str, OpenIncident]
    fresh: Sequence[Fresh]
    fresh_is_all: bool


class OnTests(Protocol):
    """Told of test presses, which open no incident."""

    def __call__(
        self, conn: Connection, tests: Sequence[LoggedAlarm], /, *, now_ms: int
    ) -> None: ...


class Engine:
    """One reader of the log. Only one may run at a time on a database."""

    def __init__(
        self,
        database: Database,
        log: AlarmLog,
        clock: Clock,
        changes: Changes,
        *,
        rules: Rules,
        time_zone: ZoneInfo,
        writer: str,
        ways: Ways = USUAL_WAYS,
        clips: ClipPolicy | None = None,
        right_of_way: RightOfWay | None = None,
        camera_states: Callable[[], Mapping[str, tuple[SourceState, int]]] = dict,
        on_tests: Sequence[OnTests] = (),
        burst: int = BURST,
    ) -> None:
        """`writer` names our chain in the timeline; `time_zone` dates the incident numbers;
        `camera_states` says how each camera is and since when (Unix ms), without waiting;
        `on_tests` are told of test presses, in the transaction that moves the cursor."""
        self._database = database
        self._log = log
        self._clock = clock
        self._changes = changes
        self._rules = rules
        self._ways = ways
        self._clips = clips
        self._camera_states = camera_states
        self._on_tests = on_tests
        self._right_of_way = right_of_way or RightOfWay(clock)
        self._time_zone = time_zone
        self._writer = writer
        self._batch = BATCH_LEAST
        self._burst = burst
        self._hand_over: Callable[[Sequence[Fresh]], None] | None = None
        self._known: dict[str, OpenIncident] = {}
        self.linked = Histogram()
        """From when an alarm was logged to when it was linked: committed, and told to consoles."""

    def hands_over_to(self, outbox: Callable[[Sequence[Fresh]], None]) -> None:
        """Tell `outbox` what was planned and is due at once, after the commit: it need not look
        for it in the store. A hint: what it does not take, and what a crash left, it finds there.
        """
        self._hand_over = outbox

    async def run(self) -> None:
        """Follow the log until cancelled. A busy store is waited for; anything else is raised."""
        failures, grown = 0, False
        while True:
            try:
                handled = await (self._run_grown() if grown else self.run_once())
            except StoreBusy as error:
                wait_s = _RETRY.delay_s(failures)
                failures += 1
                logger.warning("engine.store_busy", detail=str(error), again_in_s=round(wait_s, 2))
                await asyncio.sleep(wait_s)
                continue
            failures, grown = 0, False
            if handled < READ_AT_ONCE:
                grown = await came_within(self._clock, LOOK_EVERY_S, self._log.grown())

    async def _run_grown(self) -> int:
        """As `run_once`, where something is there for certain: one visit to the store for it."""
        limit = self._batch
        done = await self._handle_batch(lambda conn: self._next(conn, limit), full=limit)
        return done if done < limit else done + await self.run_once()

    async def run_once(self) -> int:
        """Handle what is there, at most READ_AT_ONCE; how many alarms that was. Raises StoreBusy.

        A transaction holds only so many of them that presses need not wait for it.
        """
        # most looks find nothing: they must not take the writer's turn
        new, around = await self._database.read(lambda conn: self._next(conn, READ_AT_ONCE))
        done = 0
        try:
            while done < len(new):
                read = partial(_given, new[done : done + self._batch], around)
                done += await self._handle_batch(read, full=self._batch)
        finally:
            self._right_of_way.give(READER)
        return done

    def _next(self, conn: Connection, limit: int) -> _Read:
        new = read_alarms(conn, after=cursor(conn, READER), limit=limit)
        return new, surroundings(conn, new, is_burst=len(new) >= self._burst)

    async def _handle_batch(self, read: Callable[[Connection], _Read], *, full: int) -> int:
        """Handle what `read` finds in one transaction; how many alarms that was. Where it is
        `full` there are likely more."""
        now_ms = unix_ms(self._clock.now())
        camera_states = self._camera_states()
        # what is not committed must not be remembered
        known, self._known = self._known, {}

        def work(conn: Connection) -> _Handled | None:
            batch, around = read(conn)
            around = replace(around, camera_states=camera_states)
            return self._handle(conn, batch, around, known, now_ms) if batch else None

        # before what the outbox writes; a press waits for one transaction, as it did
        handled = await self._database.write(work, urgent=True)
        if handled is None:
            self._known = known
            return 0
        self._known = handled.incidents if len(known) > KNOWN_MOST else known | handled.incidents
        if len(handled.alarms) >= full:
            self._right_of_way.take(READER)
        if self._hand_over is not None:
            self._hand_over(handled.fresh)
        handed_over = self._hand_over is not None and handled.fresh_is_all
        self._changes.notify(handled.position, planned=not handed_over)
        self._note(handled)
        return len(handled.alarms)

    def _note(self, handled: _Handled) -> None:
        linked_ms = unix_ms(self._clock.now())
        # bound once: else it is bound anew for every line
        log = logger.bind()
        for alarm, draft in handled.alarms:
            self.linked.observe((linked_ms - alarm.received_at_ms) / 1000)
            log.info(
                "engine.alarm_handled",
                alarm=alarm.id,
                kind=alarm.kind.value,
                rings=draft.rings,
                stages=[d.stage for d in draft.decisions if d.matched],
                actions=len(draft.actions),
            )

    def _handle(
        self,
        conn: Connection,
        batch: Sequence[LoggedAlarm],
        around: Surroundings,
        known: Mapping[str, OpenIncident],
        now_ms: int,
    ) -> _Handled:
        begun = time.perf_counter()
        reader = FactReader(
            conn,
            batch,
            around,
            known,
            rules=self._rules,
            ways=self._ways,
            clips=self._clips,
            now_ms=now_ms,
            time_zone=self._time_zone,
        )
        linking = Linking(conn, now_ms=now_ms)
        handled = []
        for alarm in batch:
            facts = reader.facts(alarm)
            draft = decide(facts)
            incident = linking.add(draft, facts)
            if incident is not None:
                reader.linked(alarm, incident)
            handled.append((alarm, draft))
        newest = linking.write(writer=self._writer)
        tests = [alarm for alarm in batch if alarm.kind is AlarmKind.TEST]
        for told in self._on_tests if tests else ():
            told(conn, tests, now_ms=now_ms)
        move_cursor(conn, READER, batch[-1].position)
        self._batch = next_batch(self._batch, len(batch), time.perf_counter() - begun)
        return _Handled(handled, newest, reader.open, linking.fresh, linking.fresh_is_all)


def _given(new: Sequence[LoggedAlarm], around: Surroundings, _conn: Connection) -> _Read:
    return new, around


def next_batch(limit: int, handled: int, took_s: float) -> int:
    """How many alarms the next transaction may hold, after one of `handled` took so long.

    At most twice as many as before: one quick transaction is no promise for the next.
    """
    fits = round(handled * HOLD_S / took_s) if took_s > 0 else BATCH_MOST
    # a batch that was not full says nothing against a larger one
    wanted = max(fits, limit) if handled < limit and took_s <= HOLD_S else fits
    return max(BATCH_LEAST, min(wanted, 2 * limit, BATCH_MOST))
