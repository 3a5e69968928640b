"""What moves and is nobody: a dog, a car that parks, a lorry that passes, a box left behind.

None of them sways: what stands still here stands quite still, but for the sensor's noise.
"""

import math
from dataclasses import dataclass

import numpy as np

from camerad.simulator.adversaries.layers import Depth, Luma, lit
from camerad.simulator.adversaries.pencil import Pencil
from camerad.simulator.adversaries.people import Step, place_at


def _moving(way: tuple[Step, ...], t_s: float) -> float:
    """Frame widths a second, signed, at `t_s`."""
    now = place_at(way, t_s)
    soon, before = place_at(way, t_s + 0.1) or now, place_at(way, t_s - 0.1) or now
    if soon is None or before is None:
        return 0.0
    return (soon[0] - before[0]) / 0.2


@dataclass(frozen=True)
class Dog:
    """A dog that trots in, noses about and trots away. `high` is a person's height there."""

    way: tuple[Step, ...]
    high: float
    coat: float = 70.0
    depth: Depth = Depth.BODY

    def over(self, picture: Luma, t_s: float) -> Luma:
        where = place_at(self.way, t_s)
        if where is None:
            return picture
        height, width = picture.shape
        drawn = picture.copy()
        unit = 0.36 * self.high * height  # to the top of its back
        speed = _moving(self.way, t_s) * width / unit
        pencil = Pencil(
            drawn, where[0] * width, where[1] * height, unit, -1.0 if speed < 0 else 1.0
        )
        pencil.shadow(-0.75, 0.75, 0.1, 0.35)
        going = min(1.0, abs(speed) / 1.5)
        travelled = where[0] * width / unit
        for place, phase in ((-0.5, 0.0), (-0.42, 0.5), (0.42, 0.55), (0.5, 0.05)):
            swing = 0.22 * going * math.sin(2.0 * math.pi * (travelled / 1.4 + phase))
            pencil.line((place, 0.6), (place + 0.5 * swing, 0.3), 0.15, self.coat * 0.85)
            pencil.line((place + 0.5 * swing, 0.3), (place + swing, 0.04), 0.1, self.coat * 0.8)
        pencil.round((0.0, 0.74), 0.66, 0.24, self.coat)
        pencil.round((0.45, 0.78), 0.27, 0.26, self.coat + 6.0)
        # standing it noses along the ground
        nose = 0.55 + 0.5 * going + (1.0 - going) * 0.45 * max(0.0, math.sin(0.9 * t_s))
        pencil.line((0.55, 0.85), (0.82, nose), 0.2, self.coat + 4.0)
        pencil.round((0.86, nose), 0.17, 0.14, self.coat + 10.0)
        pencil.line((0.9, nose), (1.08, nose - 0.06), 0.1, self.coat - 12.0)
        wag = 0.16 * math.sin(9.0 * t_s)
        pencil.line((-0.62, 0.82), (-0.92, 1.05 + wag), 0.08, self.coat)
        return drawn


# the outline of a car: (forward, up) in person's heights (1.72 m), rear to front
_CAR = (
    (-1.19, 0.18),
    (-1.22, 0.44),
    (-1.10, 0.57),
    (-0.78, 0.83),
    (0.09, 0.85),
    (0.55, 0.57),
    (1.08, 0.50),
    (1.22, 0.38),
    (1.21, 0.17),
)


@dataclass(frozen=True)
class Car:
    """A car seen from the side; where its way stands still, it is parked and quite still."""

    way: tuple[Step, ...]
    high: float
    paint: float = 175.0
    depth: Depth = Depth.BODY

    def over(self, picture: Luma, t_s: float) -> Luma:
        where = place_at(self.way, t_s)
        if where is None:
            return picture
        height, width = picture.shape
        drawn = picture.copy()
        facing = 1.0 if self.way[1][1] >= self.way[0][1] else -1.0
        pencil = Pencil(drawn, where[0] * width, where[1] * height, self.high * height, facing)
        pencil.shadow(-1.25, 1.25, 0.07, 0.5)
        pencil.shape(_CAR, self.paint)
        pencil.shape(((-1.2, 0.2), (1.21, 0.19), (1.21, 0.3), (-1.21, 0.32)), self.paint * 0.72)
        for pane in (
            ((-0.74, 0.59), (-0.66, 0.78), (-0.3, 0.8), (-0.3, 0.58)),
            ((-0.25, 0.58), (-0.25, 0.8), (0.06, 0.8), (0.42, 0.58)),
        ):
            pencil.shape(pane, 58.0)
        pencil.line((-0.27, 0.56), (-0.29, 0.24), 0.012, self.paint * 0.6)
        turned = where[0] * width / (self.high * height) / 0.19
        for hub in (-0.75, 0.77):
            pencil.round((hub, 0.18), 0.19, 0.19, 24.0)
            pencil.round((hub, 0.18), 0.115, 0.115, 150.0)
            spoke = (0.1 * math.cos(turned), 0.1 * math.sin(turned))
            start = (hub - spoke[0], 0.18 - spoke[1])
            pencil.line(start, (hub + spoke[0], 0.18 + spoke[1]), 0.03, 70.0)
        pencil.round((1.16, 0.4), 0.05, 0.035, 230.0)
        return drawn


