"""People who are drawn: one who lingers, and those who only pass. A drawn stander sways.

Figures without faces; where they walk is data.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from camerad.simulator.adversaries.layers import Depth, Luma, Spot
from camerad.simulator.adversaries.pencil import Pencil

Step = tuple[float, float, float]
"""(seconds, x, y): where the feet are when, in fractions of the frame."""

WALK_HEIGHTS_PER_S = 0.75
_STRIDE = 0.62
"""Body heights covered in two steps."""


def place_at(way: Sequence[Step], t_s: float) -> tuple[float, float] | None:
    """Feet (x, y) on straight lines between the steps; None before the first, after the last."""
    times = [step[0] for step in way]
    if not times[0] <= t_s <= times[-1]:
        return None
    x = float(np.interp(t_s, times, [step[1] for step in way]))
    y = float(np.interp(t_s, times, [step[2] for step in way]))
    return x, y


@dataclass(frozen=True)
class Person:
    """Somebody who follows a way; where it stands still, they sway."""

    way: tuple[Step, ...]
    high: float
    """Fraction of the frame's height."""
    coat: float = 52.0
    trousers: float = 34.0
    skin: float = 150.0
    seed: int = 1
    depth: Depth = Depth.BODY

    def over(self, picture: Luma, t_s: float) -> Luma:
        where = place_at(self.way, t_s)
        if where is None:
            return picture
        height, width = picture.shape
        soon = place_at(self.way, t_s + 0.1) or where
        before = place_at(self.way, t_s - 0.1) or where
        unit = self.high * height
        speed = (soon[0] - before[0]) * width / 0.2 / unit
        stride = min(1.0, abs(speed) / (0.6 * WALK_HEIGHTS_PER_S))
        drawn = picture.copy()
        facing = -1.0 if speed < 0 else 1.0
        pencil = Pencil(drawn, where[0] * width, where[1] * height, unit, facing)
        pencil.shadow(-0.17, 0.17, 0.035, 0.4)
        # steps are counted along the way, so that feet do not slide
        walked = abs(where[0] - self.way[0][1]) * width / unit
        self._draw(pencil, walked / _STRIDE, stride, t_s)
        return drawn

    def _draw(self, pencil: Pencil, phase: float, stride: float, t_s: float) -> None:
        idle = 1.0 - stride
        sway = idle * (
            0.020 * math.sin(1.1 * t_s + self.seed)
            + 0.012 * math.sin(2.7 * t_s + 2.3 * self.seed)
            + 0.010 * math.sin(0.37 * t_s)
        )
        bob = 0.01 * stride * math.cos(4.0 * math.pi * phase)
        hip, shoulder = 0.4 * sway, sway
        for side in (-1.0, 1.0):
            self._leg(pencil, side, phase, stride, hip, bob)
        self._arm(pencil, -1.0, phase, idle, t_s, shoulder, bob)
        pencil.shape(
            (
                (shoulder - 0.12, 0.80 + bob),
                (shoulder + 0.12, 0.80 + bob),
                (hip + 0.10, 0.45 + bob),
                (hip - 0.10, 0.45 + bob),
            ),
            self.coat,
        )
        pencil.round((shoulder, 0.80 + bob), 0.12, 0.035, self.coat + 8.0)
        pencil.line((shoulder - 0.04, 0.76), (hip - 0.04, 0.5), 0.015, self.coat + 22.0)
        self._arm(pencil, 1.0, phase, idle, t_s, shoulder, bob)
        turn = 0.018 * idle * math.sin(0.8 * t_s + self.seed)
        head = (shoulder * 1.25 + turn, 0.92 + bob)
        pencil.line((shoulder, 0.8), head, 0.06, self.skin * 0.8)
        pencil.round(head, 0.052, 0.072, self.skin)
        pencil.round((head[0] - 0.012, head[1] + 0.025), 0.056, 0.05, 26.0)

    def _leg(
        self, pencil: Pencil, side: float, phase: float, stride: float, hip: float, bob: float
    ) -> None:
        turn = 2.0 * math.pi * (phase + (0.0 if side > 0 else 0.5))
        forward = 0.5 * _STRIDE * 0.5 * math.sin(turn) * stride
        lift = 0.05 * max(0.0, math.cos(turn)) * stride
        apart = side * (0.045 + 0.02 * (1.0 - stride))
        knee = (hip + apart + 0.6 * forward + 0.02 * stride, 0.25 + 0.5 * lift)
        foot = (apart + forward, 0.03 + lift)
        grey = self.trousers + (6.0 if side > 0 else 0.0)
        pencil.line((hip + apart, 0.48 + bob), knee, 0.105, grey)
        pencil.line(knee, foot, 0.085, grey)
        pencil.line(foot, (foot[0] + 0.05, 0.015 + lift), 0.045, 20.0)

    def _arm(
        self,
        pencil: Pencil,
        side: float,
        phase: float,
        idle: float,
        t_s: float,
        shoulder: float,
        bob: float,
    ) -> None:
        swing = 0.13 * (1.0 - idle) * math.sin(2.0 * math.pi * phase + (math.pi if side > 0 else 0))
        raised = 0.0
        if side > 0:
            # one who waits looks at a telephone now and then
            raised = idle * max(0.0, math.sin(0.45 * t_s + self.seed)) ** 0.5
        start = (shoulder + side * 0.115, 0.79 + bob)
        elbow = (start[0] + swing, 0.63 + bob)
        hand = (elbow[0] + swing + 0.08 * raised, 0.48 + 0.22 * raised + bob)
        pencil.line(start, elbow, 0.065, self.coat * 0.85)
        pencil.line(elbow, hand, 0.052, self.coat * 0.85)
        pencil.round(hand, 0.026, 0.03, self.skin)


@dataclass(frozen=True)
class Stay:
    """A lingerer and the truth about them, in seconds of the film."""

    person: Person
    arrives_s: float
    """The feet come to rest at the spot."""
    leaves_s: float
    """They set off again."""


def lingerer(
    spot: Spot, aspect: float, enters_s: float, stays_s: float, *, seed: int = 1, right: bool = True
) -> Stay:
    """Somebody who walks in over a side of the frame (the right one or the left one), stands at
    the spot and walks out again. `aspect` is the frame's width over its height."""
    half = 0.35 * spot.high / aspect  # of a body and its shadow, in frame widths
    edge = 1.0 + half if right else -half
    walk_s = abs(edge - spot.x) * aspect / (WALK_HEIGHTS_PER_S * spot.high)
    arrives_s = enters_s + walk_s
    leaves_s = arrives_s + stays_s
    way = (
        (enters_s, edge, spot.y + 0.01),
        (arrives_s, spot.x, spot.y),
        (leaves_s, spot.x, spot.y),
        (leaves_s + walk_s, edge, spot.y + 0.01),
    )
    return Stay(Person(way, spot.high, seed=seed), arrives_s, leaves_s)


def passer(spot: Spot, aspect: float, enters_s: float, *, right: bool, seed: int = 3) -> Person:
    """Somebody who crosses the frame through the spot without stopping."""
    half = 0.25 * spot.high / aspect
    start, end = (1.0 + half, -half) if right else (-half, 1.0 + half)
    walk_s = (1.0 + 2.0 * half) * aspect / (WALK_HEIGHTS_PER_S * spot.high)
    way = ((enters_s, start, spot.y), (enters_s + walk_s, end, spot.y))
    return Person(way, spot.high, coat=96.0, trousers=48.0, seed=seed)
