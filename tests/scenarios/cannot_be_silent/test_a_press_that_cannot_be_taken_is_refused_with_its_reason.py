"""A wrong key, garbage: the device is told, its people ring 110, and the next press is taken."""

import asyncio
import json

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from alarms.button import Face
from lianfang_timing import SystemClock, unix_ms
from tests.scenarios.house import House, Officer


async def test_a_button_with_a_wrong_key_says_ring_110(site: House) -> None:
    before_ms = unix_ms(SystemClock().now())
    async with site.button(key=bytes(32)) as button:
        outcome = await button.press(timeout_s=20)
        assert (outcome.state, outcome.reason) == ("rejected", "bad-signature")
        assert button.face is Face.REJECTED
        reply = await button.wait_for("rejected")
        assert reply.time_ms is not None
        assert before_ms - 1000 <= reply.time_ms <= unix_ms(SystemClock().now()) + 1000


@pytest.mark.parametrize(
    ("payload", "reason"),
    [(b"\x00garbage", "malformed"), (b"{" + b" " * 5000 + b"}", "too-large")],
)
async def test_garbage_is_answered_and_the_next_press_calls_the_duty_officer(
    site: House, duty: Officer, payload: bytes, reason: str
) -> None:
    device = site.buttons[0].credentials.device
    answer: asyncio.Future[dict[str, object]] = asyncio.get_running_loop().create_future()
    tell = asyncio.get_running_loop().call_soon_threadsafe
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.on_message = lambda _c, _u, m: tell(answer.set_result, json.loads(m.payload))
    client.on_subscribe = lambda *_: client.publish(f"lianfang/button/{device}/press", payload, 1)
    client.on_connect = lambda *_: client.subscribe(f"lianfang/button/{device}/reply", 1)
    client.connect("127.0.0.1", site.mqtt_port)
    client.loop_start()
    try:
        async with asyncio.timeout(10):
            told = await answer
    finally:
        client.disconnect()
        await asyncio.to_thread(client.loop_stop)
    assert (told["state"], told["reason"]) == ("rejected", reason)
    assert abs(int(str(told["time_ms"])) - unix_ms(SystemClock().now())) < 10_000
    async with site.button() as button:
        outcome = await button.press(timeout_s=20)
    await duty.sees_called(await duty.incident_of(outcome.alarm), "duty")
