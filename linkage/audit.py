"""The record of who signed in, looked at something or changed something: append-only, chained.

Deciding what must be recorded belongs to whoever lets it happen; here is only the writing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import Connection, insert

from alarms.store import Database, chain
from lianfang_timing import Clock, unix_ms
from linkage.schema import audit_entries

_OBJECT_LIMIT = 200


class AuditAction(StrEnum):
    SIGN_IN = "sign-in"
    SIGN_IN_FAILED = "sign-in-failed"
    SIGN_OUT = "sign-out"
    SESSION_END = "session-end"
    """A session was ended from elsewhere."""
    LOCK = "lock"
    UNLOCK = "unlock"
    UNLOCK_FAILED = "unlock-failed"
    LOOK = "look"
    UNMASK = "unmask"
    """Personal data was shown in the clear."""
    CHANGE = "change"


@dataclass(frozen=True)
class AuditEntry:
    """One thing that somebody did."""

    actor: str
    """User name, `machine:` and a token's name, or `cli` for the command line."""
    action: AuditAction
    about: str
    """What it was done to, as `incident:…`, `camera:…`, `account:…`."""
    address: str
    """Where the call came from; empty for the command line."""
    detail: dict[str, object] = field(default_factory=dict)
    """JSON values; never a secret."""


def record(conn: Connection, writer: str, entries: Sequence[AuditEntry], *, at_ms: int) -> None:
    """Append, in the transaction of what is being recorded (inside `Database.write`)."""
    facts: list[dict[str, object]] = [
        {
            "at_ms": at_ms,
            "actor": e.actor,
            "action": e.action.value,
            "object": e.about[:_OBJECT_LIMIT],
            "detail": chain.canonical(e.detail),
            "address": e.address,
        }
        for e in entries
    ]
    links = chain.extend(conn, audit_entries, writer, facts)
    if facts:
        rows = [{**f, **vars(k)} for f, k in zip(facts, links, strict=True)]
        conn.execute(insert(audit_entries), rows)


class Audit:
    """Records entries in transactions of their own."""

    def __init__(self, database: Database, clock: Clock, *, writer: str) -> None:
        self._database = database
        self._clock = clock
        self.writer = writer

    async def record(self, *entries: AuditEntry) -> None:
        """Return when the entries are on disk. Raises StoreBusy: then they are not."""
        at_ms = unix_ms(self._clock.now())
        await self._database.write(lambda conn: record(conn, self.writer, entries, at_ms=at_ms))
