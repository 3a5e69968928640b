"""Connected bodies in a foreground mask. No memory: one picture in, boxes out."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from camerad.detection.background import Foreground
from camerad.detection.settings import DetectionSettings

Mask = NDArray[np.uint8]
_Rect = tuple[int, int, int, int]

_LEAST_AREA_PX = 12
_LEAST_HEIGHT_PX = 4
_PIECES = np.ones((7, 3), np.uint8)
MOST_BLOBS = 40
"""The biggest so many are looked at: in dense snow a picture would take longer than there is."""


@dataclass(frozen=True)
class Blob:
    """A connected body without the shadow it casts, in pixels of the analysed picture."""

    x: float
    y: float
    w: float
    h: float
    area: int
    """Foreground pixels, shadow left out where it could be told."""
    cut_bottom: bool = False
    """It reaches the frame's lower edge: the feet may be out of the picture."""
    cut_side: bool = False
    """It reaches another edge of the frame."""


def find_blobs(foreground: Foreground, settings: DetectionSettings) -> list[Blob]:
    """Blobs big enough to matter, `MOST_BLOBS` at most; a blob that only shadow joins comes back
    as its parts.
    """
    height, width = foreground.mask.shape
    outlines, _ = cv2.findContours(foreground.mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    least = max(_LEAST_AREA_PX, round(settings.min_area * height * width))
    rects = [(outline, cv2.boundingRect(outline)) for outline in outlines]
    rects = [
        (outline, (x, y, w, h))
        for outline, (x, y, w, h) in rects
        if w * h >= least and h >= _LEAST_HEIGHT_PX
    ]
    if len(rects) > MOST_BLOBS:
        rects.sort(key=lambda rect: -rect[1][2] * rect[1][3])
    found = []
    for outline, (x, y, w, h) in rects[:MOST_BLOBS]:
        window = np.s_[y : y + h, x : x + w]
        filled = np.zeros((h, w), np.uint8)
        cv2.drawContours(filled, [outline], -1, 255, cv2.FILLED, offset=(-x, -y))
        body = np.asarray(cv2.bitwise_and(filled, foreground.mask[window]), np.uint8)
        if cv2.countNonZero(body) < least:
            continue
        solid = np.asarray(cv2.bitwise_and(body, foreground.solid[window]), np.uint8)
        for left, top, wide, high, px in _bodies(body, solid, settings.min_height * height):
            found.append(_blob(x + left, y + top, wide, high, px, width, height))
    return found[:MOST_BLOBS]


def _blob(x: int, y: int, w: int, h: int, area: int, width: int, height: int) -> Blob:
    return Blob(
        x,
        y,
        w,
        h,
        area,
        cut_bottom=y + h >= height - 1,
        cut_side=x <= 1 or x + w >= width - 1 or y <= 1,
    )


def _bodies(body: Mask, solid: Mask, least_height: float) -> list[tuple[int, int, int, int, int]]:
    """(x, y, w, h, area) of the bodies in one component, relative to it."""
    high, wide = body.shape
    area = cv2.countNonZero(body)
    solid_area = cv2.countNonZero(solid)
    if wide >= 2 * least_height / 3 and solid_area >= 0.3 * area:
        parts = _parts(solid, least_height)
        if len(parts) > 1:
            return [(*rect, cv2.countNonZero(solid[_cut(rect)])) for rect in parts]
    if solid_area >= 0.4 * area:
        columns = np.flatnonzero((solid > 0).sum(axis=0) >= max(1.0, 0.04 * high))
        rows = np.flatnonzero(solid.any(axis=1))
        # legs may be as grey as a shadow: what is cut off must stay the smaller part
        if len(columns) and rows[-1] - rows[0] + 1 >= 0.7 * high:
            left, top = int(columns[0]), int(rows[0])
            return [(left, top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1, solid_area)]
    return [(0, 0, wide, high, area)]


def _cut(rect: _Rect) -> tuple[slice, slice]:
    x, y, w, h = rect
    return (slice(y, y + h), slice(x, x + w))


def _parts(solid: Mask, least_height: float) -> list[_Rect]:
    """Upright solid parts that stand beside each other; pieces of one column are one part."""
    # closing reaches for the border of its window: give it some
    roomy = cv2.copyMakeBorder(solid, 3, 3, 1, 1, cv2.BORDER_CONSTANT, value=0.0)
    joined = cv2.morphologyEx(roomy, cv2.MORPH_CLOSE, _PIECES)[3:-3, 1:-1]
    outlines, _ = cv2.findContours(
        np.ascontiguousarray(joined), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
    )
    found = [(cv2.contourArea(outline), cv2.boundingRect(outline)) for outline in outlines]
    rects: list[_Rect] = []
    for px, (x, y, w, h) in sorted(found, key=lambda part: -part[0]):
        if px + w + h < _LEAST_AREA_PX:
            continue
        for at, rect in enumerate(rects):
            if _same_column(rect, (x, y, w, h)):
                rects[at] = _union(rect, (x, y, w, h))
                break
        else:
            if h >= least_height and h >= 1.1 * w:
                rects.append((x, y, w, h))
            elif not rects:
                # the biggest part is no upright body: nothing here is two people side by side
                return []
    return rects


def _same_column(a: _Rect, b: _Rect) -> bool:
    shared = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    gap = max(a[1], b[1]) - min(a[1] + a[3], b[1] + b[3])
    return shared >= 0.5 * min(a[2], b[2]) and gap <= 0.2 * max(a[3], b[3])


def _union(a: _Rect, b: _Rect) -> _Rect:
    x, y = min(a[0], b[0]), min(a[1], b[1])
    return (x, y, max(a[0] + a[2], b[0] + b[2]) - x, max(a[1] + a[3], b[1] + b[3]) - y)
