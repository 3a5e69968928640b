"""Reading people for the escalation: who could be called, who is there, what the rota says."""

import json
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, or_, select

from lianfang_timing import unix_ms
from linkage.duty.reading import load_rota, officer_username
from linkage.duty.rota import on_duty
from linkage.escalation.callees import Roster
from linkage.model.person import Person, Role
from linkage.schema import accounts, sessions

PRESENCE_S = 30
"""A console page that has not said for this long that it is attended is an empty chair."""

# built once: in a storm they are read for every incident
_PEOPLE = (
    select(accounts.c.username, accounts.c.display_name, accounts.c.role, accounts.c.places)
    .where(
        accounts.c.enabled,
        or_(accounts.c.expires_at_ms.is_(None), accounts.c.expires_at_ms > bindparam("now_ms")),
    )
    .order_by(accounts.c.username)
)
_ATTENDED = select(sessions.c.username).where(
    sessions.c.expires_at_ms > bindparam("now_ms"),
    # what was said in the future was said before the clock was set back
    sessions.c.presence_at_ms.between(bindparam("from_ms"), bindparam("to_ms")),
    sessions.c.sound_unlocked,
    sessions.c.visible,
    # whoever locks the screen goes away from it
    sessions.c.locked_at_ms.is_(None),
)


def people(conn: Connection, now_ms: int = 0) -> list[Person]:
    """All accounts that are enabled and have not ended by then, in a steady order; without a
    moment, those that have ended are among them."""
    rows = conn.execute(_PEOPLE, {"now_ms": now_ms})
    return [
        Person(r.username, r.display_name, Role(r.role), frozenset(json.loads(r.places)))
        for r in rows
    ]


def attended_usernames(conn: Connection, now_ms: int) -> frozenset[str]:
    """Who has a console page that lately said: in sight, not locked, and its sound unlocked."""
    around_ms = PRESENCE_S * 1000
    asked = {"now_ms": now_ms, "from_ms": now_ms - around_ms, "to_ms": now_ms + around_ms}
    return frozenset(conn.scalars(_ATTENDED, asked))


def roster(
    conn: Connection, now: datetime, time_zone: ZoneInfo, *, village_id: str | None
) -> Roster:
    """Everybody who could be called for something in this village, and who is there now."""
    now_ms = unix_ms(now)
    rota = load_rota(conn, time_zone, since_ms=now_ms)
    return Roster(
        local=now.astimezone(time_zone),
        people=tuple(people(conn, now_ms)),
        attended=attended_usernames(conn, now_ms),
        duty=on_duty(rota, now),
        village_officer=None if village_id is None else officer_username(conn, village_id),
    )
