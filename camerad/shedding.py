"""How many frames a second are looked at when the machine is short. Pure: times are arguments.

A worker has one `Shedder`, fed with how far it lags; each of its cameras has one `Pace`, which
picks the frames. How lag is measured is the business of `lag_watch`.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

_EARLY = 0.1
"""Share of the shortest pause by which a frame may come early and still be its end."""


@dataclass(frozen=True)
class SheddingRules:
    """When a worker looks at fewer frames, and when at all of them again."""

    steps_per_s: tuple[float, ...] = (5.0, 3.0, 2.0, 1.0)
    """Frames looked at on each camera, a second. The first is what detection asks for by itself;
    the last is kept whatever happens, so that no camera is ever unwatched."""
    lag_s: float = 0.4
    """This late or later: there is too much to do."""
    calm_s: float = 0.15
    """This late or less: there is room. In between nothing changes."""
    window_s: float = 2.0
    """The worst lag of this long counts, so that a lull between two jams is no calm."""
    fall_after_s: float = 3.0
    """Longer than `window_s`, so that one hiccup changes nothing."""
    rise_after_s: float = 10.0
    rise_cap_s: float = 160.0
    """Going up again too early doubles the next wait, up to this."""


class Shedder:
    """Steps the rate down while lag lasts and up again, more slowly, after it has gone."""

    def __init__(self, rules: SheddingRules) -> None:
        self._rules = rules
        self._step = 0
        self._recent: deque[tuple[float, float]] = deque()
        self._lagging_since_s: float | None = None
        self._calm_since_s: float | None = None
        self._rise_after_s = rules.rise_after_s
        self._rose_s: float | None = None

    @property
    def per_s(self) -> float:
        return self._rules.steps_per_s[self._step]

    def note(self, now_s: float, lag_s: float) -> float:
        """Take one measurement of lag; the frames a second to look at from now on."""
        worst_s = self._worst(now_s, lag_s)
        if worst_s >= self._rules.lag_s:
            self._calm_since_s = None
            self._lag(now_s)
        elif worst_s <= self._rules.calm_s:
            self._lagging_since_s = None
            self._calm(now_s)
        else:
            self._lagging_since_s = self._calm_since_s = None
        return self.per_s

    def _worst(self, now_s: float, lag_s: float) -> float:
        self._recent.append((now_s, lag_s))
        while self._recent[0][0] < now_s - self._rules.window_s:
            self._recent.popleft()
        return max(lag for _, lag in self._recent)

    def _lag(self, now_s: float) -> None:
        if self._lagging_since_s is None:
            self._lagging_since_s = now_s
        lasted_s = now_s - self._lagging_since_s
        if lasted_s < self._rules.fall_after_s or self._step + 1 >= len(self._rules.steps_per_s):
            return
        if self._rose_s is not None and now_s - self._rose_s < self._rise_after_s:
            self._rise_after_s = min(2 * self._rise_after_s, self._rules.rise_cap_s)
        self._step += 1
        self._lagging_since_s = now_s

    def _calm(self, now_s: float) -> None:
        if self._calm_since_s is None:
            self._calm_since_s = now_s
        if now_s - self._calm_since_s < self._rise_after_s:
            return
        self._calm_since_s = now_s
        if self._step > 0:
            self._step -= 1
            self._rose_s = now_s
        else:
            self._rise_after_s = self._rules.rise_after_s


class Pace:
    """Which of one camera's wanted frames are looked at, evenly in time."""

    def __init__(self, full_per_s: float) -> None:
        self._full_per_s = full_per_s
        self._looked_s: float | None = None
        self._ideal_s = 0.0
        self._refused = False
        self._left_out = 0.0

    @property
    def shed(self) -> int:
        """Looks left out, counted in those of the full rate."""
        return round(self._left_out)

    def take(self, t_s: float, per_s: float) -> bool:
        """Whether to look at the wanted frame of `t_s`, at most `per_s` a second."""
        pause_s = 1.0 / per_s
        if self._looked_s is None or per_s >= self._full_per_s:
            self._ideal_s = t_s
        elif t_s >= self._ideal_s + pause_s - _EARLY / self._full_per_s:
            # from when it was due and not from when it came, or frames that do not fit the pause
            # would make every pause longer
            self._ideal_s = max(self._ideal_s + pause_s, t_s - pause_s / 2)
        else:
            self._refused = True
            return False
        if self._refused and self._looked_s is not None:
            self._left_out += max(0.0, (t_s - self._looked_s) * self._full_per_s - 1)
        self._refused, self._looked_s = False, t_s
        return True

    def done(self, t_s: float) -> None:
        """The look just taken lasted until `t_s`. After an overlong one the pause begins there, or
        a look longer than the pause would follow the other and nobody would catch up.
        """
        if self._looked_s is not None and t_s - self._looked_s > 1.0 / self._full_per_s:
            self._ideal_s, self._refused = t_s, True


def shared_lateness(late_s: Sequence[float]) -> float:
    """By how much most of the cameras are late; 0 without cameras.

    One camera on a bad line is late alone and says nothing about this machine.
    """
    return sorted(late_s)[(len(late_s) - 1) // 2] if late_s else 0.0
