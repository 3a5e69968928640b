"""Light that falls on one place only: a lamp's pool, headlights, the shadow of a cloud.

Light multiplies the scene and has soft edges; a body hides the scene and has hard ones. So where
the ratio of the picture to the scene leads softly away from ground whose light is as usual, it is
taken for light. No blobs, no memory: one picture and the scene it should show.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from camerad.detection.medians import median

Luma = NDArray[np.uint8]
Mask = NDArray[np.uint8]
Gain = NDArray[np.float32]
"""H x W: how many times brighter each place of the scene is."""

_CELLS = 44
"""Across the picture, at most."""
_CELL_PX = 6
"""At least; smaller ones see no edge."""
_LEAST_CELLS = 4
"""Light falls on places at least so wide and high; less may be a body of little contrast."""
_STEEP = 0.8
"""Within three cells light differs by less than this (natural logarithm of the ratio)."""
_ROUGH = 0.36
"""What a cell's light leaves unexplained, of the threshold, is a body's edge from here on: noise
leaves a little less."""
_SAME = 0.1
"""A ratio so near to the usual one is no change."""
_WORTH = 0.06
"""Less light than this is left to the threshold."""
_BLUR_CELLS = 1.5
"""Where there is a body, the light is that of the cells around it."""
_DARK = np.float32(6.0)
"""Grey levels added to both sides, so that black is not divided by."""


def uneven_light(scene: Luma, frame: Luma, threshold: Mask) -> Gain | None:
    """How light on parts of the picture changes the scene; None when there is no such light.

    `threshold`: by how many grey levels a pixel must differ to be foreground, H x W.
    """
    height, width = frame.shape
    across = max(1, min(_CELLS, width // _CELL_PX))
    grid = (across, max(1, min(height, round(across * height / width))))
    then = cv2.resize(scene, grid, interpolation=cv2.INTER_AREA).astype(np.float32)
    now = cv2.resize(frame, grid, interpolation=cv2.INTER_AREA).astype(np.float32)
    ratio = np.log((now + _DARK) / (then + _DARK)).astype(np.float32)
    if float(np.abs(ratio).max()) < _WORTH:
        return None
    unexplained = cv2.absdiff(frame, lit(scene, _spread(ratio, (width, height))))
    rough = cv2.resize(unexplained, grid, interpolation=cv2.INTER_AREA)
    limit = cv2.resize(threshold, grid, interpolation=cv2.INTER_AREA) * _ROUGH - 1.0
    limit = limit * np.exp(np.maximum(ratio, 0.0))
    kernel = np.ones((3, 3), np.uint8)
    steep = cv2.dilate(ratio, kernel) - cv2.erode(ratio, kernel)
    soft = (rough < limit) & (steep < _STEEP)
    if not soft.any():
        return None
    usual = median(ratio[soft])
    same = (np.abs(ratio) < _SAME) | (np.abs(ratio - usual) < _SAME)
    _, patches = cv2.connectedComponents(soft.astype(np.uint8), connectivity=4)
    light = soft & np.isin(patches, np.unique(patches[soft & same]))
    light &= ~_small(light & ~same)
    if not light.any() or float(np.abs(ratio[light]).max()) < _WORTH:
        return None
    weight = light.astype(np.float32)
    near = cv2.GaussianBlur(weight, (0, 0), _BLUR_CELLS) + 1e-3
    around = cv2.GaussianBlur(ratio * weight, (0, 0), _BLUR_CELLS) / near
    return _spread(np.where(light, ratio, around).astype(np.float32), (width, height))


def _small(changed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Those of the changed cells that are in patches too small to be light."""
    _, patches, stats, _ = cv2.connectedComponentsWithStats(changed.astype(np.uint8))
    sides = np.minimum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    return np.asarray(changed & (sides < _LEAST_CELLS)[patches], np.bool_)


def lit(scene: Luma, gain: Gain) -> Luma:
    """The scene in that light."""
    return np.asarray(np.clip((scene + _DARK) * gain - _DARK, 0, 255), np.uint8)


def unlit(frame: Luma, gain: Gain) -> Luma:
    """What the picture would be without that light."""
    return np.asarray(np.clip((frame + _DARK) / gain - _DARK, 0, 255), np.uint8)


def brightened(scene: NDArray[np.float32], gain: Gain, share: float) -> NDArray[np.float32]:
    """The scene with a part of that light for its own."""
    return np.asarray((scene + _DARK) * cv2.pow(gain, share) - _DARK, np.float32)


def _spread(ratio: NDArray[np.float32], size: tuple[int, int]) -> Gain:
    return np.asarray(cv2.exp(cv2.resize(ratio, size)), np.float32)
