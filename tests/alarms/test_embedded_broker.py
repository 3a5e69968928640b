"""The embedded broker: who may do what on it, and the faults of amqtt that are mended in it."""

import asyncio
import gc
import json
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from alarms.broker import EmbeddedBroker
from alarms.broker_rules import OWN_LOGIN
from alarms.button import ButtonTiming, Outcome
from alarms.devices import Credentials
from alarms.errors import PortTaken
from alarms.intake import Intake
from alarms.model import LoginOwner
from alarms.mqtt import BrokerAddress, MqttLink
from alarms.simulator import SimulatedButton
from lianfang_timing import SystemClock
from tests.alarms.conftest import Door
from tests.brokers import free_port
from tests.scenarios.tiny_mqtt import TinyMqtt

# amqtt 0.12 drops a connection without closing its own end when the client's end went first
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

OWN = "the secret of our own login"
NEVER_AGAIN = ButtonTiming(first_repeat_s=60.0, repeat_cap_s=60.0, undelivered_after_s=60.0)
"""A button that says it once, so that a lost message shows."""


@dataclass
class Client:
    """A bare MQTT client: what it was told and what it heard."""

    port: int
    login: str
    password: str
    wants: tuple[str, ...] = ()
    heard: list[tuple[str, bytes]] = field(default_factory=list)
    connected: "asyncio.Future[bool]" = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )
    granted: "asyncio.Future[list[bool]]" = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def __aenter__(self) -> "Client":
        self.paho = paho.Client(CallbackAPIVersion.VERSION2, client_id=f"bare-{self.login}")
        self.paho.username_pw_set(self.login, self.password)
        tell = asyncio.get_running_loop().call_soon_threadsafe

        def on_connect(client: paho.Client, _u: object, _f: object, reason, _p: object) -> None:
            tell(self.connected.set_result, not reason.is_failure)
            if reason.is_failure:
                client.disconnect()
            elif self.wants:
                client.subscribe([(topic, 1) for topic in self.wants])

        self.paho.on_connect = on_connect
        self.paho.on_subscribe = lambda _c, _u, _m, codes, _p: tell(
            self.granted.set_result, [not code.is_failure for code in codes]
        )
        self.paho.on_message = lambda _c, _u, m: tell(self._hear, m.topic, bytes(m.payload))
        self.paho.connect("127.0.0.1", self.port)
        self.paho.loop_start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.paho.disconnect()
        await asyncio.to_thread(self.paho.loop_stop)

    def _hear(self, topic: str, payload: bytes) -> None:
        self.heard.append((topic, payload))
        self._news.set()

    async def hears(self, topic: str) -> bytes:
        async with asyncio.timeout(10):
            while True:
                for heard, payload in self.heard:
                    if heard == topic:
                        return payload
                self._news.clear()
                await self._news.wait()


@dataclass
class Served:
    broker: EmbeddedBroker
    port: int
    link: MqttLink
    intake: Intake
    credentials: list[Credentials]

    def client(self, number: int, *wants: str) -> Client:
        given = self.credentials[number]
        assert given.login is not None
        assert given.password is not None
        return Client(self.port, given.login, given.password, wants)

    def button(self, number: int) -> SimulatedButton:
        given = self.credentials[number]
        return SimulatedButton(
            device=given.device,
            login=given.login,
            password=given.password,
            key=given.key,
            port=self.port,
            timing=NEVER_AGAIN,
        )


@asynccontextmanager
async def _listening(door: Door, port: int) -> AsyncIterator[EmbeddedBroker]:
    broker = EmbeddedBroker(
        "127.0.0.1", port, prefix="lianfang", own_password=OWN, may_log_in=door.devices.may_log_in
    )
    await broker.start()
    yield broker
    await broker.stop()
    gc.collect()  # what amqtt left open is reported here, not in some later test


