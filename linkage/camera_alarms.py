"""From what a camera saw to the alarm log. Loitering is an alarm; motion is evidence, not alarm."""

import asyncio

import structlog

from alarms.errors import StoreBusy
from alarms.log import AlarmLog
from alarms.model import AlarmKind, AlarmSource, NewAlarm
from camerad.model import CameraEvent, EventName
from lianfang_timing import Backoff, unix_ms
from linkage.errors import EvidenceNotKept
from linkage.evidence import EvidenceFolder

_RETRY = Backoff(first_s=0.2, cap_s=5.0)

log = structlog.get_logger()


class CameraAlarms:
    """The port that `camerad.fleet` reports to."""

    def __init__(self, alarm_log: AlarmLog, evidence: EvidenceFolder) -> None:
        self._log = alarm_log
        self._evidence = evidence

    async def on_event(self, event: CameraEvent) -> None:
        """Append a loitering alarm with its picture; returns when it is on disk."""
        seen = event.detection
        if seen.name is not EventName.LOITERING_STARTED:
            log.debug("camera.evidence", camera=event.camera_id, seen=seen.name.value)
            return
        detail: dict[str, object] = {
            "zone": seen.zone,
            "dwell_s": seen.dwell_s,
            "box": None if seen.box is None else list(seen.box),
        }
        if event.picture_jpeg is not None:
            detail["picture"] = await self._keep(event)
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

    async def _keep(self, event: CameraEvent) -> dict[str, object] | None:
        """The picture's file and hash, or None when it cannot be written: the alarm counts more."""
        assert event.picture_jpeg is not None
        try:
            kept = await self._evidence.put(event.picture_jpeg, event.at)
        except EvidenceNotKept as error:
            log.error("camera.picture_lost", camera=event.camera_id, detail=str(error))
            return None
        return kept.as_detail()

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
                log.info("camera.loitering", camera=alarm.device)
                return
