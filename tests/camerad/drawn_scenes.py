"""Drawn streets for detection tests: people as silhouettes on a still scene, with honest noise.

Everything is drawn from arguments, nothing is random but the seeded noise, so that a failing
test shows the same pictures again.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

Luma = NDArray[np.uint8]
Way = Sequence[tuple[float, float, float]]
"""Points (seconds, x, y) of the feet in pixels; straight lines between, absent before and after."""


@dataclass(frozen=True)
class Walker:
    """Somebody or something that follows a way."""

    way: Way
    high: int = 90
    wide: int = 30
    grey: int = 40
    swing: float = 5.0
    """Pixels by which legs swing while walking."""
    sway: float = 1.5
    """Pixels by which a standing body sways."""
    plain: bool = False
    """A bare rectangle, without legs or head and without any motion of its own."""

    def feet(self, t_s: float) -> tuple[float, float, float] | None:
        """(x, y, speed in px/s) at `t_s`, or None while absent."""
        times = [p[0] for p in self.way]
        if not times[0] <= t_s <= times[-1]:
            return None
        x = float(np.interp(t_s, times, [p[1] for p in self.way]))
        y = float(np.interp(t_s, times, [p[2] for p in self.way]))
        after = float(np.interp(t_s + 0.1, times, [p[1] for p in self.way]))
        below = float(np.interp(t_s + 0.1, times, [p[2] for p in self.way]))
        return x, y, float(np.hypot(after - x, below - y)) / 0.1

    def draw(self, picture: Luma, t_s: float) -> None:
        """Draw into `picture` as it is at `t_s`."""
        where = self.feet(t_s)
        if where is None:
            return
        x, y, speed = where
        w, h = self.wide, self.high
        if self.plain:
            _rectangle(picture, x - w / 2, y - h, w, h, self.grey)
            return
        if speed < 2.0:
            x += self.sway * float(np.sin(2.1 * t_s)) * 0.7 + self.sway * float(np.sin(0.9 * t_s))
            stride = 0.12 * w
        else:
            stride = 0.12 * w + self.swing * abs(float(np.sin(6.0 * t_s)))
        _rectangle(picture, x - w / 2, y - 0.82 * h, w, 0.42 * h, self.grey)
        for side in (-1, 1):
            hip, foot = x + side * 0.2 * w, x + side * (0.2 * w + stride)
            corners = [
                (hip - 0.18 * w, y - 0.42 * h),
                (hip + 0.18 * w, y - 0.42 * h),
                (foot + 0.16 * w, y),
                (foot - 0.16 * w, y),
            ]
            cv2.fillPoly(picture, [np.rint(corners).astype(np.int32)], self.grey)
        centre = (round(x), round(y - 0.9 * h))
        cv2.ellipse(
            picture, centre, (round(0.28 * w), round(0.1 * h)), 0, 0, 360, self.grey + 15, -1
        )


@dataclass(frozen=True)
class Scene:
    """A street with walkers. Iterate `frames`."""

    walkers: Sequence[Walker]
    seconds: float
    fps: float = 5.0
    size: tuple[int, int] = (704, 576)
    night: bool = False
    flat: int | None = None
    """Grey of a bare background in place of the street."""
    noise: float = 2.0
    light: Callable[[float], float] = field(default=lambda t_s: 1.0)
    """Brightness factor over time."""
    start_s: float = 0.0

    def frames(self) -> Iterator[tuple[Luma, float]]:
        """(picture, seconds since the start)."""
        count = round((self.seconds - self.start_s) * self.fps)
        return self.at(index / self.fps for index in range(count))

    def at(self, times_s: Iterable[float]) -> Iterator[tuple[Luma, float]]:
        """(picture, seconds since the start) at these moments."""
        street = self._street()
        dice = np.random.default_rng(7)
        height, width = street.shape
        grain = dice.normal(0.0, 1.0, (8, height, width)).astype(np.float32)
        for index, since_s in enumerate(times_s):
            t_s = self.start_s + since_s
            picture = street.copy()
            for walker in sorted(self.walkers, key=lambda w: (w.feet(t_s) or (0, 0, 0))[1]):
                walker.draw(picture, t_s)
            shown = picture.astype(np.float32) * self.light(t_s)
            if self.night:
                shown = 18.0 + shown * 0.32
            if self.noise:
                rolled = np.roll(grain[index % 8], (index * 37) % width, axis=1)
                shown = shown + rolled * self.noise
            yield np.clip(shown, 0, 255).astype(np.uint8), since_s

    def _street(self) -> Luma:
        width, height = self.size
        if self.flat is not None:
            return np.full((height, width), self.flat, np.uint8)
        street = np.full((height, width), 150, np.uint8)
        street[: height // 3] = 185
        for column in range(0, width, 88):
            _rectangle(street, column + 14, height * 0.06, 56, height * 0.2, 120)
            _rectangle(street, column + 24, height * 0.1, 18, 26, 80)
        street[height // 3 : height // 3 + 10] = 110
        for column in range(0, width, 60):
            _rectangle(street, column, height * 0.72, 30, 5, 215)
        _rectangle(street, width * 0.82, height * 0.12, 7, height * 0.5, 70)
        return street


def _rectangle(picture: Luma, x: float, y: float, w: float, h: float, grey: int) -> None:
    start, end = (round(x), round(y)), (round(x + w) - 1, round(y + h) - 1)
    cv2.rectangle(picture, start, end, grey, -1)
