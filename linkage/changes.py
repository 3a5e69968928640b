"""The in-process wake-up: something new is in the timeline, up to this position.

It says only that there is something to read; what it is stands in the store.
"""

import asyncio


class Changes:
    """The newest position of `incident_events` this process knows of. One event loop's own."""

    def __init__(self, position: int = 0) -> None:
        self._position = self._planned = position
        self._moved = asyncio.Event()

    @property
    def position(self) -> int:
        return self._position

    def notify(self, position: int, *, planned: bool = True) -> None:
        """Wake all who wait below `position`; a lower one than known is nothing new.

        Not `planned`: nothing came with it that the outbox would have to find in the store.
        """
        if position <= (self._planned if planned else self._position):
            return
        self._position = max(self._position, position)
        if planned:
            self._planned = position
        # each waiter holds the event it waits on; the next change gets a fresh one
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    async def wait_beyond(self, position: int) -> int:
        """Return the newest position as soon as it is above `position`."""
        while self._position <= position:
            await self._moved.wait()
        return self._position

    async def wait_planned_beyond(self, position: int) -> int:
        """As `wait_beyond`, for the newest position with which something may have been planned."""
        while self._planned <= position:
            await self._moved.wait()
        return self._planned
