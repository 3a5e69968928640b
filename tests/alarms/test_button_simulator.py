"""The simulated button keeps the device's side of contract §3, over a real mosquitto."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from alarms.button import ButtonTiming, Face
from alarms.signature import sign
from alarms.simulator import SimulatedButton
from lianfang_timing import Backoff, SystemClock, unix_ms
from tests.brokers import Mosquitto, free_port, mosquitto

DEVICE = "dongcun-017-1"
KEY = bytes(range(32))
QUICK = ButtonTiming(
    first_repeat_s=0.05,
    repeat_cap_s=0.2,
    undelivered_after_s=0.4,
    reconnect=Backoff(first_s=0.02, cap_s=0.1),
)


@dataclass
class DutyRoom:
    """The other side, written by hand: hears everything, says only what a test tells it to."""

    client: paho.Client
    loop: asyncio.AbstractEventLoop
    heard: list[tuple[str, bytes, bool]] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def next(self, leaf: str, number: int = 1) -> dict[str, Any]:
        """The `number`th message on this leaf."""

        def found() -> list[bytes]:
            return [payload for topic, payload, _ in self.heard if topic.endswith(f"/{leaf}")]

        async with asyncio.timeout(10), self.changed:
            await self.changed.wait_for(lambda: len(found()) >= number)
        message = json.loads(found()[number - 1])
        assert isinstance(message, dict)
        return message

    def presses(self) -> list[bytes]:
        return [payload for topic, payload, _ in self.heard if topic.endswith("/press")]

    def seqs(self) -> list[int]:
        """The numbers of all presses so far."""
        return [json.loads(press)["seq"] for press in self.presses()]

    def said_online(self) -> list[bool]:
        """What all statuses so far said."""
        return [json.loads(p)["online"] for topic, p, _ in self.heard if topic.endswith("/status")]

    async def until(self, true: Callable[[], bool]) -> None:
        """Return when what was heard makes it true. Raises TimeoutError."""
        async with asyncio.timeout(10), self.changed:
            await self.changed.wait_for(true)

    def say(self, topic: str, *, retain: bool = False, **fields: object) -> None:
        self.client.publish(f"lianfang/{topic}", json.dumps(fields), qos=1, retain=retain)

    def reply(self, press: dict[str, Any], state: str, **more: object) -> None:
        self.say(
            f"button/{DEVICE}/reply",
            **{"v": 1, "boot": press["boot"], "seq": press["seq"], "state": state} | more,
        )

    async def _hear(self, message: tuple[str, bytes, bool]) -> None:
        async with self.changed:
            self.heard.append(message)
            self.changed.notify_all()


@asynccontextmanager
async def _duty_room(port: int) -> AsyncIterator[DutyRoom]:
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="test-duty-room")
    room = DutyRoom(client, asyncio.get_running_loop())
    subscribed = asyncio.Event()

    def on_message(_client: paho.Client, _userdata: object, m: paho.MQTTMessage) -> None:
        heard = (m.topic, bytes(m.payload), m.retain)
        asyncio.run_coroutine_threadsafe(room._hear(heard), room.loop)

    client.on_connect = lambda c, *_: c.subscribe("lianfang/button/#", 1)
    client.on_subscribe = lambda *_: room.loop.call_soon_threadsafe(subscribed.set)
    client.on_message = on_message
    client.reconnect_delay_set(1, 1)
    await asyncio.to_thread(client.connect, "127.0.0.1", port)
    client.loop_start()
    try:
        await asyncio.wait_for(subscribed.wait(), 10)
        yield room
    finally:
        client.disconnect()
        await asyncio.to_thread(client.loop_stop)


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Mosquitto]:
    async with mosquitto(tmp_path) as running:
        yield running


@pytest.fixture
async def room(broker: Mosquitto) -> AsyncIterator[DutyRoom]:
    async with _duty_room(broker.port) as running:
        yield running


def _button(port: int, timing: ButtonTiming = QUICK, **more: Any) -> SimulatedButton:
    return SimulatedButton(
        device=DEVICE, login="b-17", password="secret", key=KEY, port=port, timing=timing, **more
    )


async def test_a_press_is_signed_and_its_first_reply_ends_it(
    broker: Mosquitto, room: DutyRoom
) -> None:
    async with _button(broker.port, boot=17) as button:
        pressing = asyncio.create_task(button.press("fire"))
        press = await room.next("press")
        room.reply(press, "received", alarm="a-1", time_ms=5)
        outcome = await pressing
    assert press["mac"] == sign(KEY, DEVICE, 17, 1, "fire", silent=False, at_ms=press["at_ms"])
    assert (outcome.state, outcome.alarm, outcome.boot, outcome.seq) == ("received", "a-1", 17, 1)


async def test_the_same_payload_is_repeated_until_a_reply_with_its_number_comes(
    broker: Mosquitto, room: DutyRoom
) -> None:
    async with _button(broker.port) as button:
        pressing = asyncio.create_task(button.press(timeout_s=10))
        press = await room.next("press", 3)
        room.reply(press | {"seq": 99}, "received")
        await room.next("press", 4)
        assert not pressing.done()
        room.reply(press, "duplicate", alarm="a-1")
        outcome = await pressing
    assert outcome.state == "duplicate"
    assert outcome.sendings >= 4
    assert len(set(room.presses())) == 1


def test_the_waits_are_those_of_the_contract() -> None:
    timing = ButtonTiming()
    waits = [timing.repeat_after_s(attempt) for attempt in range(1, 8)]
    assert waits == [2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]
    assert timing.undelivered_after_s == 10.0


async def test_without_a_reply_it_says_ring_110_and_goes_on_repeating(
    broker: Mosquitto, room: DutyRoom
) -> None:
    async with _button(broker.port) as button:
        outcome = await button.press()
        assert outcome.state == "undelivered"
        await button.wait_for("undelivered", seq=outcome.seq)
        assert button.face is Face.UNDELIVERED
        assert button.face.label[0] == "未送达，请拨打110"
        press = await room.next("press", len(room.presses()) + 1)
        room.reply(press, "received")
        await button.wait_for("received")
        assert button.face is Face.RECEIVED


async def test_a_press_survives_a_lost_connection(broker: Mosquitto, room: DutyRoom) -> None:
    async with _button(broker.port) as button:
        pressing = asyncio.create_task(button.press(timeout_s=10))
        await room.next("press")
        button.lose_connection()
        press = await room.next("press", len(room.presses()) + 2)
        room.reply(press, "received")
        assert (await pressing).state == "received"
    assert len(set(room.presses())) == 1


async def test_a_press_made_while_the_broker_is_away_arrives_when_it_is_back(
    tmp_path: Path,
) -> None:
    broker = Mosquitto(free_port(), tmp_path)
    async with _button(broker.port) as button:
        pressing = asyncio.create_task(button.press(timeout_s=30))
        await button.wait_for("undelivered")
        await broker.start()
        try:
            async with _duty_room(broker.port) as room:
                room.reply(await room.next("press"), "received")
                assert (await pressing).state == "received"
        finally:
            broker.stop()


async def test_a_rejected_press_is_not_repeated_and_says_ring_110(
    broker: Mosquitto, room: DutyRoom
) -> None:
    async with _button(broker.port) as button:
        pressing = asyncio.create_task(button.press())
        room.reply(await room.next("press"), "rejected", reason="bad-signature", time_ms=5)
        outcome = await pressing
        assert (outcome.state, outcome.reason) == ("rejected", "bad-signature")
        assert "110" in button.face.label[0]
        await button.press(timeout_s=0.01)
        await room.until(lambda: room.seqs().count(2) >= 3)
        heard = room.seqs()
        # a repeat of the first may have been on its way; it comes before all of the second
        assert set(heard[heard.index(2) :]) == {2}


async def test_it_hears_that_an_officer_has_taken_it(broker: Mosquitto, room: DutyRoom) -> None:
    async with _button(broker.port) as button:
        pressing = asyncio.create_task(button.press())
        press = await room.next("press")
        room.reply(press, "received")
        await pressing
        room.reply(press, "acknowledged")
        await button.wait_for("acknowledged", seq=1)
        room.reply(press, "duplicate")
        await button.wait_for("duplicate")
        assert button.face is Face.ACKNOWLEDGED
        assert [r.state for r in button.history] == ["received", "acknowledged", "duplicate"]


async def test_a_reply_sent_while_it_is_away_reaches_it_later(
    broker: Mosquitto, room: DutyRoom
) -> None:
    slow_to_return = ButtonTiming(reconnect=Backoff(first_s=0.5, cap_s=0.5, jitter=0.0))
    async with _button(broker.port, slow_to_return) as button:
        pressing = asyncio.create_task(button.press())
        press = await room.next("press")
        room.reply(press, "received")
        await pressing
        button.lose_connection()
        await room.next("status", 2)  # the will: the broker knows that it is gone
        room.reply(press, "acknowledged")
        await button.wait_for("acknowledged")


async def test_its_status_is_retained_and_a_lost_connection_leaves_the_will(
    broker: Mosquitto, room: DutyRoom
) -> None:
    async with _button(broker.port, every_s=300) as button:
        hello = await room.next("status")
        assert hello | {"v": 1, "online": True, "every_s": 300} == hello
        button.lose_connection()
        assert (await room.next("status", 2))["online"] is False
        assert (await room.next("status", 3))["online"] is True
    # a status that was unconfirmed when the connection was lost is said once more
    await room.until(lambda: room.said_online()[3:][-1:] == [False])
    async with _duty_room(broker.port) as late:
        await late.next("status")
        assert late.heard[0][2]  # retained


async def test_a_notice_is_confirmed_unless_its_time_is_over(
    broker: Mosquitto, room: DutyRoom
) -> None:
    now_ms = unix_ms(SystemClock().now())
    common = {"v": 1, "state": "active", "phrase": "neighbour-needs-help", "from": "3组07号"}
    async with _button(broker.port) as button:
        await button.wait_connected()
        room.say(f"button/{DEVICE}/notice", id="old", until_ms=now_ms - 1, **common)
        room.say(f"button/{DEVICE}/notice", id="new", until_ms=now_ms + 60_000, **common)
        notice = await button.wait_for_notice()
        assert (notice.id, notice.from_, notice.drill) == ("new", "3组07号", False)
        assert await room.next("seen") == {"v": 1, "id": "new", "state": "delivered"}
        button.answer_notice("new", "coming")
        assert (await room.next("seen", 2))["state"] == "coming"


async def test_a_notice_is_shown_until_it_is_over(broker: Mosquitto, room: DutyRoom) -> None:
    until_ms = unix_ms(SystemClock().now()) + 60_000
    common = {"v": 1, "phrase": "neighbour-needs-help", "from": "3组07号", "until_ms": until_ms}
    async with _button(broker.port) as button:
        await button.wait_connected()
        for notice in ("n1", "n2"):
            room.say(f"button/{DEVICE}/notice", id=notice, state="active", **common)
        room.say(f"button/{DEVICE}/notice", id="n1", state="over", **common)
        await button.wait_for_notice(state="over")
        assert [notice.id for notice in button.shown_notices] == ["n2"]
        assert [(await room.next("seen", n))["id"] for n in (1, 2)] == ["n1", "n2"]


async def test_it_says_ring_110_while_the_service_is_offline(
    broker: Mosquitto, room: DutyRoom
) -> None:
    room.say("service/status", retain=True, v=1, online=False, every_s=30)
    async with _button(broker.port) as button:
        await button.wait_for_service(online=False)
        assert button.face is Face.RING_110
        room.say("service/status", retain=True, v=1, online=True, every_s=30)
        await button.wait_for_service(online=True)
        assert button.face is Face.READY


async def test_it_says_ring_110_when_the_service_stops_saying_that_it_is_there(
    broker: Mosquitto, room: DutyRoom
) -> None:
    async with _button(broker.port, replace(QUICK, service_grace_s=0.3)) as button:
        await button.wait_connected()
        room.say("service/status", v=1, online=True, every_s=0.1)
        await button.wait_for_service(online=True)
        assert button.face is Face.READY
        await button.wait_for_face(Face.RING_110)  # nothing came: no will, no goodbye
        assert button.service_online is True
        assert button.face.label[0] == "未联网，紧急情况请拨打110"
        room.say("service/status", v=1, online=True, every_s=30)
        await button.wait_for_face(Face.READY)


async def test_it_says_ring_110_when_its_line_stays_down_and_is_ready_when_it_is_back(
    broker: Mosquitto, room: DutyRoom
) -> None:
    room.say("service/status", retain=True, v=1, online=True, every_s=30)
    async with _button(broker.port, replace(QUICK, link_down_for_s=0.3)) as button:
        await button.wait_for_service(online=True)
        assert button.face is Face.READY
        broker.stop()
        await button.wait_for_face(Face.RING_110)
        await broker.start()
        await button.wait_for_face(Face.READY)


async def test_a_short_loss_of_the_line_alarms_nobody(broker: Mosquitto, room: DutyRoom) -> None:
    room.say("service/status", retain=True, v=1, online=True, every_s=30)
    async with _button(broker.port) as button:
        await button.wait_for_service(online=True)
        button.lose_connection()
        await room.next("status", 3)  # its hello, its will, its hello
        assert button.face is Face.READY


async def test_it_says_ring_110_when_it_never_gets_a_line() -> None:
    async with _button(free_port(), replace(QUICK, link_down_for_s=0.2)) as button:
        assert button.face is Face.READY
        await button.wait_for_face(Face.RING_110)


@pytest.mark.parametrize("payload", [b"", b"\xff\xfe", b"[]", b'{"state":5}', b'{"boot":1}'])
async def test_nonsense_from_the_other_side_changes_nothing(
    broker: Mosquitto, room: DutyRoom, payload: bytes
) -> None:
    async with _button(broker.port) as button:
        await button.wait_connected()
        for leaf in ("reply", "notice"):
            room.client.publish(f"lianfang/button/{DEVICE}/{leaf}", payload, qos=1)
        pressing = asyncio.create_task(button.press())
        room.reply(await room.next("press"), "received")
        assert (await pressing).state == "received"
        assert len(button.history) == 1


def test_neither_key_nor_password_is_in_its_repr() -> None:
    shown = repr(_button(1883))
    assert not re.search("secret|key|\\\\x", shown)
