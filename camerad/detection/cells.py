"""Where in the picture something moved, as coarsely as a person's way cannot be read from it.

A grid of 16 by 9 cells over the whole picture, as hexadecimal digits: row by row from the top left,
a bit a cell, the first cell the highest bit.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from camerad.detection.masks import Mask

COLUMNS, ROWS = 16, 9
_LEAST = 0.02
"""Share of a cell that must move."""

Cells = NDArray[np.bool_]
"""ROWS x COLUMNS."""


def no_cells() -> Cells:
    return np.zeros((ROWS, COLUMNS), np.bool_)


def touched(moving: Mask) -> Cells:
    """The cells in which something moves; `moving` is 255 where it does."""
    shares = cv2.resize(moving, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA)
    return np.asarray(shares >= 255 * _LEAST, np.bool_)


def packed(cells: Cells) -> str:
    """36 hexadecimal digits."""
    return np.packbits(cells.ravel()).tobytes().hex()