@dataclass(frozen=True)
class Lorry:
    """A lorry close to the camera: it fills most of the picture for `fills_s`.

    Its side is `share` of the frame's height; the camera's exposure gives way to it a little.
    """

    enters_s: float
    fills_s: float
    share: float = 1.1
    foot: float = 1.08
    """Where its wheels stand, in fractions of the frame's height."""
    paint: float = 128.0
    right: bool = True
    depth: Depth = Depth.NEAR

    @property
    def gone_s(self) -> float:
        """When nothing of it is left in the picture."""
        return self.enters_s + 2.0 * self._crossing_s + self.fills_s

    @property
    def _crossing_s(self) -> float:
        """From its front at one side of the picture to its front at the other."""
        return 1.0

    def over(self, picture: Luma, t_s: float) -> Luma:
        if not self.enters_s <= t_s <= self.gone_s:
            return picture
        height, width = picture.shape
        # frame widths; it is so long that it fills the picture for the time asked for
        speed = 1.0 / self._crossing_s
        long = 1.0 + self.fills_s * speed
        front = (t_s - self.enters_s) * speed
        covered = min(front, 1.0) - max(0.0, front - long)
        drawn = lit(picture, np.full((1, 1), 1.0 - 0.12 * covered, np.float32))
        nose = (1.0 - front) * width if self.right else front * width
        unit = self.share * height
        pencil = Pencil(drawn, nose, self.foot * height, unit, -1.0 if self.right else 1.0)
        self._draw(pencil, long * width / unit)
        return drawn

    def _draw(self, pencil: Pencil, long: float) -> None:
        cab = min(0.6, 0.3 * long)
        pencil.box(-long, 0.16, -cab - 0.06, 1.0, self.paint)
        for rib in np.arange(cab + 0.06, long, 0.16):
            grey = self.paint - 9.0 if round(rib / 0.16) % 2 else self.paint + 7.0
            pencil.box(-rib - 0.05, 0.2, -rib, 0.97, grey)
        sign = long / 2 + cab / 2
        pencil.box(-sign - 0.5, 0.5, -sign + 0.5, 0.72, 205.0)
        for glyph in range(5):
            middle = -sign - 0.36 + 0.18 * glyph
            pencil.line((middle - 0.05, 0.54), (middle + 0.05, 0.68), 0.03, 60.0)
            pencil.line((middle - 0.05, 0.64), (middle + 0.05, 0.58), 0.03, 60.0)
        pencil.box(-cab, 0.12, 0.0, 0.8, self.paint - 45.0)
        pencil.box(-cab + 0.12, 0.46, -0.04, 0.74, 50.0)
        pencil.box(-long, 0.1, 0.0, 0.18, 40.0)
        for hub in (0.2, cab + 0.3, long - 0.35, long - 0.62):
            pencil.round((-hub, 0.12), 0.12, 0.12, 26.0)
            pencil.round((-hub, 0.12), 0.06, 0.06, 120.0)


@dataclass(frozen=True)
class Box:
    """A thing with straight sides that never moves by itself: `wide` and `tall` are in person's
    heights, its way says who slides or carries it where."""

    way: tuple[Step, ...]
    high: float
    wide: float = 0.42
    tall: float = 0.8
    grey: float = 135.0
    lifted: float = 0.0
    """Carried so far above the ground, in person's heights, while its way moves."""
    depth: Depth = Depth.BODY

    def over(self, picture: Luma, t_s: float) -> Luma:
        where = place_at(self.way, t_s)
        if where is None:
            return picture
        height, width = picture.shape
        drawn = picture.copy()
        carried = abs(_moving(self.way, t_s)) > 1e-3
        unit = self.high * height
        up = self.lifted * unit if carried else 0.0
        pencil = Pencil(drawn, where[0] * width, where[1] * height - up, unit)
        half = self.wide / 2
        if not carried or self.lifted == 0.0:
            pencil.shadow(-half, half, 0.04, 0.4)
        pencil.box(-half, 0.0, half, self.tall, self.grey)
        pencil.box(-half, 0.0, -half + 0.25 * self.wide, self.tall, self.grey * 0.8)
        pencil.line((-half, 0.6 * self.tall), (half, 0.6 * self.tall), 0.03, self.grey + 30.0)
        return drawn
