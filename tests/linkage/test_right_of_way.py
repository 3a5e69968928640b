"""Who goes first in a burst, and that nobody waits for ever."""

import asyncio

import pytest

from lianfang_timing import Backoff
from linkage import records
from linkage.carrier_port import CarryResult
from linkage.changes import Changes
from linkage.lanes import Lane
from linkage.model.action import ActionKind
from linkage.outbox import Outbox
from linkage.right_of_way import APART_S, HOLD_S, MOST_S, RightOfWay
from linkage.schema import incidents
from tests.linkage.test_first_messages_first import Noting, incident_row, notices
from tests.linkage.town import HandClock, open_town


async def waits(way: RightOfWay) -> bool:
    passing = asyncio.create_task(way.passed())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    held = not passing.done()
    passing.cancel()
    await asyncio.gather(passing, return_exceptions=True)
    return held


async def test_while_a_burst_is_linked_the_others_wait():
    way = RightOfWay(HandClock())
    assert not await waits(way)
    way.take("burst")
    assert await waits(way)
    way.give("burst")
    assert not await waits(way)


async def test_a_storm_that_lasts_leaves_everybody_a_share():
    clock = HandClock()
    way = RightOfWay(clock)
    way.take("burst")
    way.give("burst")
    way.take("burst")
    assert not await waits(way)
    clock.forward(APART_S)
    way.take("burst")
    assert await waits(way)


async def test_a_burst_that_takes_too_long_is_waited_for_no_longer():
    clock = HandClock()
    way = RightOfWay(clock)
    way.take("burst")
    clock.forward(10)
    async with asyncio.timeout(5):
        await way.passed()
    assert not await waits(way)


async def test_a_burst_that_goes_on_goes_first_for_longer_and_not_for_ever():
    clock = HandClock()
    way = RightOfWay(clock)
    way.take("burst")
    clock.forward(HOLD_S * 0.9)
    way.goes_on()
    clock.forward(HOLD_S * 0.9)
    assert way.held
    assert await waits(way)
    clock.forward(HOLD_S * 0.2)
    assert not way.held


async def test_a_burst_that_always_goes_on_is_waited_for_no_longer_than_the_most():
    clock = HandClock()
    way = RightOfWay(clock)
    way.take("burst")
    for _ in range(5):
        assert way.held
        clock.forward(MOST_S / 5)
        way.goes_on()
    assert not way.held
    async with asyncio.timeout(5):
        await way.passed()


async def test_what_goes_on_while_others_wait_makes_them_wait_on():
    clock = HandClock()
    way = RightOfWay(clock)
    way.take("burst")
    clock.forward(HOLD_S - 0.01)
    passing = asyncio.create_task(way.passed())
    await asyncio.sleep(0)
    way.goes_on()
    # its own time is over; what it waits for is not
    too_early, _ = await asyncio.wait({passing}, timeout=0.05)
    assert not too_early
    way.give("burst")
    async with asyncio.timeout(5):
        await passing


@pytest.mark.parametrize("width", [1, 7])
async def test_a_lane_that_was_full_goes_on_without_being_woken(tmp_path, width: int):
    database, clock, carrier = await open_town(tmp_path), HandClock(), Noting()

    def settle(conn) -> None:
        conn.execute(incidents.insert(), [incident_row(0)])
        records.plan(conn, "i0", notices("i0", clock.ms), now_ms=clock.ms)

    await database.write(settle)
    done = asyncio.Event()

    class Counting(Noting):
        async def carry(self, action) -> CarryResult:
            result = await carrier.carry(action)
            if len(carrier.carried) == 12:
                done.set()
            return result

    outbox = Outbox(
        database,
        clock,
        {ActionKind.NOTICE: Counting()},
        Changes(),
        writer="w",
        lanes={ActionKind.NOTICE: Lane(width, 5.0, Backoff())},
    )
    running = asyncio.create_task(outbox.run())
    async with asyncio.timeout(20):
        await done.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await database.close()
