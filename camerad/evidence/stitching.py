"""The times of a clip's pictures, over connections that broke and clocks that jump. Pure."""

from camerad.evidence.model import Chunk

TOLERANCE_S = 1.0
"""So far a camera's stamps may be from the moments of arrival; beyond it they are anchored anew."""


class Stitching:
    """Gives each chunk of a clip its time in the file: seconds from the first, always growing.

    The camera's own stamps give the even steps between pictures; the moments of arrival say when
    it was, and bridge what is missing.
    """

    def __init__(self) -> None:
        self._begun_s: float | None = None
        self._format: object = None
        self._anchor_s: float | None = None
        self._last_s = -1.0

    def time_of(self, chunk: Chunk) -> float:
        """Seconds from the first chunk that was asked for."""
        if self._begun_s is None:
            self._begun_s = chunk.arrived_s
        arrived_s = chunk.arrived_s - self._begun_s
        if chunk.format is not self._format:
            self._format, self._anchor_s = chunk.format, None
        time_s = arrived_s
        if chunk.stamp_s is not None:
            if self._anchor_s is not None:
                time_s = chunk.stamp_s + self._anchor_s
            if self._anchor_s is None or abs(time_s - arrived_s) > TOLERANCE_S:
                self._anchor_s = arrived_s - chunk.stamp_s
                time_s = arrived_s
        time_s = max(time_s, self._last_s + 0.001)
        self._last_s = time_s
        return time_s
