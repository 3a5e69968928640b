"""Rain and snow: much that is new in every picture and gone in the next.

While it falls, only what was foreground in two of the last three pictures is believed.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.uint8]

_MANY = 4.0
"""Newcomers a picture, on average, from which on it rains; with half of it, it has stopped."""
_MEMORY_S = 1.5


class Precipitation:
    """One camera's weather. `settled`, then `count`, once per analysed picture."""

    def __init__(self) -> None:
        self._before: list[Mask] = []
        self._newcomers = 0.0
        self.falling = False

    def settled(self, mask: Mask) -> Mask:
        """What may be believed of a picture's foreground (0 or 255)."""
        before = self._before
        self._before = [*before[-1:], mask]
        if not self.falling or len(before) < 2:
            return mask
        either = cv2.bitwise_or(*before)
        both = cv2.bitwise_and(*before)
        return np.asarray(cv2.bitwise_or(cv2.bitwise_and(mask, either), both), np.uint8)

    def count(self, newcomers: int, elapsed_s: float) -> None:
        """So many bodies were where there was nothing in the picture before."""
        share = 1.0 - float(np.exp(-elapsed_s / _MEMORY_S))
        self._newcomers += share * (newcomers - self._newcomers)
        self.falling = self._newcomers > (0.5 * _MANY if self.falling else _MANY)
