"""Is a still blob a body, or the hole where one was when the empty scene was learned?

A body's outline is an edge in the picture; a hole's outline is an edge only in what is
remembered. This decides for streams that begin with people in view.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from camerad.detection.background import Foreground

Luma = NDArray[np.uint8]
_RATIO = 1.3
_MARGIN = 3


def outline_is_remembered(
    frame: Luma, foreground: Foreground, box: tuple[float, float, float, float]
) -> bool:
    """Whether the outline of the foreground in `box` (px) belongs to the remembered scene."""
    window = box_window(frame.shape, box, _MARGIN)
    mask = foreground.mask[window]
    if mask.shape[0] < 4 or mask.shape[1] < 4 or not mask.any():
        return False
    kernel = np.ones((3, 3), np.uint8)
    ring = cv2.bitwise_xor(cv2.dilate(mask, kernel), cv2.erode(mask, kernel))
    if not ring.any():
        return False
    now = _edges(frame[window])[ring > 0].mean()
    then = _edges(foreground.expected[window])[ring > 0].mean()
    return bool(then > _RATIO * now + 2.0)


def box_window(
    shape: tuple[int, ...], box: tuple[float, float, float, float], margin: int
) -> tuple[slice, slice]:
    """The box (x, y, w, h) grown by `margin` px as row and column slices inside the picture."""
    x0, y0 = max(0, int(box[0]) - margin), max(0, int(box[1]) - margin)
    x1 = min(shape[1], int(np.ceil(box[0] + box[2])) + margin)
    y1 = min(shape[0], int(np.ceil(box[1] + box[3])) + margin)
    return (slice(y0, max(y0, y1)), slice(x0, max(x0, x1)))


def _edges(image: Luma) -> NDArray[np.float32]:
    across = cv2.Sobel(image, cv2.CV_32F, 1, 0)
    down = cv2.Sobel(image, cv2.CV_32F, 0, 1)
    return np.asarray(cv2.magnitude(across, down), np.float32)
