"""How the consents for households' cameras stand, and what their owners may see. Reads only."""

from typing import Any

from sqlalchemy import Connection, exists, or_, select

from alarms.store import SealedBox
from camerad.stream_address import host_and_port
from linkage import schema as s
from linkage.accounts.rights import Places
from linkage.consent.judging import PRIVATE
from linkage.consent.model import (
    Agreement,
    Consent,
    HouseholdCamera,
    OwnerLog,
    OwnFile,
    OwnLook,
    Standing,
)
from linkage.consent.schema import camera_consents
from linkage.custody.schema import evidence_holds
from linkage.looking.schema import looks
from linkage.registry.errors import NoSuchEntry
from linkage.registry.texts import TextOpener

_MOST = 500
_C = camera_consents.c
_CAMERA = select(
    s.cameras.c.id, s.cameras.c.name, s.cameras.c.village_id, s.villages.c.name.label("village")
).join(s.villages, s.villages.c.id == s.cameras.c.village_id)


def household_cameras(conn: Connection, places: Places, box: SealedBox) -> list[HouseholdCamera]:
    """Every household's camera inside these places, by id."""
    c = s.cameras.c
    rows = conn.execute(_CAMERA.where(c.legal_class == PRIVATE).order_by(c.id)).all()
    opener = TextOpener(conn, box)
    return [_camera(conn, row, opener) for row in rows if places.covers(row.village_id)]


def owner_log(conn: Connection, places: Places, box: SealedBox, camera_id: str) -> OwnerLog:
    """What became of the camera since its household agreed first. Raises NoSuchEntry."""
    c = s.cameras.c
    row = conn.execute(_CAMERA.where(c.id == camera_id, c.legal_class == PRIVATE)).first()
    if row is None or not places.covers(row.village_id):
        raise NoSuchEntry
    camera = _camera(conn, row, TextOpener(conn, box))
    if camera.consent is None:
        return OwnerLog(camera, (), (), more=False)
    home = camera.consent.agreement.household_id
    since_ms = conn.scalar(
        select(_C.recorded_at_ms)
        .where(_C.camera_id == camera_id, _C.household_id == home)
        .order_by(_C.recorded_at_ms)
        .limit(1)
    )
    seen, kept = _looks(conn, camera_id, since_ms or 0), _files(conn, camera_id, since_ms or 0)
    return OwnerLog(camera, seen[:_MOST], kept[:_MOST], more=max(len(seen), len(kept)) > _MOST)


def keeps(conn: Connection, camera_id: str) -> bool:
    """Whether the camera's household agreed that pictures of an incident are kept."""
    standing = exists().where(
        _C.camera_id == camera_id, _C.withdrawn_at_ms.is_(None), _C.keeps.is_(True)
    )
    return bool(conn.scalar(select(standing)))


def is_agreed(conn: Connection, camera_id: str) -> bool:
    """Whether a consent stands."""
    standing = exists().where(_C.camera_id == camera_id, _C.withdrawn_at_ms.is_(None))
    return bool(conn.scalar(select(standing)))


def cameras_at(conn: Connection, stream_uri: str) -> list[str]:
    """The households' cameras that this address (`checked`), or one of the same device, shows."""
    c = s.cameras.c
    rows = conn.execute(
        select(c.id, c.stream_uri, c.main_stream_uri, c.recorder_reference).where(
            c.legal_class == PRIVATE, or_(c.stream_uri.is_not(None), c.main_stream_uri.is_not(None))
        )
    )
    asked = host_and_port(stream_uri)
    found = []
    for row in rows:
        own = {uri for uri in (row.stream_uri, row.main_stream_uri) if uri is not None}
        # a recorder shows many cameras at one address; a camera only itself, whatever the path
        same = stream_uri in own or (
            row.recorder_reference is None and asked in {host_and_port(uri) for uri in own}
        )
        if same:
            found.append(row.id)
    return found


def _camera(conn: Connection, row: Any, opener: TextOpener) -> HouseholdCamera:
    newest = conn.execute(
        select(camera_consents, s.households.c.label)
        .join_from(camera_consents, s.households, s.households.c.id == _C.household_id)
        .where(_C.camera_id == row.id)
        .order_by(_C.recorded_at_ms.desc(), _C.withdrawn_at_ms.is_not(None))
        .limit(1)
    ).first()
    if newest is None:
        return HouseholdCamera(
            row.id, row.name, row.village_id, row.village, None, Standing.NONE, None
        )
    standing = Standing.AGREED if newest.withdrawn_at_ms is None else Standing.WITHDRAWN
    said = newest.withdrawn_said
    consent = Consent(
        newest.id,
        Agreement(
            newest.household_id,
            opener.open(newest.agreed_by),
            newest.agreed_on,
            opener.open(newest.purpose),
            opener.open(newest.reference),
            newest.keeps,
        ),
        newest.recorded_by,
        newest.recorded_at_ms,
        newest.withdrawn_at_ms,
        newest.withdrawn_by,
        None if said is None else opener.open(said),
    )
    return HouseholdCamera(
        row.id, row.name, row.village_id, row.village, newest.label, standing, consent
    )


def _looks(conn: Connection, camera_id: str, since_ms: int) -> tuple[OwnLook, ...]:
    k, i = looks.c, s.incidents.c
    rows = conn.execute(
        select(looks, i.number)
        .join(s.incidents, i.id == k.incident_id, isouter=True)
        .where(k.camera_id == camera_id, k.began_at_ms >= since_ms)
        .order_by(k.began_at_ms.desc(), k.id)
        .limit(_MOST + 1)
    )
    return tuple(
        OwnLook(
            row.kind,
            row.began_at_ms,
            (row.seen_until_ms - row.began_at_ms) / 1000,
            row.ended_at_ms is None,
            row.display_name,
            row.unit,
            row.number,
        )
        for row in rows
    )


def _files(conn: Connection, camera_id: str, since_ms: int) -> tuple[OwnFile, ...]:
    e, i, h = s.evidence.c, s.incidents.c, evidence_holds.c
    held = exists().where(h.incident_id == e.incident_id, h.released_at_ms.is_(None))
    rows = conn.execute(
        select(e.kind, e.at_ms, i.number, held.label("held"))
        .join_from(s.evidence, s.incidents, i.id == e.incident_id)
        .where(e.camera_id == camera_id, e.at_ms >= since_ms)
        .order_by(e.at_ms.desc(), e.id)
        .limit(_MOST + 1)
    )
    return tuple(OwnFile(row.kind, row.at_ms, row.number, bool(row.held)) for row in rows)
