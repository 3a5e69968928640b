"""As the suite's week of a town, with every device speaking each hour and every status through the
registry, as intake keeps it."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from alarms.devices import DeviceRegistry
from alarms.model import DeviceReport
from alarms.store import Database, SealedBox
from lianfang_timing import unix_ms
from tests.linkage.supervision.room import MINUTE, Room, room_over
from tests.linkage.supervision.week import POLICY, live, planned, seed_town
from tests.stores import migrated_sqlite

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    database = Database(migrated_sqlite(tmp_path / "lianfang.db"))
    await database.open()
    yield room_over(database, **POLICY)
    await database.close()


async def test_week_of_hourly_words_finds_what_was_planted_and_nothing_else(room: Room) -> None:
    plan = planned(4000, every_min=60, seed=2)
    await seed_town(room, plan)
    registry = DeviceRegistry(room.database, SealedBox(bytes(32)))

    async def keep(said: Sequence[DeviceReport]) -> None:
        statuses = {r.device: {"online": r.online, "battery": r.battery} for r in said}
        spoke = {r.device for r in said if r.online}
        await registry.note_statuses(statuses, at_ms=unix_ms(room.clock.now()), spoke=spoke)

    await live(room, plan, through_the_store=keep)
    rows = await room.orders("kind", "device_id", "folded_into", "raised_at_ms")
    raised = {(kind, device): at_ms for kind, device, into, at_ms in rows if into is None}
    assert raised == {
        what: room.ms(minute * MINUTE) for what, minute in sorted(plan.expected.items())
    }
