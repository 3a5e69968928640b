"""How far a shaken camera's picture has jumped against the scene. One picture, no memory."""

import functools

import cv2
import numpy as np
from numpy.typing import NDArray

from camerad.detection.shrinking import averaged

Luma = NDArray[np.uint8]

_LEAST_PX = 0.2
_MOST = 0.04
"""Of the frame's width: further is no shake."""
_WIDTH_PX = 112
"""Phase correlation finds parts of a pixel, so a small picture is enough."""


def steadied(frame: Luma, scene: Luma) -> Luma | None:
    """The picture moved back to where the scene is; None when it has not jumped."""
    height, width = frame.shape
    across = min(width, _WIDTH_PX)
    size = (max(8, across), max(8, round(across * height / width)))
    now, then = averaged(frame, size).astype(np.float32), averaged(scene, size).astype(np.float32)
    (dx, dy), _ = cv2.phaseCorrelate(then, now, _window(size))
    dx, dy = dx * width / size[0], dy * height / size[1]
    # one grey level everywhere correlates with nothing
    if not _LEAST_PX <= float(np.hypot(dx, dy)) <= _MOST * width:
        return None
    back = np.array([[1.0, 0.0, -dx], [0.0, 1.0, -dy]], np.float32)
    moved = cv2.warpAffine(frame, back, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.uint8)


@functools.lru_cache(maxsize=8)
def _window(size: tuple[int, int]) -> NDArray[np.float32]:
    """What takes the picture's borders out of the correlation."""
    return np.asarray(cv2.createHanningWindow(size, cv2.CV_32F), np.float32)
