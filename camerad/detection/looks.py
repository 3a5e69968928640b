"""What a place in the picture looks like: cut out, found again, changed or not.

A look is a small patch of the last seconds of one thing. It lives as long as that thing is
followed, is never kept, and never compared across things.
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from camerad.detection.medians import median

Luma = NDArray[np.uint8]

_MOVED_PX = 3.0
_MOVED_SHARE = 0.006
"""So much of a patch must have changed."""
_MATCH = 0.55
"""Normalised correlation from which a patch is found again."""


def window_of(
    shape: tuple[int, ...], box: tuple[float, float, float, float]
) -> tuple[slice, slice]:
    """The box (x, y, w, h) as row and column slices inside the picture, never empty."""
    height, width = shape
    x0, y0 = min(max(0, int(box[0])), width - 1), min(max(0, int(box[1])), height - 1)
    x1, y1 = min(width, math.ceil(box[0] + box[2])), min(height, math.ceil(box[1] + box[3]))
    return (slice(y0, max(y0 + 1, y1)), slice(x0, max(x0 + 1, x1)))


def differs(now: Luma, then: Luma, threshold: Luma) -> bool:
    """Whether more of a patch has changed than noise and light explain."""
    light = int(median(now[::2, ::2].astype(np.int16) - then[::2, ::2]))
    change = cv2.absdiff(now.astype(np.int16), then.astype(np.int16) + light)
    moved = cv2.compare(change, threshold.astype(np.int16), cv2.CMP_GT)
    px = cv2.countNonZero(cv2.medianBlur(moved, 3))
    return px >= max(_MOVED_PX, _MOVED_SHARE * now.size)


def cut_out(frame: Luma, box: tuple[float, float, float, float]) -> Luma | None:
    height, width = frame.shape
    x0, y0 = max(0, round(box[0])), max(0, round(box[1]))
    x1, y1 = min(width, round(box[0] + box[2])), min(height, round(box[1] + box[3]))
    if x1 - x0 < 3 or y1 - y0 < 6:
        return None
    return frame[y0:y1, x0:x1].copy()


def find(
    frame: Luma, patch: Luma, box: tuple[float, float, float, float]
) -> tuple[tuple[float, float] | None, float]:
    """Top left of the best match within a third of a body height around `box`, if good, and how
    good it is.
    """
    height, width = frame.shape
    high, wide = patch.shape
    reach = max(3, round(0.3 * high))
    x0, y0 = max(0, round(box[0]) - reach), max(0, round(box[1]) - reach // 2)
    x1 = min(width, round(box[0]) + wide + reach)
    y1 = min(height, round(box[1]) + high + reach // 2)
    if x1 - x0 < wide or y1 - y0 < high:
        return None, 0.0
    scores = cv2.matchTemplate(frame[y0:y1, x0:x1], patch, cv2.TM_CCOEFF_NORMED)
    _, best, _, place = cv2.minMaxLoc(scores)
    if not np.isfinite(best) or best < _MATCH:
        return None, 0.0
    return (float(x0 + place[0]), float(y0 + place[1])), float(best)
