"""Keeping what was adopted: the camera's row, its sealed password, its audit.

To be run inside `Database.write`. Raises as `linkage.registry.writing` does.
"""

from typing import Any

from sqlalchemy import Connection, Row, and_, func, insert, or_, select, update

from alarms.store import SealedBox
from linkage import audit
from linkage.adoption.judging import is_watched, judged, judged_place
from linkage.adoption.model import Adopted, Layer, LegalClass, Placed, Source, Wish
from linkage.audit import AuditAction, AuditEntry
from linkage.cameras import password_context
from linkage.consent.writing import end_of_camera
from linkage.mapping.reading import view_columns, view_of
from linkage.registry.errors import BadEntry, NoSuchEntry, NotPossible
from linkage.registry.history import Caller
from linkage.registry.model import Said
from linkage.schema import cameras, villages

REFUSALS = (BadEntry, NoSuchEntry, NotPossible)
_TEXT = 100


def adopt(conn: Connection, caller: Caller, box: SealedBox, wish: Wish) -> Adopted:
    """Take a camera into the registry; the fleet watches it from its next look on.

    Raises PlaceProhibited and BadEntry for the wish, NotPossible where it is there already.
    """
    wish = judged(wish)
    _must_be_village(conn, caller, wish.village_id)
    _must_be_new(conn, wish.source)
    camera_id = wish.id or _next_id(conn, wish.village_id)
    if conn.scalar(select(cameras.c.id).where(cameras.c.id == camera_id)) is not None:
        raise NotPossible(
            Said(
                f"编号 {camera_id} 已有，请换一个", f"the id {camera_id} is in use: choose another"
            )
        )
    watching = is_watched(wish)
    conn.execute(insert(cameras).values(_row(caller, box, wish, camera_id, watching=watching)))
    said: dict[str, object] = {
        "change": "adopted",
        "village": wish.village_id,
        "layer": wish.layer.value,
        "legal_class": wish.legal_class.value,
        "may_see": [],
        "sign_is_up": wish.sign_is_up,
        "watching": watching,
    }
    _note(conn, caller, camera_id, said)
    return Adopted(camera_id, watching)


def note_sign(conn: Connection, caller: Caller, camera_id: str) -> None:
    """The notice sign hangs now: from here on the camera is watched. Raises NoSuchEntry,
    NotPossible."""
    row = _must_be_in_service(conn, caller, camera_id)
    if row.legal_class == LegalClass.PRIVATE.value:
        raise NotPossible(
            Said(
                "住户摄像机须登记住户的书面同意",
                "a household's camera waits for what the household agrees to",
            )
        )
    conn.execute(
        update(cameras)
        .where(cameras.c.id == camera_id)
        .values(enabled=True, sign_seen_at_ms=caller.at_ms, sign_seen_by=caller.username)
    )
    _note(conn, caller, camera_id, {"change": "sign-is-up", "watching": True})


def place_of(conn: Connection, caller: Caller, camera_id: str) -> Placed:
    """Where a camera hangs. Raises NoSuchEntry, NotPossible."""
    row = _must_be_in_service(conn, caller, camera_id)
    return Placed(
        row.name,
        row.location or "",
        Layer(row.layer),
        LegalClass(row.legal_class),
        row.latitude,
        row.longitude,
        view_of(row),
    )


def change_place(
    conn: Connection, caller: Caller, camera_id: str, placed: Placed, reason: str
) -> bool:
    """Set right where a camera hangs and what its place is; whether it is watched now.

    Another legal class has other duties: a camera that becomes a household's waits for its consent,
    one that becomes public for its notice sign to be seen; what was agreed to before ends.
    Raises BadEntry, NoSuchEntry, NotPossible.
    """
    placed = judged_place(placed)
    row = _must_be_in_service(conn, caller, camera_id)
    private = LegalClass.PRIVATE.value
    values: dict[str, object] = {
        "name": placed.name,
        "location": placed.location,
        "layer": placed.layer.value,
        "legal_class": placed.legal_class.value,
        "latitude": placed.latitude,
        "longitude": placed.longitude,
        **view_columns(placed.view),
    }
    before = {name: getattr(row, name) for name in values}
    watching = bool(row.enabled)
    if (row.legal_class == private) != (placed.legal_class is LegalClass.PRIVATE):
        end_of_camera(conn, caller, camera_id)
        watching = False
        values |= {"enabled": False, "sign_seen_at_ms": None, "sign_seen_by": None}
    conn.execute(update(cameras).where(cameras.c.id == camera_id).values(values))
    said: dict[str, object] = {
        "change": "place",
        "fields": [name for name in before if before[name] != values[name]],
        "layer": placed.layer.value,
        "legal_class": placed.legal_class.value,
        "was": row.legal_class,
        "watching": watching,
        "reason": reason,
    }
    _note(conn, caller, camera_id, said)
    return watching


