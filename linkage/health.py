"""How the whole program is: for the console's state line, `readyz`, metrics and systemd."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from math import inf

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from alarms.histogram import Histogram
from alarms.intake import Intake
from alarms.model import RefusalReason
from alarms.mqtt import LinkState
from camerad.model import CameraHealth, CameraState
from linkage.web.ports import ComponentStatus, SystemStatus


class Health:
    """Reads the state of the parts; keeps none of its own but when the program started."""

    def __init__(
        self,
        *,
        intake: Intake,
        link_state: Callable[[], LinkState],
        camera_health: Callable[[], dict[str, CameraHealth]],
        broker: str,
        started: datetime,
    ) -> None:
        self._intake = intake
        self._link_state = link_state
        self._camera_health = camera_health
        self._broker = broker
        self._started = started

    def status(self) -> SystemStatus:
        """For the console: what is up, since when, and what is wrong when not."""
        link = self._link_state()
        failing_since = self._intake.cannot_commit_since
        store = ComponentStatus(True, self._started, "")
        if failing_since is not None:
            store = ComponentStatus(False, failing_since, "the database cannot commit")
        return SystemStatus(
            intake=ComponentStatus(link.up, link.since, link.detail),
            store=store,
            broker=self._broker,
        )

    def readiness(self) -> Sequence[str]:
        """Why no press can be taken now, one sentence each; empty when presses can be taken."""
        status = self.status()
        reasons = []
        if not status.intake.up:
            reasons.append(f"消息代理未连接 / the MQTT broker is away: {status.intake.detail}")
        if not status.store.up:
            reasons.append("数据库无法写入 / the database cannot commit")
        return reasons


class HealthMetrics(Collector):
    """The counters of the parts for Prometheus, read when asked."""

    def __init__(
        self,
        *,
        intake: Intake,
        link_state: Callable[[], LinkState],
        camera_health: Callable[[], dict[str, CameraHealth]],
        store_waiting: Callable[[], tuple[int, int]],
        linked: Histogram,
    ) -> None:
        """`store_waiting`: how much urgent and how much other work waits for the writer's thread;
        `linked`: from an alarm's receipt to its incident."""
        self._intake = intake
        self._link_state = link_state
        self._camera_health = camera_health
        self._store_waiting = store_waiting
        self._linked = linked

    def register(self, registry: CollectorRegistry) -> None:
        registry.register(self)

    def collect(self) -> Iterable[Metric]:
        yield from self._counted()
        yield from self._waiting()
        yield from self._timed()
        yield GaugeMetricFamily(
            "lianfang_broker_up", "1 when the MQTT broker is connected.",
            value=int(self._link_state().up),
        )  # fmt: skip
        cameras = GaugeMetricFamily("lianfang_cameras", "Cameras by state.", labels=["state"])
        healths = self._camera_health()
        states = [health.state for health in healths.values()]
        for state in CameraState:
            cameras.add_metric([state.value], states.count(state))
        yield cameras
        yield GaugeMetricFamily(
            "lianfang_cameras_shedding",
            "Cameras on which fewer frames are looked at, because the machine is short.",
            value=sum(health.shedding for health in healths.values()),
        )
        shed = CounterMetricFamily(
            "lianfang_camera_frames_shed",
            "Looks left out since the worker began.",
            labels=["camera"],
        )
        for camera_id, health in healths.items():
            shed.add_metric([camera_id], health.frames_shed)
        yield shed
        yield from _of_each_camera(healths)

    def _counted(self) -> Iterable[Metric]:
        counters = self._intake.counters
        presses = CounterMetricFamily(
            "lianfang_presses", "Presses answered, by answer.", labels=["answer"]
        )
        presses.add_metric(["received"], counters.received)
        presses.add_metric(["duplicate"], counters.duplicates)
        presses.add_metric(["rejected"], counters.refused)
        yield presses
        refusals = CounterMetricFamily(
            "lianfang_refusals", "Presses rejected, by reason.", labels=["reason"]
        )
        for reason in RefusalReason:
            refusals.add_metric([reason.value], counters.refusals[reason])
        yield refusals
        yield CounterMetricFamily(
            "lianfang_presses_redelivered",
            "Presses that the broker sent again, because they were not acknowledged.",
            value=counters.redelivered,
        )
        commits = CounterMetricFamily(
            "lianfang_intake_commits", "Batches of presses committed or not.", labels=["result"]
        )
        commits.add_metric(["done"], counters.commits)
        commits.add_metric(["failed"], counters.commits_failed)
        yield commits
        yield CounterMetricFamily(
            "lianfang_intake_stale_acks",
            "Acknowledgements not sent because their connection was gone.",
            value=counters.stale_acks,
        )

    def _waiting(self) -> Iterable[Metric]:
        yield GaugeMetricFamily(
            "lianfang_intake_queued", "Presses taken from the broker and not yet in the log.",
            value=self._intake.waiting,
        )  # fmt: skip
        yield GaugeMetricFamily(
            "lianfang_intake_news_queued", "Status and seen messages not yet dealt with.",
            value=self._intake.news_waiting,
        )  # fmt: skip
        store = GaugeMetricFamily(
            "lianfang_store_queued", "Work that waits for the writer's thread.", labels=["lane"]
        )
        urgent, usual = self._store_waiting()
        store.add_metric(["press"], urgent)
        store.add_metric(["other"], usual)
        yield store

    def _timed(self) -> Iterable[Metric]:
        legs = self._intake.legs
        by_leg = HistogramMetricFamily(
            "lianfang_press_leg_seconds", "Each leg of a press's way.", labels=["leg"]
        )
        for name in ("taken", "turn", "commit", "answer"):
            _add(by_leg, [name], getattr(legs, name))
        yield by_leg
        for metric, said, histogram in (
            ("lianfang_press_seconds", "From the broker's message to our reply.", legs.whole),
            ("lianfang_intake_commit_seconds", "Transactions of presses.", legs.batches),
            ("lianfang_alarm_linked_seconds", "From an alarm's receipt to its incident.",
             self._linked),
        ):  # fmt: skip
            family = HistogramMetricFamily(metric, said, labels=[])
            _add(family, [], histogram)
            yield family


def _add(family: HistogramMetricFamily, labels: list[str], histogram: Histogram) -> None:
    buckets = [("+Inf" if b == inf else str(b), count) for b, count in histogram.cumulative()]
    family.add_metric(labels, buckets, histogram.total_s)


def _of_each_camera(healths: Mapping[str, CameraHealth]) -> Iterable[Metric]:
    watched, rate, age, reconnects = (
        GaugeMetricFamily(f"lianfang_camera_{name}", text, labels=["camera"])
        for name, text in (
            ("watched", "1 while the camera is watched."),
            ("frames_per_second", "Frames that come, a second."),
            ("newest_frame_age_seconds", "Since its newest frame; none where none ever came."),
            ("reconnects_last_hour", "How often it came back within the last hour."),
        )
    )
    for camera, health in healths.items():
        watched.add_metric([camera], health.state is CameraState.WATCHING)
        rate.add_metric([camera], health.frames_per_s)
        if health.newest_frame_age_s is not None:
            age.add_metric([camera], health.newest_frame_age_s)
        reconnects.add_metric([camera], health.reconnects_per_hour)
    yield from (watched, rate, age, reconnects)
