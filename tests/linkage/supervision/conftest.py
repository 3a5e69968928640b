"""A room for the tests of supervision: SQLite, and either engine."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from alarms.log import AlarmLog
from alarms.model import AlarmKind, AlarmSource, Flag, NewAlarm
from alarms.store import Database
from tests.linkage.supervision.room import Room, room_over
from tests.stores import migrated_sqlite


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    database = Database(migrated_sqlite(tmp_path / "lianfang.db"))
    await database.open()
    yield room_over(database)
    await database.close()


@pytest.fixture
def either_room(either_database: Database) -> Room:
    return room_over(either_database)


@pytest.fixture
def press(room: Room) -> Callable[..., Awaitable[None]]:
    """A test press of a device, with the flags it has in the log."""
    log, seq = AlarmLog(room.database, room.clock, writer="test"), iter(range(1000))

    async def pressed(device: str, *flags: str, at_ms: int | None = None) -> None:
        alarm = NewAlarm(
            source=AlarmSource.BUTTON,
            device=device,
            boot=1,
            seq=next(seq),
            mac="",
            kind=AlarmKind.TEST,
            at_ms=at_ms,
            flags=frozenset(Flag(flag) for flag in flags),
        )
        await log.append([alarm])

    return pressed
