"""The keeper of evidence: enters what came into the manifests, and deletes what is old.

It looks every few seconds, in small transactions, and not while somebody waits for the database.
Deleting is written down before the file goes; a crash between the two is made good at the next
look. Nothing goes before the time of the class that its camera had when it was kept, nor while its
incident is open or held.
"""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Connection, Select, and_, delete, exists, insert, not_, or_, select, update

from alarms.store import Database, SealedBox
from alarms.store.chain import canonical
from lianfang_timing import Backoff, Clock, unix_ms
from linkage import schema as s
from linkage.custody import ledger
from linkage.custody.manifest import Line, text_of
from linkage.custody.manifest_folder import ManifestFolder
from linkage.custody.model import EntryKind, Keeping, NewEntry, Why
from linkage.custody.schema import evidence_gaps, evidence_holds
from linkage.errors import EvidenceNotKept
from linkage.evidence import EvidenceFolder
from linkage.model.incident import OPEN_STAGES
from linkage.watching import Pace, keep_watching

_PACE = Pace(every_s=2.0, after_a_bug_s=30.0, retry=Backoff(first_s=1.0, cap_s=30.0))
_AT_ONCE = 50
_ENTERED_AT_ONCE = 8
"""A press may have to wait for such a transaction: some milliseconds."""
_KNOWN = 64
"""Manifests' files whose length is remembered: those that grow now."""
_DELETED_EVERY_S = 600.0
_LOOK_BACK_MS = 2 * 86_400_000
_CLASSES = ("public", "other_public", "private")

log = structlog.get_logger()


@dataclass(frozen=True)
class _Written:
    """How much of a manifest stands in its file."""

    lines: int
    size: int
    """Bytes."""


