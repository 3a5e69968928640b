"""Who goes first when many alarms come at once: linking them, and the first messages they cause.

While the engine links a burst, the rest of the outbox (neighbours' notices, pictures, the clock's
looks, marking) begins nothing new, for `HOLD_S` at most and not again within `APART_S`: in a storm
that lasts, everybody has a share. One event loop's own.
"""

import asyncio

from lianfang_timing import Clock

HOLD_S = 0.8
APART_S = 1.0


class RightOfWay:
    """Held by the engine, respected by the outbox."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._held_since: float | None = None
        self._free = asyncio.Event()
        self._free.set()
        self._not_before = float("-inf")

    def take(self) -> None:
        """A burst begins."""
        now = self._clock.monotonic()
        if now >= self._not_before:
            self._held_since = now
            self._free.clear()

    def give(self) -> None:
        """It is over; harmless where nothing was taken."""
        if self._held_since is None:
            return
        self._held_since = None
        self._not_before = self._clock.monotonic() + APART_S
        self._free.set()

    async def passed(self) -> None:
        """Return when nobody has the right of way, or has had it for long enough."""
        if self._held_since is None:
            return
        left_s = self._held_since + HOLD_S - self._clock.monotonic()
        try:
            async with asyncio.timeout(max(0.0, left_s)):
                await self._free.wait()
        except TimeoutError:
            self.give()
