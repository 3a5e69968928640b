"""The last half minute of one main stream, in memory. Pure; used by one owner under its lock.

It begins with a keyframe always, or nothing of it could be shown. Bound: seconds plus one group of
pictures, and bytes; policy when full: the oldest group goes; counter: `dropped_early`.
"""

from collections import deque
from collections.abc import Iterator

from camerad.evidence.model import Chunk


class Ring:
    """Chunks in order of arrival, whole groups of pictures."""

    def __init__(self, *, before_s: float, max_bytes: int) -> None:
        self._before_s = before_s
        self.max_bytes = max_bytes
        self._groups: deque[list[Chunk]] = deque()
        self._bytes = 0
        self._pinned: dict[str, int] = {}
        self.dropped_early = 0
        """Groups that went for want of memory before their time."""

    @property
    def bytes_held(self) -> int:
        return self._bytes

    def add(self, chunk: Chunk) -> bool:
        """Take the newest; whether it was. What comes before the first keyframe of a connection
        shows nothing and is left out."""
        if chunk.is_key:
            self._groups.append([])
        elif not self._groups or self._groups[-1][-1].format is not chunk.format:
            return False
        self._groups[-1].append(chunk)
        self._bytes += len(chunk.data)
        self._forget(chunk.arrived_s)
        return True

    def forget_old(self, now_s: float) -> None:
        """For a stream that has stopped: what is old goes all the same."""
        self._forget(now_s)
        newest = self._groups[-1][-1] if self._groups else None
        if newest is not None and not self._pinned and now_s - newest.arrived_s > self._before_s:
            self.clear()

    def clear(self) -> None:
        self._groups.clear()
        self._bytes = 0

    def pin(self, who: str, number: int) -> None:
        """Keep what is from `number` on beyond its time, while there is memory for it."""
        self._pinned[who] = number

    def unpin(self, who: str) -> None:
        self._pinned.pop(who, None)

    def since(self, number: int) -> list[Chunk]:
        """What is held from `number` on."""
        found: list[Chunk] = []
        for group in reversed(self._groups):
            if group[-1].number < number:
                break
            found[:0] = [chunk for chunk in group if chunk.number >= number]
        return found

    def start_for(self, at_ms: int) -> int | None:
        """The number of the keyframe to begin with so that the moment `at_ms` is shown: the last
        one not after it, else the oldest; None when nothing is held."""
        chosen = None
        for group in self._groups:
            if chosen is not None and group[0].at_ms > at_ms:
                break
            chosen = group[0].number
        return chosen

    def up_to(self, at_ms: int) -> list[Chunk]:
        """From a keyframe to the picture of the moment `at_ms`, as far as it is held: what a
        decoder needs to show it."""
        start = self.start_for(at_ms)
        if start is None:
            return []
        group = next(g for g in self._groups if g[0].number == start)
        shown = [chunk for chunk in group if chunk.at_ms <= at_ms]
        return shown or group[:1]

    def __iter__(self) -> Iterator[Chunk]:
        for group in self._groups:
            yield from group

    def _forget(self, now_s: float) -> None:
        pinned = min(self._pinned.values(), default=None)
        while len(self._groups) > 1:
            oldest, second = self._groups[0], self._groups[1]
            # the second must reach back far enough by itself, or the first is needed still
            is_old = now_s - second[0].arrived_s >= self._before_s
            if is_old and (pinned is None or oldest[-1].number < pinned):
                self._drop()
            elif self._bytes > self.max_bytes:
                self.dropped_early += not is_old
                self._drop()
            else:
                break
        if self._bytes > self.max_bytes:
            # one group alone is too much: nothing of it can be shown without its keyframe
            self.dropped_early += 1
            self.clear()

    def _drop(self) -> None:
        self._bytes -= sum(len(chunk.data) for chunk in self._groups.popleft())
