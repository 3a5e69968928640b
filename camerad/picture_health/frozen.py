"""A picture that is sent again and again: its sensor, or its recorder, has stopped.

A sensor is never quite still; whatever comes from a living one differs somewhere, at the latest
where a keyframe is coded anew.
"""

import zlib

import numpy as np
from numpy.typing import NDArray

_EVERY_LINES = 4
_GAP_S = 5.0
"""Not looked at for longer: it may have changed and changed back."""


class Frozen:
    """Whether one camera's picture has stood quite still for `after_s`. Time is an argument."""

    def __init__(self, after_s: float) -> None:
        self._after_s = after_s
        self._seen: int | None = None
        self._since_s = 0.0
        self._last_s = 0.0

    def look(self, luma: NDArray[np.uint8], t_s: float) -> bool:
        """H x W uint8; about once a second."""
        now = zlib.crc32(luma[::_EVERY_LINES].tobytes())
        if now != self._seen or t_s - self._last_s > _GAP_S:
            self._since_s = t_s
        self._seen, self._last_s = now, t_s
        return t_s - self._since_s >= self._after_s
