"""Where people hold evidence, release it, and hand it over: each with its reason, on the record.

Every step is one transaction: its row, its line in the incident's manifest, its entry in the audit.
What people say of it lies sealed, as every free text does.
"""

import asyncio
import json
import shutil
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, select, update

from alarms.store import Database, SealedBox
from alarms.store.chain import canonical
from lianfang_timing import Clock, unix_ms
from linkage import schema as s
from linkage.accounts.rights import Places
from linkage.audit import AuditAction, AuditEntry, record
from linkage.custody import exporting, ledger
from linkage.custody.errors import NoSuchEntry, NotPossible
from linkage.custody.model import EntryKind, NewEntry, People
from linkage.custody.schema import evidence_exports, evidence_holds
from linkage.custody.veil import Derived, covered
from linkage.registry.texts import TextOpener, seal_text

_H, _X = evidence_holds.c, evidence_exports.c


@dataclass(frozen=True)
class Who:
    """Who asks: for the record, and for what they may see."""

    username: str
    places: Places
    unit: str = ""
    address: str = ""


@dataclass(frozen=True)
class Asked:
    """What an export is for; each is required by the register of retrievals."""

    purpose: str
    legal_basis: str
    case_number: str
    recipient_unit: str
    recipient_name: str
    approver: str
    """Who allowed it, where one person may ask and export; with two persons, the account does."""
    people: People = People.HIDDEN
    clear_why: str = ""
    """Why people are not covered, where they are not."""


