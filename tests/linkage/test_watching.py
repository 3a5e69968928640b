"""Looking behind a bulkhead: how long is waited after each kind of look."""

import asyncio
from collections.abc import Callable

import pytest

from alarms.errors import BrokerAway, StoreBusy
from lianfang_timing import Backoff
from linkage.watching import Pace, keep_watching

PACE = Pace(every_s=5.0, after_a_bug_s=60.0, retry=Backoff(first_s=1.0, cap_s=3.0, jitter=0.0))


async def waits_of(
    looks: list[Exception | None],
    *,
    busy: tuple[type[Exception], ...] = (StoreBusy,),
    after_a_bug: Callable[[], None] = lambda: None,
) -> list[float]:
    """What is waited after each of these looks; the one after them is never made."""
    left, waits = list(looks), []

    async def look() -> None:
        error = left.pop(0)
        if error is not None:
            raise error

    async def wait(seconds: float) -> None:
        waits.append(seconds)
        if not left:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await keep_watching("test", look, wait, PACE, busy=busy, after_a_bug=after_a_bug)
    return waits


async def test_the_wait_for_a_busy_store_grows_until_a_look_goes_well() -> None:
    locked = StoreBusy("locked")
    assert await waits_of([None, locked, locked, locked, None, locked]) == [5, 1, 2, 3, 5, 1]


async def test_a_bug_is_cleared_away_and_the_looking_goes_on() -> None:
    cleared: list[str] = []
    waits = await waits_of([ValueError("24:00"), None], after_a_bug=lambda: cleared.append("it"))
    assert waits == [60, 5]
    assert cleared == ["it"]


async def test_what_a_watch_calls_busy_is_no_bug() -> None:
    assert await waits_of([BrokerAway("gone")], busy=(StoreBusy, BrokerAway)) == [1]
