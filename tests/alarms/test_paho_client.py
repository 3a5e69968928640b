"""paho's client, written to from the event loop: what is queued quietly goes out in one go."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from paho.mqtt.enums import CallbackAPIVersion

from alarms.paho_client import PahoClient
from tests.brokers import mosquitto


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[PahoClient]:
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    async with mosquitto(tmp_path) as broker:
        client = PahoClient(CallbackAPIVersion.VERSION2, client_id="one")
        client.on_connect = lambda c, *_: c.subscribe("said", qos=1)
        client.on_subscribe = lambda *_: loop.call_soon_threadsafe(ready.set)
        await asyncio.to_thread(client.connect, "127.0.0.1", broker.port)
        client.loop_start()
        async with asyncio.timeout(10):
            await ready.wait()
        yield client
        client.disconnect()
        await asyncio.to_thread(client.loop_stop)


async def test_what_was_queued_quietly_is_written_when_told(client: PahoClient) -> None:
    with client.quiet():
        for number in range(50):
            client.publish("elsewhere", str(number), qos=1)
    client.send_now()
    assert not client.want_write()


async def test_it_arrives_whole_and_in_order(client: PahoClient) -> None:
    loop, heard = asyncio.get_running_loop(), asyncio.Queue[bytes]()
    client.on_message = lambda _c, _u, m: loop.call_soon_threadsafe(heard.put_nowait, m.payload)
    said = [bytes([n]) * 3000 for n in range(200)]
    for start in range(0, len(said), 20):
        with client.quiet():
            for payload in said[start : start + 20]:
                client.publish("said", payload, qos=1)
        client.send_now()
    async with asyncio.timeout(10):
        assert [await heard.get() for _ in said] == said


async def test_what_is_not_quiet_goes_by_itself(client: PahoClient) -> None:
    with client.quiet():
        pass
    confirmed = client.publish("elsewhere", b"x", qos=1)
    await asyncio.to_thread(confirmed.wait_for_publish, 10)
    assert confirmed.is_published()
