"""The registered cameras: reading them from the store, locating them by ONVIF, having them watched.

A camera's identity is its endpoint reference, so one whose address changed is found again. What a
camera sees is the matter of `camerad`; what an alarm of it means, of the pipeline.
"""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field
from typing import Protocol

import structlog
from sqlalchemy import Connection, Row, select, update

from alarms.errors import StoreBusy
from alarms.store import Database, SealedBox
from camerad.announcements import Announcement, Saying
from camerad.errors import CameradError, CameraRefused, CameraUnreachable
from camerad.model import (
    Camera,
    CameraDescription,
    CameraHealth,
    CameraState,
    DiscoveredDevice,
    StreamProfile,
    Zone,
    ZoneKind,
)
from camerad.zones import parse_armed, with_days_off
from lianfang_timing import Backoff, Clock, unix_ms
from linkage import schema
from linkage.rules.model import SourceState

_LOOK_EVERY_S = 20.0
_LOOK_SOON = Backoff(first_s=1.0, cap_s=_LOOK_EVERY_S)
_LOST_REASONS = frozenset({"unreachable", "no-frames", "hung"})

log = structlog.get_logger()


@dataclass(frozen=True)
class RegisteredCamera:
    """A camera as the registry knows it."""

    id: str
    name: str
    village_id: str
    endpoint_reference: str | None
    onvif_address: str | None
    stream_uri: str | None
    username: str | None
    password: str | None = field(repr=False)
    zones: tuple[Zone, ...] = ()

    def to_watch(self, stream_uri: str, time_zone: str) -> Camera:
        """What `camerad` needs of it."""
        return Camera(
            id=self.id,
            name=self.name,
            stream_uri=stream_uri,
            username=self.username,
            password=self.password,
            zones=self.zones,
            time_zone=time_zone,
        )


class Watcher(Protocol):
    """What this module needs of `camerad.fleet.Fleet`."""

    def watch(self, cameras: list[Camera]) -> None: ...
    def health(self) -> Mapping[str, CameraHealth]: ...


Discover = Callable[[], Awaitable[list[DiscoveredDevice]]]
Describe = Callable[[str, str | None, str | None], Awaitable[CameraDescription]]
Listen = Callable[[Callable[[Announcement], None]], AbstractAsyncContextManager[object]]
ChooseProfile = Callable[[Sequence[StreamProfile]], StreamProfile | None]


