"""Who moves where and when in a film: walks made of straight lines and pauses, in metres.

Pure: a place is a function of time. How a figure looks is in `figures`.
"""

import math
from dataclasses import dataclass, field

from camerad.simulator.canvas import Colour
from camerad.simulator.figures import Clothes, Pose

Spot = tuple[float, float]
"""(x, z) on the ground, metres."""

_EASE_S = 0.5  # from standing to full stride


@dataclass(frozen=True)
class Walk:
    """Along `points` at `speed_m_s` from `start_s`; `pauses` maps a point's index to seconds."""

    start_s: float
    points: tuple[Spot, ...]
    speed_m_s: float = 1.25
    pauses: dict[int, float] = field(default_factory=dict)

    @property
    def end_s(self) -> float:
        """When the last point is reached and its pause over."""
        return self.start_s + sum(seconds for _, seconds in self._stretches())

    def arrival_s(self, index: int) -> float:
        """When point `index` is reached."""
        moment = self.start_s
        for i, (_, seconds) in enumerate(self._stretches()):
            if i >= 2 * index:
                break
            moment += seconds
        return moment

    def pose(self, t_s: float) -> Pose | None:
        """Where the walker is; None before the start and after the end."""
        if not self.start_s <= t_s < self.end_s:
            return None
        rest = t_s - self.start_s
        walked = 0.0
        heading = (1.0, 0.0)
        for (a, b), seconds in self._stretches():
            length = math.dist(a, b)
            if length > 0:
                heading = ((b[0] - a[0]) / length, (b[1] - a[1]) / length)
            if rest < seconds:
                return self._on(a, b, heading, walked, rest, seconds)
            rest -= seconds
            walked += length
        return None

    def _on(
        self, a: Spot, b: Spot, heading: Spot, walked: float, rest: float, seconds: float
    ) -> Pose:
        if a == b:
            stride = max(0.0, 1.0 - min(rest, seconds - rest) / _EASE_S)
            turned = _turn(heading, 0.35 * math.sin(rest * 0.35) * min(1.0, rest))
            x = a[0] + 0.07 * math.sin(rest * 0.5) * min(1.0, rest, seconds - rest)
            return Pose(x, a[1], turned, walked, stride, idle_s=rest)
        share = rest / seconds
        place = (a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share)
        return Pose(*place, heading, walked + math.dist(a, b) * share, 1.0)

    def _stretches(self) -> list[tuple[tuple[Spot, Spot], float]]:
        # one pause (perhaps of no length) before each way: index 2 * i is the pause at point i
        found: list[tuple[tuple[Spot, Spot], float]] = []
        for i, here in enumerate(self.points):
            found.append(((here, here), self.pauses.get(i, 0.0)))
            if i + 1 < len(self.points):
                there = self.points[i + 1]
                found.append(((here, there), math.dist(here, there) / self.speed_m_s))
        return found


def _turn(heading: Spot, angle: float) -> Spot:
    c, s = math.cos(angle), math.sin(angle)
    return heading[0] * c - heading[1] * s, heading[0] * s + heading[1] * c


@dataclass(frozen=True)
class Person:
    walk: Walk
    clothes: Clothes


@dataclass(frozen=True)
class Cyclist:
    walk: Walk
    clothes: Clothes
    paint: Colour


@dataclass(frozen=True)
class Car:
    walk: Walk
    paint: Colour


Actor = Person | Cyclist | Car
