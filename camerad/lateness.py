"""How far behind the camera we are reading. Pure: both times are arguments."""


class Lateness:
    """Compares when frames arrive with when the camera says they were taken.

    Only differences count, so the camera's clock may be set to anything. A camera's clock that
    runs up to `drift` too slow is forgiven; a jump of more than `jump_s` starts afresh.
    """

    def __init__(self, *, drift: float = 0.02, jump_s: float = 10.0) -> None:
        self._drift = drift
        self._jump_s = jump_s
        self._least: float | None = None
        self._arrival_s = 0.0

    def note(self, arrival_s: float, stream_s: float) -> float:
        """Seconds by which this frame is later than the promptest one so far."""
        delay = arrival_s - stream_s
        if self._least is not None:
            self._least += self._drift * (arrival_s - self._arrival_s)
        if self._least is None or abs(delay - self._least) > self._jump_s:
            self._least = delay
        self._least = min(self._least, delay)
        self._arrival_s = arrival_s
        return delay - self._least
