"""What one small picture looks like, and how much of a remembered look is still in it.

No memory and no time here. A picture is told by what survives light: structure. It is cut into
tiles; a tile is *kept* when its fine pattern, brightness and contrast taken out (normalised
cross-correlation; Lewis 1995), is the remembered one, dark for light or light for dark alike,
because infrared turns some of it round. Sharpness is the energy of the finest band of a Laplacian
pyramid against the next (Burt and Adelson 1983), so that neither light nor contrast counts in it.
"""

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from camerad.detection.medians import median
from camerad.detection.shrinking import shrunk

Luma = NDArray[np.uint8]
Grey = NDArray[np.float32]
Tiles = NDArray[np.float32]
"""Rows x columns, a number a tile."""
Marks = NDArray[np.bool_]
"""Rows x columns, true where a tile counts."""

LEAST_PATTERN = 2.0
"""Grey levels of pattern (r.m.s.) from which a tile says anything."""
MATCH = 0.45
"""Correlation from which a tile's pattern is the remembered one."""

_BASE_PX = 320
"""Pictures are judged at this width, and at half of it."""
_TILE_PX = 16
"""Of the half-size picture."""
_LEAST_PX = 8


@dataclass(frozen=True)
class Look:
    """One picture, measured. `band` is H x W of the half-size picture, the rest is by tile."""

    band: Grey
    """The pattern: the picture without what is coarser than a tile's half."""
    power: Tiles
    """Mean square of the pattern; of a memory, that of its mean pattern."""
    strength: Tiles
    """Mean square of the pattern; of a memory, the mean over its looks, shaken or not."""
    fine: Tiles
    """Mean square of the finest band, which defocusing takes away first."""
    dark: float
    """Grey level that 5 % of the picture lie below."""
    middle: float
    bright: float
    """Grey level that 5 % of the picture lie above."""


@dataclass(frozen=True)
class Likeness:
    """How much of a remembered look is in a picture; shares are of the tiles that had a pattern."""

    judged: int
    """Tiles that had a pattern; with few of them nothing can be said."""
    kept: float
    """Share of them whose pattern is there."""
    faded: float
    """Pattern's strength now over then, the middle tile's."""
    sharpness: float
    """Now over then; 1 is as sharp as ever."""


NOTHING_TO_JUDGE = Likeness(judged=0, kept=1.0, faded=1.0, sharpness=1.0)


