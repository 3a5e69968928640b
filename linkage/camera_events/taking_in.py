"""What becomes of what cameras say: presses and alarms in the log, motion remembered, faults told.

Motion is evidence, never an alarm. What a camera says of how it stands (`initial`) is no news, but
for faults that nobody here knows of.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog

from alarms.devices import DeviceRegistry
from alarms.errors import StoreBusy
from alarms.log import AlarmLog
from alarms.model import AlarmKind, AlarmSource, NewAlarm
from camerad.device_events.model import Sighting, SightingKind
from camerad.model import CameraEvent, Detection, EventName, Trouble
from lianfang_timing import Backoff, Clock, unix_ms
from linkage.camera_events import presses
from linkage.camera_events.presses import Judged
from linkage.camera_faults import CameraFaults
from linkage.cameras import RegisteredCamera
from linkage.consent.judging import PRIVATE
from linkage.motion.keeper import MotionKeeper

OWN_ZONE: Final = "摄像机 camera"
"""The zone of what a camera's own analytics say: it has none of ours."""
_OF_PEOPLE: Final = frozenset(
    {SightingKind.MOTION, SightingKind.LOITERING, SightingKind.LINE_CROSSED}
)
"""What is about who passes by, not about the camera."""
_RETRY: Final = Backoff(first_s=0.2, cap_s=5.0)
_REPEATED_S: Final = 60.0
"""A camera that tells the same again and again within this says one thing."""

log = structlog.get_logger()