def change_login(
    conn: Connection, caller: Caller, box: SealedBox, camera_id: str, username: str, password: str
) -> int:
    """What the camera is logged in to with from now on; a recorder's with all of its channels,
    those of other villages too, since it has one login. How many cameras that were.

    Raises NoSuchEntry, NotPossible.
    """
    row = _must_be_in_service(conn, caller, camera_id)
    c = cameras.c
    same = c.id == camera_id
    if row.recorder_reference is not None:
        same = c.recorder_reference == row.recorder_reference
    ids = list(conn.scalars(select(c.id).where(same).order_by(c.id)))
    for one in ids:
        sealed = box.seal(password.encode(), context=password_context(one)) if password else None
        values = {"username": username.strip() or None, "password_sealed": sealed}
        conn.execute(update(cameras).where(c.id == one).values(values))
        _note(conn, caller, one, {"change": "login"})
    return len(ids)


def retire(conn: Connection, caller: Caller, camera_id: str, reason: str) -> None:
    """Take the camera out of service: it is watched no more, its login is forgotten, and whatever
    hangs in its place may be adopted anew. What it was stays for the incidents that name it.

    Raises NoSuchEntry, NotPossible.
    """
    _must_be_in_service(conn, caller, camera_id)
    end_of_camera(conn, caller, camera_id)
    gone = ("endpoint_reference", "recorder_reference", "source", "onvif_address", "stream_uri")
    login = ("main_stream_uri", "snapshot_uri", "username", "password_sealed")
    conn.execute(
        update(cameras)
        .where(cameras.c.id == camera_id)
        .values({"enabled": False, **dict.fromkeys(gone + login)})
    )
    _note(conn, caller, camera_id, {"change": "retired", "reason": reason})


def _must_be_in_service(conn: Connection, caller: Caller, camera_id: str) -> Row[Any]:
    row = conn.execute(select(cameras).where(cameras.c.id == camera_id)).first()
    if row is None or not caller.places.covers(row.village_id):
        raise NoSuchEntry
    if not row.enabled and row.stream_uri is None:
        raise NotPossible(
            Said("该摄像机已停用，请重新接入", "it was taken out of service: take it in anew")
        )
    return row


def _row(
    caller: Caller, box: SealedBox, wish: Wish, camera_id: str, *, watching: bool
) -> dict[str, object]:
    source, plate = wish.source, wish.plate
    password = source.password
    channel = source.source is not None
    seen = wish.sign_is_up and wish.legal_class is not LegalClass.PRIVATE
    return {
        "id": camera_id,
        "name": wish.name,
        "village_id": wish.village_id,
        "endpoint_reference": None if channel else source.endpoint_reference,
        "recorder_reference": source.endpoint_reference if channel else None,
        "source": source.source,
        "onvif_address": source.onvif_address,
        "stream_uri": source.stream_uri,
        "main_stream_uri": source.main_stream_uri,
        "snapshot_uri": source.snapshot_uri,
        "username": source.username,
        "password_sealed": None
        if not password
        else box.seal(password.encode(), context=password_context(camera_id)),
        "legal_class": wish.legal_class.value,
        "layer": wish.layer.value,
        "latitude": wish.latitude,
        "longitude": wish.longitude,
        **view_columns(wish.view),
        "enabled": watching,
        "manufacturer": plate.manufacturer[:_TEXT] or None,
        "model": plate.model[:_TEXT] or None,
        "serial": plate.serial[:_TEXT] or None,
        "location": wish.location,
        "clock_skew_s": plate.clock_skew_s,
        "clock_read_at_ms": None if plate.clock_skew_s is None else caller.at_ms,
        "sign_seen_at_ms": caller.at_ms if seen else None,
        "sign_seen_by": caller.username if seen else None,
        "place_judged_at_ms": caller.at_ms,
        "place_judged_by": caller.username,
    }


def _must_be_village(conn: Connection, caller: Caller, village_id: str) -> None:
    there = conn.scalar(select(villages.c.id).where(villages.c.id == village_id))
    if there is None or not caller.places.covers(village_id):
        raise BadEntry("village", Said(f"没有村 {village_id}", f"there is no village {village_id}"))


def _must_be_new(conn: Connection, source: Source) -> None:
    c = cameras.c
    same = c.stream_uri == source.stream_uri
    if source.endpoint_reference is not None and source.source is not None:
        channel = and_(c.recorder_reference == source.endpoint_reference, c.source == source.source)
        same = or_(channel, c.endpoint_reference == source.endpoint_reference)
    elif source.endpoint_reference is not None:
        same = c.endpoint_reference == source.endpoint_reference
    known = conn.execute(select(c.id, c.name).where(same)).first()
    if known is not None:
        raise NotPossible(
            Said(
                f"这台摄像机已接入：{known.name}（{known.id}）",
                f"this camera is registered already: {known.name} ({known.id})",
            )
        )


def _next_id(conn: Connection, village_id: str) -> str:
    head = f"{village_id[:50]}-cam-"
    c = cameras.c.id
    taken = set(conn.scalars(select(c).where(func.substr(c, 1, len(head)) == head)))
    number = 1
    while f"{head}{number:02d}" in taken:
        number += 1
    return f"{head}{number:02d}"


def _note(conn: Connection, caller: Caller, camera_id: str, said: dict[str, object]) -> None:
    entry = AuditEntry(
        caller.username, AuditAction.CHANGE, f"camera:{camera_id}", caller.address, said
    )
    audit.record(conn, caller.writer, [entry], at_ms=caller.at_ms)
