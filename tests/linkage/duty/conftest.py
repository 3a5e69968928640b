"""The tiny town of `tests.linkage.town`, with its log, engine and watch on one clock."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from alarms.log import AlarmLog
from alarms.store import Database, SealedBox
from lianfang_timing import unix_ms
from linkage.changes import Changes
from linkage.duty.chair import ChairPolicy
from linkage.duty.watch import DutyWatch
from linkage.engine import Engine
from linkage.rules.model import Rules
from tests.linkage import town


class SettableClock(town.HandClock):
    """Its wall clock can be set while no time passes."""

    wall = timedelta(0)

    def now(self) -> datetime:
        return super().now() + self.wall

    @property
    def ms(self) -> int:
        return unix_ms(self.now())


class DutyRoom:
    def __init__(self, database: Database) -> None:
        self.database = database
        self.box = SealedBox(bytes(range(32)))
        self.clock = SettableClock()
        self.changes = Changes()
        self.log = AlarmLog(database, self.clock, writer="main")
        self.engine = self.engine_with(Rules())
        self.watch = self.restarted()

    def engine_with(self, rules: Rules) -> Engine:
        return Engine(
            self.database,
            self.log,
            self.clock,
            self.changes,
            rules=rules,
            time_zone=town.SHANGHAI,
            writer="main",
        )

    def restarted(self) -> DutyWatch:
        """A watch as a new process has it."""
        self.watch = DutyWatch(
            self.database,
            self.log,
            self.clock,
            self.changes,
            policy=ChairPolicy(),
            gap_warning_s=12 * 3600,
            time_zone=town.SHANGHAI,
            writer="main",
        )
        return self.watch

    async def sit(self, *usernames: str) -> None:
        """These people, and nobody else, are at their consoles; and it is seen."""
        await town.attend(self.database, self.clock, *usernames)
        await self.look()

    async def look(self, after_s: float = 0) -> None:
        """The watch looks after this time, and what it raises is handled."""
        self.clock.forward(after_s)
        await self.watch.run_once()
        while await self.engine.run_once():
            pass

    async def write(self, change, *args, **kwargs):
        return await self.database.write(lambda conn: change(conn, *args, **kwargs))

    async def incidents(self, *columns: str) -> list[tuple]:
        found = await town.rows(self.database, "incidents")
        return [tuple(row[c] for c in columns) for row in found]

    async def alarms(self) -> list[dict]:
        return await town.rows(self.database, "alarms")

    async def events(self) -> list[str]:
        return await town.event_types(self.database)


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[DutyRoom]:
    database = await town.open_town(tmp_path)
    yield DutyRoom(database)
    await database.close()


@pytest.fixture
async def either_room(either_database: Database) -> DutyRoom:
    """On each engine in turn."""
    await either_database.write(town._seed)
    return DutyRoom(either_database)
