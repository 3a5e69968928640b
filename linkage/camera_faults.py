"""What is wrong with cameras as alarms of the system's own: raised, and closed when it is over.

Technical alarms: they are shown, are heard once, and call nobody up. What is wrong with a picture
comes as an event from whoever looks at it; that a stream is gone is seen here, in the state of the
camera. What is decided is pure (`camera_losses`); the loop around it stands behind a bulkhead.

While a camera, or its place, is worked on (a maintenance window), nothing is raised of it; what is
still wrong when that is over is raised then.
"""

import json
from collections.abc import Callable, Collection, Mapping
from typing import Protocol

import structlog
from sqlalchemy import Connection, select

from alarms.log import AlarmLog
from alarms.model import LIFE_SAFETY_KINDS, AlarmKind, NewAlarm
from alarms.store import Database
from alarms.store.tables import alarms
from camerad.model import CameraHealth, CameraState, Trouble
from lianfang_timing import Backoff, Clock, unix_ms
from linkage.camera_losses import (
    NOTHING_STANDS,
    Lost,
    Standing,
    TakenIn,
    all_retired,
    is_over,
    loss_alarms,
    picture_alarm,
)
from linkage.changes import Changes
from linkage.duty import recovering
from linkage.duty.recovering import OpenSystemIncident
from linkage.model.incident import OPEN_STAGES
from linkage.quiet.scopes import maintained_cameras
from linkage.scene_faults import Scene, Told, for_others
from linkage.schema import cameras, incident_alarms, incident_cameras, incidents
from linkage.watching import Pace, keep_watching

_PACE = Pace(every_s=2.0, after_a_bug_s=20.0, retry=Backoff(first_s=0.2, cap_s=5.0))
_OPEN = [stage.value for stage in OPEN_STAGES]

log = structlog.get_logger()


class Others(Protocol):
    """Who looks after what no picture shows; `linkage.camera_events.watch.CameraEvents`."""

    def is_mended(self, camera_id: str, trouble: str) -> bool:
        """Whether it is known to be over."""
        ...

    def tell_again(self, camera_id: str, trouble: str) -> None:
        """Where it was told it is settled, whether it is over or not."""
        ...


class CameraFaults:
    """One a site."""

    def __init__(
        self,
        database: Database,
        alarm_log: AlarmLog,
        clock: Clock,
        changes: Changes,
        *,
        healths: Callable[[], Mapping[str, CameraHealth]],
        writer: str,
    ) -> None:
        """`healths` says how each camera is, without waiting."""
        self._database = database
        self._log = alarm_log
        self._clock = clock
        self._changes = changes
        self._healths = healths
        self._writer = writer
        self._lost = Lost()
        self._taken_in = TakenIn()
        self.others: Others | None = None
        self._untold: list[NewAlarm] = []
        self._ended: set[str] = set()
        self._maintained: Mapping[str, int] = {}
        self._held: dict[str, NewAlarm] = {}
        """What was wrong with pictures while somebody worked there; one a camera, the newest."""

    def note(self, camera_id: str, *, well: bool) -> None:
        """The picture of a camera is well again, or is not."""
        (self._ended.add if well else self._ended.discard)(camera_id)
        self._held.pop(camera_id, None)

    def is_maintained(self, camera_id: str) -> bool:
        """Whether somebody works there, as of the last look."""
        return camera_id in self._maintained

    def hold_back(self, alarm: NewAlarm) -> None:
        """Raise it when the work is over, if it is wrong still."""
        self._held[alarm.device] = alarm
        log.info("camera.fault_held_back", camera=alarm.device)

    async def run(self) -> None:
        """Look until cancelled."""
        await keep_watching("camera faults", self.run_once, self._clock.sleep, _PACE)

    async def run_once(self) -> None:
        """Raise what is newly lost, close what is over. Raises StoreBusy."""
        now, healths = self._clock.now(), self._healths()
        now_ms = unix_ms(now)
        self._maintained = await self._database.read(lambda conn: maintained_cameras(conn, now_ms))
        self._untold += await self._newly_lost(healths)
        self._untold += self._no_longer_held(healths)
        if self._untold:
            await self._log.append(self._untold)
            for alarm in self._untold:
                log.warning("camera.fault", camera=alarm.device, detail=alarm.detail)
            self._untold = []
        found = await self._database.read(_open)
        if found:
            in_service = await self._database.read(_in_service)
            await self._close(found, healths, in_service)

    async def _newly_lost(self, healths: Mapping[str, CameraHealth]) -> list[NewAlarm]:
        now, standing = self._clock.now(), NOTHING_STANDS
        told, scenes = list[Told](), list[Scene]()
        wrong = frozenset(
            camera
            for camera, health in healths.items()
            if health.state is CameraState.DOWN or health.trouble is not None
        )
        if wrong:
            standing, told, scenes = await self._database.read(
                lambda conn: (*_standing(conn), _scenes(conn, wrong))
            )
        spoilt = []
        for camera, trouble in self._taken_in.let_go(standing):
            health = healths.get(camera)
            if self.others is not None:
                self.others.tell_again(camera, trouble)
            if trouble == Trouble.SIGNAL_LOST:
                self._lost.tell_again(camera)
            elif health is not None and health.trouble is not None:
                spoilt.append(
                    picture_alarm(camera, health.trouble, run=unix_ms(now), seq=0, at=now)
                )
        looking = [scene.cameras for scene in scenes]
        needed = frozenset().union(*looking)
        lost = self._lost.look(healths, now, self._maintained.keys(), standing, needed)
        meant = for_others(told, scenes, wrong - self._maintained.keys())
        return [*loss_alarms(lost, looking, now), *spoilt, *meant]

    def _no_longer_held(self, healths: Mapping[str, CameraHealth]) -> list[NewAlarm]:
        over = [camera for camera in self._held if camera not in self._maintained]
        alarms = [self._held.pop(camera) for camera in over]
        known = (healths.get(alarm.device) for alarm in alarms)
        return [
            alarm
            for alarm, health in zip(alarms, known, strict=True)
            if health is not None and health.trouble is not None
        ]

    async def _close(
        self,
        found: list[OpenSystemIncident],
        healths: Mapping[str, CameraHealth],
        in_service: frozenset[str],
    ) -> None:
        now, ended = self._clock.now(), frozenset(self._ended)
        is_mended = self._is_mended
        over = [
            one
            for one in found
            if one.details and is_over(one.details, healths, ended, now, in_service, is_mended)
        ]
        retired = [one for one in over if all_retired(one.details, healths, in_service)]
        well = [one for one in over if one not in retired]
        for which, reason in (
            (well, "画面已恢复正常 / the picture is well again"),
            (retired, "摄像机已停用 / the camera was taken out of service"),
        ):
            if which:
                await self._write_closed(which, reason)

    def _is_mended(self, camera_id: str, trouble: str) -> bool:
        return self.others is not None and self.others.is_mended(camera_id, trouble)

    async def _write_closed(self, over: list[OpenSystemIncident], reason: str) -> None:
        now_ms = unix_ms(self._clock.now())
        position = await self._database.write(
            lambda conn: recovering.close(
                conn, over, AlarmKind.CAMERA_FAULT, reason, writer=self._writer, now_ms=now_ms
            )
        )
        self._changes.notify(position)
        log.info("camera.fault_over", incidents=[one.number for one in over], reason=reason)


