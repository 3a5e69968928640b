"""Killed ten times at a named point, while 500 presses are being sent."""

import asyncio
from pathlib import Path

import pytest

from tests.scenarios.house import house
from tests.scenarios.nursery import Nursery
from tests.scenarios.storm import assert_nothing_lost_nothing_doubled, outbox_empty, storm_over

DEATHS = 10

AT_MOST = {
    "before-commit": 3,  # commits, each of many presses
    "commit-puback": 30,  # presses
    "puback-reply": 30,
    "decision-sending": 45,  # notices
}


@pytest.mark.timeout(240)
@pytest.mark.parametrize("point", AT_MOST)
async def test_killed_at_a_point(point: str, tmp_path: Path, nursery: Nursery) -> None:
    async with house(tmp_path) as site, storm_over(site, deaths=DEATHS) as storm:
        pressing = asyncio.create_task(storm.run())
        for _ in range(DEATHS):
            site.fork(nursery, point=point, left=storm.draw.randint(1, AT_MOST[point]))
            await storm.kill_one(site, None)
        await site.start_from(nursery)
        await pressing
        await outbox_empty(site)
        await storm.neighbours_told()
        assert await site.stop() == 0
        assert storm.died == DEATHS
        assert_nothing_lost_nothing_doubled(site, storm)
