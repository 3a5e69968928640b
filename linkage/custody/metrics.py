"""What became of evidence, for Prometheus: counted by a task of its own, read when asked."""

from collections.abc import Callable, Iterable

import structlog
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from lianfang_timing import Backoff, Clock, unix_ms
from linkage.custody.model import Why
from linkage.custody.room import Room, Tally
from linkage.watching import Pace, keep_watching

_PACE = Pace(every_s=30.0, after_a_bug_s=60.0, retry=Backoff(first_s=1.0, cap_s=30.0))

log = structlog.get_logger()


class EvidenceMetrics(Collector):
    """How much is kept, since when, and what was refused and why."""

    def __init__(self, room: Room, clock: Clock, *, is_busy: Callable[[], bool]) -> None:
        """`is_busy`: whether somebody waits for the database now, without waiting."""
        self._room = room
        self._clock = clock
        self._is_busy = is_busy
        self._tally: Tally | None = None

    async def run(self) -> None:
        """Count until cancelled."""
        await keep_watching("evidence-metrics", self.run_once, self._clock.sleep, _PACE)

    async def run_once(self) -> None:
        """Raises StoreBusy."""
        if self._is_busy():
            return
        try:
            self._tally = await self._room.tally()
        except OSError as error:
            log.warning("evidence.folder_unreadable", error=error.strerror)

    def collect(self) -> Iterable[Metric]:
        if self._tally is not None:
            yield from self._kept(self._tally)
        refused = CounterMetricFamily(
            "lianfang_evidence_refused", "Pictures and clips not taken, by why.", labels=["why"]
        )
        clips = CounterMetricFamily(
            "lianfang_clips", "Clips by what became of them.", labels=["is"]
        )
        clips.add_metric(["kept"], self._room.clips_kept)
        for why in Why:
            if why is Why.DELETED:
                continue
            refused.add_metric([why.value], self._room.refused[why])
            clips.add_metric([why.value], self._room.clips_missing[why])
        yield refused
        yield clips

    def _kept(self, tally: Tally) -> Iterable[Metric]:
        since_ms = unix_ms(self._clock.now())
        oldest_ms = since_ms if tally.oldest_ms is None else tally.oldest_ms
        for name, said, value in (
            ("bytes", "Bytes of evidence kept.", tally.used_bytes),
            ("files", "Pictures and clips kept.", tally.files),
            ("oldest_seconds", "Age of the oldest of it.", (since_ms - oldest_ms) / 1000),
            ("free_bytes", "What its disk has left.", tally.free_bytes),
            ("quota_bytes", "The quota; 0: none but the disk.", tally.quota_bytes),
        ):
            yield GaugeMetricFamily(f"lianfang_evidence_{name}", said, value=value)
