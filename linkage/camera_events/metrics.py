"""How it stands with cameras' events, for Prometheus, read when asked."""

from collections import Counter
from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from camerad.device_events.model import EventsState
from linkage.camera_events.watch import CameraEvents


class CameraEventsMetrics(Collector):
    """Listened to, heard, dead."""

    def __init__(self, events: CameraEvents) -> None:
        self._events = events

    def collect(self) -> Iterable[Metric]:
        healths = list(self._events.healths().values())
        of_state = Counter(health.state for health in healths)
        devices = GaugeMetricFamily(
            "lianfang_camera_events", "Devices by how it stands with their events.",
            labels=["state"],
        )  # fmt: skip
        for state in EventsState:
            devices.add_metric([state.value], of_state[state])
        yield devices
        yield GaugeMetricFamily(
            "lianfang_dead_buttons", "Wired buttons whose press would not be heard.",
            value=len(self._events.dead),
        )  # fmt: skip
        for name, what, value in (
            ("subscriptions", "Pull points made.", sum(h.subscriptions for h in healths)),
            ("heard", "Notifications of cameras.", sum(h.heard for h in healths)),
            ("not_understood", "Of those, such as mean nothing here.",
             sum(h.unknown for h in healths)),
        ):  # fmt: skip
            yield CounterMetricFamily(f"lianfang_camera_events_{name}", what, value=value)
