"""Covering people in a film that leaves the house, without recognising anybody: wherever anything
ever changed in it is covered in all of it, from its first picture to its last. Numbers only.

No person is looked for. So whoever moves is covered, also while they stand, and where they will
come to stand; what never changes is not, and somebody who does not move at all in the whole film is
such a thing. Where that matters the whole picture is covered.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Luma = NDArray[np.uint8]
Veil = NDArray[np.bool_]
"""Rows × columns of blocks: True where the picture is covered."""

BLOCKS_A_SIDE: Final = 32
"""Along the longer side: a face as wide as a twelfth of the picture is three blocks."""
_CELLS_A_SIDE: Final = 128
_LEAST_CELL: Final = 4
_BRIGHTER: Final = 8.0
"""Grey levels by which a cell's mean differs, where something came or went."""
_ROUGHER: Final = 6.0
"""The same of its texture: a coat as grey as the wall has folds."""
_CLOSED: Final = 0.08
_GROWN: Final = 0.05
_BELOW: Final = 0.15
"""Of the picture's height: gaps that are closed, margin, and what hangs below a moving head."""


def grid_of(height: int, width: int) -> tuple[int, int]:
    """Rows and columns of blocks of a picture of this size."""
    block = max(height, width) / BLOCKS_A_SIDE
    return max(1, round(height / block)), max(1, round(width / block))


def whole(height: int, width: int) -> Veil:
    """Covers everything."""
    return np.ones(grid_of(height, width), np.bool_)


class Changes:
    """Where anything changed among the pictures of a film, all of the same size."""

    def __init__(self, height: int, width: int) -> None:
        self._height, self._width = height, width
        cell = max(_LEAST_CELL, round(max(height, width) / _CELLS_A_SIDE))
        self._cells = (max(1, width // cell), max(1, height // cell))
        self._first: NDArray[np.float32] | None = None
        self._least: list[NDArray[np.float32]] = []
        self._most: list[NDArray[np.float32]] = []

    def see(self, luma: Luma) -> None:
        """Take in one picture: height × width."""
        mean = self._by_cell(luma.astype(np.float32))
        if self._first is None:
            self._first = mean
        # a cloud or a camera's own exposure changes all of it at once, and hides nobody
        mean = mean - np.float32(np.median(mean - self._first))
        rough = self._by_cell(np.abs(np.diff(luma.astype(np.float32), axis=1, append=0.0)))
        seen = [mean, rough]
        if not self._least:
            self._least, self._most = [one.copy() for one in seen], [one.copy() for one in seen]
        for least, most, one in zip(self._least, self._most, seen, strict=True):
            np.minimum(least, one, out=least)
            np.maximum(most, one, out=most)

    def veil(self) -> Veil:
        """What is to be covered in every picture."""
        if not self._least:
            return whole(self._height, self._width)
        (mean, rough) = (m - n for m, n in zip(self._most, self._least, strict=True))
        changed = ((mean > _BRIGHTER) | (rough > _ROUGHER)).astype(np.uint8)
        rows, columns = grid_of(self._height, self._width)
        grown = _grown(changed)
        # a block is covered where any of its cells is
        blocks = cv2.resize(grown * 255, (columns * 8, rows * 8), interpolation=cv2.INTER_NEAREST)
        return np.asarray(blocks.reshape(rows, 8, columns, 8).any(axis=(1, 3)), np.bool_)

    def _by_cell(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(cv2.resize(values, self._cells, interpolation=cv2.INTER_AREA), np.float32)


def _grown(changed: Luma) -> Luma:
    """Gaps closed, every patch filled to its box, with a margin and what may hang below it."""
    height = changed.shape[0]
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_odd(height * _CLOSED),) * 2)
    closed = cv2.morphologyEx(changed, cv2.MORPH_CLOSE, kernel)
    _, _, boxes, _ = cv2.connectedComponentsWithStats(closed, connectivity=8)
    filled = np.zeros_like(changed)
    for x, y, wide, high, _ in boxes[1:]:
        below = round(min(3 * wide, height * _BELOW))
        filled[y : y + high + below, x : x + wide] = 1
    margin = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_odd(2 * height * _GROWN),) * 2)
    return np.asarray(cv2.dilate(filled, margin), np.uint8)


def _odd(size: float) -> int:
    return max(3, round(size) | 1)


def cover(plane: Luma, veil: Veil) -> Luma:
    """One plane of a picture, brightness or a colour, of any size: its veiled blocks are each one
    value."""
    height, width = plane.shape
    rows, columns = veil.shape
    coarse = cv2.resize(plane, (columns, rows), interpolation=cv2.INTER_AREA)
    flat = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_NEAREST)
    hidden = cv2.resize(veil.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
    return np.where(hidden.astype(np.bool_), flat, plane)
