"""Both sides of contract §3 together, on the embedded broker."""

import asyncio
import gc
from collections.abc import AsyncIterator

import pytest

from alarms.broker import EmbeddedBroker
from alarms.broker_rules import OWN_LOGIN
from alarms.button import ButtonTiming, Face
from alarms.devices import Credentials
from alarms.intake import Intake
from alarms.mqtt import BrokerAddress, MqttLink
from alarms.simulator import SimulatedButton
from lianfang_timing import SystemClock
from tests.alarms.conftest import Door
from tests.brokers import free_port

# amqtt 0.12 drops a connection without closing its own end when the client's end went first
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

OWN = "the secret of our own login"
TIMING = ButtonTiming(first_repeat_s=0.5)


@pytest.fixture
async def port(door: Door) -> AsyncIterator[int]:
    async def on_seen(seen: object) -> None:
        raise AssertionError("no notice is sent in this test")

    chosen = free_port()
    broker = EmbeddedBroker(
        "127.0.0.1", chosen, prefix="lianfang", own_password=OWN, may_log_in=door.devices.may_log_in
    )
    await broker.start()
    address = BrokerAddress("127.0.0.1", chosen, OWN_LOGIN, OWN)
    link = MqttLink(address, node="test", prefix="lianfang", clock=SystemClock())
    await link.start()
    intake = Intake(link, door.log, door.devices, SystemClock(), on_seen=on_seen)
    running = asyncio.create_task(intake.run())
    await asyncio.wait_for(link.wait_connected(), 10)
    yield chosen
    intake.stop()
    await running
    await link.close()
    await broker.stop()
    gc.collect()  # what amqtt left open is reported here, not in some later test


def _button(port: int, credentials: Credentials, password: str | None = None) -> SimulatedButton:
    return SimulatedButton(
        device=credentials.device,
        login=credentials.login,
        password=password or credentials.password,
        key=credentials.key,
        port=port,
        timing=TIMING,
    )


async def test_a_press_is_received(door: Door, port: int) -> None:
    async with _button(port, door.button) as button:
        outcome = await button.press()
        assert outcome.state == "received"
        assert outcome.alarm
        await button.wait_for_service(online=True)
        assert button.face is Face.RECEIVED


async def test_a_wrong_password_never_gets_a_press_in(door: Door, port: int) -> None:
    async with _button(port, door.button, password="guess") as button:
        outcome = await button.press(timeout_s=1.0)
        assert (outcome.state, outcome.sendings) == ("undelivered", 0)
