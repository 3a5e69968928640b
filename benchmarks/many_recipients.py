"""One emergency with 1 300 recipients: how long until all are told, and what another waits.

    python -m benchmarks.many_recipients [--recipients N]

Notices go over a real mosquitto to a subscriber, the station is told by webhook, everything is
planned and marked on disk. While the first emergency's notices are going out, a press in another
group: its first notice and its webhook must not be delayed by more than a second. (A throttle of
one message a second and recipient, as GoAlert's, would need 21 minutes.)
"""

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import paho.mqtt.client as paho
import structlog
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import Connection, func, insert, select

from alarms.log import AlarmLog
from alarms.mqtt import BrokerAddress, MqttLink
from alarms.store import Database, SealedBox
from alarms.store.tables import devices
from benchmarks.first_page import SECRET, SHANGHAI, presses
from benchmarks.storm_linkage import HOMES, NothingToDo, _settle
from benchmarks.webhook_receiver import receiving, seen
from lianfang_timing import SystemClock, unix_ms
from linkage.carrier_port import Carrier
from linkage.carriers import NoticeCarrier, PageCarrier
from linkage.changes import Changes
from linkage.engine import Engine
from linkage.escalation.carrier import EscalateCarrier
from linkage.escalation.plans import built_in_plans
from linkage.fan_out_carrier import FanOutCarrier
from linkage.model.action import ActionKind
from linkage.model.event import EventType
from linkage.outbox import Outbox
from linkage.right_of_way import RightOfWay
from linkage.rules.model import Rules
from linkage.schema import actions, households
from linkage.ways.carrying import WayCarrier
from linkage.ways.settings import Use, Ways, Webhook
from linkage.ways.subject import Sender
from linkage.ways.subject_reading import Subjects
from linkage.ways.webhook import WebhookWay
from tests.brokers import mosquitto

ALL_WITHIN_S, OTHER_WITHIN_S = 30.0, 1.0


class Subscriber:
    """Notes when each device's notice arrived."""

    def __init__(self, port: int) -> None:
        self.arrived: dict[str, float] = {}
        client = paho.Client(CallbackAPIVersion.VERSION2)
        client.on_message = self._note
        client.connect("127.0.0.1", port)
        client.subscribe("lianfang/button/+/notice", qos=1)
        client.loop_start()
        self._client = client

    def _note(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        self.arrived.setdefault(message.topic.split("/")[2], time.monotonic())

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def _crowd(conn: Connection, recipients: int) -> None:
    """More households in the first group."""
    more = range(HOMES, recipients + 1)
    conn.execute(
        insert(households),
        [
            {"id": f"h0-{n}", "group_id": "m0", "label": f"0组{n}号", "wants_notices": True}
            for n in more
        ],
    )
    conn.execute(
        insert(devices),
        [
            {"id": f"b0-{n}", "kind": "button", "household_id": f"h0-{n}", "unsigned": True}
            for n in more
        ],
    )


@asynccontextmanager
async def site(
    folder: Path, port: int, receiver: str, recipients: int
) -> AsyncIterator[tuple[Database, AlarmLog]]:
    database, clock, changes = Database(f"sqlite:///{folder}/town.db"), SystemClock(), Changes()
    await database.open()
    await database.write(lambda conn: _settle(conn, 2, unix_ms(clock.now())))
    await database.write(lambda conn: _crowd(conn, recipients))
    log = AlarmLog(database, clock, writer="intake")
    link = MqttLink(BrokerAddress("127.0.0.1", port), node="bench", prefix="lianfang", clock=clock)
    await link.start()
    await link.wait_connected()
    webhook = Webhook("station", f"{receiver}/", SECRET, frozenset({Use.INCIDENTS}))
    ways, right_of_way = Ways(webhooks={"station": webhook}), RightOfWay(clock)
    engine = Engine(
        database,
        log,
        clock,
        changes,
        rules=Rules(),
        time_zone=SHANGHAI,
        writer="linkage",
        ways=ways,
        right_of_way=right_of_way,
    )
    sender = Sender("main", "示范镇", SHANGHAI)
    box = SealedBox(bytes(32))
    subjects = Subjects(database, box)
    async with WebhookWay(ways.webhooks, subjects.of, sender, clock, box) as way:
        carriers: dict[ActionKind, Carrier] = {
            ActionKind.WEBHOOK: WayCarrier(way, clock),
            ActionKind.NOTICE: NoticeCarrier(link, clock, prefix="lianfang"),
            ActionKind.ESCALATE: EscalateCarrier(
                database, clock, changes, plans=built_in_plans(), writer="linkage"
            ),
            ActionKind.FAN_OUT: FanOutCarrier(database, clock),
            ActionKind.PAGE: PageCarrier(),
            ActionKind.SNAPSHOT: NothingToDo(EventType.EVIDENCE_ADDED),
        }
        outbox = Outbox(
            database,
            clock,
            carriers,
            changes,
            writer="linkage",
            webhooks=["station"],
            right_of_way=right_of_way,
        )
        engine.hands_over_to(outbox.hand_over)
        working = [asyncio.create_task(run()) for run in (engine.run, outbox.run)]
        yield database, log
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)
    await link.close()
    await database.close()


async def measure(folder: Path, recipients: int) -> int:
    async with mosquitto(folder) as broker:
        with receiving() as receiver:
            subscriber = Subscriber(broker.port)
            async with site(folder, broker.port, receiver, recipients) as (database, log):
                begun = time.monotonic()
                await log.append(presses([0], 0))
                async with asyncio.timeout(60):
                    while len(subscriber.arrived) < recipients // 10:  # noqa: ASYNC110
                        await asyncio.sleep(0.002)
                under_way = len(subscriber.arrived)
                pressed = time.monotonic()
                (other,) = await log.append(presses([1], 0))
                expected = recipients + HOMES - 1
                async with asyncio.timeout(60):
                    while len(subscriber.arrived) < expected:  # noqa: ASYNC110
                        await asyncio.sleep(0.02)
                first = {d: at for d, at in subscriber.arrived.items() if d.startswith("b0-")}
                others = [at for d, at in subscriber.arrived.items() if d.startswith("b1-")]
                while await database.read(_unmarked):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
                marked = time.monotonic() - begun
            subscriber.close()
            page = seen(receiver)[other.alarm_id][0] / 1e9 - pressed
    all_s, other_s = max(first.values()) - begun, min(others) - pressed
    print(f"{len(first)} recipients of one emergency, all told after{all_s:17.2f} s")
    print(f"all of it marked on disk after{marked:34.2f} s")
    print(f"another press when {under_way} were told: its first notice after{other_s:8.2f} s")
    print(f"its webhook after{page:47.2f} s")
    good = all_s <= ALL_WITHIN_S and max(other_s, page) <= OTHER_WITHIN_S
    print(f"all within 30 s, the other's first within 1 s{'yes' if good else 'NO':>17}")
    return int(not good)


def _unmarked(conn: Connection) -> int:
    waiting = actions.c.state == "planned", actions.c.kind.in_(["notice", "webhook"])
    return int(conn.scalar(select(func.count()).where(*waiting)) or 0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipients", type=int, default=1300)
    asked = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(measure(Path(folder), asked.recipients))


if __name__ == "__main__":
    sys.exit(main())
