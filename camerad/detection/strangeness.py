"""Is this picture one to judge by? Not while a lorry fills it, the focus hunts or it is black.

What is followed waits meanwhile. When the strange picture stays, it is the scene from now on.
"""

from enum import Enum, auto

import cv2
import numpy as np
from numpy.typing import NDArray

from camerad.detection.background import Foreground

Luma = NDArray[np.uint8]
Mask = NDArray[np.uint8]

_FULL = 0.4
"""With more of the picture different than this, something fills it or it is another scene."""
_PATIENCE_S = 8.0
"""A lorry fills the picture for up to six seconds; what fills it longer is the scene."""
_JUMP = 0.35
"""So much of the picture that changes at once is the light or the exposure, not bodies: what is
different once it is calm again is the scene."""
_CALM_SHARE = 0.03
_CALM_LOOKS = 4
"""So many pictures in a row with so little motion: not something that passes, but another light."""
_DULL = 0.5
"""Less of the usual fine detail than this: out of focus. It must be missing beside the picture's
own contrast and beside the scene in the present light: a lamp's pool has much contrast and no
detail, and the side of a parked car hides detail and is in focus.
"""
_TILES = (6, 4)
"""Across and down the picture."""
_TOUCHED = 0.01
"""A picture that differs by less than this share is as it always is."""
_BLACK_LEVEL = 12.0
_BLACK_SPREAD = 8.0
_DETAIL_RATE = 0.1
_DETAIL_LOOKS = 4
"""The detail is measured in one of so many pictures, until it is gone."""


class Look(Enum):
    """What a picture is good for."""

    JUDGE = auto()
    WAIT = auto()
    NEW_SCENE = auto()


class Strangeness:
    """One camera's pictures. `look` once per analysed picture."""

    def __init__(self) -> None:
        self._since_s: float | None = None
        self._calm = 0
        self._jumped = False
        self._usual_detail: tuple[float, float] | None = None
        self._unmeasured = 0
        self._dull = False

    def look(self, foreground: Foreground, moving: Mask, held: Mask, t_s: float) -> Look:
        """`moving` is 255 where the picture changed since the last one, `held` where something is
        followed.
        """
        frame = foreground.frame
        changed = cv2.countNonZero(moving) / moving.size
        self._jumped = self._jumped or changed > _JUMP
        if foreground.share < _TOUCHED and self._usual_detail is not None:
            if changed < _CALM_SHARE:
                self._jumped = False
            return self._as_usual()
        level, spread = cv2.meanStdDev(np.ascontiguousarray(frame[::4, ::4]))
        black = level[0, 0] < _BLACK_LEVEL and spread[0, 0] < _BLACK_SPREAD
        dull = self._is_dull(frame, foreground.expected)
        if foreground.share <= _FULL and not black and not dull and not self._jumped:
            return self._as_usual()
        if self._since_s is None:
            self._since_s = t_s
        calm = changed < _CALM_SHARE and not black and not dull
        self._calm = self._calm + 1 if calm else 0
        if self._calm < _CALM_LOOKS and t_s - self._since_s <= _PATIENCE_S:
            return Look.WAIT
        if foreground.share <= _FULL and not black and not dull and not _all_over(foreground, held):
            # the light is back as it was, and somebody may be there
            self._jumped = False
            return self._as_usual()
        self._usual_detail = None
        self._jumped = False
        self._as_usual()
        return Look.NEW_SCENE

    def _is_dull(self, frame: Luma, expected: Luma) -> bool:
        self._unmeasured -= 1
        if self._unmeasured >= 0 and not self._dull:
            return False
        self._unmeasured = _DETAIL_LOOKS - 1
        fine, contrast = _detail(frame)
        detail = (fine / (contrast + 4.0), fine / (_detail(expected)[0] + 1.0))
        usual = self._usual_detail or detail
        self._dull = all(now < _DULL * then for now, then in zip(detail, usual, strict=True))
        if not self._dull:
            # noise and light change the detail slowly, a lost focus at once
            own, scenes = (
                then + _DETAIL_RATE * (now - then) for now, then in zip(detail, usual, strict=True)
            )
            self._usual_detail = (own, scenes)
        return self._dull

    def _as_usual(self) -> Look:
        self._since_s = None
        self._calm = 0
        return Look.JUDGE


def _all_over(foreground: Foreground, held: Mask) -> bool:
    """Whether what is different is in most parts of the picture, and not where somebody is."""
    different = cv2.bitwise_and(foreground.mask, cv2.bitwise_not(held))
    tiles = cv2.resize(different, _TILES, interpolation=cv2.INTER_AREA)
    across = cv2.reduce(tiles, 0, cv2.REDUCE_MAX)
    return 2 * int(np.count_nonzero(across > 255.0 * _TOUCHED)) > _TILES[0]


def _detail(picture: Luma) -> tuple[float, float]:
    """How much fine detail the middle of a picture has, and how much contrast, in grey levels."""
    middle = picture[picture.shape[0] // 4 : -(picture.shape[0] // 4) or None]
    fine = cv2.meanStdDev(cv2.Laplacian(middle, cv2.CV_16S))[1]
    return float(fine[0, 0]), float(cv2.meanStdDev(middle)[1][0, 0])
