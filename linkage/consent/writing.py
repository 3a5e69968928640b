"""Keeping a household's consent for its camera, and ending it at once.

To be run inside `Database.write`. Raises as `linkage.registry.writing` does. What people say lies
sealed under the household's key; the audit has ids only.
"""

import uuid
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from alarms.store import SealedBox
from linkage import audit
from linkage.audit import AuditAction, AuditEntry
from linkage.consent.judging import judged, must_be_a_households
from linkage.consent.model import Agreement
from linkage.consent.schema import camera_consents
from linkage.registry import places
from linkage.registry.errors import BadEntry, NoSuchEntry, NotPossible
from linkage.registry.history import Caller
from linkage.registry.model import Said
from linkage.registry.texts import seal_said, seal_text
from linkage.schema import cameras, households

_C = camera_consents.c


def agree(
    conn: Connection,
    caller: Caller,
    box: SealedBox,
    camera_id: str,
    agreement: Agreement,
    *,
    today: date,
) -> str:
    """Record what the household agreed to; the camera is watched from now on. The consent's id.

    Raises BadEntry, NoSuchEntry, NotPossible where one stands already.
    """
    row = _household_camera(conn, caller, camera_id)
    if row.stream_uri is None and row.endpoint_reference is None and not row.recorder_reference:
        raise NotPossible(
            Said("该摄像机已停用，请重新接入", "it was taken out of service: take it in anew")
        )
    agreement = judged(agreement, today)
    home = agreement.household_id
    _must_be_there(conn, row.village_id, home)
    if _standing(conn, camera_id) is not None:
        raise NotPossible(
            Said("已有同意；有变化请先撤回再登记", "one stands already: withdraw it first")
        )
    consent_id = uuid.uuid4().hex
    conn.execute(
        insert(camera_consents).values(
            id=consent_id,
            camera_id=camera_id,
            household_id=home,
            agreed_by=seal_text(conn, box, home, agreement.agreed_by),
            agreed_on=agreement.agreed_on,
            purpose=seal_text(conn, box, home, agreement.purpose),
            reference=seal_text(conn, box, home, agreement.reference),
            keeps=agreement.keeps,
            recorded_by=caller.username,
            recorded_at_ms=caller.at_ms,
        )
    )
    conn.execute(update(cameras).where(cameras.c.id == camera_id).values(enabled=True))
    said = {"change": "consent", "consent": consent_id, "household": home, "keeps": agreement.keeps}
    _note(conn, caller, camera_id, said)
    return consent_id


def withdraw(
    conn: Connection, caller: Caller, box: SealedBox, camera_id: str, said: str | None
) -> None:
    """From this moment on nobody looks and nothing new is kept. What was kept of an incident stays
    for the time of its class, or while it is held. Raises NoSuchEntry, NotPossible."""
    _household_camera(conn, caller, camera_id)
    row = _standing(conn, camera_id)
    if row is None:
        raise NotPossible(Said("没有可撤回的同意", "there is no consent to withdraw"))
    _end(conn, caller, row, seal_said(conn, box, row.household_id, said))


def withdraw_all_of(conn: Connection, caller: Caller, household_id: str) -> int:
    """The household leaves or is erased: its cameras are looked through no more. How many."""
    rows = conn.execute(
        select(camera_consents).where(_C.household_id == household_id, _C.withdrawn_at_ms.is_(None))
    ).all()
    for row in rows:
        _end(conn, caller, row, None)
    return len(rows)


def end_of_camera(conn: Connection, caller: Caller, camera_id: str) -> None:
    """The camera is taken out of service: what was agreed to for it ends, if there was anything."""
    row = _standing(conn, camera_id)
    if row is not None:
        _end(conn, caller, row, None)


def _end(conn: Connection, caller: Caller, row: Row[Any], said: str | None) -> None:
    conn.execute(
        update(camera_consents)
        .where(_C.id == row.id)
        .values(
            withdrawn_at_ms=caller.at_ms, withdrawn_by=caller.username, withdrawn_said=said or None
        )
    )
    conn.execute(update(cameras).where(cameras.c.id == row.camera_id).values(enabled=False))
    facts: dict[str, object] = {"change": "consent-withdrawn", "consent": row.id}
    _note(conn, caller, row.camera_id, facts)


def _household_camera(conn: Connection, caller: Caller, camera_id: str) -> Row[Any]:
    row = conn.execute(select(cameras).where(cameras.c.id == camera_id)).first()
    if row is None or not caller.places.covers(row.village_id):
        raise NoSuchEntry
    must_be_a_households(row.legal_class)
    return row


def _standing(conn: Connection, camera_id: str) -> Row[Any] | None:
    return conn.execute(
        select(camera_consents).where(_C.camera_id == camera_id, _C.withdrawn_at_ms.is_(None))
    ).first()


def _must_be_there(conn: Connection, village_id: str, household_id: str) -> None:
    h = households.c
    row = conn.execute(select(h.left_at_ms, h.erased_at_ms).where(h.id == household_id)).first()
    village = None if row is None else places.village_of_household(conn, household_id)
    if row is None or row.left_at_ms is not None or village != village_id:
        raise BadEntry(
            "household",
            Said("该村没有这一户", "there is no such household in the camera's village"),
        )


def _note(conn: Connection, caller: Caller, camera_id: str, said: dict[str, object]) -> None:
    about = f"camera:{camera_id}"
    entry = AuditEntry(caller.username, AuditAction.CHANGE, about, caller.address, said)
    audit.record(conn, caller.writer, [entry], at_ms=caller.at_ms)