@dataclass
class TakingIn:
    """One a site. `run` numbers its alarms: drawn when we start."""

    alarm_log: AlarmLog
    devices: DeviceRegistry
    motion: MotionKeeper
    faults: CameraFaults
    clock: Clock
    run: int
    storage_well: set[str] = field(default_factory=set)
    """Cameras whose storage is known to be well again."""
    _seq: int = 0
    _moving: set[str] = field(default_factory=set)
    _faulty: set[tuple[str, Trouble]] = field(default_factory=set)
    _told_s: dict[tuple[str, str], float] = field(default_factory=dict)

    async def take(
        self, cameras: Sequence[RegisteredCamera], sightings: Sequence[Sighting]
    ) -> None:
        """All that one device said; returns when what counts is on disk."""
        inputs = [one for one in sightings if one.kind is SightingKind.INPUT]
        if inputs:
            await self._inputs(cameras, inputs)
        for one in sightings:
            if one.kind in (SightingKind.INPUT, SightingKind.RELAY):
                continue
            camera = _whose(cameras, one)
            if camera is None:
                log.warning("camera.unknown_channel", kind=one.kind.value, token=one.token)
                continue
            if camera.legal_class == PRIVATE and one.kind in _OF_PEOPLE:
                # a household agreed to its button, and to no watching by its camera's own rules
                continue
            await self._say(camera.id, one)

    def unheard(self, cameras: Iterable[RegisteredCamera]) -> None:
        """They are listened to no more: nobody will say that what moves there stands still."""
        for camera in cameras:
            self._move(camera.id, active=False)

    async def _inputs(
        self, cameras: Sequence[RegisteredCamera], sightings: Sequence[Sighting]
    ) -> None:
        ids = [camera.id for camera in cameras]
        judged = await self._kept(ids, sightings)
        for wired, verdict in judged.verdicts:
            said = log.warning if verdict.is_press else log.info
            said("camera.input", camera=wired.camera_id, button=wired.button, was=verdict.value)

    async def _kept(self, ids: Sequence[str], sightings: Sequence[Sighting]) -> Judged:
        attempt = 0
        while True:
            now_ms = unix_ms(self.clock.now())
            try:
                judged, _ = await self.alarm_log.take_in(
                    lambda conn, at_ms=now_ms: presses.judge(  # type: ignore[misc]
                        conn, self.devices, ids, sightings, at_ms
                    )
                )
            except StoreBusy as error:
                # the camera keeps what comes meanwhile; what it handed over waits here
                log.error("camera.press_cannot_commit", cameras=ids, detail=str(error))
                await asyncio.sleep(_RETRY.delay_s(attempt))
                attempt += 1
            else:
                return judged

    async def _say(self, camera: str, said: Sighting) -> None:
        match said.kind:
            case SightingKind.MOTION:
                self._move(camera, active=said.active)
            case SightingKind.LOITERING | SightingKind.LINE_CROSSED:
                if said.active and not said.initial and self._is_news(camera, said):
                    await self._alarm(camera, said)
            case SightingKind.TAMPER:
                assert said.trouble is not None
                await self._fault(camera, said, said.trouble)
            case SightingKind.STORAGE:
                await self._fault(camera, said, Trouble.STORAGE_FAILED)

    def _move(self, camera: str, *, active: bool) -> None:
        if active is (camera in self._moving):
            return
        (self._moving.add if active else self._moving.discard)(camera)
        name = EventName.MOTION_STARTED if active else EventName.MOTION_ENDED
        seen = Detection(name, 0.0, OWN_ZONE)
        self.motion.note(CameraEvent(camera, self.clock.now(), self.run, self._next(), seen))

    async def _alarm(self, camera: str, said: Sighting) -> None:
        # rules know one thing that a camera says of people: that somebody is where nobody should be
        detail: dict[str, object] = {
            "zone": said.rule or OWN_ZONE,
            "seen": said.kind.value,
            "by": "camera",
        }
        await self._append(camera, AlarmSource.CAMERA, AlarmKind.LOITERING, said, detail)

    async def _fault(self, camera: str, said: Sighting, trouble: Trouble) -> None:
        known = (camera, trouble)
        is_storage = trouble is Trouble.STORAGE_FAILED
        if not said.active:
            self._faulty.discard(known)
            if is_storage:
                self.storage_well.add(camera)
            else:
                self.faults.note(camera, well=True)
            return
        if known in self._faulty:
            return
        if self.faults.is_maintained(camera):
            log.info("camera.fault_while_worked_on", camera=camera, trouble=trouble.value)
            return
        self._faulty.add(known)
        if is_storage:
            self.storage_well.discard(camera)
        else:
            self.faults.note(camera, well=False)
        detail: dict[str, object] = {"camera": camera, "trouble": trouble.value, "by": "camera"}
        await self._append(camera, AlarmSource.SYSTEM, AlarmKind.CAMERA_FAULT, said, detail)

    def _is_news(self, camera: str, said: Sighting) -> bool:
        now_s = self.clock.monotonic()
        key = camera, f"{said.kind.value} {said.rule}"
        last_s = self._told_s.get(key)
        self._told_s[key] = now_s
        return last_s is None or now_s - last_s >= _REPEATED_S

    async def _append(
        self,
        camera: str,
        source: AlarmSource,
        kind: AlarmKind,
        said: Sighting,
        detail: dict[str, object],
    ) -> None:
        alarm = NewAlarm(
            source=source,
            device=camera,
            boot=self.run,
            seq=self._next(),
            mac="",
            kind=kind,
            at_ms=None if said.at is None else unix_ms(said.at),
            detail=detail,
        )
        attempt = 0
        while True:
            try:
                await self.alarm_log.append([alarm])
            except StoreBusy as error:
                log.error("camera.cannot_commit", camera=camera, detail=str(error))
                await asyncio.sleep(_RETRY.delay_s(attempt))
                attempt += 1
            else:
                log.info("camera.says", camera=camera, kind=kind.value, seen=said.kind.value)
                return

    def _next(self) -> int:
        self._seq += 1
        return self._seq


def _whose(cameras: Sequence[RegisteredCamera], said: Sighting) -> RegisteredCamera | None:
    """The camera itself, or of a recorder the channel that it names."""
    if len(cameras) == 1 and cameras[0].source is None:
        return cameras[0]
    named = next((one for one in cameras if one.source == said.token), None)
    if named is None and said.kind is SightingKind.STORAGE:
        # a recorder's storage is every channel's
        return cameras[0]
    return named
