"""Finding the registered cameras by ONVIF and having them watched.

A camera's identity is its endpoint reference, or its recorder's and the video source in it: one
whose address changed is found again.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Final, Protocol

import structlog

from alarms.errors import StoreBusy
from camerad.announcements import Announcement, Saying
from camerad.errors import CameradError, CameraRefused, CameraUnreachable
from camerad.model import (
    Camera,
    CameraDescription,
    CameraHealth,
    CameraState,
    DiscoveredDevice,
    StreamProfile,
)
from camerad.profiles import largest
from lianfang_timing import Backoff, Clock, unix_ms
from linkage.cameras import CameraRegistry, Located, RegisteredCamera

_LOOK_EVERY_S: Final = 20.0
_LOOK_SOON: Final = Backoff(first_s=1.0, cap_s=_LOOK_EVERY_S)
_LOGIN_AGAIN: Final = Backoff(first_s=30.0, cap_s=300.0)
"""A refused login: cameras lock accounts after a handful of them, recorders for all channels."""
_LOST_REASONS: Final = frozenset({"unreachable", "no-frames", "hung"})
_STRANGE_REASONS: Final = frozenset({"refused", "nonsense"})
"""Another device may have its address by now: it is looked for, and not asked where it was, since
each wrong login brings an account nearer to being locked."""

log = structlog.get_logger()


class Watcher(Protocol):
    """What this module needs of `camerad.fleet.Fleet`."""

    def watch(self, cameras: list[Camera]) -> None: ...
    def health(self) -> Mapping[str, CameraHealth]: ...


Discover = Callable[[], Awaitable[list[DiscoveredDevice]]]
Describe = Callable[[str, str | None, str | None], Awaitable[CameraDescription]]
Listen = Callable[[Callable[[Announcement], None]], AbstractAsyncContextManager[object]]
_Login = tuple[str, str | None, str | None]
"""Address, user name and password."""
ChooseProfile = Callable[[Sequence[StreamProfile]], StreamProfile | None]


class CameraLocator:
    """Keeps the fleet watching what the registry says, and finds cameras that are not there."""

    def __init__(
        self,
        registry: CameraRegistry,
        fleet: Watcher,
        clock: Clock,
        *,
        time_zone: str,
        discover: Discover | None,
        describe: Describe,
        choose_profile: ChooseProfile,
        listen: Listen | None = None,
    ) -> None:
        self._registry = registry
        self._fleet = fleet
        self._clock = clock
        self._time_zone = time_zone
        self._discover = discover
        self._describe = describe
        self._choose_profile = choose_profile
        self._listen = listen
        self._unlocated: dict[str, CameraHealth] = {}
        self._known: frozenset[str] = frozenset()
        self._announced: dict[str, str] = {}
        self._refusals = _Refusals(clock)
        self._wanted = asyncio.Event()
        self._changed = asyncio.Event()

    async def run(self) -> None:
        """Look again and again until cancelled, soon while a camera is missing."""
        async with AsyncExitStack() as exits:
            if self._listen is not None:
                try:
                    await exits.enter_async_context(self._listen(self.hear))
                except OSError as error:
                    # probes still go out: a camera that moved is found a little later
                    log.warning("cameras.not_listening", error=str(error))
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._run(), name="cameras-look")
                tasks.create_task(self._keep_to_registry(), name="cameras-keep-to-registry")

    def look_now(self) -> None:
        """The registry changed, or a camera said that it is there: do not wait."""
        self._wanted.set()
        self._changed.set()

    def hear(self, announcement: Announcement) -> None:
        """Take in what a device says unasked: only those of the registry count, and a Hello says
        no more than where to ask a camera that is missing."""
        device = announcement.device
        if device.endpoint_reference not in self._known:
            return
        if announcement.saying is Saying.BYE:
            log.info("cameras.bye", endpoint_reference=device.endpoint_reference)
            self._announced.pop(device.endpoint_reference, None)
        elif device.xaddrs and self._announced.get(device.endpoint_reference) != device.xaddrs[0]:
            log.info("cameras.hello", address=device.address)
            self._announced[device.endpoint_reference] = device.xaddrs[0]
            self.look_now()

    async def _keep_to_registry(self) -> None:
        """A look may last long: what must not be watched any more is dropped meanwhile."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                self._watch(await self._registry.enabled())
            except StoreBusy as error:
                # the next look does it
                log.warning("cameras.registry_unreadable", detail=str(error))

    async def _run(self) -> None:
        attempt = 0
        while True:
            self._wanted.clear()
            try:
                complete = await self.run_once()
            except StoreBusy as error:
                log.warning("cameras.registry_unreadable", detail=str(error))
                complete = False
            attempt = 0 if complete else attempt + 1
            wait_s = _LOOK_EVERY_S if complete else _LOOK_SOON.delay_s(attempt)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._wanted.wait()

    async def run_once(self) -> bool:
        """Locate what must be located and hand all known cameras to the fleet. False when one
        could not be."""
        cameras = await self._registry.enabled()
        self._known = frozenset(c.endpoint_reference for c in cameras if c.endpoint_reference)
        missing = [c for c in cameras if self._is_missing(c)]
        found: list[bool] = []
        if missing:
            # looking for the missing takes long where many addresses are asked one by one
            self._watch(cameras)
            addresses = await self._addresses(missing)
            said = _Answers(self._describe, self._refusals)
            found = await asyncio.gather(*(self._locate(c, addresses, said) for c in missing))
            cameras = await self._registry.enabled()
        self._watch(cameras)
        gone = self._unlocated.keys() - {c.id for c in cameras}
        for camera_id in gone:
            del self._unlocated[camera_id]
        return all(found)

    def _watch(self, cameras: Sequence[RegisteredCamera]) -> None:
        zone = self._time_zone
        self._fleet.watch(
            [c.to_watch(c.stream_uri, zone) for c in cameras if c.stream_uri is not None]
        )

    def health(self) -> dict[str, CameraHealth]:
        """Every camera's state, of the fleet and of those not yet located."""
        return {**self._unlocated, **self._fleet.health()}

    def _is_missing(self, camera: RegisteredCamera) -> bool:
        if camera.stream_uri is None:
            return True
        return camera.endpoint_reference is not None and (
            self._is_down(camera, _LOST_REASONS) or self._is_down(camera, _STRANGE_REASONS)
        )

    def _is_down(self, camera: RegisteredCamera, reasons: frozenset[str]) -> bool:
        health = self._fleet.health().get(camera.id)
        return health is not None and health.state is CameraState.DOWN and health.reason in reasons

    async def _addresses(self, missing: Sequence[RegisteredCamera]) -> dict[str, str]:
        """Device service addresses by endpoint reference: as just announced, where all that are
        missing were, else as discovery finds them now."""
        announced, self._announced = self._announced, {}
        if self._discover is None or all(c.endpoint_reference in announced for c in missing):
            return announced
        try:
            devices = await self._discover()
        except CameraUnreachable as error:
            log.warning("cameras.discovery_failed", detail=str(error))
            return {}
        # whoever answers a probe of ours just now knows better than what was heard before
        return announced | {d.endpoint_reference: d.xaddrs[0] for d in devices if d.xaddrs}

    async def _locate(
        self, camera: RegisteredCamera, found: dict[str, str], said: "_Answers"
    ) -> bool:
        seen = found.get(camera.endpoint_reference or "")
        stayed = seen in (None, camera.onvif_address)
        if camera.stream_uri is not None and stayed and self._is_down(camera, _STRANGE_REASONS):
            return True
        address = seen or camera.onvif_address
        if address is None:
            self._note(
                camera,
                "unreachable",
                "网络上没有找到该标识的设备 / no device with this endpoint reference answered",
            )
            return False
        try:
            about = await said.of(address, camera.username, camera.password)
        except CameraRefused as error:
            self._note(camera, "refused", str(error))
            return False
        except CameradError as error:
            self._note(camera, "unreachable", str(error))
            return False
        own = [p for p in about.profiles if camera.source in (None, p.source)]
        profile, main = self._choose_profile(own), largest(own)
        if profile is None or profile.stream_uri is None:
            self._note(
                camera, "nonsense", "摄像机没有给出码流地址 / the camera names no stream address"
            )
            return False
        self._unlocated.pop(camera.id, None)
        now = Located(address, profile.stream_uri, None if main is None else main.stream_uri)
        if now != camera.located:
            await self._registry.note_located(camera.id, now)
            log.info("cameras.located", camera=camera.id, model=about.model)
        if about.clock_skew_s is not None:
            at_ms = unix_ms(self._clock.now())
            await self._registry.note_clock(camera.id, about.clock_skew_s, at_ms=at_ms)
        return True

    def _note(self, camera: RegisteredCamera, reason: str, detail: str) -> None:
        known = self._unlocated.get(camera.id)
        since = known.since if known is not None else self._clock.now()
        self._unlocated[camera.id] = CameraHealth(
            camera.id, CameraState.DOWN, reason, detail, since
        )
        if known is None or known.reason != reason:
            log.warning("cameras.not_located", camera=camera.id, reason=reason, detail=detail)