class CustodyDesk:
    """Raises NoSuchEntry, NotPossible, ExportFailed and StoreBusy."""

    def __init__(
        self,
        database: Database,
        box: SealedBox,
        clock: Clock,
        folder: Path,
        *,
        writer: str,
        two_persons: bool,
        touched: Callable[[str], None] = lambda incident: None,
    ) -> None:
        """`folder` is that of the evidence; `touched` hears whose manifest has grown."""
        self._database = database
        self._box = box
        self._clock = clock
        self._folder = folder
        self._writer = writer
        self.two_persons = two_persons
        self._touched = touched
        self._covering = asyncio.Semaphore(1)
        self._making: dict[str, int] = {}

    async def hold(self, who: Who, incident_id: str, reason: str) -> str:
        """Nothing of the incident is deleted from now on; the hold's id."""
        hold_id, now_ms = uuid.uuid4().hex, self._now_ms()

        def work(conn: Connection) -> None:
            home = _covered(conn, who, incident_id)
            sealed = seal_text(conn, self._box, home, reason)
            conn.execute(
                insert(evidence_holds).values(
                    id=hold_id,
                    incident_id=incident_id,
                    reason=sealed,
                    held_by=who.username,
                    held_at_ms=now_ms,
                )
            )
            detail = {"reason": sealed, "by": who.username}
            self._write_down(conn, who, incident_id, EntryKind.HELD, hold_id, detail, now_ms)

        await self._database.write(work)
        self._touched(incident_id)
        return hold_id

    async def release(self, who: Who, hold_id: str, reason: str) -> None:
        """Its class's time counts again, unless it is held otherwise too."""
        now_ms = self._now_ms()

        def work(conn: Connection) -> str:
            row = conn.execute(select(evidence_holds).where(_H.id == hold_id)).first()
            if row is None:
                raise NoSuchEntry("没有这项保全 / no such hold")
            home = _covered(conn, who, row.incident_id)
            if row.released_at_ms is not None:
                raise NotPossible("这项保全已解除 / this hold was released before")
            sealed = seal_text(conn, self._box, home, reason)
            conn.execute(
                update(evidence_holds)
                .where(_H.id == hold_id)
                .values(released_by=who.username, released_at_ms=now_ms, release_reason=sealed)
            )
            detail = {"reason": sealed, "by": who.username}
            self._write_down(
                conn, who, row.incident_id, EntryKind.RELEASED, hold_id, detail, now_ms
            )
            return str(row.incident_id)

        self._touched(await self._database.write(work))

    async def ask_export(self, who: Who, incident_id: str, asked: Asked) -> str:
        """Ask for an export; its id. Where two persons are set, somebody else must approve it."""
        export_id, now_ms = uuid.uuid4().hex, self._now_ms()
        approved = not self.two_persons
        if approved and not asked.approver:
            raise NotPossible("请写明批准人 / say who approved it")
        if (asked.people is People.CLEAR) != bool(asked.clear_why):
            raise NotPossible(
                "不遮挡人物须写明法律依据和理由 / say why people are not covered, if they are not"
            )

        def work(conn: Connection) -> None:
            home = _covered(conn, who, incident_id)
            sealed = {
                name: seal_text(conn, self._box, home, text) if text else text
                for name, text in vars(asked).items()
                if name != "people"
            }
            sealed["people"] = asked.people.value
            conn.execute(
                insert(evidence_exports).values(
                    id=export_id,
                    incident_id=incident_id,
                    detail=canonical(sealed),
                    asked_by=who.username,
                    asked_at_ms=now_ms,
                    approved_by=who.username if approved else None,
                    approved_at_ms=now_ms if approved else None,
                )
            )
            self._audit(conn, who, f"export:{export_id}", {**sealed, "what": "ask"}, now_ms)

        await self._database.write(work)
        return export_id

    async def approve(self, who: Who, export_id: str) -> None:
        """A second person allows it."""
        now_ms = self._now_ms()

        def work(conn: Connection) -> None:
            row = _export(conn, who, export_id)
            if row.approved_by is not None:
                raise NotPossible("已批准 / it was approved before")
            if row.asked_by == who.username:
                raise NotPossible("申请人不能批准自己的申请 / nobody approves what they asked for")
            conn.execute(
                update(evidence_exports)
                .where(_X.id == export_id)
                .values(approved_by=who.username, approved_at_ms=now_ms)
            )
            self._audit(conn, who, f"export:{export_id}", {"what": "approve"}, now_ms)

        await self._database.write(work)

    def making(self, export_id: str) -> int | None:
        """How many percent of a file are done while it is made for somebody; 0 while it waits for
        its turn. None: nobody fetches it now."""
        return self._making.get(export_id)

    async def export(self, who: Who, export_id: str, target: Path) -> str:
        """Make the file at `target`; the incident's number. Taking it is written down first: with
        what each covered copy was made of. Covering takes its time, about that of the clips."""
        copies = target.with_suffix(".copies")
        self._making.setdefault(export_id, 0)
        try:
            async with self._covering:
                derived = await self._covered(who, export_id, copies)
            parcel = await self._database.write(
                lambda conn: self._parcel(conn, who, export_id, derived)
            )
            self._touched(parcel.incident_id)
            await asyncio.to_thread(exporting.write, target, parcel, self._folder, copies)
        finally:
            self._making.pop(export_id, None)
            await asyncio.to_thread(shutil.rmtree, copies, ignore_errors=True)
        return parcel.number

    async def _covered(self, who: Who, export_id: str, into: Path) -> list[Derived] | None:
        """None: people are not to be covered."""

        def asked(conn: Connection) -> tuple[People, list[tuple[str, str]]]:
            row = _approved(conn, who, export_id)
            return _people(row), exporting.files_of(conn, row.incident_id)

        people, files = await self._database.read(asked)
        if people is People.CLEAR:
            return None

        def tell(percent: int) -> None:
            self._making[export_id] = percent

        return await covered(files, self._folder, into, people, tell)

    def _parcel(
        self, conn: Connection, who: Who, export_id: str, derived: list[Derived] | None
    ) -> exporting.Parcel:
        now_ms, row = self._now_ms(), _approved(conn, who, export_id)
        detail: dict[str, Any] = {
            **json.loads(row.detail),
            "people": _people(row).value,
            "export": export_id,
            "asked_by": row.asked_by,
            "approved_by": row.approved_by,
            "by": who.username,
        }
        if derived is not None:
            detail["derived"] = [one.as_detail() for one in derived]
        self._write_down(conn, who, row.incident_id, EntryKind.EXPORTED, export_id, detail, now_ms)
        # whoever it is for must be able to read what it is for
        told = TextOpener(conn, self._box).open_all(detail)
        return exporting.parcel(conn, row.incident_id, told, self._box.public_key, derived)

    def _write_down(
        self,
        conn: Connection,
        who: Who,
        incident_id: str,
        kind: EntryKind,
        about: str,
        detail: dict[str, Any],
        now_ms: int,
    ) -> None:
        entry = NewEntry(incident_id, kind, about, detail)
        ledger.enter(conn, self._box, self._writer, [entry], at_ms=now_ms)
        what = {**detail, "what": kind.value}
        self._audit(conn, who, f"incident:{incident_id}", what, now_ms)

    def _audit(
        self, conn: Connection, who: Who, about: str, detail: dict[str, Any], now_ms: int
    ) -> None:
        facts = {"unit": who.unit, **detail}
        entry = AuditEntry(who.username, AuditAction.CHANGE, about, who.address, facts)
        record(conn, self._writer, [entry], at_ms=now_ms)

    def _now_ms(self) -> int:
        return unix_ms(self._clock.now())


def _covered(conn: Connection, who: Who, incident_id: str) -> str | None:
    """The household that the incident is about, if it is about one. Raises NoSuchEntry."""
    i = s.incidents.c
    row = conn.execute(select(i.village_id, i.household_id).where(i.id == incident_id)).first()
    if row is None or not who.places.covers(row.village_id):
        raise NoSuchEntry("没有这起警情 / no such incident")
    return None if row.household_id is None else str(row.household_id)


def _export(conn: Connection, who: Who, export_id: str) -> Any:
    row = conn.execute(select(evidence_exports).where(_X.id == export_id)).first()
    if row is None:
        raise NoSuchEntry("没有这项导出 / no such export")
    _covered(conn, who, row.incident_id)
    return row


def _approved(conn: Connection, who: Who, export_id: str) -> Any:
    row = _export(conn, who, export_id)
    if row.approved_by is None:
        raise NotPossible("尚未批准 / it is not approved yet")
    return row


def _people(row: Any) -> People:
    """Those asked for before people could be covered were not."""
    return People(json.loads(row.detail).get("people", People.CLEAR.value))
