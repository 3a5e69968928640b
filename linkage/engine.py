"""The loop that follows the alarm log: reads, lets the pipeline decide, writes, moves its cursor.

One transaction holds the incidents, their events, the planned actions and the cursor, so that a
crash anywhere is mended by reading again. A bug here ends the process on purpose: systemd starts
it again and the log replays.
"""

import asyncio
import contextlib
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Connection

from alarms.errors import StoreBusy
from alarms.log import AlarmLog, cursor, move_cursor, read_alarms
from alarms.model import LoggedAlarm
from alarms.store import Database
from lianfang_timing import Backoff, Clock, unix_ms
from linkage.changes import Changes
from linkage.fact_reading import FactReader
from linkage.linking import Linking
from linkage.pipeline import decide
from linkage.rules import Rules
from linkage.stages import Draft

READER = "engine"
BATCH = 24
"""Alarms in one transaction, some 30 ms: presses that come meanwhile wait for its end.

Measured (benchmarks.storm_linkage): 16 are 15 % slower in a storm, 32 are 5 % faster.
"""

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
    ) -> None:
        """`writer` names our chain in the timeline; `time_zone` dates the incident numbers."""
        self._database = database
        self._log = log
        self._clock = clock
        self._changes = changes
        self._rules = rules
        self._time_zone = time_zone
        self._writer = writer

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
            if handled < BATCH:
                # not wait_for: on Python 3.11 it may swallow our own cancellation
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_EVERY_S):
                        await self._log.grown()

    async def run_once(self) -> int:
        """Handle what is there, at most one batch; how many alarms that was. Raises StoreBusy."""
        now_ms = unix_ms(self._clock.now())
        # most looks find nothing: they must not take the writer's turn
        if not await self._database.read(self._something_new):
            return 0
        handled, position = await self._database.write(lambda conn: self._handle(conn, now_ms))
        for one in handled:
            logger.info(
                "engine.alarm_handled",
                alarm=one.alarm.id,
                kind=one.alarm.kind.value,
                rings=one.draft.rings,
                stages=[d.stage for d in one.draft.decisions if d.matched],
                actions=len(one.draft.actions),
            )
        self._changes.notify(position)
        return len(handled)

    def _something_new(self, conn: Connection) -> bool:
        return bool(read_alarms(conn, after=cursor(conn, READER), limit=1))

    def _handle(self, conn: Connection, now_ms: int) -> tuple[list[_Handled], int]:
        batch = read_alarms(conn, after=cursor(conn, READER), limit=BATCH)
        if not batch:
            return [], 0
        reader = FactReader(
            conn, batch, rules=self._rules, now_ms=now_ms, time_zone=self._time_zone
        )
        linking = Linking(conn, now_ms=now_ms)
        handled = []
        for alarm in batch:
            facts = reader.facts(alarm)
            draft = decide(facts)
            incident = linking.add(draft, facts)
            if incident is not None:
                reader.note(incident)
            handled.append(_Handled(alarm, draft))
        newest = linking.write(writer=self._writer)
        move_cursor(conn, READER, batch[-1].position)
        return handled, newest
