"""The watch over the duty room: an empty chair and a gap in the rota become alarms.

It looks, lets `chair` and `warning` decide, appends to the log like every source of alarms, and
closes its own incidents when they are over. Presses and replies pass it by.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Connection

from alarms.log import AlarmLog
from alarms.model import AlarmKind, AlarmSource, NewAlarm
from alarms.store import Database
from lianfang_timing import Backoff, Clock, from_unix_ms, unix_ms
from linkage.changes import Changes
from linkage.duty import attendance, recovering
from linkage.duty.chair import Chair, ChairPolicy, Look, decide
from linkage.duty.reading import load_rota
from linkage.duty.recovering import OpenSystemIncident
from linkage.duty.rota import Gap
from linkage.duty.warning import LOOK_BACK, Warned, due_gaps, filled
from linkage.model.person import EVERYWHERE
from linkage.watching import Pace, keep_watching

CHAIR_DEVICE = "chair"
LOOK_EVERY_S = 2.0
ROTA_EVERY_S = 20.0
JUMP_S = 5.0
"""The wall clock was set when it and the monotonic one have gone apart by more than this."""

JUMP_GRACE_S = 35.0
"""Then no page is believed to have fallen silent until each has had time to speak again."""

_PACE = Pace(
    every_s=LOOK_EVERY_S, after_a_bug_s=ROTA_EVERY_S, retry=Backoff(first_s=0.2, cap_s=5.0)
)

logger = structlog.get_logger()


@dataclass(frozen=True)
class _Seen:
    """What one look reads."""

    attendance: attendance.Attendance
    chair: Chair
    unattended: list[OpenSystemIncident]


class DutyWatch:
    """One a site. Its loop is part of the spine."""

    def __init__(
        self,
        database: Database,
        alarm_log: AlarmLog,
        clock: Clock,
        changes: Changes,
        *,
        policy: ChairPolicy,
        gap_warning_s: float,
        time_zone: ZoneInfo,
        writer: str,
    ) -> None:
        self._database = database
        self._log = alarm_log
        self._clock = clock
        self._changes = changes
        self._policy = policy
        self._ahead = timedelta(seconds=gap_warning_s)
        self._time_zone = time_zone
        self._writer = writer
        self._started = clock.now()
        self._attended_at: datetime | None = None
        self._appended: tuple[datetime, int] | None = None
        self._warned: set[tuple[str, int]] = set()
        self._rota_at: datetime | None = None
        self._looked: tuple[datetime, float] | None = None
        self._jumped_at: datetime | None = None

    async def run(self) -> None:
        """Look until cancelled; what people write into a rota ends nothing."""
        await keep_watching("duty", self.run_once, self._wait, _PACE)

    async def _wait(self, seconds: float) -> None:
        await self._clock.sleep(seconds)

    async def run_once(self) -> None:
        """One look at the chair, and now and then one at the rota. Raises StoreBusy."""
        now = self._clock.now()
        self._notice_jump(now)
        await self._look_at_chair(now)
        if self._rota_at is None or abs((now - self._rota_at).total_seconds()) >= ROTA_EVERY_S:
            await self._look_at_rota(now)
            self._rota_at = now

    def _notice_jump(self, now: datetime) -> None:
        """What consoles said is dated by the wall clock: when that is set, they seem gone."""
        monotonic = self._clock.monotonic()
        before, self._looked = self._looked, (now, monotonic)
        if before is None:
            return
        jump = now - before[0] - timedelta(seconds=monotonic - before[1])
        if abs(jump.total_seconds()) > JUMP_S:
            logger.warning("duty.clock_was_set", by_s=round(jump.total_seconds()))
            self._jumped_at = now
            self._started += jump
            if self._attended_at is not None:
                self._attended_at += jump

    async def _look_at_chair(self, now: datetime) -> None:
        if self._just_jumped(now):
            return
        seen = await self._database.read(lambda conn: _read(conn, now))
        chair = decide(
            seen.chair,
            Look(
                now=now,
                started=self._started,
                uncovered=seen.attendance.uncovered,
                silent_since=seen.attendance.silent_since,
                attended_at=self._attended_at,
                incident_open=bool(seen.unattended),
            ),
            self._policy,
        )
        if not seen.attendance.uncovered:
            self._attended_at = now
        if chair != seen.chair:
            # before the alarm: after a crash between the two it is appended at the next start
            await self._database.write(lambda conn: attendance.write_chair(conn, chair))
        if chair.empty_since is None:
            if not seen.attendance.uncovered and seen.unattended:
                reason = "有人值守 / somebody is there"
                await self._close(seen.unattended, AlarmKind.UNATTENDED, reason, now)
            return
        if self._appended != (chair.empty_since, chair.raised):
            await self._log.append([_chair_alarm(chair, chair.empty_since)])
            self._appended = (chair.empty_since, chair.raised)
            logger.error("duty.chair_empty", villages=sorted(chair.villages), alarm=chair.raised)

    def _just_jumped(self, now: datetime) -> bool:
        if self._jumped_at is None:
            return False
        grace = timedelta(seconds=JUMP_GRACE_S)
        return self._jumped_at <= now < self._jumped_at + grace

    async def _look_at_rota(self, now: datetime) -> None:
        since_ms = unix_ms(now - LOOK_BACK)
        zone = self._time_zone
        rota, told = await self._database.read(
            lambda conn: (
                load_rota(conn, zone, since_ms=since_ms),
                recovering.open_incidents(conn, AlarmKind.ROTA_GAP),
            )
        )
        found = {_gap_key(gap): gap for gap in due_gaps(rota, now, self._ahead)}
        new = [gap for key, gap in found.items() if key not in self._warned]
        if new:
            # the log keeps each gap once; this process only spares itself the asking
            appended = await self._log.append([_gap_alarm(gap) for gap in new])
            for gap, answer in zip(new, appended, strict=True):
                if not answer.duplicate:
                    logger.error("duty.rota_gap", post=gap.post.id, begins=gap.begin.isoformat())
        self._warned = set(found)
        over = [one for one in told if one.details and filled(rota, _warned(one), now)]
        if over:
            reason = "已安排人员 / somebody will be there"
            await self._close(over, AlarmKind.ROTA_GAP, reason, now)

    async def _close(
        self, found: list[OpenSystemIncident], kind: AlarmKind, reason: str, now: datetime
    ) -> None:
        position = await self._database.write(
            lambda conn: recovering.close(
                conn, found, kind, reason, writer=self._writer, now_ms=unix_ms(now)
            )
        )
        self._changes.notify(position)
        logger.info("duty.recovered", kind=kind.value, incidents=[one.number for one in found])


def _read(conn: Connection, now: datetime) -> _Seen:
    return _Seen(
        attendance=attendance.read_attendance(conn, now),
        chair=attendance.read_chair(conn),
        unattended=recovering.open_incidents(conn, AlarmKind.UNATTENDED),
    )


def _chair_alarm(chair: Chair, since: datetime) -> NewAlarm:
    detail: dict[str, object] = {"villages": sorted(chair.villages), "since_ms": unix_ms(since)}
    if EVERYWHERE not in chair.villages and len(chair.villages) == 1:
        (detail["village"],) = chair.villages
    return NewAlarm(
        source=AlarmSource.SYSTEM,
        device=CHAIR_DEVICE,
        boot=unix_ms(since),
        seq=chair.raised - 1,
        mac="",
        kind=AlarmKind.UNATTENDED,
        detail=detail,
    )


def _gap_key(gap: Gap) -> tuple[str, int]:
    return gap.post.id, unix_ms(gap.begin)


def _gap_alarm(gap: Gap) -> NewAlarm:
    post_id, begin_ms = _gap_key(gap)
    detail: dict[str, object] = {
        "post": post_id,
        "name": gap.post.name,
        "begin_ms": begin_ms,
        "end_ms": unix_ms(gap.end),
        "absent": list(gap.absent),
    }
    villages = gap.post.area.villages
    if EVERYWHERE not in villages and len(villages) == 1:
        (detail["village"],) = villages
    return NewAlarm(
        source=AlarmSource.SYSTEM,
        device=f"post.{post_id}",
        boot=begin_ms,
        seq=0,
        mac="",
        kind=AlarmKind.ROTA_GAP,
        detail=detail,
    )


def _warned(incident: OpenSystemIncident) -> list[Warned]:
    return [
        Warned(post, from_unix_ms(begin_ms), from_unix_ms(end_ms))
        for detail in incident.details
        for post, begin_ms, end_ms in [(detail["post"], detail["begin_ms"], detail["end_ms"])]
        if isinstance(post, str) and isinstance(begin_ms, int) and isinstance(end_ms, int)
    ]
