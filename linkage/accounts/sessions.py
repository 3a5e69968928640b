"""Sessions of people at the console, and whether somebody sits there.

A session ends 12 h after it was last used. Only the digest of its token is kept.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update

from linkage.accounts import people, tokens
from linkage.accounts.rights import Permission, Principal, Role, permissions_of
from linkage.schema import accounts, sessions

LIFETIME_MS = 12 * 3600 * 1000
# sliding costs a synced write, so it is done now and then, not on every call
SLIDE_AFTER_MS = 5 * 60 * 1000
PRESENCE_HOLDS_MS = 30 * 1000

_AT_THE_DESK = [r.value for r in Role if Permission.INCIDENT_ACKNOWLEDGE in permissions_of(r)]


@dataclass(frozen=True)
class Session:
    """A session that holds at this moment."""

    token_sha256: str
    principal: Principal
    expires_at_ms: int

    def wants_sliding(self, now_ms: int) -> bool:
        return self.expires_at_ms - now_ms < LIFETIME_MS - SLIDE_AFTER_MS


def start(conn: Connection, username: str, *, now_ms: int) -> str:
    """Begin a session and return its token; sessions that have run out are cleared away."""
    conn.execute(delete(sessions).where(sessions.c.expires_at_ms <= now_ms))
    token = tokens.draw()
    conn.execute(
        insert(sessions).values(
            token_sha256=tokens.digest(token),
            username=username,
            created_at_ms=now_ms,
            expires_at_ms=now_ms + LIFETIME_MS,
            sound_unlocked=False,
            visible=False,
        )
    )
    return token


def find(conn: Connection, token_sha256: str, *, now_ms: int) -> Session | None:
    """The session of this digest; None when unknown, run out, or its account is shut."""
    row = conn.execute(
        select(sessions.c.username, sessions.c.expires_at_ms).where(
            sessions.c.token_sha256 == token_sha256, sessions.c.expires_at_ms > now_ms
        )
    ).first()
    if row is None:
        return None
    account = people.find(conn, row.username)
    if account is None or not account.enabled:
        return None
    return Session(token_sha256, account.principal, row.expires_at_ms)


def slide(conn: Connection, token_sha256: str, *, now_ms: int) -> None:
    """Let the session hold for its whole lifetime again."""
    conn.execute(
        update(sessions)
        .where(sessions.c.token_sha256 == token_sha256)
        .values(expires_at_ms=now_ms + LIFETIME_MS)
    )


def end(conn: Connection, token_sha256: str) -> None:
    """End the session; ending one that is not there is no error."""
    conn.execute(delete(sessions).where(sessions.c.token_sha256 == token_sha256))


def note_presence(
    conn: Connection, token_sha256: str, *, sound_unlocked: bool, visible: bool, now_ms: int
) -> None:
    """Remember what the console page says of itself."""
    conn.execute(
        update(sessions)
        .where(sessions.c.token_sha256 == token_sha256)
        .values(presence_at_ms=now_ms, sound_unlocked=sound_unlocked, visible=visible)
    )


def officers_present(conn: Connection, *, now_ms: int) -> list[str]:
    """User names of those who would see and hear an alarm now and may sign for it."""
    rows = conn.scalars(
        select(sessions.c.username)
        .join(accounts, accounts.c.username == sessions.c.username)
        .where(
            sessions.c.expires_at_ms > now_ms,
            sessions.c.presence_at_ms > now_ms - PRESENCE_HOLDS_MS,
            sessions.c.sound_unlocked.is_(True),
            sessions.c.visible.is_(True),
            accounts.c.enabled.is_(True),
            accounts.c.role.in_(_AT_THE_DESK),
        )
        .distinct()
        .order_by(sessions.c.username)
    )
    return list(rows)