class CameraRegistry:
    """Reads and writes the cameras and zones of the store."""

    def __init__(self, database: Database, box: SealedBox) -> None:
        self._database = database
        self._box = box

    async def enabled(self) -> list[RegisteredCamera]:
        """The cameras to watch. Raises StoreBusy."""
        return await self._database.read(self._enabled)

    async def note_located(self, camera_id: str, onvif_address: str, stream_uri: str) -> None:
        """Keep where a camera was found. Raises StoreBusy."""
        statement = (
            update(schema.cameras)
            .where(schema.cameras.c.id == camera_id)
            .values(onvif_address=onvif_address, stream_uri=stream_uri)
        )
        await self._database.write(lambda conn: conn.execute(statement))

    def _enabled(self, conn: Connection) -> list[RegisteredCamera]:
        zones: dict[str, list[Zone]] = {}
        for row in conn.execute(select(schema.zones).order_by(schema.zones.c.name)):
            zones.setdefault(row.camera_id, []).append(_zone(row))
        table = schema.cameras
        rows = conn.execute(select(table).where(table.c.enabled).order_by(table.c.id))
        return [
            RegisteredCamera(
                id=row.id,
                name=row.name,
                village_id=row.village_id,
                endpoint_reference=row.endpoint_reference,
                onvif_address=row.onvif_address,
                stream_uri=row.stream_uri,
                username=row.username,
                password=self._password(row),
                zones=tuple(zones.get(row.id, ())),
            )
            for row in rows
        ]

    def _password(self, row: Row[tuple[object, ...]]) -> str | None:
        if row.password_sealed is None:
            return None
        return self._box.open(row.password_sealed, context=password_context(row.id)).decode()


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
        self._wanted = asyncio.Event()

    async def run(self) -> None:
        """Look again and again until cancelled, soon while a camera is missing."""
        async with AsyncExitStack() as exits:
            if self._listen is not None:
                try:
                    await exits.enter_async_context(self._listen(self.hear))
                except OSError as error:
                    # probes still go out: a camera that moved is found a little later
                    log.warning("cameras.not_listening", error=str(error))
            await self._run()

    def look_now(self) -> None:
        """The registry changed, or a camera said that it is there: do not wait."""
        self._wanted.set()

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
        streams = {c.id: c.stream_uri for c in cameras if c.stream_uri is not None}
        found: list[str | None] = []
        if missing:
            # looking for the missing takes long where many addresses are asked one by one
            self._watch(cameras, streams)
            addresses = await self._addresses(missing)
            found = await asyncio.gather(*(self._locate(c, addresses) for c in missing))
            streams.update({c.id: s for c, s in zip(missing, found, strict=True) if s is not None})
        self._watch(cameras, streams)
        gone = self._unlocated.keys() - {c.id for c in cameras}
        for camera_id in gone:
            del self._unlocated[camera_id]
        return None not in found

    def _watch(self, cameras: Sequence[RegisteredCamera], streams: Mapping[str, str]) -> None:
        self._fleet.watch(
            [c.to_watch(streams[c.id], self._time_zone) for c in cameras if c.id in streams]
        )

    def health(self) -> dict[str, CameraHealth]:
        """Every camera's state, of the fleet and of those not yet located."""
        return {**self._unlocated, **self._fleet.health()}

    def _is_missing(self, camera: RegisteredCamera) -> bool:
        if camera.stream_uri is None:
            return True
        health = self._fleet.health().get(camera.id)
        return (
            camera.endpoint_reference is not None
            and health is not None
            and health.state is CameraState.DOWN
            and health.reason in _LOST_REASONS
        )

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

    async def _locate(self, camera: RegisteredCamera, found: dict[str, str]) -> str | None:
        address = found.get(camera.endpoint_reference or "") or camera.onvif_address
        if address is None:
            self._note(
                camera,
                "unreachable",
                "网络上没有找到该标识的设备 / no device with this endpoint reference answered",
            )
            return None
        try:
            about = await self._describe(address, camera.username, camera.password)
            profile = self._choose_profile(about.profiles)
        except CameraRefused as error:
            self._note(camera, "refused", str(error))
            return None
        except CameradError as error:
            self._note(camera, "unreachable", str(error))
            return None
        stream_uri = None if profile is None else profile.stream_uri
        if stream_uri is None:
            self._note(
                camera, "nonsense", "摄像机没有给出码流地址 / the camera names no stream address"
            )
            return None
        self._unlocated.pop(camera.id, None)
        if (address, stream_uri) != (camera.onvif_address, camera.stream_uri):
            await self._registry.note_located(camera.id, address, stream_uri)
            log.info("cameras.located", camera=camera.id, model=about.model)
        return stream_uri

    def _note(self, camera: RegisteredCamera, reason: str, detail: str) -> None:
        known = self._unlocated.get(camera.id)
        since = known.since if known is not None else self._clock.now()
        self._unlocated[camera.id] = CameraHealth(
            camera.id, CameraState.DOWN, reason, detail, since
        )
        if known is None or known.reason != reason:
            log.warning("cameras.not_located", camera=camera.id, reason=reason, detail=detail)


def password_context(camera_id: str) -> str:
    """What a camera's sealed password is bound to."""
    return f"camera:{camera_id}"


def _zone(row: Row[tuple[object, ...]]) -> Zone:
    off = None if row.armed_days_off is None else parse_armed(row.armed_days_off)
    armed = with_days_off(None if row.armed is None else parse_armed(row.armed), off)
    return Zone(
        name=row.name,
        kind=ZoneKind(row.kind),
        polygon=tuple((float(x), float(y)) for x, y in json.loads(row.polygon)),
        dwell_s=row.dwell_s,
        min_height=row.min_height,
        armed=armed,
    )


def camera_states(health: Mapping[str, CameraHealth]) -> dict[str, tuple[SourceState, int]]:
    """How each camera is and since when (Unix milliseconds), as rules ask for it."""
    return {
        camera_id: (SourceState(known.state.value), unix_ms(known.since))
        for camera_id, known in health.items()
    }
