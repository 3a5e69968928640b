"""The loop that follows the alarm log: reads, lets the pipeline decide, writes, moves its cursor.

One transaction holds the incidents, their events, the planned actions and the cursor, so that a
crash anywhere is mended by reading again. A bug here ends the process on purpose: systemd starts
it again and the log replays.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Connection

from alarms.errors import StoreBusy
from alarms.histogram import Histogram
from alarms.log import AlarmLog, cursor, move_cursor, read_alarms
from alarms.model import LoggedAlarm
from alarms.store import Database
from lianfang_timing import Backoff, Clock, came_within, unix_ms
from linkage.changes import Changes
from linkage.fact_reading import FactReader, Surroundings, surroundings
from linkage.facts import OpenIncident
from linkage.linking import Linking
from linkage.pipeline import decide
from linkage.right_of_way import RightOfWay
from linkage.rules import Rules, SourceState
from linkage.stages import Draft
from linkage.ways.settings import USUAL_WAYS, Ways

READER = "engine"
BATCH_LEAST, BATCH_MOST = 24, 160
"""Alarms in one transaction: as many as take HOLD_S on this machine, within these bounds."""

READ_AT_ONCE = 480
"""Alarms that are read before the first of them is handled, with what the registry says of them."""

HOLD_S = 0.025
"""How long a transaction may take before its commit: presses that come meanwhile wait for it."""

KNOWN_MOST = 2000
"""Incidents that are remembered from transaction to transaction; some kB each."""

LOOK_EVERY_S = 1.0
"""Other processes append too, and do not wake us."""

_RETRY = Backoff(first_s=0.1, cap_s=5.0)

logger = structlog.get_logger()


@dataclass(frozen=True)
class _Handled:
    alarm: LoggedAlarm
    draft: Draft


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
        right_of_way: RightOfWay | None = None,
        camera_states: Callable[[], Mapping[str, tuple[SourceState, int]]] = dict,
    ) -> None:
        """`writer` names our chain in the timeline; `time_zone` dates the incident numbers;
        `camera_states` says how each camera is and since when (Unix ms), without waiting."""
        self._database = database
        self._log = log
        self._clock = clock
        self._changes = changes
        self._rules = rules
        self._ways = ways
        self._camera_states = camera_states
        self._right_of_way = right_of_way or RightOfWay(clock)
        self._time_zone = time_zone
        self._writer = writer
        self._batch = BATCH_LEAST
        self._known: dict[str, OpenIncident] = {}
        self.linked = Histogram()
        """From when an alarm was logged to when it was linked: committed, and told to consoles."""

    async def run(self) -> None:
        """Follow the log until cancelled. A busy store is waited for; anything else is raised."""
        failures = 0
        while True:
            try:
                handled = await self.run_once()
            except StoreBusy as error:
                wait_s = _RETRY.delay_s(failures)
                failures += 1
                logger.warning("engine.store_busy", detail=str(error), again_in_s=round(wait_s, 2))
                await asyncio.sleep(wait_s)
                continue
            failures = 0
            if handled < READ_AT_ONCE:
                await came_within(self._clock, LOOK_EVERY_S, self._log.grown())

    async def run_once(self) -> int:
        """Handle what is there, at most READ_AT_ONCE; how many alarms that was. Raises StoreBusy.

        A transaction holds only so many of them that presses need not wait for it.
        """
        # most looks find nothing: they must not take the writer's turn
        new, registered = await self._database.read(_next)
        around = replace(registered, camera_states=self._camera_states())
        done = 0
        if len(new) > self._batch:
            self._right_of_way.take()
        try:
            while done < len(new):
                batch = new[done : done + self._batch]
                await self._handle_batch(batch, around)
                done += len(batch)
        finally:
            self._right_of_way.give()
        return done

    async def _handle_batch(self, batch: Sequence[LoggedAlarm], around: Surroundings) -> None:
        now_ms = unix_ms(self._clock.now())
        # what is not committed must not be remembered
        known, self._known = self._known, {}
        handled, position, incidents = await self._database.write(
            lambda conn: self._handle(conn, batch, around, known, now_ms),
            # before what the outbox writes; a press waits for one transaction, as it did
            urgent=True,
        )
        self._known = incidents if len(known) > KNOWN_MOST else known | incidents
        linked_ms = unix_ms(self._clock.now())
        for one in handled:
            self.linked.observe((linked_ms - one.alarm.received_at_ms) / 1000)
            logger.info(
                "engine.alarm_handled",
                alarm=one.alarm.id,
                kind=one.alarm.kind.value,
                rings=one.draft.rings,
                stages=[d.stage for d in one.draft.decisions if d.matched],
                actions=len(one.draft.actions),
            )
        self._changes.notify(position)

    def _handle(
        self,
        conn: Connection,
        batch: Sequence[LoggedAlarm],
        around: Surroundings,
        known: Mapping[str, OpenIncident],
        now_ms: int,
    ) -> tuple[list[_Handled], int, dict[str, OpenIncident]]:
        begun = time.perf_counter()
        reader = FactReader(
            conn,
            batch,
            around,
            known,
            rules=self._rules,
            ways=self._ways,
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
            handled.append(_Handled(alarm, draft))
        newest = linking.write(writer=self._writer)
        move_cursor(conn, READER, batch[-1].position)
        self._batch = next_batch(self._batch, len(batch), time.perf_counter() - begun)
        return handled, newest, reader.open


def _next(conn: Connection) -> tuple[Sequence[LoggedAlarm], Surroundings]:
    new = read_alarms(conn, after=cursor(conn, READER), limit=READ_AT_ONCE)
    return new, surroundings(conn, new)


def next_batch(limit: int, handled: int, took_s: float) -> int:
    """How many alarms the next transaction may hold, after one of `handled` took so long.

    At most twice as many as before: one quick transaction is no promise for the next.
    """
    fits = round(handled * HOLD_S / took_s) if took_s > 0 else BATCH_MOST
    # a batch that was not full says nothing against a larger one
    wanted = max(fits, limit) if handled < limit and took_s <= HOLD_S else fits
    return max(BATCH_LEAST, min(wanted, 2 * limit, BATCH_MOST))