class EvidenceKeeper:
    """One a site."""

    def __init__(
        self,
        database: Database,
        box: SealedBox,
        clock: Clock,
        folder: EvidenceFolder,
        *,
        keeping: Keeping,
        is_busy: Callable[[], bool],
        writer: str,
    ) -> None:
        """`is_busy`: whether somebody waits for the database now, without waiting."""
        self._database = database
        self._box = box
        self._clock = clock
        self._folder = folder
        self._keeping = keeping
        self._is_busy = is_busy
        self._writer = writer
        self._manifests = ManifestFolder(folder.path)
        self._behind: set[str] = set()
        self._written: dict[str, _Written] = {}
        self._is_first = True
        self._delete_at_s = clock.monotonic()

    async def run(self) -> None:
        """Look until cancelled."""
        await keep_watching("evidence", self.run_once, self._clock.sleep, _PACE)

    async def run_once(self) -> None:
        """Enter what is new, write the manifests' files, delete what is old. Raises StoreBusy."""
        if self._is_busy():
            return
        if self._is_first:
            # the last life may have ended between the store and the file
            since_ms = unix_ms(self._clock.now()) - _LOOK_BACK_MS
            self._behind.update(
                await self._database.read(lambda conn: ledger.entered_since(conn, since_ms))
            )
            self._is_first = False
        while await self._enter():
            pass
        await self._write_manifests()
        if self._clock.monotonic() >= self._delete_at_s:
            await self.delete_old()
            self._delete_at_s = self._clock.monotonic() + _DELETED_EVERY_S

    def touch(self, incident_id: str) -> None:
        """Its manifest has grown in a transaction of somebody else's: write its file again."""
        self._behind.add(incident_id)

    async def delete_old(self) -> int:
        """Delete what no reason keeps; how many files that was. Raises StoreBusy."""
        now_ms, deleted = unix_ms(self._clock.now()), 0
        while batch := await self._database.write(lambda conn: self._delete(conn, now_ms)):
            self._behind.update(batch)
            deleted += len(batch)
        await self._unlink()
        await self._write_manifests()
        return deleted

    # -- entering ------------------------------------------------------------------------------

    async def _enter(self) -> bool:
        """Enter a batch; whether there was one."""
        if not await self._database.read(_has_new):
            return False
        at_ms = unix_ms(self._clock.now())
        touched = await self._database.write(lambda conn: self._enter_new(conn, at_ms))
        self._behind.update(touched)
        return bool(touched)

    def _enter_new(self, conn: Connection, at_ms: int) -> list[str]:
        entries: list[NewEntry] = []
        c = s.cameras.c
        for table, kind in (
            (s.evidence, EntryKind.KEPT), (evidence_gaps, EntryKind.MISSING),
        ):  # fmt: skip
            rows = conn.execute(
                select(table, c.name, c.clock_skew_s, c.legal_class.label("class_now"))
                .join_from(table, s.cameras, c.id == table.c.camera_id, isouter=True)
                .where(table.c.entered_at_ms.is_(None))
                .order_by(table.c.at_ms, table.c.id)
                .limit(_ENTERED_AT_ONCE)
            ).mappings()
            found = [dict(row) for row in rows]
            entries += [_entry(row, kind) for row in found]
            conn.execute(
                update(table)
                .where(table.c.id.in_([row["id"] for row in found]))
                .values(entered_at_ms=at_ms)
            )
            if kind is EntryKind.KEPT:
                _note_classes(conn, found)
        ledger.enter(conn, self._box, self._writer, entries, at_ms=at_ms)
        return [entry.incident_id for entry in entries]

    async def _write_manifests(self) -> None:
        for incident_id in sorted(self._behind):
            try:
                if not await self._grow(incident_id):
                    await self._write_whole(incident_id)
            except EvidenceNotKept as error:
                # the store has it; the file follows when there is room
                log.warning("evidence.manifest_unwritten", incident=incident_id, detail=str(error))
                return
            self._behind.discard(incident_id)

    async def _grow(self, incident_id: str) -> bool:
        """Append what is new to the file that this life wrote; False where there is none."""
        known = self._written.pop(incident_id, None)
        if known is None:
            return False
        number, lines = await self._database.read(
            partial(_manifest, incident_id=incident_id, after=known.lines)
        )
        text = text_of(lines)
        # even with nothing new: a file that somebody took away is written again
        if not await asyncio.to_thread(self._manifests.grow, number, known.size, text):
            return False
        self._remember(incident_id, known.lines + len(lines), known.size + len(text.encode()))
        return True

    async def _write_whole(self, incident_id: str) -> None:
        number, lines = await self._database.read(partial(_manifest, incident_id=incident_id))
        text = text_of(lines)
        await asyncio.to_thread(self._manifests.write, number, text)
        self._remember(incident_id, len(lines), len(text.encode()))

    def _remember(self, incident_id: str, lines: int, size: int) -> None:
        self._written[incident_id] = _Written(lines, size)
        while len(self._written) > _KNOWN:
            del self._written[next(iter(self._written))]

    # -- deleting ------------------------------------------------------------------------------

    def _delete(self, conn: Connection, now_ms: int) -> list[str]:
        rows = conn.execute(self._old(now_ms)).mappings().all()
        if not rows:
            return []
        gaps, entries = [], []
        for row in rows:
            detail = {"file": row["file"], "sha256": row["sha256"], "size": row["size"]}
            detail |= {"why": Why.DELETED.value, "camera": row["camera_id"]}
            entries.append(NewEntry(row["incident_id"], EntryKind.DELETED, row["id"], detail))
            gaps.append(
                {
                    "id": f"deleted-{row['id']}",
                    "incident_id": row["incident_id"],
                    "camera_id": row["camera_id"],
                    "kind": row["kind"],
                    "at_ms": row["at_ms"],
                    "why": Why.DELETED.value,
                    "detail": canonical({"sha256": row["sha256"]}),
                    "unlink": row["file"],
                    "entered_at_ms": now_ms,
                }
            )
        ledger.enter(conn, self._box, self._writer, entries, at_ms=now_ms)
        conn.execute(insert(evidence_gaps), gaps)
        conn.execute(delete(s.evidence).where(s.evidence.c.id.in_([r["id"] for r in rows])))
        return [row["incident_id"] for row in rows]

    def _old(self, now_ms: int) -> Select[Any]:
        """The statement for files whose time is over and that nothing keeps."""
        e, i, h = s.evidence.c, s.incidents.c, evidence_holds.c
        held = exists().where(h.incident_id == e.incident_id, h.released_at_ms.is_(None))

        def before(legal_class: str | None) -> int:
            return now_ms - round(self._keeping.keep_s(legal_class) * 1000)

        too_old = [and_(e.legal_class == name, e.at_ms < before(name)) for name in _CLASSES[1:]]
        # whatever else a class is called, and cameras that are gone: as public
        other = or_(e.legal_class.is_(None), e.legal_class.not_in(_CLASSES[1:]))
        too_old.append(and_(other, e.at_ms < before(None)))
        return (
            select(s.evidence)
            .join_from(s.evidence, s.incidents, i.id == e.incident_id)
            .where(
                # never what the manifest does not know of yet
                e.entered_at_ms.is_not(None),
                i.stage.not_in([stage.value for stage in OPEN_STAGES]),
                or_(*too_old),
                not_(held),
            )
            .order_by(e.at_ms)
            .limit(_AT_ONCE)
        )

    async def _unlink(self) -> None:
        g = evidence_gaps.c
        rows = await self._database.read(
            lambda conn: conn.execute(select(g.id, g.unlink).where(g.unlink.is_not(None))).all()
        )
        gone = await asyncio.to_thread(
            lambda: [row.id for row in rows if _remove(self._folder.path, row.unlink)]
        )
        if gone:
            statement = update(evidence_gaps).where(g.id.in_(gone)).values(unlink=None)
            await self._database.write(lambda conn: conn.execute(statement))