@pytest.fixture
async def served(door: Door) -> AsyncIterator[Served]:
    credentials = await door.database.write(
        lambda conn: [door.devices.enrol_in(conn, f"xicun-{i:03d}-1") for i in range(96)]
    )
    port = free_port()

    async def on_seen(seen: object) -> None:
        raise AssertionError("no notice is sent in this test")

    async with _listening(door, port) as broker:
        address = BrokerAddress("127.0.0.1", port, OWN_LOGIN, OWN)
        link = MqttLink(address, node="test", prefix="lianfang", clock=SystemClock())
        await link.start()
        intake = Intake(link, door.log, door.devices, SystemClock(), on_seen=on_seen)
        running = asyncio.create_task(intake.run())
        async with asyncio.timeout(10):
            await link.wait_connected()
        yield Served(broker, port, link, intake, credentials)
        intake.stop()
        await running
        await link.close()


async def test_a_device_hears_no_other_devices_retained_status(served: Served) -> None:
    first, second = (served.credentials[i].device for i in (0, 1))
    async with served.client(0) as one:
        assert await one.connected
        status = json.dumps({"v": 1, "online": True}).encode()
        published = one.paho.publish(f"lianfang/button/{first}/status", status, 1, retain=True)
        await asyncio.to_thread(published.wait_for_publish, 10)
        own = f"lianfang/button/{second}/reply"
        async with served.client(1, own, "lianfang/service/status") as other:
            assert await other.granted == [True, True]
            await other.hears("lianfang/service/status")  # its own retained message is there
            served.link.post(own, b"{}")
            await other.hears(own)  # and whatever was sent to it at its coming was before this
            assert {topic for topic, _ in other.heard} == {own, "lianfang/service/status"}


async def test_no_press_is_lost_while_many_devices_connect_and_subscribe(
    served: Served, door: Door
) -> None:
    outcomes: list[Outcome] = []

    async def press_until(button: SimulatedButton, done: asyncio.Event) -> None:
        while not done.is_set():
            outcomes.append(await button.press(timeout_s=40))

    async with AsyncExitStack() as stack:
        early = [await stack.enter_async_context(served.button(i)) for i in range(32)]
        for button in early:
            await button.wait_connected()
        all_there = asyncio.Event()
        pressing = [asyncio.create_task(press_until(b, all_there)) for b in early]
        late = [await stack.enter_async_context(served.button(i)) for i in range(32, 96)]
        outcomes += await asyncio.gather(*(button.press(timeout_s=40) for button in late))
        all_there.set()
        await asyncio.gather(*pressing)
    assert {(o.state, o.sendings) for o in outcomes} == {("received", 1)}
    assert len(await door.log.read(after=0)) == len(outcomes) >= 96


async def test_a_message_reaches_all_who_want_it_although_somebody_subscribes_meanwhile(
    served: Served,
) -> None:
    inside = served.broker._broker
    assert inside is not None
    filtering = inside._topic_filtering

    async def and_somebody_subscribes(*args: object, **named: object) -> bool:
        inside._subscriptions.setdefault(f"newcomer/{len(inside._subscriptions)}", [])
        return bool(await filtering(*args, **named))

    mine = served.credentials[0].device
    # intake has subscribed before it, so it is next in the broker's loop
    async with Client(served.port, OWN_LOGIN, OWN, ("lianfang/+/+/press",)) as second:
        assert await second.granted == [True]
        inside._topic_filtering = and_somebody_subscribes
        async with served.client(0, f"lianfang/button/{mine}/reply") as device:
            assert await device.granted == [True]
            device.paho.publish(f"lianfang/button/{mine}/press", b"nonsense", 1)
            await device.hears(f"lianfang/button/{mine}/reply")
            assert await second.hears(f"lianfang/button/{mine}/press") == b"nonsense"


async def test_a_wrong_password_is_refused(served: Served) -> None:
    login = served.credentials[0].login
    async with Client(served.port, str(login), "guess") as thief:
        assert await thief.connected is False


async def test_a_device_may_not_listen_to_another(served: Served) -> None:
    neighbour = served.credentials[1].device
    wants = (
        f"lianfang/button/{neighbour}/reply",
        f"lianfang/button/{neighbour}/notice",
        "lianfang/button/+/press",
        "#",
    )
    async with served.client(0, *wants) as spy:
        assert await spy.granted == [False] * 4


