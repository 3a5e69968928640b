"""The register of looks: begun before the first picture goes out, closed when it ends.

Each beginning and each end is in the audit's chain too. A look that nobody could close, because the
service died in it, is closed at the next start as ended we do not know when in between.
"""

import uuid
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import Connection, insert, select, update

from alarms.store import Database, SealedBox
from lianfang_timing import Clock, unix_ms
from linkage import schema as s
from linkage.accounts.rights import Principal
from linkage.audit import AuditAction, AuditEntry, record
from linkage.looking.schema import looks
from linkage.registry.texts import seal_said

_L = looks.c


class LookKind(StrEnum):
    LIVE = "live"
    SNAPSHOT = "snapshot"
    """One picture of now."""
    CLIP = "clip"
    """A clip that is kept of an incident, played."""
    PICTURE = "picture"
    """A picture that is kept of an incident."""


class Ended(StrEnum):
    """Why a look ended."""

    CLOSED = "closed"
    """The viewer closed it."""
    LEFT = "left"
    """The viewer's page went away."""
    SILENT = "silent"
    """The viewer took nothing any more."""
    TIME = "time"
    """Nobody asked for more time."""
    NOT_ALLOWED = "not-allowed"
    """The reason or the right to look ended."""
    SERVICE = "service"
    """The service stopped."""
    UNKNOWN = "unknown"
    """The service died: some time between `seen_until` and `ended_at`."""


@dataclass(frozen=True)
class NewLook:
    """A look about to begin."""

    kind: LookKind
    camera_id: str
    who: Principal
    address: str
    purpose: str
    incident: str | None
    evidence: str | None = None
    """Of what is kept: which."""
    id: str = field(default_factory=lambda: uuid.uuid4().hex)


class LookRegister:
    """Raises StoreBusy: then it is not written down, and nothing may be shown."""

    def __init__(self, database: Database, box: SealedBox, clock: Clock, *, writer: str) -> None:
        self._database = database
        self._box = box
        self._clock = clock
        self._writer = writer

    async def begin(self, new: NewLook) -> str:
        """Its id, once it is on disk. Of what is not live it has ended as it begins."""
        look_id, now_ms = new.id, self._now_ms()
        is_over = new.kind is not LookKind.LIVE
        about = f"camera:{new.camera_id}"
        if new.evidence is not None:
            about = f"evidence:{new.evidence}"
        row = {
            "id": look_id,
            "kind": new.kind.value,
            "camera_id": new.camera_id,
            "incident_id": new.incident,
            "username": new.who.username,
            "display_name": new.who.display_name,
            "unit": new.who.unit,
            "role": new.who.role.value,
            "address": new.address,
            "began_at_ms": now_ms,
            "seen_until_ms": now_ms,
            "ended_at_ms": now_ms if is_over else None,
            "why_ended": Ended.CLOSED.value if is_over else None,
            "writer": self._writer,
        }

        def work(conn: Connection) -> None:
            home = _home_of(conn, new.incident)
            purpose = seal_said(conn, self._box, home, new.purpose or None)
            conn.execute(insert(looks).values(**row, purpose=purpose))
            detail: dict[str, object] = {"unit": new.who.unit, "look": look_id}
            if purpose is not None:
                detail["purpose"] = purpose
            if new.incident is not None:
                is_kept = new.evidence is not None
                detail["incident"] = _number_of(conn, new.incident) if is_kept else new.incident
            if not is_over:
                detail["live"] = "begun"
            self._audit(conn, new.who.username, about, new.address, detail, now_ms)

        await self._database.write(work)
        return look_id

    async def touch(self, look_ids: list[str]) -> None:
        """They go on: what is known of their length if the service dies now."""
        now_ms = self._now_ms()
        statement = update(looks).where(_L.id.in_(look_ids), _L.ended_at_ms.is_(None))
        await self._database.write(
            lambda conn: conn.execute(statement.values(seen_until_ms=now_ms))
        )

    async def end(self, look_id: str, why: Ended) -> None:
        """It is over now. Saying so again changes nothing."""
        now_ms = self._now_ms()
        await self._database.write(
            lambda conn: self._end(conn, look_id, why, seen_until_ms=now_ms, now_ms=now_ms)
        )

    async def close_forgotten(self) -> int:
        """At the start, before anybody looks: close what this server left open; how many."""
        now_ms = self._now_ms()

        def work(conn: Connection) -> int:
            left = conn.execute(
                select(_L.id, _L.seen_until_ms).where(
                    _L.writer == self._writer, _L.ended_at_ms.is_(None)
                )
            ).all()
            for row in left:
                self._end(
                    conn, row.id, Ended.UNKNOWN, seen_until_ms=row.seen_until_ms, now_ms=now_ms
                )
            return len(left)

        return await self._database.write(work)

    def _end(
        self, conn: Connection, look_id: str, why: Ended, *, seen_until_ms: int, now_ms: int
    ) -> None:
        row = conn.execute(select(looks).where(_L.id == look_id, _L.ended_at_ms.is_(None))).first()
        if row is None:
            return
        conn.execute(
            update(looks)
            .where(_L.id == look_id)
            .values(seen_until_ms=seen_until_ms, ended_at_ms=now_ms, why_ended=why.value)
        )
        detail: dict[str, object] = {
            "unit": row.unit,
            "look": look_id,
            "live": "ended",
            "why": why.value,
            "seconds": round((seen_until_ms - row.began_at_ms) / 1000, 1),
        }
        about = f"camera:{row.camera_id}"
        self._audit(conn, row.username, about, row.address, detail, now_ms)

    def _audit(
        self,
        conn: Connection,
        username: str,
        about: str,
        address: str,
        detail: dict[str, object],
        now_ms: int,
    ) -> None:
        entry = AuditEntry(username, AuditAction.LOOK, about, address, detail)
        record(conn, self._writer, [entry], at_ms=now_ms)

    def _now_ms(self) -> int:
        return unix_ms(self._clock.now())


def _number_of(conn: Connection, incident_id: str) -> str:
    i = s.incidents.c
    return str(conn.scalar(select(i.number).where(i.id == incident_id)))


def _home_of(conn: Connection, incident_id: str | None) -> str | None:
    """The household that the incident is about, if it is about one."""
    if incident_id is None:
        return None
    i = s.incidents.c
    home = conn.scalar(select(i.household_id).where(i.id == incident_id))
    return None if home is None else str(home)
