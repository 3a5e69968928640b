"""Somebody with a stolen login, or none, at the broker's door; and how a site fares under it."""

import asyncio
import json
import struct
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field

import aiohttp
import psutil
from sqlalchemy import func, select

from alarms.devices import Credentials
from alarms.signature import sign
from alarms.store.tables import alarms
from linkage.schema import incidents
from tests.scenarios.house import House
from tests.scenarios.tiny_mqtt import PUBLISH, TinyMqtt, packet, text

ANSWERED_WITHIN_S = 5.0


@dataclass
class Attacker:
    """One raw connection with what came over it."""

    wire: TinyMqtt
    heard: list[tuple[str, bytes]] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, topic: str, payload: bytes) -> None:
        self.heard.append((topic, payload))
        self._news.set()

    async def reply(self) -> dict[str, object]:
        """The next reply that comes; what came before is forgotten."""
        async with asyncio.timeout(ANSWERED_WITHIN_S):
            while True:
                for number, (topic, payload) in enumerate(self.heard):
                    if topic.endswith("/reply"):
                        del self.heard[: number + 1]
                        said: dict[str, object] = json.loads(payload)
                        return said
                self._news.clear()
                await self._news.wait()


@asynccontextmanager
async def knocking(
    port: int,
    login: tuple[str, str] | None,
    topics: Sequence[str] = (),
    *,
    client_id: str = "",
    will: tuple[str, bytes] | None = None,
) -> AsyncIterator[Attacker]:
    """A connection that is up, or was refused or cut: see its `wire`."""
    heard: list[Attacker] = []
    wire = TinyMqtt(
        client_id or (login or ("nobody", ""))[0],
        login,
        topics,
        will=will,
        on_message=lambda topic, payload: heard[0].hear(topic, payload),
    )
    heard.append(Attacker(wire))
    loop = asyncio.get_running_loop()
    await loop.create_connection(lambda: wire, "127.0.0.1", port)
    waits = [asyncio.ensure_future(event.wait()) for event in (wire.up, wire.lost)]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED, timeout=ANSWERED_WITHIN_S)
    for wait in waits:
        wait.cancel()
    try:
        yield heard[0]
    finally:
        wire.close()
        async with asyncio.timeout(ANSWERED_WITHIN_S):
            await wire.lost.wait()


@asynccontextmanager
async def stolen(site: House, number: int, *more: str) -> AsyncIterator[Attacker]:
    """A connection with a real device's login, listening to its replies and to `more`."""
    given = site.buttons[number].credentials
    topics = [f"lianfang/button/{given.device}/reply", *more]
    async with knocking(site.mqtt_port, (given.login, given.password), topics) as attacker:
        assert attacker.wire.up.is_set(), attacker.wire.refused
        yield attacker


def signed(given: Credentials, boot: int, seq: int, *, kind: str = "panic") -> bytes:
    """A genuine press of this device."""
    mac = sign(given.key, given.device, boot, seq, kind, silent=False, at_ms=None)
    return json.dumps({"v": 1, "boot": boot, "seq": seq, "kind": kind, "mac": mac}).encode()


def press_topic(given: Credentials) -> str:
    return f"lianfang/button/{given.device}/press"


async def assert_still_answers(site: House, number: int) -> None:
    """A genuine press of that button is answered, and the service says that it is ready."""
    async with site.button(number) as button:
        outcome = await button.press(timeout_s=ANSWERED_WITHIN_S)
    assert outcome.state == "received", outcome
    async with aiohttp.ClientSession() as session, session.get(f"{site.url}/readyz") as answer:
        assert answer.status == 200, await answer.text()


def counted(site: House, device: str) -> Mapping[str, int]:
    """How many alarms of a device the log holds, and how many incidents there are at all."""
    database = site.database()
    try:
        of_device = select(func.count()).select_from(alarms).where(alarms.c.device == device)
        opened = select(func.count()).select_from(incidents)
        return database.read_now(
            lambda conn: {
                "alarms": conn.scalar(of_device) or 0,
                "incidents": conn.scalar(opened) or 0,
            }
        )
    finally:
        database.close_now()


@asynccontextmanager
async def silent_connections(port: int, count: int) -> AsyncIterator[None]:
    """TCP connections that never say anything."""
    async with AsyncExitStack() as stack:
        for _ in range(count):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            stack.callback(writer.close)
        yield


@dataclass
class Flood:
    """What a flood has sent so far."""

    payloads: int = 0
    more: asyncio.Event = field(default_factory=asyncio.Event)

    async def sends(self, payloads: int) -> None:
        """Return when it has sent so many."""
        while self.payloads < payloads:
            self.more.clear()
            await self.more.wait()


@asynccontextmanager
async def flooding(site: House, number: int, *, size: int = 1_000_000) -> AsyncIterator[Flood]:
    """A stolen login that publishes presses of `size` bytes as fast as the line takes them."""
    given = site.buttons[number].credentials
    async with stolen(site, number) as attacker:
        flood = Flood()
        pouring = asyncio.create_task(_pour(attacker.wire, press_topic(given), b"x" * size, flood))
        try:
            yield flood
            assert not pouring.done()
        finally:
            pouring.cancel()
            with suppress(asyncio.CancelledError):
                await pouring
            attacker.wire.vanish()


async def _pour(wire: TinyMqtt, topic: str, payload: bytes, flood: Flood) -> None:
    head = text(topic)
    while True:
        mid = struct.pack("!H", flood.payloads % 0xFFFF + 1)
        await wire.send(packet(PUBLISH | 0x02, head + mid + payload))
        flood.payloads += 1
        flood.more.set()


@dataclass
class MostMemory:
    """The most that each process was seen to hold, in MB."""

    service: float = 0.0
    broker: float = 0.0


@asynccontextmanager
async def watching_memory(site: House) -> AsyncIterator[MostMemory]:
    """Look ten times a second."""
    service = psutil.Process(getattr(site.process, "pid", None))
    assert service.pid != psutil.Process().pid
    running = None if site.broker is None else site.broker.process
    broker = None if running is None else psutil.Process(running.pid)
    most = MostMemory()

    async def watch() -> None:
        while True:
            most.service = max(most.service, service.memory_info().rss / 1e6)
            if broker is not None:
                most.broker = max(most.broker, broker.memory_info().rss / 1e6)
            await asyncio.sleep(0.1)  # sampling a foreign process

    watching = asyncio.create_task(watch())
    try:
        yield most
    finally:
        watching.cancel()