def _open(conn: Connection) -> list[OpenSystemIncident]:
    return recovering.open_incidents(conn, AlarmKind.CAMERA_FAULT)


def _in_service(conn: Connection) -> frozenset[str]:
    return frozenset(conn.scalars(select(cameras.c.id).where(cameras.c.enabled.is_(True))))


def _standing(conn: Connection) -> tuple[Standing, list[Told]]:
    """The faults of cameras that open incidents hold, and how each was told."""
    told: list[Told] = []
    own: set[tuple[str, str]] = set()
    elsewhere: set[tuple[str, str]] = set()
    rows = conn.execute(
        select(incidents.c.id, incidents.c.kind, alarms.c.received_at_ms, alarms.c.payload)
        .join_from(incidents, incident_alarms, incident_alarms.c.incident_id == incidents.c.id)
        .join(alarms, alarms.c.id == incident_alarms.c.alarm_id)
        .where(
            incidents.c.stage.in_(_OPEN),
            incident_alarms.c.kind == AlarmKind.CAMERA_FAULT.value,
        )
    )
    for incident, kind, at_ms, payload in rows:
        one = Told(incident, json.loads(payload)["detail"], at_ms)
        told.append(one)
        faults = {(camera, one.trouble) for camera in one.cameras}
        (own if kind == AlarmKind.CAMERA_FAULT else elsewhere).update(faults)
    return Standing(frozenset(own), frozenset(elsewhere)), told


def _scenes(conn: Connection, wrong: Collection[str]) -> list[Scene]:
    """The cameras, among these, of each open incident of a press; the newest first."""
    found: dict[tuple[str, int], set[str]] = {}
    rows = conn.execute(
        select(incidents.c.id, incidents.c.opened_at_ms, incident_cameras.c.camera_id)
        .join_from(incidents, incident_cameras, incident_cameras.c.incident_id == incidents.c.id)
        .where(
            incident_cameras.c.camera_id.in_(wrong),
            incidents.c.stage.in_(_OPEN),
            incidents.c.kind.in_([kind.value for kind in LIFE_SAFETY_KINDS]),
            incidents.c.drill.is_(False),
        )
        .order_by(incidents.c.opened_at_ms.desc(), incidents.c.number.desc())
    )
    for incident, opened_at_ms, camera in rows:
        found.setdefault((incident, opened_at_ms), set()).add(camera)
    return [Scene(*one, frozenset(of_one)) for one, of_one in found.items()]
