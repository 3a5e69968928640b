"""A clock that stands still until the test lets time pass; whoever sleeps by it then wakes."""

import asyncio
from datetime import datetime, timedelta


class FastClock:
    """The daemon's clock in the scenarios of `days`: hours go by in milliseconds."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._monotonic = 1000.0
        self._sleepers: dict[asyncio.Future[None], float] = {}

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    async def sleep(self, seconds: float) -> None:
        waking: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers[waking] = self._monotonic + seconds
        try:
            await waking
        finally:
            self._sleepers.pop(waking, None)

    @property
    def asleep(self) -> int:
        """How many sleep now: when all the daemon's loops do, nothing is under way in them."""
        return sum(not waking.done() for waking in self._sleepers)

    def forward(self, seconds: float) -> None:
        """Let time pass at once."""
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds
        for waking, at_s in list(self._sleepers.items()):
            if at_s <= self._monotonic and not waking.done():
                waking.set_result(None)

    def set_wall(self, seconds: float) -> None:
        """Set the wall clock on (or back, below zero) while no time passes."""
        self._now += timedelta(seconds=seconds)
