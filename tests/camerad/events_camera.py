"""A camera without pictures that has events, on a real port; and a clock that runs fast."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from aiohttp import web

from camerad.device_events.listening import Listener
from camerad.device_events.model import EventsState, Sighting
from camerad.onvif_door import PullPoint
from camerad.simulator.events import EventService
from camerad.simulator.head import Head
from camerad.simulator.onvif_device import DEVICE_PATH, Nameplate, OnvifDevice, Stream
from camerad.simulator.relays import Relay, RelayService
from lianfang_timing import Clock
from tests import polling

LOGIN = ("onvif", "secret")
PLATE = Nameplate("Lianfang", "Simulated Camera", "1.0", "3", ())


class FastClock:
    """Twenty seconds of it are one of ours; `off` is what it is set wrong by."""

    def __init__(self, off: timedelta = timedelta()) -> None:
        self._began = time.monotonic()
        self._skipped = 0.0
        self.off = off

    def skip(self, seconds: float) -> None:
        """So much goes by at once."""
        self._skipped += seconds

    def monotonic(self) -> float:
        return (time.monotonic() - self._began) * 20 + self._skipped

    def now(self) -> datetime:
        return (
            datetime(2026, 11, 22, 4, tzinfo=UTC) + timedelta(seconds=self.monotonic()) + self.off
        )

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / 20)


class EventsCamera:
    """`events` says what it is told to."""

    def __init__(
        self,
        *,
        at_most: int = 2,
        off_s: float = 0.0,
        clock: Clock | None = None,
        login: tuple[str, str] = LOGIN,
    ) -> None:
        """`clock`: for a service in a process of its own, whose seconds are as long as ours."""
        self.clock = FastClock()
        told = clock or FastClock(timedelta(seconds=off_s))
        self.events = EventService(told, {"input-1": False}, at_most=at_most)
        self.relays = RelayService(told, {"relay-1": Relay()})
        self.head = Head({"gate": ("大门 gate", (0.4, 0.1, 0.2))})
        self.device = OnvifDevice(
            PLATE,
            *login,
            told,
            jpeg=bytes,
            events=self.events,
            relays=self.relays,
            head=self.head,
        )
        self.device.streams = (Stream("sub", "sub", "rtsp://127.0.0.1/1", 704, 576, 25.0),)
        self.url = ""
        self.heard: list[Sighting] = []

    def line(self, *, timeout_s: float = 5.0, password: str = "secret") -> PullPoint:
        return PullPoint(self.url, "onvif", password, timeout_s=timeout_s, clock=self.clock)

    def listener(self, **line: object) -> Listener:
        async def keep(sightings: Sequence[Sighting]) -> None:
            self.heard += sightings

        return Listener("cam", self.line(**line), self.clock, keep)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["EventsCamera"]:
        runner = web.AppRunner(self.device.application(), shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.device.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            self.events.base_url = self.device.base_url
            self.url = self.device.base_url + DEVICE_PATH
            yield self
        finally:
            self.events.restart()
            await runner.cleanup()


@asynccontextmanager
async def listening(camera: EventsCamera, **line: object) -> AsyncIterator[Listener]:
    """It listens by itself; `heard` fills."""
    listener = camera.listener(**line)
    task = asyncio.create_task(listener.run())
    try:
        yield listener
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(holds: Callable[[], object], *, within_s: float = 10.0) -> None:
    """A camera and a listener of our own, but each in threads of others."""

    async def ask() -> bool:
        return bool(holds())

    await polling.until(ask, timeout_s=within_s, every_s=0.01)


async def until_state(listener: Listener, state: EventsState) -> None:
    await until(lambda: listener.health.state is state)
