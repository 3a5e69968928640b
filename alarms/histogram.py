"""How long something takes, counted by length. Pure; `linkage.health` shows it in `/metrics`.

Counted in one thread (the event loop) and read there.
"""

from bisect import bisect_left
from collections.abc import Sequence

BOUNDS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""From a quiet machine's commit to the half minute after which a device sends again anyway."""


class Histogram:
    """Durations in seconds, counted up to each bound (inclusive) and above the last."""

    def __init__(self, bounds_s: Sequence[float] = BOUNDS_S) -> None:
        """`bounds_s` must rise."""
        self._bounds_s = tuple(bounds_s)
        self._counts = [0] * (len(self._bounds_s) + 1)
        self.total_s = 0.0

    def observe(self, seconds: float, times: int = 1) -> None:
        """Count `times` durations of this length; one below zero (a clock was set) counts as 0."""
        seconds = max(0.0, seconds)
        self._counts[bisect_left(self._bounds_s, seconds)] += times
        self.total_s += seconds * times

    def cumulative(self) -> list[tuple[float, int]]:
        """(bound, how many took at most that long), rising; the last bound is infinity."""
        found, so_far = [], 0
        for bound, count in zip((*self._bounds_s, float("inf")), self._counts, strict=True):
            so_far += count
            found.append((bound, so_far))
        return found
