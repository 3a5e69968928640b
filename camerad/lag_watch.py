"""Measures how far a worker lags, and keeps the rate that follows from it. One thread a worker."""

import threading
from collections.abc import Callable, Sequence

import structlog

from camerad.shedding import Shedder, SheddingRules, shared_lateness
from lianfang_timing import Clock

_log = structlog.get_logger()

_LOOK_EVERY_S = 0.5


class LagWatch:
    """The lag is the worse of two: by how much this thread wakes too late (the processor is not
    given to us, or our own threads hold Python), and by how much most cameras' frames are late
    (they wait in the sockets because nobody gets to reading them).
    """

    def __init__(
        self,
        clock: Clock,
        rules: SheddingRules,
        *,
        late_s: Callable[[], Sequence[float]],
        changed: Callable[[], None],
    ) -> None:
        """`late_s` tells the lateness of every camera that is watched now."""
        self._clock = clock
        self._late_s = late_s
        self._changed = changed
        self._shedder = Shedder(rules)
        self._per_s = self._shedder.per_s

    def start(self) -> None:
        threading.Thread(target=self._watch_for_ever, name="lag", daemon=True).start()

    def per_s(self) -> float:
        """Frames a second to look at on each camera. May be called by any thread."""
        return self._per_s

    def note(self, overslept_s: float) -> None:
        """Take one measurement, with the cameras as they are now."""
        lag_s = max(overslept_s, shared_lateness(self._late_s()))
        before, self._per_s = self._per_s, self._shedder.note(self._clock.monotonic(), lag_s)
        if self._per_s < before:
            _log.warning("worker.sheds_frames", analysed_per_s=self._per_s, lag_s=round(lag_s, 2))
        elif self._per_s > before:
            _log.info("worker.sheds_less", analysed_per_s=self._per_s)
        if self._per_s != before:
            self._changed()

    def _watch_for_ever(self) -> None:
        never = threading.Event()
        while True:
            began_s = self._clock.monotonic()
            never.wait(_LOOK_EVERY_S)
            self.note(self._clock.monotonic() - began_s - _LOOK_EVERY_S)
