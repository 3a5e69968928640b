"""What is foreground and yet belongs to the scene: a parked car, a branch, what never walked.

What belongs here: when a followed thing, or the still part of one, is given to the empty scene.
What does not: holes that somebody left (`ghosts`), and who loiters (`stays`).
"""

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from camerad.detection.looks import window_of
from camerad.detection.settings import DetectionSettings
from camerad.detection.tracks import Track

Mask = NDArray[np.uint8]
Window = tuple[slice, slice]

_UNTRAVELLED_S = 20.0
"""What has not gone anywhere for this long belongs to the scene (a branch, a patch of sun)."""
_UNTRAVELLED_STILL_S = 4.0
"""The same when it does not even move."""
_TICK_S = 0.25
"""The clock of each pixel runs in these steps; at 255 it stands."""
_WIDE = 1.4
"""So many times wider than high is no person, nor two."""


def is_scenery(track: Track, t_s: float, settings: DetectionSettings) -> bool:
    """Whether the whole track has become part of the scene."""
    still = t_s - track.moved_s
    if not track.travelled:
        here = t_s - max(track.born_s, track.still_since_s())
        return here > _UNTRAVELLED_S or min(here, still) > _UNTRAVELLED_STILL_S
    if track.upright():
        return still > settings.still_person_s
    return still > settings.still_thing_s


class StillParts:
    """For how long each pixel has not changed, to tell a parked car from who leans on it."""

    def __init__(self, shape: tuple[int, ...], settings: DetectionSettings) -> None:
        self._ticks = np.zeros(shape, np.uint8)
        self._least = round(settings.still_part_s / _TICK_S)
        self._waiting_s = 0.0
        self._moved = np.zeros(shape, np.uint8)

    def step(self, moving: Mask, elapsed_s: float) -> None:
        """`moving` is 255 where the picture changed since the last one."""
        self._waiting_s += elapsed_s
        self._moved = np.asarray(cv2.bitwise_or(self._moved, moving), np.uint8)
        if self._waiting_s < _TICK_S:
            return
        ticks = float(min(255, int(self._waiting_s / _TICK_S)))
        self._waiting_s %= _TICK_S
        cv2.addWeighted(self._ticks, 1.0, self._ticks, 0.0, ticks, dst=self._ticks)
        cv2.subtract(self._ticks, self._moved, dst=self._ticks)
        self._moved = moving

    def of(self, tracks: Iterable[Track]) -> list[tuple[Window, Mask]]:
        """Windows of wide things, with 255 where they have been still long enough."""
        found = []
        for track in tracks:
            wide = track.visible and track.w > _WIDE * track.h and track.tall_share < 0.2
            if not (wide and track.travelled):
                continue
            window = window_of(self._ticks.shape, track.box)
            still = np.where(self._ticks[window] >= self._least, 255, 0).astype(np.uint8)
            if still.any():
                found.append((window, still))
        return found
