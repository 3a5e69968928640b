"""Detectors and masks for the fleet's tests; workers import them by name."""

import datetime
import threading
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from camerad.model import Detection, EventName, Zone


class Scripted:
    """Tells of motion at its first picture, of loitering at the third, of an end at the end.

    A zone named `hang` makes it never return, one named `break` makes it raise, one named `storm`
    makes it tell something at each picture, one named `slow` makes it look for 2 s.
    """

    def __init__(self, zones: tuple[Zone, ...]) -> None:
        self._zones = {zone.name for zone in zones}
        self._pictures = 0

    def wants(self, t_s: float) -> bool:
        return True

    def process(
        self, luma: NDArray[np.uint8], t_s: float, local_time: datetime.time | None
    ) -> list[Detection]:
        assert luma.ndim == 2
        assert local_time is not None
        self._pictures += 1
        if "hang" in self._zones:
            threading.Event().wait()
        if "slow" in self._zones:
            threading.Event().wait(2.0)
        if "break" in self._zones:
            raise ZeroDivisionError
        if self._pictures == 1 or "storm" in self._zones:
            return [Detection(EventName.MOTION_STARTED, t_s, "yard")]
        if self._pictures == 3:
            return [Detection(EventName.LOITERING_STARTED, t_s, "gate", track=1, dwell_s=0.2)]
        return []

    def finish(self, t_s: float) -> list[Detection]:
        return [Detection(EventName.MOTION_ENDED, t_s, "yard")]


def no_mask(image: NDArray[np.uint8], zones: Sequence[Zone]) -> NDArray[np.uint8]:
    return image


def black_mask(image: NDArray[np.uint8], zones: Sequence[Zone]) -> NDArray[np.uint8]:
    """As if one privacy zone covered the whole picture."""
    return np.zeros_like(image)
