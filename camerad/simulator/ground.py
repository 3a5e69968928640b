"""The ground and the sky of a backdrop, computed for each pixel from where it lies in the world.

Houses and trees are in `props`; this knows only surfaces.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from camerad.simulator.canvas import Colour, Picture, View, soft_noise

_FAR_M = 70.0
_TILE = 512
_SLOPE_PX = 2.0  # rows over which the sky meets the ground

Field = NDArray[np.float32]


@dataclass(frozen=True)
class Strip:
    """A rectangle of one surface, x0..x1 by z0..z1 metres; later strips lie over earlier ones.

    `joints_m` draws the joints of slabs, `stripes_m` the white bars of a zebra crossing.
    """

    x0: float
    x1: float
    z0: float
    z1: float
    colour: Colour
    rough: float = 0.06
    joints_m: float = 0.0
    stripes_m: float = 0.0
    ripples: bool = False


def paint_ground(
    view: View, strips: Sequence[Strip], base: Colour, sky: tuple[Colour, Colour], seed: int
) -> Picture:
    """The empty world: sky (top colour, horizon colour) and ground."""
    rng = np.random.default_rng(seed)
    x, z = _world(view)
    fine = _sample(soft_noise(rng, _TILE, 2), x, z, 40.0)
    grain = _sample(soft_noise(rng, _TILE, 8), x, z, 30.0)
    patches = _sample(soft_noise(rng, _TILE, 64), x, z, 40.0)
    fade = np.clip(9.0 / z, 0.15, 1.0)
    mottled = fade * (0.5 * fine + 0.5 * grain) + 0.35 * patches * np.clip(14.0 / z, 0.2, 1.0)

    ground = np.empty((*x.shape, 3), np.float32)
    ground[:] = base
    ground *= (1.0 + 0.13 * mottled)[..., None]
    for strip in strips:
        cover = _box(x, strip.x0, strip.x1, z) * _box(z, strip.z0, strip.z1, z)
        light = 1.0 + strip.rough * mottled
        if strip.joints_m:
            light *= 1.0 - 0.28 * np.maximum(
                _lines(x, strip.joints_m, z), _lines(z, strip.joints_m, z)
            )
        if strip.ripples:
            light *= 1.0 + 0.1 * np.sin(z * 5.0 + 1.3 * patches * 4) * fade
        surface = np.asarray(strip.colour, np.float32) * light[..., None]
        if strip.stripes_m:
            bars = (np.mod(x, strip.stripes_m) < strip.stripes_m / 2).astype(np.float32)
            surface = (
                surface * (1 - bars[..., None])
                + 222.0 * (0.9 + 0.06 * mottled)[..., None] * bars[..., None]
            )
        ground += cover[..., None] * (surface - ground)

    rows = np.arange(view.height, dtype=np.float32)
    share = np.clip(rows / max(1.0, view.horizon_px), 0.0, 1.0)[:, None, None]
    heavens = (1 - share) * np.asarray(sky[0], np.float32) + share * np.asarray(sky[1], np.float32)
    below = np.clip((rows - view.horizon_px) / _SLOPE_PX, 0.0, 1.0)[:, None, None]
    whole = heavens * (1 - below) + ground * below
    return np.asarray(np.clip(whole, 0, 255), np.uint8)


def _world(view: View) -> tuple[Field, Field]:
    columns, rows = np.meshgrid(
        np.arange(view.width, dtype=np.float32), np.arange(view.height, dtype=np.float32)
    )
    depth = view.focal_px * view.above_ground_m / np.maximum(rows - view.horizon_px, 0.5)
    z = np.minimum(depth, _FAR_M).astype(np.float32)
    x = ((columns - view.centre_px) * z / view.focal_px).astype(np.float32)
    return x, z


def _sample(tile: Field, x: Field, z: Field, per_m: float) -> Field:
    across = np.mod(x * per_m, _TILE - 1).astype(np.float32)
    along = np.mod(z * per_m, _TILE - 1).astype(np.float32)
    return np.asarray(cv2.remap(tile, across, along, cv2.INTER_LINEAR), np.float32)


def _box(value: Field, low: float, high: float, z: Field) -> Field:
    soft = 0.004 + z * 0.0016  # about a pixel
    return np.asarray(
        np.clip((value - low) / soft + 0.5, 0, 1) * np.clip((high - value) / soft + 0.5, 0, 1),
        np.float32,
    )


def _lines(value: Field, every: float, z: Field) -> Field:
    distance = np.abs(np.mod(value + every / 2, every) - every / 2)
    width = 0.02 + z * 0.0009
    return np.asarray(np.clip(1.2 - distance / width, 0, 1) * np.clip(14.0 / z, 0, 1), np.float32)
