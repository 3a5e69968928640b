"""What all simulated devices share: the line, the status and last will, the watch for the service.

A kind of device says which topics it hears and what it does then: `alarms.simulator` (buttons),
`alarms.simulated_sounders`. Nothing about presses, sirens or words belongs here.
"""

import asyncio
import contextlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Self, TypeVar

import msgspec
import structlog

from alarms import device_topics
from alarms.device_link import DeviceLink
from alarms.service_watch import DeviceTiming, ServiceStatus, ServiceWatch
from lianfang_timing import Clock, SystemClock

_GOODBYE_S = 2.0
_T = TypeVar("_T")

log = structlog.get_logger()


class SimulatedDevice(ABC):
    """One device; entering it begins connecting and does not wait for the broker."""

    def __init__(
        self,
        *,
        kind: str,
        device: str,
        login: str,
        password: str,
        host: str = "127.0.0.1",
        port: int = 1883,
        prefix: str = "lianfang",
        every_s: int = 600,
        timing: DeviceTiming | None = None,
        clock: Clock | None = None,
        ca_file: str | None = None,
        hears: Sequence[str] = (),
        client_id: str | None = None,
    ) -> None:
        """`hears` are the leaves of its own topics that it listens to. With a `client_id` it speaks
        for a device that may be there itself: it says nothing of the device's state."""
        self.device = device
        self._clock = clock or SystemClock()
        self._base = f"{prefix}/{kind}/{device}"
        self._every_s = every_s
        self._is_the_device = client_id is None
        self._watch = ServiceWatch(timing or DeviceTiming(), now_s=self._clock.monotonic())
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._service_topic = device_topics.service_status(prefix)
        will = (f"{self._base}/status", to_json(v=1, online=False, every_s=every_s))
        self._link = DeviceLink(
            host,
            port,
            client_id=client_id or f"{prefix}-{device}",
            login=(login, password),
            will=will if self._is_the_device else None,
            topics=[f"{self._base}/{leaf}" for leaf in hears] + [self._service_topic],
            ca_file=ca_file,
            lasting=self._is_the_device,
            reconnect=(timing or DeviceTiming()).reconnect,
            on_message=self._on_message,
            on_up=self._went_up,
            on_down=self._went_down,
        )

    @property
    def connected(self) -> bool:
        return self._link.up.is_set()

    @property
    def service_online(self) -> bool | None:
        """The service's last word; None until the broker has told us."""
        return self._watch.online

    @property
    def nobody_hears(self) -> bool:
        """Whether its people must be told to ring 110: the service, or the way to it, is gone."""
        return self._watch.gone(now_s=self._clock.monotonic())

    async def __aenter__(self) -> Self:
        self._start(self._link.run())
        self._start(self._keep_status())
        self._start(self._keep_watch())
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self.connected:
            self._publish_status(online=False)
            await self._link.say_goodbye(_GOODBYE_S)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._link.close()

    async def wait_connected(self, timeout_s: float = 10.0) -> None:
        """Return when connected and subscribed; raises TimeoutError."""
        async with asyncio.timeout(timeout_s):
            await self._link.up.wait()

    async def wait_for_service(self, *, online: bool, timeout_s: float = 10.0) -> None:
        """Return when the service is known to be online or not; raises TimeoutError."""
        await self._until(lambda: True if self.service_online is online else None, timeout_s)

    def lose_connection(self) -> None:
        """Drop the connection without a goodbye, as a bad radio link does; it comes back."""
        self._link.drop()

    # for the kinds of device

    @abstractmethod
    def _hear(self, leaf: str, payload: bytes) -> None:
        """Something came on one of the own topics. May raise msgspec.DecodeError."""

    def _more_status(self) -> dict[str, object]:
        """What this kind's status says beside `online` and `every_s`."""
        return {}

    def _publish(self, leaf: str, payload: bytes, *, retain: bool = False) -> None:
        self._link.publish(f"{self._base}/{leaf}", payload, retain=retain)

    def _publish_status(self, *, online: bool = True) -> None:
        if self._is_the_device:
            said = {"v": 1, "online": online, "every_s": self._every_s, "fw": "simulated-1"}
            self._publish("status", to_json(**said | self._more_status()), retain=True)

    def _wake(self) -> None:
        """Somebody may wait for what has just changed."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def _until(self, found: Callable[[], _T | None], timeout_s: float) -> _T:
        async with asyncio.timeout(timeout_s):
            while (what := found()) is None:
                await self._changed.wait()
        return what

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # the line and the service behind it

    async def _keep_status(self) -> None:
        while True:
            await asyncio.sleep(self._every_s)
            if self.connected:
                self._publish_status()

    async def _keep_watch(self) -> None:
        """Wake whoever waits at the moment from which nobody hears us."""
        while True:
            left_s = self._watch.gone_at_s() - self._clock.monotonic()
            if left_s <= 0:
                self._wake()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left_s if left_s > 0 else None):
                    await self._changed.wait()

    def _went_up(self) -> None:
        self._watch.link(up=True, now_s=self._clock.monotonic())
        self._publish_status()
        self._wake()

    def _went_down(self) -> None:
        self._watch.link(up=False, now_s=self._clock.monotonic())
        self._wake()

    def _on_message(self, topic: str, payload: bytes) -> None:
        try:
            if topic == self._service_topic:
                status = msgspec.json.decode(payload, type=ServiceStatus)
                self._watch.heard(status, now_s=self._clock.monotonic())
                self._wake()
            else:
                self._hear(topic.rpartition("/")[2], payload)
        except msgspec.DecodeError as error:
            log.warning("device.not_understood", device=self.device, topic=topic, why=str(error))


def to_json(**fields: object) -> bytes:
    """A payload as devices write it."""
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