async def test_a_device_may_not_press_for_another(served: Served, door: Door) -> None:
    mine, other = (served.credentials[i].device for i in (0, 1))
    async with served.client(0, f"lianfang/button/{mine}/reply") as device:
        assert await device.granted == [True]
        device.paho.publish(f"lianfang/button/{other}/press", b"nonsense", 1)
        device.paho.publish(f"lianfang/button/{mine}/press", b"nonsense", 1)
        await device.hears(f"lianfang/button/{mine}/reply")
    assert served.intake.counters.refused == 1


async def test_a_device_may_not_speak_for_the_service(served: Served) -> None:
    mine = served.credentials[0].device
    wants = (f"lianfang/button/{mine}/reply", "lianfang/service/status")
    async with served.client(0, *wants) as device:
        assert json.loads(await device.hears("lianfang/service/status"))["online"] is True
        device.paho.publish("lianfang/service/status", b'{"v":1,"online":false}', 1, retain=True)
        device.paho.publish(f"lianfang/button/{mine}/press", b"nonsense", 1)
        await device.hears(f"lianfang/button/{mine}/reply")
        said = [json.loads(p) for topic, p in device.heard if topic == "lianfang/service/status"]
        assert [s["online"] for s in said] == [True]


async def test_a_taken_port_is_told_in_one_sentence(door: Door) -> None:
    port = free_port()
    async with _listening(door, port):
        second = EmbeddedBroker(
            "127.0.0.1",
            port,
            prefix="lianfang",
            own_password=OWN,
            may_log_in=door.devices.may_log_in,
        )
        with pytest.raises(PortTaken) as caught:
            await second.start()
    said = str(caught.value)
    assert re.search(rf"127\.0\.0\.1:{port}: another program is using it; choose another", said)
    assert "\n" not in said


async def test_it_ends_connections_that_have_not_said_who_they_are(served: Served) -> None:
    loop = asyncio.get_running_loop()
    accepted: asyncio.Future[asyncio.Task[Any]] = loop.create_future()

    def begin(loop: asyncio.AbstractEventLoop, coro: Any, **named: Any) -> "asyncio.Task[Any]":
        task = asyncio.Task(coro, loop=loop, **named)
        if "stream_connected" in str(coro) and not accepted.done():
            accepted.set_result(task)
        return task

    loop.set_task_factory(begin)
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    try:
        async with asyncio.timeout(8):
            greeting = await accepted
            await served.broker.stop()
            assert greeting.done()
            assert not greeting.cancelled()
            assert await reader.read() == b""
    finally:
        loop.set_task_factory(None)
        writer.close()


async def test_it_stops_at_once_with_devices_connected(served: Served) -> None:
    async with AsyncExitStack() as stack:
        buttons = [await stack.enter_async_context(served.button(i)) for i in range(40)]
        for button in buttons:
            await button.wait_connected()
        async with asyncio.timeout(8):
            await served.broker.stop()


async def test_who_logs_in_while_it_stops_is_let_go_and_nothing_stays() -> None:
    asked, told = asyncio.Event(), asyncio.Event()

    async def may_log_in(login: str, _password: str) -> LoginOwner:
        asked.set()
        await told.wait()
        return LoginOwner(login, "button")

    port = free_port()
    broker = EmbeddedBroker(
        "127.0.0.1", port, prefix="lianfang", own_password=OWN, may_log_in=may_log_in
    )
    before = asyncio.all_tasks()
    await broker.start()
    device = TinyMqtt("late", ("dongcun-017-1", "its password"))
    await asyncio.get_running_loop().create_connection(lambda: device, "127.0.0.1", port)
    async with asyncio.timeout(10):
        await asked.wait()
        stopping = asyncio.create_task(broker.stop())
        await asyncio.sleep(0)
        told.set()
        await stopping
        await device.lost.wait()
    assert device.refused is None  # its login is right: it may try the next broker
    assert asyncio.all_tasks() == before


async def test_what_amqtt_notes_at_a_subscription_does_not_grow_with_the_site(
    served: Served,
) -> None:
    many = served.broker._broker._subscriptions
    many.update({f"lianfang/button/b{n}/reply": [] for n in range(1000)})
    assert len(repr(many)) < 100