def measure(luma: Luma, private: Luma | None = None) -> Look:
    """The look of an H x W picture; `private` (255, same size) is left out."""
    small = shrunk(luma, _BASE_PX)
    height, width = small.shape
    if min(height, width) < _LEAST_PX:
        small = np.asarray(cv2.resize(small, (max(_LEAST_PX, width), max(_LEAST_PX, height))))
    base, tiles = _in_whole_tiles(small)
    base_size = (base.shape[1], base.shape[0])
    half_size = (base_size[0] // 2, base_size[1] // 2)
    half = cv2.resize(base, half_size, interpolation=cv2.INTER_AREA)
    smooth = cv2.blur(half.astype(np.float32), (_TILE_PX // 2 + 1, _TILE_PX // 2 + 1))
    band = np.asarray(half - smooth, np.float32)
    again = cv2.resize(half, base_size, interpolation=cv2.INTER_LINEAR)
    finest = cv2.subtract(base, again, dtype=cv2.CV_32F)
    fine = _resized(cv2.multiply(finest, finest), half_size)
    counted = None
    if private is not None:
        covered = shrunk(private, _BASE_PX)[: base.shape[0], : base.shape[1]]
        hidden = (_resized(covered, half_size) > 0.0).astype(np.uint8)
        # also around it: the rim of a blackened part is a pattern that nothing can cover
        grown = cv2.dilate(hidden, np.ones((_TILE_PX, _TILE_PX), np.uint8)) > 0
        band[grown] = 0.0
        fine[grown] = 0.0
        counted = (hidden == 0).astype(np.uint8)
    power = _resized(cv2.multiply(band, band), tiles)
    return Look(band, power, power, _resized(fine, tiles), *_levels(np.asarray(half), counted))


def likeness(now: Look, then: Look, landmarks: Marks, alike: Tiles) -> Likeness:
    """Compare with a remembered look of the same size, by its landmarks."""
    judged = landmarks
    count = int(np.count_nonzero(judged))
    if count == 0:
        return NOTHING_TO_JUDGE
    alike = alike[judged]
    least = LEAST_PATTERN**2
    power = now.power[judged]
    there = power >= 0.25 * least
    own = power / np.maximum(then.strength[judged], 1e-6)
    # sums, because a ratio of tiles that show nothing any more is noise
    fine = float(now.fine[judged].sum()) / max(float(then.fine[judged].sum()), 1e-6)
    strength = float(power.sum()) / max(float(then.strength[judged].sum()), 1e-6)
    return Likeness(
        judged=count,
        kept=float(np.count_nonzero((alike >= MATCH) & there)) / count,
        faded=math.sqrt(median(np.asarray(own, np.float32))),
        sharpness=fine / max(strength, 1e-6),
    )


def blended(old: Look, new: Look, weight: float) -> Look:
    """A memory moved towards a new look by `weight`, 0 to 1."""

    def mix(a: Grey, b: Grey) -> Grey:
        return np.asarray(cv2.addWeighted(a, 1.0 - weight, b, weight, 0.0), np.float32)

    band = mix(old.band, new.band)
    size = (old.power.shape[1], old.power.shape[0])
    return Look(
        band,
        _resized(cv2.multiply(band, band), size),
        mix(old.strength, new.strength),
        mix(old.fine, new.fine),
        old.dark + weight * (new.dark - old.dark),
        old.middle + weight * (new.middle - old.middle),
        old.bright + weight * (new.bright - old.bright),
    )


def shift_between(now: Look, then: Look) -> tuple[float, float, float]:
    """(right, down, certainty): by what share of width and height the pattern has moved."""
    window = cv2.createHanningWindow((now.band.shape[1], now.band.shape[0]), cv2.CV_32F)
    # windowed here: OpenCV 5 would do it in place
    (x, y), certainty = cv2.phaseCorrelate(then.band * window, now.band * window)
    return x / now.band.shape[1], y / now.band.shape[0], float(certainty)


def without_pattern(now: Look, previous: Look | None, landmarks: Marks) -> float:
    """Share of the landmarks where nothing is to be seen now: plain, or noise that the look before
    did not have there."""
    plain = now.power < LEAST_PATTERN**2
    if previous is not None and previous.band.shape == now.band.shape:
        plain |= alikeness(now, previous) < MATCH
    return float(np.count_nonzero(plain[landmarks])) / max(1, int(np.count_nonzero(landmarks)))


def alikeness(now: Look, then: Look) -> Tiles:
    """By tile, 0 to 1: how far the pattern is the same, or the same turned round."""
    size = (now.power.shape[1], now.power.shape[0])
    both = _resized(now.band * then.band, size)
    return np.asarray(np.abs(both) / np.sqrt(np.maximum(now.power * then.power, 1e-6)), np.float32)


def _levels(half: Luma, counted: Luma | None) -> tuple[float, float, float]:
    """Grey levels below which 5, 50 and 95 % of the picture lie."""
    counts = cv2.calcHist([half], [0], counted, [256], [0, 256]).ravel().cumsum()
    if counts[-1] <= 0.0:
        return 0.0, 0.0, 0.0
    dark, middle, bright = np.searchsorted(counts, np.array((0.05, 0.5, 0.95)) * counts[-1])
    return float(dark), float(middle), float(bright)


def _in_whole_tiles(image: Luma) -> tuple[Luma, tuple[int, int]]:
    """Without the few rows and columns that are left over, and its tiles (across, down).

    Tiles of equal size are averaged in a quarter of the time of such as share their border pixels.
    """
    height, width = (side // 2 for side in image.shape)
    across, down = max(1, round(width / _TILE_PX)), max(1, round(height / _TILE_PX))
    high, wide = 2 * down * (height // down), 2 * across * (width // across)
    return image[:high, :wide], (across, down)


def _resized(image: NDArray[np.integer[Any] | np.floating[Any]], size: tuple[int, int]) -> Grey:
    """To (width, height)."""
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.float32)
