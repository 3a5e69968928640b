"""Four thousand devices speak for a week: every planted fault is found at its due time, and nothing
else."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import event

from alarms.store import Database
from tests.linkage.supervision.room import MINUTE, Room, room_over
from tests.linkage.supervision.week import POLICY, live, planned, seed_town
from tests.stores import migrated_sqlite


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    database = Database(migrated_sqlite(tmp_path / "lianfang.db"))
    # a thousand commits that need not outlive a power cut
    event.listen(database._write_engine, "connect", _unsynced)
    await database.open()
    yield room_over(database, **POLICY)
    await database.close()


def _unsynced(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA synchronous=OFF").close()


@pytest.mark.timeout(600)
async def test_every_planted_fault_is_found_at_its_time_and_nothing_else(room: Room) -> None:
    plan = planned(4000, every_min=480)
    await seed_town(room, plan)
    await live(room, plan)
    raised = {
        (kind, device): at_ms
        for kind, device, state, into, at_ms in await room.orders(
            "kind", "device_id", "state", "folded_into", "raised_at_ms"
        )
        if into is None
    }
    assert raised == {
        what: room.ms(minute * MINUTE) for what, minute in sorted(plan.expected.items())
    }
    village = await room.orders("village_id", "state", kind="village")
    assert village == [("v7", "done")]
