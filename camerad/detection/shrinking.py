"""Making pictures smaller at the cost of a copy.

Averaging to any size (OpenCV's INTER_AREA) takes longer than all that follows: 1.5 to 2 ms for a
sub-stream or 1080p. Halving by averaging two by two is a vector instruction, and what is left of
the way is short enough for bilinear interpolation. Together 0.03 to 0.25 ms.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

Luma = NDArray[np.uint8]

_HALVE_FROM = 1.75
"""Times the wanted width: a picture a little narrower than asked for is as good, and exact."""


def shrunk(luma: Luma, width_px: int) -> Luma:
    """An H x W picture about `width_px` wide, seven eighths of it at least; narrower ones stay."""
    small = luma
    while small.shape[1] >= _HALVE_FROM * width_px and small.shape[0] > 1:
        small = _half(small)
    height, width = small.shape
    if width <= width_px:
        return small
    size = (width_px, max(1, round(width_px * height / width)))
    return np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def averaged(luma: Luma, size: tuple[int, int]) -> Luma:
    """The picture as (width, height) cells, each nearly the mean of what it stands for."""
    small = luma
    while small.shape[1] >= _HALVE_FROM * size[0] and small.shape[0] >= _HALVE_FROM * size[1]:
        small = _half(small)
    return np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_AREA), np.uint8)


def _half(luma: Luma) -> Luma:
    height, width = luma.shape
    # of an odd row or column less than a pixel's share is left out
    even = luma[: height - height % 2, : width - width % 2]
    half = (even.shape[1] // 2, even.shape[0] // 2)
    return np.asarray(cv2.resize(even, half, interpolation=cv2.INTER_AREA), np.uint8)
