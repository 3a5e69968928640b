"""When each device must be looked at next: a queue in which only the last word on a device counts.

Pure. Times are Unix milliseconds.
"""

import heapq
from collections.abc import Iterator


class DueQueue:
    """A look that was set anew leaves its old entry behind, which is passed over when it comes."""

    def __init__(self) -> None:
        self._at: dict[str, int] = {}
        self._queue: list[tuple[int, str]] = []

    def set(self, device_id: str, at: int) -> None:
        """Look at it then, whatever was said of it before."""
        self._at[device_id] = at
        heapq.heappush(self._queue, (at, device_id))

    def set_sooner(self, device_id: str, at: int) -> None:
        """As `set`, unless it is looked at as soon already: a heartbeat costs no entry."""
        if at < self._at.get(device_id, at + 1):
            self.set(device_id, at)

    def due(self, now: int) -> Iterator[str]:
        """Those whose time has come, each once; they may be set anew meanwhile."""
        while self._queue and self._queue[0][0] <= now:
            at, device_id = heapq.heappop(self._queue)
            if self._at.get(device_id) == at:
                del self._at[device_id]
                yield device_id
