"""What `deciding` needs to know, read from the store."""

from dataclasses import dataclass

from sqlalchemy import Connection, or_, select

from camerad.model import ZoneKind
from linkage import schema as s
from linkage.accounts.rights import Permission, Places, Principal
from linkage.consent.reading import cameras_at, is_agreed
from linkage.looking.deciding import PRIVATE, Asked, CameraNow
from linkage.model.incident import OPEN_STAGES

_OPEN = [stage.value for stage in OPEN_STAGES]


@dataclass(frozen=True)
class Reason:
    """What somebody says of their look."""

    purpose: str = ""
    incident: str | None = None


def camera_now(conn: Connection, camera_id: str, places: Places) -> CameraNow | None:
    """None: there is no such camera in service in these places."""
    c, link, i = s.cameras.c, s.incident_cameras.c, s.incidents.c
    row = conn.execute(
        select(c.village_id, c.legal_class).where(c.id == camera_id, c.enabled.is_(True))
    ).first()
    if row is None or not places.covers(row.village_id):
        return None
    linked = conn.scalars(
        select(i.id)
        .join_from(s.incident_cameras, s.incidents, i.id == link.incident_id)
        .where(link.camera_id == camera_id, i.stage.in_(_OPEN))
        .order_by(i.opened_at_ms.desc(), i.id)
    )
    agreed = row.legal_class != PRIVATE or is_agreed(conn, camera_id)
    return CameraNow(row.legal_class, tuple(linked), agreed)


def is_shut_to_a_first_look(conn: Connection, stream_uri: str) -> bool:
    """Whether a registered camera sends this stream that may not be looked through unmasked, or at
    any time: a first look, before adoption, knows of neither. A household's is shut by whatever
    path, and also when its consent was withdrawn. `stream_uri` is checked, without a login."""
    if cameras_at(conn, stream_uri):
        return True
    c, z = s.cameras.c, s.zones.c
    veiled = select(z.camera_id).where(z.kind == ZoneKind.PRIVACY.value)
    found = select(c.id).where(
        c.enabled.is_(True),
        or_(c.stream_uri == stream_uri, c.main_stream_uri == stream_uri),
        c.id.in_(veiled),
    )
    return conn.execute(found).first() is not None


def asked_by(conn: Connection, who: Principal, reason: Reason) -> Asked:
    """Who looks, and for what."""
    is_open: bool | None = None
    if reason.incident is not None:
        i = s.incidents.c
        row = conn.execute(select(i.stage, i.village_id).where(i.id == reason.incident)).first()
        if row is not None and who.places.covers(row.village_id):
            is_open = row.stage in _OPEN
    may_handle = who.may(Permission.INCIDENT_RESPOND)
    return Asked(may_handle, reason.purpose, reason.incident, is_open)
