"""Places where things keep coming into view that came from nowhere: leaves, a curtain, water, rain.

Where somebody can walk, bodies come in over the frame's edge or out of a door, a few a minute.
Where something swings, a new blob begins every second or two, and none of them has come a way.
What belongs here: how often that has happened lately, and where. What does not: what follows from
it (`tracks`).
"""

import math

import numpy as np
from numpy.typing import NDArray

_CELLS = 24
"""Across the picture."""
_MEMORY_S = 40.0
"""What happened so long ago counts a third."""
_SETTLING_S = 8.0
"""At first those who are there leave holes in the scene, which break up."""
_OFTEN = 2.5
"""So many newcomers, lately, in one place."""
_AROUND = 0.3
"""Of a body's longer side, from its middle: its place."""
_LEAST_AROUND = 0.08
"""The same, at least, of the frame's height."""


class RestlessPlaces:
    """One camera's. `note` for every body that begins inside the picture."""

    def __init__(self) -> None:
        self._counts: NDArray[np.float32] = np.zeros((_CELLS, _CELLS), np.float32)
        self._counted_s = 0.0
        self._begun_s: float | None = None

    def note(
        self, middle: tuple[float, float], shape: tuple[int, ...], t_s: float, weight: float = 1.0
    ) -> None:
        """A body has come into view here (pixels of a picture of that shape)."""
        if self._begun_s is None:
            self._begun_s = t_s
        if t_s - self._begun_s < _SETTLING_S:
            return
        self._counts *= np.float32(math.exp((self._counted_s - t_s) / _MEMORY_S))
        self._counted_s = t_s
        column, row = _cell(middle[0], shape[1]), _cell(middle[1], shape[0])
        self._counts[row, column] += weight

    def around(
        self, box: tuple[float, float, float, float], shape: tuple[int, ...], t_s: float
    ) -> bool:
        """Whether the place of the box (x, y, w, h) is restless."""
        x, y, w, h = box
        height, width = shape[:2]
        reach = max(_AROUND * max(w, h), _LEAST_AROUND * height)
        x, y = x + 0.5 * w, y + 0.5 * h
        rows = slice(_cell(y - reach, height), _cell(y + reach, height) + 1)
        columns = slice(_cell(x - reach, width), _cell(x + reach, width) + 1)
        often = _OFTEN * math.exp((t_s - self._counted_s) / _MEMORY_S)
        return float(self._counts[rows, columns].sum()) > often


def _cell(place: float, size: int) -> int:
    return min(_CELLS - 1, max(0, int(place * _CELLS / size)))
