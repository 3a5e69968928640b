"""What became of motion, for Prometheus, read when asked."""

from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from linkage.motion.keeper import MotionKeeper


class MotionMetrics(Collector):
    """Written, waiting, lost."""

    def __init__(self, keeper: MotionKeeper) -> None:
        self._keeper = keeper

    def collect(self) -> Iterable[Metric]:
        yield CounterMetricFamily(
            "lianfang_motion_written", "Rows of motion intervals written.",
            value=self._keeper.written,
        )  # fmt: skip
        yield GaugeMetricFamily(
            "lianfang_motion_queued", "Motion intervals that are over and not yet written.",
            value=self._keeper.waiting,
        )  # fmt: skip
        yield CounterMetricFamily(
            "lianfang_motion_held_back", "Times nothing was written, because others waited.",
            value=self._keeper.held_back,
        )  # fmt: skip
        yield CounterMetricFamily(
            "lianfang_motion_dropped", "Motion intervals lost, because writing was held up.",
            value=self._keeper.dropped,
        )  # fmt: skip
