"""Is a still blob a body, or the hole where one was when the empty scene was learned?

A body's outline is an edge in the picture; a hole's outline is an edge only in what is
remembered. This decides for streams that begin with people in view.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from camerad.detection.background import Foreground
from camerad.detection.blobs import Blob
from camerad.detection.medians import median

Luma = NDArray[np.uint8]
Mask = NDArray[np.uint8]

_RATIO = 1.3
_MARGIN = 3
_VOTES = 3
"""Pictures in a row that must agree."""
_STILL = 0.01
"""Share of a blob's box that may move in a hole: noise, and the tail of who left."""


class Ghosts:
    """Finds holes among the blobs. `step` once per analysed picture."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._votes = np.zeros(shape, np.uint8)

    def step(
        self, frame: Luma, foreground: Foreground, moving: Mask, blobs: Sequence[Blob]
    ) -> list[tuple[slice, slice]]:
        """Windows (rows, columns) whose foreground is the remembered scene's, not a body's."""
        votes = np.zeros_like(self._votes)
        found = []
        for blob in blobs:
            box = (blob.x, blob.y, blob.w, blob.h)
            window = box_window(frame.shape, box, _MARGIN)
            if cv2.countNonZero(moving[window]) > _STILL * blob.w * blob.h:
                continue
            if not outline_is_remembered(frame, foreground, window):
                continue
            inside = box_window(frame.shape, box, 0)
            # the middle value: neighbours of the box may have been voted on apart
            agreed = int(median(self._votes[inside])) + 1
            votes[inside] = min(agreed, 255)
            if agreed >= _VOTES:
                found.append(window)
        self._votes = votes
        return found


def outline_is_remembered(frame: Luma, foreground: Foreground, window: tuple[slice, slice]) -> bool:
    """Whether the outline of the foreground in the window belongs to the remembered scene."""
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