class _Refusals:
    """Logins that a device refused, and when each may be tried again."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._of: dict[_Login, tuple[CameraRefused, int, float]] = {}

    def standing(self, login: _Login) -> CameraRefused | None:
        """The refusal, while it is too soon to try again."""
        error, _, due_s = self._of.get(login, (None, 0, 0.0))
        if error is None or self._clock.monotonic() >= due_s:
            return None
        # made anew: raised again and again, one exception would collect every traceback
        return CameraRefused(str(error), bare=error.bare)

    def note(self, login: _Login, error: CameraRefused) -> None:
        _, times, _ = self._of.get(login, (error, 0, 0.0))
        due_s = self._clock.monotonic() + _LOGIN_AGAIN.delay_s(times)
        self._of[login] = (error, times + 1, due_s)

    def forget(self, login: _Login) -> None:
        self._of.pop(login, None)


class _Answers:
    """What devices said in one look: a recorder is asked once for all of its channels."""

    def __init__(self, describe: Describe, refusals: _Refusals) -> None:
        self._describe = describe
        self._refusals = refusals
        self._asked: dict[_Login, asyncio.Task[CameraDescription]] = {}

    async def of(
        self, address: str, username: str | None, password: str | None
    ) -> CameraDescription:
        """Raises as the door does, to everybody who asked."""
        key = (address, username, password)
        if key not in self._asked:
            self._asked[key] = asyncio.create_task(self._ask(*key))
        return await self._asked[key]

    async def _ask(
        self, address: str, username: str | None, password: str | None
    ) -> CameraDescription:
        login = (address, username, password)
        if (refused := self._refusals.standing(login)) is not None:
            raise refused
        try:
            about = await self._describe(address, username, password)
        except CameraRefused as error:
            self._refusals.note(login, error)
            raise
        self._refusals.forget(login)
        return about
