"""What a camera usually sees: a slowly learned look, and which of its tiles can be relied on.

A tile is a landmark when it has a pattern that was there most of the time: a house is, the cars on
a road are not, and leaves are not while the wind blows. Nothing here knows what is wrong.
"""

import math

import numpy as np

from camerad.picture_health.looks import (
    LEAST_PATTERN,
    MATCH,
    Likeness,
    Look,
    Marks,
    Tiles,
    alikeness,
    blended,
    likeness,
)

_LEARN_S = 30.0
_RELY_S = 20.0
_RELIABLE = 0.6
"""Share of the looks in which a landmark's pattern must have been found."""


class Memory:
    """One camera's usual look. Starts with the first look it is given."""

    def __init__(self, first: Look) -> None:
        self.look = first
        self.learned_s = 0.0
        """For how long it has been learning."""
        self._looks = 1
        self._found: Tiles = np.full(first.power.shape, _RELIABLE, np.float32)

    def compare(self, now: Look) -> Likeness:
        """How much of the landmarks is in a look of the same size."""
        return likeness(now, self.look, self.landmarks(), alikeness(now, self.look))

    def landmarks(self) -> Marks:
        """The tiles that count."""
        return (self.look.power >= LEAST_PATTERN**2) & (self._found >= _RELIABLE)

    def learn(self, now: Look, elapsed_s: float) -> None:
        """Follow what is seen: quickly at first, then as slowly as the day goes."""
        self._looks += 1
        first = 1.0 / self._looks
        found = (alikeness(now, self.look) >= MATCH).astype(np.float32)
        weight = max(first, 1.0 - math.exp(-elapsed_s / _RELY_S))
        self._found += weight * (found - self._found)
        self.look = blended(self.look, now, max(first, 1.0 - math.exp(-elapsed_s / _LEARN_S)))
        self.learned_s += elapsed_s
