"""Photographs that people add to an incident: from then on evidence like any other.

The file is kept as it came, so that its SHA-256 in the manifest is that of what somebody took. Who
brought it stands in the manifest, in the timeline and in the audit.
"""

import hashlib
from typing import Protocol

from sqlalchemy import Connection, func, insert, select

from alarms.store import Database
from alarms.store.chain import canonical
from lianfang_timing import Clock, unix_ms
from linkage import schema as s
from linkage.audit import AuditAction, AuditEntry, record
from linkage.changes import Changes
from linkage.custody.desk import Who
from linkage.custody.errors import NoSuchEntry, NotPossible
from linkage.custody.jpeg import size_of
from linkage.custody.model import Why
from linkage.evidence import EvidenceFolder, evidence_row
from linkage.evidence_events import evidence_added
from linkage.timeline import NewEvent
from linkage.timeline import record as tell

PHOTOGRAPH = "photograph"
"""The kind of evidence; there is no camera of ours behind it."""
NO_CAMERA = ""
LARGEST = 8 * 1024 * 1024
"""Bytes: a telephone's photograph; the console makes larger ones smaller."""
MOST = 60
"""Of one incident."""
_MOST_PIXELS = 120_000_000


class Space(Protocol):
    """What is needed of `linkage.custody.room.Room`."""

    async def space_refusal(
        self, *, wanted_bytes: int, is_routine: bool
    ) -> tuple[Why, str] | None: ...


class PhotographDesk:
    """Raises NoSuchEntry, NotPossible, EvidenceNotKept and StoreBusy."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        changes: Changes,
        folder: EvidenceFolder,
        space: Space,
        *,
        writer: str,
    ) -> None:
        self._database = database
        self._clock = clock
        self._changes = changes
        self._folder = folder
        self._space = space
        self._writer = writer

    async def keep(self, who: Who, name: str, incident_id: str, content: bytes) -> str:
        """Keep this JPEG that the person called `name` brought; its id as evidence. The same file
        once more is the same evidence."""
        _must_be_a_photograph(content)
        digest = hashlib.sha256(content).hexdigest()
        evidence_id = hashlib.sha256(f"{incident_id}|{digest}".encode()).hexdigest()[:32]
        if await self._database.read(lambda conn: _is_kept(conn, who, incident_id, evidence_id)):
            return evidence_id
        refusal = await self._space.space_refusal(wanted_bytes=len(content), is_routine=False)
        if refusal is not None:
            zh, en = refusal[0].label
            raise NotPossible(f"{zh} / {en}")
        kept = await self._folder.put(content, self._clock.now())
        row = evidence_row(
            evidence_id=evidence_id,
            incident_id=incident_id,
            camera_id=NO_CAMERA,
            kind=PHOTOGRAPH,
            file=kept.file,
            sha256=kept.sha256,
            size=kept.size,
            at_ms=kept.at_ms,
            detail=canonical({"by": who.username, "by_name": name}),
        )

        def write(conn: Connection) -> int:
            # the same file may have come twice at once
            if _is_kept(conn, who, incident_id, evidence_id):
                return 0
            conn.execute(insert(s.evidence).values(**row))
            now_ms = unix_ms(self._clock.now())
            facts: dict[str, object] = {"unit": who.unit, "what": PHOTOGRAPH, "sha256": kept.sha256}
            about = f"incident:{incident_id}"
            entry = AuditEntry(who.username, AuditAction.CHANGE, about, who.address, facts)
            record(conn, self._writer, [entry], at_ms=now_ms)
            event = NewEvent(evidence_added(row).type, evidence_added(row).data, who.username)
            return tell(
                conn, incident_id, [event], writer=self._writer, at_ms=now_ms, new_version=False
            )

        position = await self._database.write(write)
        if position:
            self._changes.notify(position)
        else:
            await self._folder.remove(kept.file)
        return evidence_id


def _must_be_a_photograph(content: bytes) -> None:
    if len(content) > LARGEST:
        raise NotPossible(f"照片超过 {LARGEST >> 20} MB / the photograph is larger than that")
    size = size_of(content)
    if size is None or size[0] * size[1] > _MOST_PIXELS:
        raise NotPossible("不是 JPEG 照片 / this is no JPEG photograph")


def _is_kept(conn: Connection, who: Who, incident_id: str, evidence_id: str) -> bool:
    """Raises NoSuchEntry, and NotPossible where there are too many."""
    e, i = s.evidence.c, s.incidents.c
    row = conn.execute(select(i.village_id).where(i.id == incident_id)).first()
    if row is None or not who.places.covers(row.village_id):
        raise NoSuchEntry("没有这起警情 / no such incident")
    if conn.scalar(select(func.count()).where(e.id == evidence_id)):
        return True
    own = select(func.count()).where(e.incident_id == incident_id, e.kind == PHOTOGRAPH)
    if (conn.scalar(own) or 0) >= MOST:
        raise NotPossible(f"一起警情最多 {MOST} 张照片 / an incident takes {MOST} photographs")
    return False
