"""Sessions of people at the console, and whether somebody sits there.

A session ends 12 h after it was last used, and when its account does. Only the digest of its token
is kept. One whose screen is locked is nobody's presence: whoever locks it goes away from it.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update

from linkage.accounts import people, tokens
from linkage.accounts.rights import Permission, Principal, Role, permissions_of
from linkage.schema import accounts, second_factors, sessions

LIFETIME_MS = 12 * 3600 * 1000
# sliding costs a synced write, so it is done now and then, not on every call
SLIDE_AFTER_MS = 5 * 60 * 1000
PRESENCE_HOLDS_MS = 30 * 1000
_ID_LETTERS = 16
_BROWSER_LETTERS = 200

_AT_THE_DESK = [r.value for r in Role if Permission.INCIDENT_ACKNOWLEDGE in permissions_of(r)]


@dataclass(frozen=True)
class Session:
    """A session that holds at this moment."""

    token_sha256: str
    principal: Principal
    expires_at_ms: int
    account_ends_ms: int | None = None
    is_locked: bool = False
    has_second_factor: bool = False

    def wants_sliding(self, now_ms: int) -> bool:
        return _end_of(now_ms, self.account_ends_ms) - self.expires_at_ms > SLIDE_AFTER_MS


@dataclass(frozen=True)
class OpenSession:
    """A session as people are shown it."""

    id: str
    """The first letters of its digest: it names it, and opens nothing."""
    username: str
    began_ms: int
    seen_ms: int
    """When it was last heard of; between two of our looks, up to five minutes before."""
    ends_ms: int
    address: str | None
    browser: str | None
    is_locked: bool


def start(
    conn: Connection, username: str, *, now_ms: int, address: str = "", browser: str = ""
) -> str:
    """Begin a session and return its token; sessions that have run out are cleared away."""
    conn.execute(delete(sessions).where(sessions.c.expires_at_ms <= now_ms))
    token = tokens.draw()
    conn.execute(
        insert(sessions).values(
            token_sha256=tokens.digest(token),
            username=username,
            created_at_ms=now_ms,
            expires_at_ms=_end_of(now_ms, _account_ends(conn, username)),
            sound_unlocked=False,
            visible=False,
            address=address,
            browser=browser[:_BROWSER_LETTERS],
        )
    )
    return token


def find(conn: Connection, token_sha256: str, *, now_ms: int) -> Session | None:
    """The session of this digest; None when unknown, run out, or its account is shut or ended."""
    row = conn.execute(
        select(
            sessions.c.username,
            sessions.c.expires_at_ms,
            sessions.c.locked_at_ms,
            second_factors.c.confirmed_at_ms,
        )
        .join(second_factors, second_factors.c.username == sessions.c.username, isouter=True)
        .where(sessions.c.token_sha256 == token_sha256, sessions.c.expires_at_ms > now_ms)
    ).first()
    if row is None:
        return None
    account = people.find(conn, row.username)
    if account is None or not account.enabled or account.has_ended(now_ms):
        return None
    return Session(
        token_sha256,
        account.principal,
        row.expires_at_ms,
        account_ends_ms=account.expires_at_ms,
        is_locked=row.locked_at_ms is not None,
        has_second_factor=row.confirmed_at_ms is not None,
    )


def slide(conn: Connection, token_sha256: str, *, now_ms: int) -> None:
    """Let the session hold for its whole lifetime again."""
    whose = sessions.c.token_sha256 == token_sha256
    username = conn.scalar(select(sessions.c.username).where(whose))
    if username is not None:
        ends_ms = _end_of(now_ms, _account_ends(conn, username))
        conn.execute(update(sessions).where(whose).values(expires_at_ms=ends_ms))


def end(conn: Connection, token_sha256: str) -> None:
    """End the session; ending one that is not there is no error."""
    conn.execute(delete(sessions).where(sessions.c.token_sha256 == token_sha256))


def lock(conn: Connection, token_sha256: str, *, now_ms: int) -> None:
    """Its screen is locked, from when it first was."""
    conn.execute(
        update(sessions)
        .where(sessions.c.token_sha256 == token_sha256, sessions.c.locked_at_ms.is_(None))
        .values(locked_at_ms=now_ms)
    )


def unlock(conn: Connection, token_sha256: str) -> None:
    conn.execute(
        update(sessions).where(sessions.c.token_sha256 == token_sha256).values(locked_at_ms=None)
    )


def list_open(conn: Connection, *, now_ms: int, username: str | None = None) -> list[OpenSession]:
    """The sessions that hold, of one account or of all; the newest first."""
    query = (
        select(sessions)
        .join(accounts, accounts.c.username == sessions.c.username)
        .where(sessions.c.expires_at_ms > now_ms, accounts.c.enabled.is_(True))
        .order_by(sessions.c.created_at_ms.desc(), sessions.c.token_sha256)
    )
    if username is not None:
        query = query.where(sessions.c.username == username)
    return [
        OpenSession(
            id=id_of(row.token_sha256),
            username=row.username,
            began_ms=row.created_at_ms,
            seen_ms=max(
                row.created_at_ms, row.presence_at_ms or 0, row.expires_at_ms - LIFETIME_MS
            ),
            ends_ms=row.expires_at_ms,
            address=row.address,
            browser=row.browser,
            is_locked=row.locked_at_ms is not None,
        )
        for row in conn.execute(query)
    ]


def id_of(token_sha256: str) -> str:
    """What names a session in the API."""
    return token_sha256[:_ID_LETTERS]


def end_listed(conn: Connection, session_id: str) -> None:
    """End the session of this id, as `list_open` gave it."""
    conn.execute(delete(sessions).where(sessions.c.token_sha256.startswith(session_id)))


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
            sessions.c.locked_at_ms.is_(None),
            accounts.c.enabled.is_(True),
            accounts.c.role.in_(_AT_THE_DESK),
        )
        .distinct()
        .order_by(sessions.c.username)
    )
    return list(rows)


def _end_of(now_ms: int, account_ends_ms: int | None) -> int:
    """When a session that is used now runs out."""
    whole = now_ms + LIFETIME_MS
    return whole if account_ends_ms is None else min(whole, account_ends_ms)


def _account_ends(conn: Connection, username: str) -> int | None:
    return conn.scalar(select(accounts.c.expires_at_ms).where(accounts.c.username == username))
