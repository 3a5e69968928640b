"""Supervision's figures for Prometheus, read when asked."""

from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from linkage.supervision.watch import SupervisionWatch


class SupervisionMetrics(Collector):
    """How many devices are watched, and how many of them are not well."""

    def __init__(self, watch: SupervisionWatch) -> None:
        self._watch = watch

    def collect(self) -> Iterable[Metric]:
        yield GaugeMetricFamily(
            "lianfang_devices_supervised", "Devices whose silence would be found.",
            value=self._watch.supervised,
        )  # fmt: skip
        yield GaugeMetricFamily(
            "lianfang_devices_silent", "Supervised devices that are silent.",
            value=self._watch.silent,
        )  # fmt: skip
        found = GaugeMetricFamily(
            "lianfang_maintenance_orders", "Maintenance orders not done, by kind.", labels=["kind"]
        )
        for fault, count in self._watch.faults.items():
            found.add_metric([fault.value], count)
        yield found
        yield GaugeMetricFamily(
            "lianfang_supervision_hears", "1 when devices can be heard; 0: silence tells nothing.",
            value=int(self._watch.hears),
        )  # fmt: skip
        yield CounterMetricFamily(
            "lianfang_supervision_failures", "Looks and statuses lost to a mistake of ours.",
            value=self._watch.failed,
        )  # fmt: skip
