"""Reading people for the escalation: who could be called, and whose console is attended."""

import json

from sqlalchemy import Connection, select

from linkage.model import Person, Role
from linkage.schema import accounts, sessions

PRESENCE_S = 30
"""A console page that has not said for this long that it is attended is an empty chair."""


def people(conn: Connection) -> list[Person]:
    """All enabled accounts, in a steady order."""
    rows = conn.execute(select(accounts).where(accounts.c.enabled).order_by(accounts.c.username))
    return [
        Person(r.username, r.display_name, Role(r.role), frozenset(json.loads(r.places)))
        for r in rows
    ]


def attended_usernames(conn: Connection, now_ms: int) -> frozenset[str]:
    """Who has a console page that lately said: in sight, and its sound unlocked."""
    names = conn.scalars(
        select(sessions.c.username).where(
            sessions.c.expires_at_ms > now_ms,
            sessions.c.presence_at_ms >= now_ms - PRESENCE_S * 1000,
            sessions.c.sound_unlocked,
            sessions.c.visible,
        )
    )
    return frozenset(names)
