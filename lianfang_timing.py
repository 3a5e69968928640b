"""The clock and the pause between tries: the only code all three packages share.

It stands beside the packages, not in one of them, because `alarms` and `camerad` must not know
each other (docs/adr/0002). Nothing else belongs here.
"""

import asyncio
import random
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Where time comes from. Facts carry UTC; waits use the monotonic clock."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds from an arbitrary start; never steps back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return when this many of its seconds have gone by."""
        ...


class SystemClock:
    """The computer's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def came_within(
    clock: Clock, seconds: float, coming: Coroutine[object, object, object]
) -> bool:
    """Wait for something to come, at most this long by `clock`; whether it came."""
    came = asyncio.ensure_future(coming)
    late = asyncio.ensure_future(clock.sleep(seconds))
    try:
        await asyncio.wait({came, late}, return_when=asyncio.FIRST_COMPLETED)
        if not came.done():
            return False
        await came
        return True
    finally:
        came.cancel()
        late.cancel()


class SteadyClock:
    """The wall clock without its jumps, for what is due: where the wall clock was set on or back
    it goes on as before, by the monotonic clock, until it is told to follow.

    Facts carry the wall clock's time all the same.
    """

    def __init__(self, clock: Clock, *, tolerance_s: float = 1.0) -> None:
        """Smaller differences are the daily correction of a good clock: they are followed."""
        self._clock = clock
        self._tolerance_s = tolerance_s
        self._wall, self._monotonic = clock.now(), clock.monotonic()

    def now(self) -> datetime:
        return self._clock.now() - self.jump()

    def jump(self) -> timedelta:
        """How far the wall clock was set on (below zero: back) since `follow`; zero for little."""
        return jump(
            self._clock.now() - self._wall,
            self._clock.monotonic() - self._monotonic,
            self._tolerance_s,
        )

    def since_followed_s(self) -> float:
        """How long ago `follow` was called."""
        return self._clock.monotonic() - self._monotonic

    def follow(self) -> None:
        """Take the wall clock for right from now on."""
        self._wall, self._monotonic = self._clock.now(), self._clock.monotonic()


def jump(wall_went: timedelta, monotonic_went_s: float, tolerance_s: float) -> timedelta:
    """How much further the wall clock went than time did; zero up to the tolerance."""
    found = wall_went - timedelta(seconds=monotonic_went_s)
    return timedelta() if abs(found.total_seconds()) <= tolerance_s else found


def unix_ms(moment: datetime) -> int:
    """Unix milliseconds of an aware moment."""
    return round(moment.timestamp() * 1000)


def from_unix_ms(ms: int) -> datetime:
    """The aware UTC moment of Unix milliseconds."""
    return datetime.fromtimestamp(ms / 1000, UTC)


@dataclass(frozen=True)
class Backoff:
    """How long to wait before try number `attempt` (0 is the wait after the first failure).

    Grows by `growth` each time up to `cap_s`; `jitter` is the share of the wait that is drawn
    at random, so that many clients that failed together do not come back together.
    """

    first_s: float = 0.5
    cap_s: float = 30.0
    growth: float = 2.0
    jitter: float = 0.3

    def delay_s(self, attempt: int, *, draw: float | None = None) -> float:
        """Seconds to wait; `draw` in 0..1 replaces the random number."""
        # beyond 64 doublings the float would overflow long after the cap was reached
        full = min(self.cap_s, self.first_s * self.growth ** min(attempt, 64))
        share = random.random() if draw is None else draw  # jitter is no secret
        return full * (1.0 - self.jitter * share)
