"""What is wrong with cameras as alarms of the system's own: raised, and closed when it is over.

Technical alarms: they are shown, are heard once, and call nobody up. What is wrong with a picture
comes as an event from whoever looks at it; that a stream is gone is seen here, in the state of the
camera. What is decided is pure (`Lost`, `is_over`); the loop around it stands behind a bulkhead.

While a camera, or its place, is worked on (a maintenance window), nothing is raised of it; what is
still wrong when that is over is raised then.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from alarms.log import AlarmLog
from alarms.model import AlarmKind, AlarmSource, NewAlarm
from alarms.store import Database
from camerad.model import CameraHealth, CameraState, Trouble
from lianfang_timing import Backoff, Clock, unix_ms
from linkage.changes import Changes
from linkage.duty import recovering
from linkage.duty.recovering import OpenSystemIncident
from linkage.quiet.scopes import maintained_cameras
from linkage.watching import Pace, keep_watching

MANY = "cameras"
"""The device of an alarm that is about many cameras at once."""

_PACE = Pace(every_s=2.0, after_a_bug_s=20.0, retry=Backoff(first_s=0.2, cap_s=5.0))
_GONE = timedelta(seconds=3.0)
"""A connection that comes back sooner is a blip; found within 10 s of a cable pulled."""
_GONE_AGAIN, _LATELY = timedelta(seconds=90.0), timedelta(hours=1)
"""A stream that comes and goes is told of once an hour, and again where it stays away so long."""
_BACK = timedelta(seconds=5.0)
_SURE = timedelta(seconds=90.0)
"""So long after our start a picture that shows nothing would have been told again."""
_AT_ONCE = 4
"""From so many on, lost streams are one alarm: a mast or a switch, not cameras."""
_SEEN_AT_ONCE = frozenset(
    {Trouble.COVERED, Trouble.BLACK, Trouble.WASHED_OUT, Trouble.SIGNAL_LOST, Trouble.FROZEN}
)
"""Told of a camera even where nothing is known of how it looked before."""

log = structlog.get_logger()


@dataclass
class Lost:
    """Which streams are gone, of cameras that were watched before. Time is an argument."""

    _seen: set[str] = field(default_factory=set)
    _told: dict[str, datetime] = field(default_factory=dict)
    """Those told of and not back since."""
    _lately: dict[str, datetime] = field(default_factory=dict)
    """When each was told of last."""

    def look(
        self,
        healths: Mapping[str, CameraHealth],
        now: datetime,
        maintained: Collection[str] = frozenset(),
    ) -> list[CameraHealth]:
        """The cameras whose streams are newly gone for good enough, but for those worked on."""
        watched = {i for i, h in healths.items() if h.state is CameraState.WATCHING}
        gone = healths.keys() - watched
        self._told = {camera: at for camera, at in self._told.items() if camera in gone}
        self._lately = {c: at for c, at in self._lately.items() if now - at < _LATELY}
        # it may have been watched for less than the time between two looks
        shown = {i for i, h in healths.items() if h.newest_frame_age_s is not None}
        self._seen = (self._seen | watched | shown) & healths.keys()
        found = [
            health
            for camera, health in sorted(healths.items())
            if health.state is CameraState.DOWN
            and camera in self._seen - self._told.keys()
            and camera not in maintained
            and now - health.since >= (_GONE_AGAIN if camera in self._lately else _GONE)
        ]
        self._told |= {health.camera_id: now for health in found}
        self._lately |= self._told
        return found


def is_over(
    details: Iterable[Mapping[str, object]],
    healths: Mapping[str, CameraHealth],
    ended: frozenset[str],
    now: datetime,
) -> bool:
    """Whether all that an incident's alarms told of is well again.

    `ended`: cameras of which it was said that their picture is well again. One that nobody knows
    any more is no longer a matter of ours.
    """
    return all(
        _is_well(camera, told.get("trouble"), healths.get(camera), ended, now)
        for told in details
        for camera in _cameras_of(told)
    )


def _is_well(
    camera: str,
    trouble: object,
    health: CameraHealth | None,
    ended: frozenset[str],
    now: datetime,
) -> bool:
    if health is None:
        return True
    if health.state is not CameraState.WATCHING or health.trouble is not None:
        return False
    watched = now - health.since
    if trouble == Trouble.SIGNAL_LOST and watched >= _BACK:
        return True
    if camera in ended:
        return True
    # after a restart nobody knows how a camera looked; what shows nothing at all is told anew
    return trouble in _SEEN_AT_ONCE and watched >= _SURE


def _cameras_of(told: Mapping[str, object]) -> list[str]:
    many, one = told.get("cameras"), told.get("camera")
    found = many if isinstance(many, list) else [one]
    return [camera for camera in found if isinstance(camera, str)]


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
        self._untold += _alarms(self._lost.look(healths, now, self._maintained.keys()))
        self._untold += self._no_longer_held(healths)
        if self._untold:
            await self._log.append(self._untold)
            for alarm in self._untold:
                log.warning("camera.fault", camera=alarm.device, detail=alarm.detail)
            self._untold = []
        found = await self._database.read(_open)
        ended = frozenset(self._ended)
        over = [one for one in found if one.details and is_over(one.details, healths, ended, now)]
        if over:
            await self._close(over, now)

    def _no_longer_held(self, healths: Mapping[str, CameraHealth]) -> list[NewAlarm]:
        over = [camera for camera in self._held if camera not in self._maintained]
        alarms = [self._held.pop(camera) for camera in over]
        known = (healths.get(alarm.device) for alarm in alarms)
        return [
            alarm
            for alarm, health in zip(alarms, known, strict=True)
            if health is not None and health.trouble is not None
        ]

    async def _close(self, over: list[OpenSystemIncident], now: datetime) -> None:
        reason = "画面已恢复正常 / the picture is well again"
        position = await self._database.write(
            lambda conn: recovering.close(
                conn,
                over,
                AlarmKind.CAMERA_FAULT,
                reason,
                writer=self._writer,
                now_ms=unix_ms(now),
            )
        )
        self._changes.notify(position)
        log.info("camera.well_again", incidents=[one.number for one in over])


def picture_alarm(
    camera_id: str, trouble: Trouble, *, run: int, seq: int, at: datetime, picture: object
) -> NewAlarm:
    """What is wrong with a picture, for the log."""
    detail: dict[str, object] = {"camera": camera_id, "trouble": trouble.value}
    if picture is not None:
        detail["picture"] = picture
    return _alarm(camera_id, boot=run, seq=seq, at=at, detail=detail)


def _alarms(lost: list[CameraHealth]) -> list[NewAlarm]:
    if len(lost) >= _AT_ONCE:
        since = min(health.since for health in lost)
        cameras = [health.camera_id for health in lost]
        detail: dict[str, object] = {"cameras": cameras, "trouble": Trouble.SIGNAL_LOST.value}
        return [_alarm(MANY, boot=unix_ms(since), seq=0, at=since, detail=detail)]
    return [
        _alarm(
            health.camera_id,
            boot=unix_ms(health.since),
            seq=0,
            at=health.since,
            detail={"camera": health.camera_id, "trouble": Trouble.SIGNAL_LOST.value},
        )
        for health in lost
    ]


def _alarm(
    device: str, *, boot: int, seq: int, at: datetime, detail: dict[str, object]
) -> NewAlarm:
    return NewAlarm(
        source=AlarmSource.SYSTEM,
        device=device,
        boot=boot,
        seq=seq,
        mac="",
        kind=AlarmKind.CAMERA_FAULT,
        at_ms=unix_ms(at),
        detail=detail,
    )


def _open(conn: Connection) -> list[OpenSystemIncident]:
    return recovering.open_incidents(conn, AlarmKind.CAMERA_FAULT)
