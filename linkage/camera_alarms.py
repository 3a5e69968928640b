"""From what a camera saw to the alarm log.

Loitering is an alarm; a spoilt picture is a technical alarm; motion is evidence, never an alarm: it
is remembered apart (`linkage.motion`).
"""

import asyncio

import structlog

from alarms.errors import StoreBusy
from alarms.log import AlarmLog
from alarms.model import AlarmKind, AlarmSource, NewAlarm
from camerad.model import CameraEvent, EventName
from lianfang_timing import Backoff, unix_ms
from linkage.camera_faults import CameraFaults
from linkage.camera_losses import picture_alarm
from linkage.carriers import EvidenceRoom
from linkage.custody.gaps import MISSING, refused_picture
from linkage.custody.model import Why
from linkage.errors import EvidenceNotKept
from linkage.evidence import EvidenceFolder
from linkage.motion.keeper import MotionKeeper

_RETRY = Backoff(first_s=0.2, cap_s=5.0)

log = structlog.get_logger()


class CameraAlarms:
    """The port that `camerad.fleet` reports to."""

    def __init__(
        self,
        alarm_log: AlarmLog,
        evidence: EvidenceFolder,
        room: EvidenceRoom,
        faults: CameraFaults,
        motion: MotionKeeper,
    ) -> None:
        self._log = alarm_log
        self._evidence = evidence
        self._room = room
        self._faults = faults
        self._motion = motion

    async def on_event(self, event: CameraEvent) -> None:
        """Append an alarm with its picture, if it is one; returns when it is on disk."""
        match event.detection.name:
            case EventName.LOITERING_STARTED:
                await self._loitering(event)
            case EventName.TAMPER_STARTED:
                await self._trouble(event)
            case EventName.TAMPER_ENDED:
                log.info("camera.picture_well_again", camera=event.camera_id)
                self._faults.note(event.camera_id, well=True)
            case EventName.MOTION_STARTED | EventName.MOTION_ENDED:
                self._motion.note(event)
            case other:
                log.debug("camera.evidence", camera=event.camera_id, seen=other.value)

    async def _trouble(self, event: CameraEvent) -> None:
        trouble = event.detection.trouble
        assert trouble is not None
        self._faults.note(event.camera_id, well=False)
        # what is seen of somebody at work is not kept
        held = self._faults.is_maintained(event.camera_id)
        alarm = picture_alarm(
            event.camera_id,
            trouble,
            run=event.run,
            seq=event.seq,
            at=event.at,
            shown={} if held or event.picture_jpeg is None else await self._keep(event),
        )
        if held:
            self._faults.hold_back(alarm)
        else:
            await self._append(alarm)

    async def _loitering(self, event: CameraEvent) -> None:
        seen = event.detection
        detail: dict[str, object] = {
            "zone": seen.zone,
            "dwell_s": seen.dwell_s,
            "box": None if seen.box is None else list(seen.box),
        }
        if event.picture_jpeg is not None:
            detail |= await self._keep(event)
        alarm = NewAlarm(
            source=AlarmSource.CAMERA,
            device=event.camera_id,
            boot=event.run,
            seq=event.seq,
            mac="",
            kind=AlarmKind.LOITERING,
            at_ms=unix_ms(event.at),
            detail=detail,
        )
        await self._append(alarm)

    async def _keep(self, event: CameraEvent) -> dict[str, object]:
        """For the alarm's detail: the picture's file and hash, or why it is not kept. The alarm
        counts more."""
        assert event.picture_jpeg is not None
        at_ms = unix_ms(event.at)
        try:
            size = len(event.picture_jpeg)
            refusal = await self._room.refusal(event.camera_id, wanted_bytes=size, is_routine=True)
            if refusal is not None:
                why, detail = refusal
                log.warning(
                    "camera.picture_refused", camera=event.camera_id, why=why.value, detail=detail
                )
                return {MISSING: refused_picture(why, detail, at_ms)}
            kept = await self._evidence.put(event.picture_jpeg, event.at)
        except (EvidenceNotKept, StoreBusy) as error:
            log.error("camera.picture_lost", camera=event.camera_id, detail=str(error))
            if isinstance(error, StoreBusy):
                return {MISSING: refused_picture(Why.TOO_LATE, "", at_ms)}
            return {MISSING: refused_picture(Why.DISK_FULL, str(error), at_ms)}
        return {"picture": kept.as_detail()}

    async def _append(self, alarm: NewAlarm) -> None:
        attempt = 0
        while True:
            try:
                await self._log.append([alarm])
            except StoreBusy as error:
                log.error("camera.cannot_commit", camera=alarm.device, detail=str(error))
                await asyncio.sleep(_RETRY.delay_s(attempt))
                attempt += 1
            else:
                log.info("camera.alarm", camera=alarm.device, kind=alarm.kind.value)
                return
