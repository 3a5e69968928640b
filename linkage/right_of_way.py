"""Who goes first when many alarms come at once: linking them, and the first messages they cause.

While the engine links a burst and its first messages go out, the rest of the outbox (neighbours'
notices, pictures, the clock's looks, marking) begins nothing new, for `HOLD_S` at most and not
again within `APART_S`: in a storm that lasts, everybody has a share, and a webhook that hangs
holds up nobody for longer. The numbers are in docs/adr/0011. One event loop's own.
"""

import asyncio

from lianfang_timing import Clock

HOLD_S = 0.8
APART_S = 1.0


class RightOfWay:
    """Held by the engine and by first messages, respected by the rest of the outbox."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._holders: set[str] = set()
        self._held_since = float("-inf")
        self._free = asyncio.Event()
        self._free.set()
        self._not_before = float("-inf")

    @property
    def held(self) -> bool:
        """Somebody has it, and not for too long."""
        return bool(self._holders) and self._left_s() > 0

    def take(self, holder: str) -> None:
        """A burst begins, or another takes part in it."""
        if not self._holders:
            now = self._clock.monotonic()
            if now < self._not_before:
                return
            self._held_since = now
            self._free.clear()
        self._holders.add(holder)

    def give(self, holder: str) -> None:
        """It is over for this one; harmless where nothing was taken."""
        if holder in self._holders:
            self._holders.discard(holder)
            if not self._holders:
                self._end()

    async def passed(self) -> None:
        """Return when nobody has the right of way, or has had it for long enough."""
        if not self._holders:
            return
        try:
            async with asyncio.timeout(max(0.0, self._left_s())):
                await self._free.wait()
        except TimeoutError:
            self._end()

    def _left_s(self) -> float:
        return self._held_since + HOLD_S - self._clock.monotonic()

    def _end(self) -> None:
        self._holders.clear()
        self._not_before = self._clock.monotonic() + APART_S
        self._free.set()
