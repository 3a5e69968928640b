"""What every adversary is made of: layers that change one grey picture at one moment, in order.

A layer knows its seed, seconds and fractions of the frame, and nothing of the picture below it,
so the same one goes over a drawn street and over real footage of any size. It keeps no memory of
earlier pictures: a moment always looks the same.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

Luma = NDArray[np.uint8]
"""(height, width), one byte a pixel."""
Field = NDArray[np.float32]
"""(height, width), or (height, 1) or (1, width) to be spread."""


class Depth(IntEnum):
    """From the scene to the sensor; layers are laid on in this order."""

    GROUND = 0
    BODY = 1
    LIGHT = 2
    NEAR = 3
    """Between the scene and the lens: branches, drops, flakes, a lorry at the kerb."""
    SENSOR = 4


class Layer(Protocol):
    """One thing that happens to the picture."""

    @property
    def depth(self) -> Depth: ...

    def over(self, picture: Luma, t_s: float) -> Luma:
        """The picture as it is with this layer; the given one is not changed."""
        ...


@dataclass(frozen=True)
class Spot:
    """Where on the ground things happen, in fractions of the frame."""

    x: float
    y: float
    high: float
    """Height of a grown person whose feet are there, as a fraction of the frame's height."""


@dataclass(frozen=True)
class Bed:
    """Pictures without anybody in them, over which adversaries are laid."""

    name: str
    pictures: Sequence[Luma]
    fps: float
    spot: Spot

    @property
    def aspect(self) -> float:
        """Width over height."""
        height, width = self.pictures[0].shape
        return float(width / height)

    def at(self, t_s: float) -> Luma:
        """The picture at `t_s`, to and fro so that there is no jump where it begins again."""
        last = len(self.pictures) - 1
        if last == 0:
            return self.pictures[0]
        place = round(t_s * self.fps) % (2 * last)
        return self.pictures[min(place, 2 * last - place)]


def play(
    bed: Bed, layers: Sequence[Layer], seconds: float, fps: float = 5.0
) -> Iterator[tuple[Luma, float]]:
    """(picture, seconds since the start) of the bed under all the layers."""
    ordered = sorted(layers, key=lambda layer: layer.depth)
    for index in range(round(seconds * fps)):
        t_s = index / fps
        picture = bed.at(t_s)
        for layer in ordered:
            picture = layer.over(picture, t_s)
        yield picture, t_s


def dice(seed: int, t_s: float) -> np.random.Generator:
    """Chance that depends on the seed and the moment alone."""
    return np.random.default_rng((seed, round(t_s * 1000.0)))


def wave(seed: int, t_s: float, period_s: float) -> float:
    """Something irregular between about -1 and 1 that takes some `period_s` to come back."""
    phase = 1.7 * seed
    turn = 2.0 * math.pi * t_s / period_s
    return (
        0.55 * math.sin(turn + phase)
        + 0.3 * math.sin(1.83 * turn + 2.1 * phase)
        + 0.15 * math.sin(3.41 * turn + 0.7 * phase)
    )


def ramp(t_s: float, from_s: float, to_s: float) -> float:
    """0 before `from_s`, 1 after `to_s`, smooth between."""
    if to_s <= from_s:
        return 1.0 if t_s >= from_s else 0.0
    share = min(1.0, max(0.0, (t_s - from_s) / (to_s - from_s)))
    return share * share * (3.0 - 2.0 * share)


def axes(picture: Luma) -> tuple[Field, Field]:
    """Columns (1, width) and rows (height, 1) as fractions of the frame."""
    height, width = picture.shape
    columns = (np.arange(width, dtype=np.float32) + 0.5) / width
    rows = (np.arange(height, dtype=np.float32) + 0.5) / height
    return columns[None, :], rows[:, None]


def bump(along: Field, centre: float, reach: float) -> Field:
    """1 at the centre, falling to almost nothing at twice the reach."""
    return np.asarray(np.exp(-(((along - centre) / reach) ** 2)), np.float32)


def lit(picture: Luma, gain: Field, added: float = 0.0) -> Luma:
    """The picture in another light: every pixel times `gain`, plus `added` grey levels."""
    return np.asarray(np.clip(picture * gain + np.float32(added), 0, 255), np.uint8)


def tile(seed: int, size: int, cell: int) -> Field:
    """(size, size) of smooth noise around 0, about -1..1, that repeats without a seam."""
    coarse = np.random.default_rng(seed).standard_normal((size // cell, size // cell))
    wrapped = np.pad(coarse.astype(np.float32), 2, mode="wrap")
    large = cv2.resize(wrapped, None, fx=float(cell), fy=float(cell), interpolation=cv2.INTER_CUBIC)
    cut = slice(2 * cell, 2 * cell + size)
    return np.asarray(large[cut, cut], np.float32)