def _note_classes(conn: Connection, found: Sequence[Mapping[str, Any]]) -> None:
    """A camera may be filed otherwise later; what was kept stays what it was."""
    for name in {row["class_now"] for row in found}:
        ids = [row["id"] for row in found if row["class_now"] == name]
        conn.execute(update(s.evidence).where(s.evidence.c.id.in_(ids)).values(legal_class=name))


def _has_new(conn: Connection) -> bool:
    return any(
        conn.scalar(select(exists().where(table.c.entered_at_ms.is_(None))))
        for table in (s.evidence, evidence_gaps)
    )


def _entry(row: dict[str, object], kind: EntryKind) -> NewEntry:
    detail: dict[str, object] = {
        "camera": row["camera_id"],
        "camera_name": row["name"],
        "clock_skew_s": row["clock_skew_s"],
        "what": row["kind"],
        "shown_at_ms": row["at_ms"],
    }
    made = row["detail"]
    if isinstance(made, str):
        detail["how"] = json.loads(made)
    names: Sequence[str] = ("why",)
    if kind is EntryKind.KEPT:
        names = ("file", "sha256", "size", "moment", "until_ms", "press_ms")
        detail["legal_class"] = row["class_now"]
    detail |= {name: row[name] for name in names if row[name] is not None}
    return NewEntry(str(row["incident_id"]), kind, str(row["id"]), detail)


def _manifest(conn: Connection, *, incident_id: str, after: int = 0) -> tuple[str, list[Line]]:
    number = conn.scalar(select(s.incidents.c.number).where(s.incidents.c.id == incident_id))
    return str(number), ledger.lines(conn, incident_id, after=after)


def _remove(folder: Path, file: str) -> bool:
    """Whether it is gone."""
    path = folder / file
    try:
        path.unlink(missing_ok=True)
        if path.suffix == ".mp4":
            path.with_suffix(".json").unlink(missing_ok=True)
    except OSError as error:
        log.warning("evidence.not_removed", file=file, error=str(error))
        return False
    return True
