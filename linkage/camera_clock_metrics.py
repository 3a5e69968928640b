"""How far cameras' clocks are off ours, for Prometheus: read when asked, without waiting."""

from collections.abc import Iterable

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from linkage.camera_clocks import CameraClocks


class CameraClockMetrics(Collector):
    """As it was read last; nothing of a camera that was never read."""

    def __init__(self, clocks: CameraClocks) -> None:
        self._clocks = clocks

    def collect(self) -> Iterable[Metric]:
        skew = GaugeMetricFamily(
            "lianfang_camera_clock_skew_seconds",
            "The camera's clock minus ours, as last read.",
            labels=["camera"],
        )
        for camera, skew_s in self._clocks.known.items():
            skew.add_metric([camera], skew_s)
        yield skew
