"""Polygons as pixel masks, and the blackening of what must not be seen."""

from collections.abc import Iterable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from camerad.model import Point, Zone, ZoneKind

Mask = NDArray[np.uint8]
"""H x W, 0 or 255."""


def polygon_px(polygon: Sequence[Point], width: int, height: int) -> NDArray[np.int32]:
    """The polygon's corners in pixels, N x 2."""
    corners = np.asarray(polygon, dtype=np.float64) * (width, height)
    return np.rint(corners).astype(np.int32)


def polygons_mask(polygons: Iterable[Sequence[Point]], width: int, height: int) -> Mask:
    """255 inside any of the polygons (fractions of the frame), 0 elsewhere."""
    mask = np.zeros((height, width), np.uint8)
    for polygon in polygons:
        cv2.fillPoly(mask, [polygon_px(polygon, width, height)], 255)
    return mask


def mask_privacy(image: NDArray[np.uint8], zones: Sequence[Zone]) -> NDArray[np.uint8]:
    """The image (H x W or H x W x C) with every PRIVACY polygon black.

    Returns the same array when there is nothing to hide, else a copy; the input is not changed.
    """
    polygons = [zone.polygon for zone in zones if zone.kind is ZoneKind.PRIVACY]
    if not polygons:
        return image
    hidden = image.copy()
    height, width = image.shape[:2]
    for polygon in polygons:
        cv2.fillPoly(hidden, [polygon_px(polygon, width, height)], (0, 0, 0))
    return hidden
