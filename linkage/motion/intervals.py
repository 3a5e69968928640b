"""From "motion began" and "motion ended" to intervals worth keeping. Pure; time is an argument.

Motion that pauses is one interval; one that lasts is written while it lasts, so that a crash loses
a minute of it and no more, and is cut after `LONGEST_MS`, so that a search knows how far back it
must look. Bound: an interval a zone, and `finished_at_most` that wait to be written; beyond those
the oldest go, counted. Times are Unix milliseconds UTC, boxes fractions of the frame.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from camerad.model import Box

JOINED_WITHIN_MS = 10_000
"""Motion that begins again so soon after it ended is the same."""
LONGEST_MS = 3_600_000
AGAIN_MS = 60_000
"""How often one that lasts is written."""


@dataclass(frozen=True)
class Interval:
    """When something moved in a zone, and where: the box around all of it that was told."""

    camera_id: str
    zone: str
    from_ms: int
    to_ms: int
    area: Box | None
    cells: str | None = None
    """Where in the picture it moved, `camerad.detection.cells`; None: not told, or it lasts."""

    @property
    def key(self) -> tuple[str, str, int]:
        """What names it for ever."""
        return self.camera_id, self.zone, self.from_ms


@dataclass
class _Lasting:
    from_ms: int
    to_ms: int
    area: Box | None
    cells: str | None = None
    """Where in the picture it moved, `camerad.detection.cells`; None: not told, or it lasts."""
    moving: bool = True
    written_ms: int | None = None


class MotionBook:
    """All cameras of a site."""

    def __init__(self, *, finished_at_most: int = 2000) -> None:
        self._lasting: dict[tuple[str, str], _Lasting] = {}
        self._finished: deque[Interval] = deque()
        self._finished_at_most = finished_at_most
        self.dropped = 0
        """Intervals that were never written, because writing was held up for too long."""

    def began(self, camera_id: str, zone: str, at_ms: int, box: Box | None) -> None:
        key = camera_id, zone
        known = self._lasting.get(key)
        if known is not None and _is_the_same(known, at_ms):
            known.moving = True
            known.to_ms = max(known.to_ms, at_ms)
            known.area = _around(known.area, box)
            return
        if known is not None:
            self._finish(key, known)
        self._lasting[key] = _Lasting(at_ms, at_ms, box)

    def ended(self, camera_id: str, zone: str, at_ms: int, cells: str | None = None) -> None:
        """Harmless where nothing began."""
        known = self._lasting.get((camera_id, zone))
        if known is not None and known.moving:
            known.moving = False
            known.to_ms = _until(known, at_ms)
            known.cells = _together(known.cells, cells)

    def lost(self, is_watched: Callable[[str], bool], now_ms: int) -> None:
        """End what moves on cameras that are no longer watched: nobody will say that it ended."""
        for camera_id, zone in [key for key, known in self._lasting.items() if known.moving]:
            if not is_watched(camera_id):
                self.ended(camera_id, zone, now_ms)

    def due(self, now_ms: int, *, at_most: int) -> list[Interval]:
        """What should be written now, what is finished first; then `written` is told."""
        for key, known in list(self._lasting.items()):
            if known.moving:
                known.to_ms = _until(known, now_ms)
                if now_ms - known.from_ms >= LONGEST_MS:
                    self._finish(key, known)
                    self._lasting[key] = _Lasting(now_ms, now_ms, known.area)
            elif abs(now_ms - known.to_ms) > JOINED_WITHIN_MS:
                self._finish(key, known)
        found = list(self._finished)[:at_most]
        for key, known in self._lasting.items():
            if len(found) == at_most:
                break
            if known.written_ms is None or abs(now_ms - known.written_ms) >= AGAIN_MS:
                found.append(_as_interval(key, known))
        return found

    def written(self, intervals: Sequence[Interval], now_ms: int) -> None:
        """These are in the store."""
        keys = {interval.key for interval in intervals}
        self._finished = deque(one for one in self._finished if one.key not in keys)
        for (camera_id, zone), known in self._lasting.items():
            if (camera_id, zone, known.from_ms) in keys:
                known.written_ms = now_ms

    @property
    def waiting(self) -> int:
        """How many are finished and not written."""
        return len(self._finished)

    def close(self, now_ms: int) -> list[Interval]:
        """Everything, as it stands: the service stops."""
        for key, known in list(self._lasting.items()):
            if known.moving:
                known.to_ms = _until(known, now_ms)
            self._finish(key, known)
        return list(self._finished)

    def _finish(self, key: tuple[str, str], known: _Lasting) -> None:
        self._finished.append(_as_interval(key, known))
        del self._lasting[key]
        if len(self._finished) > self._finished_at_most:
            self._finished.popleft()
            self.dropped += 1


def _is_the_same(known: _Lasting, at_ms: int) -> bool:
    """One that never ended was lost with its worker: it began again, unless it was long ago."""
    # a clock that was set back must not make an interval without end
    return abs(at_ms - known.to_ms) <= JOINED_WITHIN_MS and at_ms - known.from_ms < LONGEST_MS


def _until(known: _Lasting, at_ms: int) -> int:
    return min(max(known.to_ms, at_ms), known.from_ms + LONGEST_MS)


def _as_interval(key: tuple[str, str], known: _Lasting) -> Interval:
    return Interval(*key, known.from_ms, known.to_ms, known.area, known.cells)


def _together(one: str | None, other: str | None) -> str | None:
    if one is None or other is None:
        return one or other
    return f"{int(one, 16) | int(other, 16):0{len(one)}x}"


def _around(one: Box | None, other: Box | None) -> Box | None:
    if one is None or other is None:
        return one or other
    left, top = min(one[0], other[0]), min(one[1], other[1])
    right = max(one[0] + one[2], other[0] + other[2])
    bottom = max(one[1] + one[3], other[1] + other[3])
    return left, top, right - left, bottom - top
