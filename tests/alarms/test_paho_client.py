"""paho's client on the event loop: what is posted goes out whole and in order, what arrives is
told, and a connection that ends is seen to have ended."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from paho.mqtt.enums import CallbackAPIVersion

from alarms.mqtt_packets import Published
from alarms.paho_client import PahoClient
from tests.brokers import Mosquitto, mosquitto


@dataclass
class Heard:
    """What a client was told; it acknowledges nothing by itself."""

    messages: "asyncio.Queue[Published]" = field(default_factory=asyncio.Queue)
    subscribed: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, messages: Sequence[Published]) -> None:
        for message in messages:
            self.messages.put_nowait(message)

    async def next(self) -> Published:
        async with asyncio.timeout(10):
            return await self.messages.get()


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Mosquitto]:
    async with mosquitto(tmp_path) as running:
        yield running


def made(heard: Heard, *, window: int = 1000) -> PahoClient:
    client = PahoClient(
        CallbackAPIVersion.VERSION2,
        client_id="one",
        clean_session=False,
        on_messages=heard.hear,
        window=window,
    )

    def on_connect(*_: object) -> None:
        client.subscribe("said", qos=1)
        client.begin()

    client.on_connect = on_connect
    client.on_subscribe = lambda *_: heard.subscribed.set()
    return client


@asynccontextmanager
async def serving(client: PahoClient, heard: Heard, port: int) -> AsyncIterator[None]:
    serving = asyncio.create_task(client.serve("127.0.0.1", port, keepalive_s=15))
    async with asyncio.timeout(10):
        await heard.subscribed.wait()
    yield
    client.end()
    async with asyncio.timeout(10):
        await serving


@pytest.mark.parametrize("window", [7, 1000])
async def test_what_was_posted_arrives_whole_and_in_order(broker: Mosquitto, window: int) -> None:
    heard = Heard()
    client = made(heard, window=window)
    said = [bytes([n]) * 3000 for n in range(200)]
    async with serving(client, heard, broker.port):
        for start in range(0, len(said), 20):
            with client.together():
                for payload in said[start : start + 20]:
                    client.post("said", payload)
        assert [(await heard.next()).payload for _ in said] == said


async def test_what_is_posted_together_is_with_the_socket_at_once(broker: Mosquitto) -> None:
    heard = Heard()
    client = made(heard)
    async with serving(client, heard, broker.port):
        with client.together():
            for number in range(50):
                client.post("elsewhere", b"%d" % number)
        assert not client.want_write()


async def test_what_is_posted_before_there_is_a_connection_goes_with_it(
    broker: Mosquitto,
) -> None:
    heard = Heard()
    client = made(heard)
    client.post("said", b"early")
    async with serving(client, heard, broker.port):
        assert (await heard.next()).payload == b"early"


async def test_who_posts_is_told_when_the_broker_has_it(broker: Mosquitto) -> None:
    heard, has_it = Heard(), asyncio.Event()
    client = made(heard)
    async with serving(client, heard, broker.port):
        client.post("elsewhere", b"x", on_confirmed=has_it.set)
        async with asyncio.timeout(10):
            await has_it.wait()


async def test_what_is_not_acknowledged_comes_again_on_the_next_connection(
    broker: Mosquitto,
) -> None:
    heard = Heard()
    client = made(heard)
    async with serving(client, heard, broker.port):
        for name in (b"kept", b"done"):
            client.post("said", name)
        first = [await heard.next() for _ in range(2)]
        client.acknowledge(first[1].mid)
    again = Heard()
    client = made(again)
    async with serving(client, again, broker.port):
        message = await again.next()
        assert (message.payload, message.redelivered) == (b"kept", True)
        assert again.messages.empty()


async def test_a_message_without_a_number_is_not_acknowledged(broker: Mosquitto) -> None:
    heard = Heard()
    client = made(heard)
    async with serving(client, heard, broker.port):
        client.publish("said", b"of QoS 0", qos=0)
        message = await heard.next()
        client.acknowledge(message.mid)
        client.post("said", b"after it")  # a broker would have hung up on a PUBACK of 0
        assert (await heard.next()).payload == b"after it"


async def test_a_broker_that_goes_ends_it(broker: Mosquitto) -> None:
    heard = Heard()
    client = made(heard)
    serving = asyncio.create_task(client.serve("127.0.0.1", broker.port, keepalive_s=15))
    async with asyncio.timeout(10):
        await heard.subscribed.wait()
        broker.kill()
        await serving
    assert client.socket() is None


async def test_no_broker_is_an_error(broker: Mosquitto) -> None:
    broker.kill()
    with pytest.raises(OSError, match="refused"):
        await made(Heard()).serve("127.0.0.1", broker.port, keepalive_s=15)


async def test_what_fails_in_a_callback_is_raised_by_who_serves(broker: Mosquitto) -> None:
    class Failing(Heard):
        def hear(self, _messages: Sequence[Published]) -> None:
            raise ZeroDivisionError

    heard = Failing()
    client = made(heard)
    serving = asyncio.create_task(client.serve("127.0.0.1", broker.port, keepalive_s=15))
    async with asyncio.timeout(10):
        await heard.subscribed.wait()
        client.post("said", b"x")
        with pytest.raises(ZeroDivisionError):
            await serving
