"""How far a shaken camera's picture has jumped against the scene. One picture, no memory.

The shift and the small turn that explain best what is different, by least squares over the slopes
of the scene (Lucas and Kanade 1981), step by step on a small picture. Bodies are left out: phase
correlation, which cannot leave anything out, is drawn off by whoever stands in the picture.
"""

import functools
import math

import cv2
import numpy as np
from numpy.typing import NDArray

from camerad.detection.shrinking import averaged

Luma = NDArray[np.uint8]
Mask = NDArray[np.uint8]
Field = NDArray[np.float32]

_LEAST_PX = 0.2
_MOST = 0.04
"""Of the frame's width: further is no shake."""
_WIDTH_PX = 112
"""Slopes find parts of a pixel, so a small picture is enough, and far jumps are near in it."""
_STEPS = 4
_STRANGE = 30.0
"""Grey levels by which a pixel that differs more says nothing about the camera."""
_BORDER_PX = 3
_LEAST_SLOPE = 4.0
"""The same, squared and on average: one grey level everywhere moves without a trace."""


def steadied(frame: Luma, scene: Luma, held: Mask) -> Luma | None:
    """The picture moved back to where the scene is; None when it has not jumped. What is `held`
    (255) is left out.
    """
    height, width = frame.shape
    across = min(width, _WIDTH_PX)
    size = (max(8, across), max(8, round(across * height / width)))
    now, then = averaged(frame, size).astype(np.float32), averaged(scene, size).astype(np.float32)
    free = cv2.bitwise_not(cv2.resize(held, size, interpolation=cv2.INTER_AREA))
    moved = _moved(now, then, np.asarray(free, np.uint8))
    scale = width / size[0]
    if moved is None or not _LEAST_PX <= scale * math.hypot(*moved[:2]) <= _MOST * width:
        return None
    dx, dy, turn = moved
    back = _matrix(scale * dx, scale * dy, turn, (width, height))
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    still = cv2.warpAffine(
        frame, back, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(still, np.uint8)


def _moved(now: Field, then: Field, free: Mask) -> tuple[float, float, float] | None:
    """(dx, dy, turn in radians about the middle) by which `now` has left `then`, in its pixels,
    from where it is `free` (255).
    """
    high, wide = then.shape
    size, edge = (wide, high), _BORDER_PX
    if min(size) <= 4 * edge:
        return None
    inner = np.s_[edge:-edge, edge:-edge]
    slopes = np.stack([cv2.Sobel(then, cv2.CV_32F, 1, 0), cv2.Sobel(then, cv2.CV_32F, 0, 1)]) / 8.0
    right, down = _from_the_middle(size)
    turning = right * slopes[1] - down * slopes[0]
    columns = np.stack([slopes[0][inner], slopes[1][inner], turning[inner]]).reshape(3, -1)
    usable = free[inner].ravel() == 255
    dx = dy = turn = 0.0
    for _ in range(_STEPS):
        back = cv2.warpAffine(
            now,
            _matrix(dx, dy, turn, size),
            size,
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        off = (back - then)[inner].ravel()
        kept = (usable & (np.abs(off) < _STRANGE)).astype(np.float32)
        weighted = columns * kept
        normal = np.asarray(weighted @ columns.T, np.float64)
        if min(normal[0, 0], normal[1, 1]) < _LEAST_SLOPE * max(1.0, float(kept.sum())):
            return None
        ahead = np.linalg.solve(normal + 1e-6 * np.diag(np.diag(normal)), weighted @ off)
        dx, dy, turn = dx - float(ahead[0]), dy - float(ahead[1]), turn - float(ahead[2])
    return dx, dy, turn


def _matrix(dx: float, dy: float, turn: float, size: tuple[int, int]) -> NDArray[np.float64]:
    """From a place in the scene to where it is in the picture, 2 x 3."""
    x, y = (size[0] - 1) / 2, (size[1] - 1) / 2
    cos, sin = math.cos(turn), math.sin(turn)
    return np.array(
        [[cos, -sin, x + dx - cos * x + sin * y], [sin, cos, y + dy - sin * x - cos * y]]
    )


@functools.lru_cache(maxsize=8)
def _from_the_middle(size: tuple[int, int]) -> tuple[Field, Field]:
    """How far each column is to the right of the middle, and each row below it."""
    wide, high = size
    right = np.arange(wide, dtype=np.float32) - (wide - 1) / 2
    down = np.arange(high, dtype=np.float32) - (high - 1) / 2
    return right[None, :], down[:, None]
