"""What a broker had retained is told from what a device says now; only that is a heartbeat."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import select

from alarms.broker import EmbeddedBroker
from alarms.broker_rules import OWN_LOGIN
from alarms.intake import Intake
from alarms.model import DeviceReport
from alarms.mqtt import BrokerAddress, MqttLink
from alarms.store.tables import devices
from lianfang_timing import SystemClock
from tests.alarms.conftest import Door
from tests.brokers import free_port, mosquitto

OWN = "the secret of our own login"


@pytest.fixture(params=["mosquitto", "embedded"])
async def address(
    request: pytest.FixtureRequest, door: Door, tmp_path: Path
) -> AsyncIterator[BrokerAddress]:
    """A running broker, as the service logs in."""
    if request.param == "mosquitto":
        async with mosquitto(tmp_path) as broker:
            yield BrokerAddress("127.0.0.1", broker.port)
        return
    port = free_port()
    embedded = EmbeddedBroker(
        "127.0.0.1", port, prefix="lianfang", own_password=OWN, may_log_in=door.devices.may_log_in
    )
    await embedded.start()
    yield BrokerAddress("127.0.0.1", port, OWN_LOGIN, OWN)
    await embedded.stop()


@asynccontextmanager
async def intake_on(
    door: Door, address: BrokerAddress
) -> AsyncIterator[asyncio.Queue[DeviceReport]]:
    """The way in, connected; every report that it passes on."""
    told: asyncio.Queue[DeviceReport] = asyncio.Queue()

    async def on_seen(seen: object) -> None:
        raise AssertionError("no seen message is sent in this test")

    def on_reports(reports: Sequence[DeviceReport]) -> None:
        for report in reports:
            told.put_nowait(report)

    link = MqttLink(address, node="test", prefix="lianfang", clock=SystemClock())
    await link.start()
    intake = Intake(
        link, door.log, door.devices, SystemClock(), on_seen=on_seen, on_reports=on_reports
    )
    running = asyncio.create_task(intake.run())
    await asyncio.wait_for(link.wait_connected(), 20)
    yield told
    intake.stop()
    await running
    await link.close()


async def say(door: Door, address: BrokerAddress, battery: float) -> None:
    """The device publishes its status as the contract asks for it: retained."""
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="dev")
    client.username_pw_set(door.button.login, door.button.password)

    def publish() -> None:
        client.connect("127.0.0.1", address.port)
        client.loop_start()
        status = {"v": 1, "online": True, "every_s": 600, "battery": battery}
        topic = f"lianfang/button/{door.button.device}/status"
        client.publish(topic, json.dumps(status), qos=1, retain=True).wait_for_publish(20)
        client.disconnect()
        client.loop_stop()

    await asyncio.to_thread(publish)


async def heard_at(door: Door) -> int | None:
    statement = select(devices.c.heard_at_ms)
    found: int | None = await door.database.read(lambda conn: conn.scalar(statement))
    return found


async def test_retained_status_is_state_and_a_live_one_is_a_heartbeat(
    door: Door, address: BrokerAddress
) -> None:
    await say(door, address, 0.9)
    async with intake_on(door, address) as told:
        first = await asyncio.wait_for(told.get(), 20)
        assert (first.live, first.battery) == (False, 0.9)
        assert await heard_at(door) is None
        await say(door, address, 0.8)
        second = await asyncio.wait_for(told.get(), 20)
        assert (second.live, second.battery) == (True, 0.8)
        assert await heard_at(door) is not None
    # at our next start the same is retained again, and nobody has spoken
    async with intake_on(door, address) as told:
        again = await asyncio.wait_for(told.get(), 20)
        assert (again.live, again.battery) == (False, 0.8)
