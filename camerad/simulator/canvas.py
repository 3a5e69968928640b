"""Drawing in a world of metres: one perspective and one brush with soft edges.

What is drawn (houses, people) belongs in `backdrop` and `figures`; this only puts shapes on a
picture.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
"""(height, width, 3), BGR."""

Pixel = tuple[float, float]
World = tuple[float, float, float]
"""(x to the right, y up from the ground, z away from the camera), metres."""

Colour = tuple[float, float, float]
"""BGR, 0..255."""

_FINE = 3  # each shape is drawn this many times larger and shrunk: soft edges
_SHIFT = 3  # fractional bits of a coordinate on the enlarged canvas


@dataclass(frozen=True)
class View:
    """A camera on a pole that looks along z, with its horizon shifted up instead of tilted.

    Uprights stay upright, and the ground is one formula.
    """

    width: int = 704
    height: int = 576
    focal_px: float = 760.0
    above_ground_m: float = 4.0
    horizon_px: float = 62.0
    centre_px: float = 352.0

    def pixel(self, point: World) -> Pixel:
        """Where a point of the world falls on the picture; z must be positive."""
        x, y, z = point
        return (
            self.centre_px + self.focal_px * x / z,
            self.horizon_px + self.focal_px * (self.above_ground_m - y) / z,
        )

    def px_per_m(self, z: float) -> float:
        """Pixels a metre covers at depth `z`."""
        return self.focal_px / z

    def fraction(self, point: World) -> tuple[float, float]:
        """Like `pixel`, as fractions of the frame kept within 0..1."""
        x, y = self.pixel(point)
        return (
            round(min(1.0, max(0.0, x / self.width)), 4),
            round(min(1.0, max(0.0, y / self.height)), 4),
        )


Tone = Callable[[NDArray[np.float32], NDArray[np.float32]], NDArray[np.float32]]
"""Puts colours, already multiplied by their cover, into the light of the scene: (colours, cover)
to colours."""


@dataclass(frozen=True)
class Patch:
    """What a brush covered: the corner of the region and how much (0..1) of each pixel."""

    x: int
    y: int
    cover: NDArray[np.float32]


@dataclass
class _Line:
    a: Pixel
    b: Pixel
    width: float
    colour: Colour


@dataclass
class _Polygon:
    points: Sequence[Pixel]
    colour: Colour


@dataclass
class _Ellipse:
    centre: Pixel
    axes: tuple[float, float]
    colour: Colour


@dataclass
class Brush:
    """Collects shapes in picture coordinates and lays them down in one go, later over earlier."""

    _shapes: list[_Line | _Polygon | _Ellipse] = field(default_factory=list)

    def line(self, a: Pixel, b: Pixel, width: float, colour: Colour) -> None:
        self._shapes.append(_Line(a, b, width, colour))

    def polygon(self, points: Iterable[Pixel], colour: Colour) -> None:
        self._shapes.append(_Polygon(tuple(points), colour))

    def ellipse(self, centre: Pixel, axes: tuple[float, float], colour: Colour) -> None:
        self._shapes.append(_Ellipse(centre, axes, colour))

    def paint(
        self,
        picture: Picture,
        *,
        opacity: float = 1.0,
        blur_px: float = 0.0,
        tone: Tone | None = None,
    ) -> Patch | None:
        """Draw everything onto `picture`; None when all of it lies outside."""
        region = self._region(picture.shape[1], picture.shape[0], 2 + int(2 * blur_px))
        if region is None:
            return None
        x0, y0, x1, y1 = region
        size = ((y1 - y0) * _FINE, (x1 - x0) * _FINE)
        colours = np.zeros((*size, 3), np.uint8)
        cover = np.zeros(size, np.uint8)
        for shape in self._shapes:
            _draw(shape, colours, shape.colour, x0, y0)
            _draw(shape, cover, (255.0, 255.0, 255.0), x0, y0)
        small = (x1 - x0, y1 - y0)
        # colours are shrunk together with their cover, so that edges do not darken
        shrunk = _shrink(colours, small)
        alpha = _shrink(cover, small) / np.float32(255.0)
        if blur_px > 0:
            shrunk = np.asarray(cv2.GaussianBlur(shrunk, (0, 0), blur_px), np.float32)
            alpha = np.asarray(cv2.GaussianBlur(alpha, (0, 0), blur_px), np.float32)
        if tone is not None:
            shrunk = tone(shrunk, alpha)
        part = picture[y0:y1, x0:x1]
        part[:] = np.clip(
            part * (1.0 - opacity * alpha[..., None]) + opacity * shrunk, 0, 255
        ).astype(np.uint8)
        return Patch(x0, y0, alpha)

    def _region(self, width: int, height: int, margin: int) -> tuple[int, int, int, int] | None:
        left = top = float("inf")
        right = bottom = float("-inf")
        for shape in self._shapes:
            for x, y, r in _extent(shape):
                left, right = min(left, x - r), max(right, x + r)
                top, bottom = min(top, y - r), max(bottom, y + r)
        if not self._shapes:
            return None
        x0, y0 = max(0, int(left) - margin), max(0, int(top) - margin)
        x1, y1 = min(width, int(right) + margin + 1), min(height, int(bottom) + margin + 1)
        return (x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None


def _shrink(large: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.float32]:
    return np.asarray(cv2.resize(large, size, interpolation=cv2.INTER_AREA), np.float32)


def _extent(shape: _Line | _Polygon | _Ellipse) -> Iterable[tuple[float, float, float]]:
    match shape:
        case _Line(a, b, width, _):
            return ((*a, width / 2), (*b, width / 2))
        case _Polygon(points, _):
            return tuple((x, y, 0.0) for x, y in points)
        case _Ellipse(centre, axes, _):
            return ((*centre, max(axes)),)


def _draw(
    shape: _Line | _Polygon | _Ellipse, on: NDArray[np.uint8], colour: Colour, x0: int, y0: int
) -> None:
    def fixed(point: Pixel) -> tuple[int, int]:
        scale = _FINE * (1 << _SHIFT)
        return round((point[0] - x0) * scale), round((point[1] - y0) * scale)

    match shape:
        case _Line(a, b, width, _):
            thick = max(1, round(width * _FINE))
            cv2.line(on, fixed(a), fixed(b), colour, thick, cv2.LINE_8, _SHIFT)
        case _Polygon(points, _):
            corners = np.array([fixed(p) for p in points], np.int32)
            cv2.fillPoly(on, [corners], colour, cv2.LINE_8, _SHIFT)
        case _Ellipse(centre, axes, _):
            scale = _FINE * (1 << _SHIFT)
            radii = (max(1, round(axes[0] * scale)), max(1, round(axes[1] * scale)))
            cv2.ellipse(on, fixed(centre), radii, 0, 0, 360, colour, -1, cv2.LINE_8, _SHIFT)


def shade(colour: Colour, factor: float) -> Colour:
    """The colour in more (above 1) or less light."""
    b, g, r = (min(255.0, max(0.0, c * factor)) for c in colour)
    return b, g, r


def soft_noise(rng: np.random.Generator, size: int, cell: int) -> NDArray[np.float32]:
    """A (size, size) tile of smooth noise around 0, about -1..1, that repeats without a seam."""
    coarse = rng.standard_normal((size // cell, size // cell)).astype(np.float32)
    wrapped = np.pad(coarse, 2, mode="wrap")
    large = cv2.resize(wrapped, None, fx=float(cell), fy=float(cell), interpolation=cv2.INTER_CUBIC)
    return np.asarray(large[2 * cell : 2 * cell + size, 2 * cell : 2 * cell + size], np.float32)
