"""Reading who sits at a console, and keeping what the watch must remember of the chair."""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from lianfang_timing import from_unix_ms, unix_ms
from linkage import people
from linkage.duty.chair import Chair, may_sign, uncovered
from linkage.duty.schema import duty_watch
from linkage.schema import sessions, villages

_CHAIR = "chair"


@dataclass(frozen=True)
class Attendance:
    """Who sits there at one moment; the fields are those of `chair.Look`."""

    uncovered: frozenset[str]
    silent_since: datetime | None


def read_attendance(conn: Connection, now: datetime) -> Attendance:
    """For which villages nobody sits at an attended console now."""
    now_ms = unix_ms(now)
    everybody = people.people(conn, now_ms)
    attended = people.attended_usernames(conn, now_ms)
    last_ms = conn.scalar(
        select(func.max(sessions.c.presence_at_ms)).where(
            sessions.c.expires_at_ms > now_ms,
            sessions.c.sound_unlocked,
            sessions.c.visible,
            sessions.c.locked_at_ms.is_(None),
            sessions.c.username.in_([p.username for p in everybody if may_sign(p)]),
        )
    )
    return Attendance(
        uncovered=uncovered(attended, everybody, conn.scalars(select(villages.c.id))),
        silent_since=None if last_ms is None else from_unix_ms(last_ms),
    )


def read_chair(conn: Connection) -> Chair:
    """What is remembered of the chair; nothing at a site that just began."""
    row = conn.execute(select(duty_watch).where(duty_watch.c.name == _CHAIR)).first()
    if row is None:
        return Chair()
    return Chair(
        manned_before=row.manned_before,
        empty_since=_moment(row.empty_since_ms),
        raised=row.raised,
        raised_at=_moment(row.raised_at_ms),
        villages=frozenset(json.loads(row.villages)),
    )


def write_chair(conn: Connection, chair: Chair) -> None:
    """Remember this."""
    values = {
        "manned_before": chair.manned_before,
        "empty_since_ms": _ms(chair.empty_since),
        "raised": chair.raised,
        "raised_at_ms": _ms(chair.raised_at),
        "villages": json.dumps(sorted(chair.villages)),
    }
    changed = conn.execute(update(duty_watch).where(duty_watch.c.name == _CHAIR).values(**values))
    if changed.rowcount == 0:
        conn.execute(insert(duty_watch).values(name=_CHAIR, **values))


def _moment(ms: int | None) -> datetime | None:
    return None if ms is None else from_unix_ms(ms)


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else unix_ms(moment)
