"""A press over a real broker: mosquitto, and the embedded one."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import paho.mqtt.client as paho
import pytest
import structlog.testing
from paho.mqtt.enums import CallbackAPIVersion

from alarms import signature
from alarms.broker import EmbeddedBroker
from alarms.broker_rules import OWN_LOGIN
from alarms.intake import Intake
from alarms.mqtt import BrokerAddress, MqttLink
from lianfang_timing import SystemClock
from tests.alarms.conftest import Door
from tests.brokers import free_port, mosquitto

OWN = "the secret of our own login"


class Device:
    """The bare MQTT client of one device, so that a test says exactly what is sent."""

    def __init__(self, port: int, login: str | None, password: str | None) -> None:
        self.replies: asyncio.Queue[dict[str, object]] = asyncio.Queue()
        self.refused: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._loop = asyncio.get_running_loop()
        self._ready = asyncio.Event()
        self._port = port
        self.client = paho.Client(CallbackAPIVersion.VERSION2, client_id=f"dev-{login}")
        if login is not None:
            self.client.username_pw_set(login, password)
        self.client.on_message = lambda _c, _u, m: self._loop.call_soon_threadsafe(
            self.replies.put_nowait, json.loads(m.payload)
        )
        self.client.on_connect = self._connected
        self.client.on_subscribe = lambda *_: self._loop.call_soon_threadsafe(self._ready.set)

    def _connected(self, client: paho.Client, _u: object, _f: object, reason, _p: object) -> None:
        if reason.is_failure:
            self._loop.call_soon_threadsafe(self.refused.set_result, str(reason))
            client.disconnect()
            return
        client.subscribe("lianfang/button/dongcun-017-1/reply", qos=1)

    async def __aenter__(self) -> "Device":
        self.client.connect("127.0.0.1", self._port)
        self.client.loop_start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.client.disconnect()
        await asyncio.to_thread(self.client.loop_stop)

    async def ready(self) -> None:
        await asyncio.wait_for(self._ready.wait(), 10)

    async def send(self, payload: bytes, *, device: str = "dongcun-017-1", qos: int = 1) -> None:
        self.client.publish(f"lianfang/button/{device}/press", payload, qos=qos)

    async def reply(self) -> dict[str, object]:
        return await asyncio.wait_for(self.replies.get(), 10)


def signed(door: Door, seq: int = 1, kind: str = "panic") -> bytes:
    mac = signature.sign(door.button.key, "dongcun-017-1", 7, seq, kind, silent=False, at_ms=None)
    press = {"v": 1, "boot": 7, "seq": seq, "kind": kind, "silent": False, "mac": mac}
    return json.dumps(press).encode()


@asynccontextmanager
async def intake_on(door: Door, address: BrokerAddress) -> AsyncIterator[tuple[Intake, MqttLink]]:
    async def on_seen(seen: object) -> None:
        raise AssertionError("no seen message is sent in this test")

    link = MqttLink(address, node="test", prefix="lianfang", clock=SystemClock())
    await link.start()
    intake = Intake(link, door.log, door.devices, SystemClock(), on_seen=on_seen)
    running = asyncio.create_task(intake.run())
    await asyncio.wait_for(link.wait_connected(), 10)
    yield intake, link
    intake.stop()
    await running
    await link.close()


@pytest.fixture(params=["mosquitto", "embedded"])
async def served(
    request: pytest.FixtureRequest, door: Door, tmp_path: Path
) -> AsyncIterator[tuple[int, Intake]]:
    if request.param == "mosquitto":
        async with mosquitto(tmp_path) as broker:
            address = BrokerAddress("127.0.0.1", broker.port)
            async with intake_on(door, address) as (intake, _):
                yield broker.port, intake
        return
    port = free_port()
    broker = EmbeddedBroker(
        "127.0.0.1", port, prefix="lianfang", own_password=OWN, may_log_in=door.devices.may_log_in
    )
    await broker.start()
    address = BrokerAddress("127.0.0.1", port, OWN_LOGIN, OWN)
    async with intake_on(door, address) as (intake, _):
        yield port, intake
    await broker.stop()


@pytest.fixture
def connect(door: Door, served: tuple[int, Intake]) -> Callable[[], Device]:
    return lambda: Device(served[0], door.button.login, door.button.password)


async def test_signed_press_is_in_the_log_when_its_reply_comes(
    door: Door, connect: Callable[[], Device]
) -> None:
    async with connect() as device:
        await device.ready()
        await device.send(signed(door))
        reply = await device.reply()
        logged = await door.log.read(after=0)
    assert [a.id for a in logged] == [reply["alarm"]]
    assert (reply["state"], reply["boot"], reply["seq"]) == ("received", 7, 1)
    assert logged[0].received_at_ms == reply["time_ms"]
    assert logged[0].mac_ok


async def test_press_that_asks_for_no_confirmation_is_answered_and_disturbs_nobody(
    door: Door, connect: Callable[[], Device]
) -> None:
    async with connect() as device:
        await device.ready()
        with structlog.testing.capture_logs() as lines:
            for seq in (1, 2):
                await device.send(signed(door, seq), qos=0)
                assert (await device.reply())["state"] == "received"
    # mosquitto hangs up on who confirms what it does not wait for
    assert "mqtt.down" not in {line["event"] for line in lines}


async def test_repeat_is_answered_duplicate_with_the_first_alarm(
    door: Door, connect: Callable[[], Device]
) -> None:
    async with connect() as device:
        await device.ready()
        await device.send(signed(door))
        first = await device.reply()
        await device.send(signed(door))
        second = await device.reply()
    assert second == {**first, "state": "duplicate"}
    assert len(await door.log.read(after=0)) == 1


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b'{"v":1,"boot":7,"seq":9,"kind":"panic","mac":"' + b"0" * 64 + b'"}', "bad-signature"),
        (b'{"v":1,"boot":7,"seq":9,"kind":"panic"}', "bad-signature"),
        (b'{"v":1,"boot":7,"seq":9,"kind":"tea"}', "malformed"),
        (b"\xff\xfe", "malformed"),
        (b"{" + b" " * 5000 + b"}", "too-large"),
    ],
)
async def test_bad_press_is_refused_with_reason_and_our_time_and_kept(
    door: Door,
    served: tuple[int, Intake],
    connect: Callable[[], Device],
    payload: bytes,
    reason: str,
) -> None:
    async with connect() as device:
        await device.ready()
        await device.send(payload)
        reply = await device.reply()
        assert (reply["state"], reply["reason"]) == ("rejected", reason)
        assert isinstance(reply["time_ms"], int)
        await device.send(signed(door))  # and nothing else is lost
        assert (await device.reply())["state"] == "received"
    assert served[1].counters.refused == 1


async def test_embedded_broker_admits_only_registered_devices(door: Door) -> None:
    port = free_port()
    broker = EmbeddedBroker(
        "127.0.0.1", port, prefix="lianfang", own_password=OWN, may_log_in=door.devices.may_log_in
    )
    await broker.start()
    try:
        async with Device(port, "dongcun-017-1", "wrong") as thief:
            assert await asyncio.wait_for(thief.refused, 10)
    finally:
        await broker.stop()


async def test_embedded_broker_keeps_devices_to_their_own_topics(
    door: Door, connect: Callable[[], Device], served: tuple[int, Intake]
) -> None:
    async with connect() as device:
        await device.ready()
        await device.send(signed(door), device="dongcun-018-1")
        await device.send(signed(door))
        assert (await device.reply())["state"] == "received"
        if served[1].counters.refused:  # mosquitto here has no ACL; then intake itself refuses
            assert len(await door.log.read(after=0)) == 1
