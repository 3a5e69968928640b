"""Drawing bodies on a grey picture: soft-edged shapes whose measures are body heights.

Only the pencil; what is drawn with it is in `people` and `things`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from camerad.simulator.adversaries.layers import Luma

_BITS = 4  # fractional bits of a coordinate
_ONE = 1 << _BITS
_FURTHEST = 2**14  # further out the fixed-point coordinates would overflow

Place = tuple[float, float]
"""(to the right, up from the ground) in units of the pencil."""


@dataclass(frozen=True)
class Pencil:
    """Draws on `picture` in place. The origin is on the ground at pixel (x, y); one unit is
    `unit` pixels, `facing` -1 mirrors."""

    picture: Luma
    x: float
    y: float
    unit: float
    facing: float = 1.0

    def line(self, a: Place, b: Place, wide: float, grey: float) -> None:
        """A stroke with round ends."""
        thick = max(1, round(wide * self.unit))
        cv2.line(self.picture, self._at(a), self._at(b), grey, thick, cv2.LINE_AA, _BITS)

    def shape(self, corners: Sequence[Place], grey: float) -> None:
        """A filled polygon."""
        points = np.array([self._at(corner) for corner in corners], np.int32)
        cv2.fillPoly(self.picture, [points], grey, cv2.LINE_AA, _BITS)

    def round(self, centre: Place, across: float, up: float, grey: float) -> None:
        """A filled ellipse with these half axes."""
        half = (self._fixed(across * self.unit), self._fixed(up * self.unit))
        half = (max(1, half[0]), max(1, half[1]))
        spot = self._at(centre)
        cv2.ellipse(self.picture, spot, half, 0, 0, 360, grey, -1, cv2.LINE_AA, _BITS)

    def box(self, left: float, low: float, right: float, top: float, grey: float) -> None:
        """A filled upright rectangle."""
        self.shape(((left, low), (right, low), (right, top), (left, top)), grey)

    def shadow(self, left: float, right: float, deep: float, dark: float) -> None:
        """Darken the ground around the feet: a soft ellipse `deep` units high."""
        height, width = self.picture.shape
        middle = self.x + self.facing * (left + right) / 2 * self.unit
        reach, tall = (right - left) / 2 * self.unit, deep * self.unit
        x0, x1 = max(0, int(middle - 1.6 * reach)), min(width, int(middle + 1.6 * reach) + 1)
        y0, y1 = max(0, int(self.y - 2.0 * tall)), min(height, int(self.y + 2.0 * tall) + 1)
        if x0 >= x1 or y0 >= y1:
            return
        across = np.exp(-(((np.arange(x0, x1) - middle) / reach) ** 4))
        down = np.exp(-(((np.arange(y0, y1) - self.y) / tall) ** 2))
        part = self.picture[y0:y1, x0:x1]
        part[:] = (part * (1.0 - dark * down[:, None] * across[None, :])).astype(np.uint8)

    def _at(self, place: Place) -> tuple[int, int]:
        x = self.x + self.facing * place[0] * self.unit
        return self._fixed(x), self._fixed(self.y - place[1] * self.unit)

    @staticmethod
    def _fixed(px: float) -> int:
        return round(min(_FURTHEST, max(-_FURTHEST, px)) * _ONE)
