"""`/metrics`: what the parts counted and timed, and that the guide explains all of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from alarms.devices import DeviceRegistry
from alarms.histogram import Histogram
from alarms.intake import Intake
from alarms.log import AlarmLog
from alarms.model import RefusalReason
from alarms.mqtt import Inbound, LinkState
from alarms.store import Database, SealedBox
from lianfang_timing import SystemClock
from linkage.health import HealthMetrics

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "operator-guide.md"


@dataclass
class StillLink:
    """A link over which nothing comes."""

    prefix: str = "lianfang"
    messages: asyncio.Queue[Inbound] = field(default_factory=asyncio.Queue)

    def ack(self, message: Inbound) -> bool:
        raise AssertionError(message)

    def post(self, topic: str, payload: bytes) -> None:
        raise AssertionError(topic)

    def together(self) -> AbstractContextManager[None]:
        raise AssertionError


@dataclass
class Shown:
    intake: Intake
    linked: Histogram
    registry: CollectorRegistry
    store: list[int]

    def value(self, name: str, *labels: str) -> float:
        """The one sample of this name with these label values."""
        text = generate_latest(self.registry).decode()
        (found,) = [
            sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == name and set(sample.labels.values()) == set(labels)
        ]
        return float(found)


@pytest.fixture
async def shown(tmp_path: Path) -> AsyncIterator[Shown]:
    clock, database = SystemClock(), Database(f"sqlite:///{tmp_path}/a.db")

    async def nobody(_seen: object) -> None:
        raise AssertionError

    log = AlarmLog(database, clock, writer="test")
    devices = DeviceRegistry(database, SealedBox(bytes(32)))
    intake = Intake(StillLink(), log, devices, clock, on_seen=nobody)
    store, linked, registry = [0, 0], Histogram(), CollectorRegistry()
    HealthMetrics(
        intake=intake,
        link_state=lambda: LinkState(up=True, since=clock.now(), detail=""),
        camera_health=dict,
        store_waiting=lambda: (store[0], store[1]),
        linked=linked,
    ).register(registry)
    yield Shown(intake, linked, registry, store)
    await database.close()


async def test_refusals_are_counted_by_reason_and_together(shown: Shown) -> None:
    shown.intake.counters.refusals[RefusalReason.BAD_SIGNATURE] += 3
    shown.intake.counters.refusals[RefusalReason.MALFORMED] += 1
    assert shown.value("lianfang_refusals_total", "bad-signature") == 3
    assert shown.value("lianfang_refusals_total", "malformed") == 1
    assert shown.value("lianfang_presses_total", "rejected") == 4


async def test_redeliveries_are_counted(shown: Shown) -> None:
    shown.intake.counters.redelivered += 2
    assert shown.value("lianfang_presses_redelivered_total") == 2


@pytest.mark.parametrize("leg", ["taken", "turn", "commit", "answer"])
async def test_each_leg_of_a_press_has_its_histogram(shown: Shown, leg: str) -> None:
    getattr(shown.intake.legs, leg).observe(0.004)
    assert shown.value("lianfang_press_leg_seconds_bucket", leg, "0.002") == 0
    assert shown.value("lianfang_press_leg_seconds_bucket", leg, "0.005") == 1
    assert shown.value("lianfang_press_leg_seconds_count", leg) == 1
    assert shown.value("lianfang_press_leg_seconds_sum", leg) == pytest.approx(0.004)


async def test_the_whole_way_the_commits_and_the_linking_are_timed(shown: Shown) -> None:
    shown.intake.legs.whole.observe(0.2)
    shown.intake.legs.batches.observe(0.3)
    shown.linked.observe(60.0)
    assert shown.value("lianfang_press_seconds_sum") == pytest.approx(0.2)
    assert shown.value("lianfang_intake_commit_seconds_sum") == pytest.approx(0.3)
    assert shown.value("lianfang_alarm_linked_seconds_bucket", "30.0") == 0
    assert shown.value("lianfang_alarm_linked_seconds_bucket", "+Inf") == 1


async def test_queues_show_how_much_waits(shown: Shown) -> None:
    shown.store[:] = [2, 7]
    assert shown.value("lianfang_store_queued", "press") == 2
    assert shown.value("lianfang_store_queued", "other") == 7
    assert shown.value("lianfang_intake_queued") == 0
    assert shown.value("lianfang_intake_news_queued") == 0


async def test_the_guide_explains_every_metric(shown: Shown) -> None:
    guide = GUIDE.read_text(encoding="utf-8")
    families = text_string_to_metric_families(generate_latest(shown.registry).decode())
    missing = [f.name for f in families if f"`{f.name}" not in guide]
    assert missing == []
