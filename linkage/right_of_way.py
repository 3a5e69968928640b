"""Who goes first when many alarms come at once: linking them, and the first messages they cause.

While the engine links a burst and its first messages go out, the rest of the outbox (neighbours'
notices, pictures, the clock's looks, marking) begins nothing new: while it goes on, for `MOST_S` at
most, and not again within `APART_S`. In a storm that lasts, everybody has a share, and a webhook
that hangs holds up nobody for longer than `HOLD_S`. The numbers are in docs/adr/0011 and 0019. One
event loop's own.
"""

import asyncio

from lianfang_timing import Clock

HOLD_S = 0.8
"""So long without anything linked or any first message answered."""
MOST_S = 2.0
"""So long in all: a slow machine's first messages go before its second ones too."""
APART_S = 1.0


class RightOfWay:
    """Held by the engine and by first messages, respected by the rest of the outbox."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._holders: set[str] = set()
        self._held_since = self._went_on = float("-inf")
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
        self.goes_on()

    def goes_on(self) -> None:
        """Something was linked, or a first message answered; harmless where nothing was taken."""
        self._went_on = self._clock.monotonic()

    def give(self, holder: str) -> None:
        """It is over for this one; harmless where nothing was taken."""
        if holder in self._holders:
            self._holders.discard(holder)
            if not self._holders:
                self._end()

    async def passed(self) -> None:
        """Return when nobody has the right of way, or has had it for long enough."""
        while self._holders:
            try:
                async with asyncio.timeout(max(0.0, self._left_s())):
                    await self._free.wait()
            except TimeoutError:
                # it may have gone on meanwhile
                if self._left_s() <= 0:
                    self._end()

    def _left_s(self) -> float:
        ends = min(self._went_on + HOLD_S, self._held_since + MOST_S)
        return ends - self._clock.monotonic()

    def _end(self) -> None:
        self._holders.clear()
        self._not_before = self._clock.monotonic() + APART_S
        self._free.set()
