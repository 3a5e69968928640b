"""Killed at moments drawn at random, while 500 presses are being sent."""

import asyncio
from pathlib import Path

import pytest

from tests.scenarios.house import house
from tests.scenarios.nursery import Nursery
from tests.scenarios.storm import (
    Storm,
    assert_nothing_lost_nothing_doubled,
    outbox_empty,
    storm_over,
)


@pytest.mark.timeout(240)
@pytest.mark.parametrize(("broker", "deaths"), [("mosquitto", 20), ("embedded", 5)])
async def test_killed_at_random(broker: str, deaths: int, tmp_path: Path, nursery: Nursery) -> None:
    async with house(tmp_path, broker=broker) as site, storm_over(site, deaths=deaths) as storm:
        pressing = asyncio.create_task(storm.run())
        for number in range(deaths):
            site.fork(nursery)
            await storm.kill_one(site, lambda busy=number % 2 == 0: _moment(storm, busy=busy))
        await site.start_from(nursery)
        await pressing
        await outbox_empty(site)
        if broker == "mosquitto":  # the embedded one forgets with its process what it had to send
            await storm.neighbours_told()
        assert await site.stop() == 0
        assert storm.died == deaths
        assert_nothing_lost_nothing_doubled(site, storm)


async def _moment(storm: Storm, *, busy: bool) -> None:
    """Some time after its start, or a little after it has begun to answer."""
    if busy:
        await storm.answered_again()
        await asyncio.sleep(storm.draw.uniform(0, 0.2))
    else:
        await asyncio.sleep(storm.draw.uniform(0.05, 1.5))
