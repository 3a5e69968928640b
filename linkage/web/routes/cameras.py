"""Cameras and their pictures. Whoever gets a picture has been written down before."""

from aiohttp import web
from sqlalchemy import Connection, exists, select

from camerad.errors import NoSnapshot
from linkage import schema as s
from linkage.accounts.rights import Permission, Places
from linkage.audit import AuditAction
from linkage.model.incident import OPEN_STAGES
from linkage.web import camera_views
from linkage.web.answering import answer
from linkage.web.board import BOARD
from linkage.web.guard import PORTS, caller_of
from linkage.web.incident_rows import AnyRow
from linkage.web.problems import Problem, not_found
from linkage.web.reading import PURPOSE_LIMIT, purpose_of
from linkage.web.routing import Parameter, Route

_SNAPSHOT_TIMEOUT_S = 8.0
UNSTATED = "未说明 unstated"
"""What the register of looks says of a caller that gave no purpose; the console always asks."""


async def list_cameras(request: web.Request) -> web.Response:
    places = caller_of(request).principal.places
    board = request.app[BOARD]
    await board.refresh()
    cards = board.cameras().values()
    items = [card.view for card in cards if places.covers(card.village_id)]
    return answer(camera_views.CameraList(items=items))


async def snapshot(request: web.Request) -> web.Response:
    ports, caller = request.app[PORTS], caller_of(request)
    camera_id = request.match_info["id"]
    purpose = purpose_of(request) or UNSTATED
    places = caller.principal.places
    camera = await ports.database.read(lambda conn: _camera(conn, camera_id, places))
    if camera is None:
        raise not_found()
    if camera.legal_class == "private":
        linked = await ports.database.read(lambda conn: _has_open_incident(conn, camera_id))
        if not linked:
            raise Problem(
                403,
                "住户摄像机仅在其警情期间可看 / only during its household's incident.",
            )
    try:
        jpeg = await ports.eyes.snapshot(camera_id, timeout_s=_SNAPSHOT_TIMEOUT_S)
    except NoSnapshot as missing:
        raise Problem(503, str(missing), retry_after_s=5) from missing
    await ports.audit.record(
        caller.entry(AuditAction.LOOK, f"camera:{camera_id}", {"purpose": purpose})
    )
    return web.Response(body=jpeg, content_type="image/jpeg")


def _camera(conn: Connection, camera_id: str, places: Places) -> AnyRow | None:
    c = s.cameras.c
    row = conn.execute(
        select(c.id, c.village_id, c.legal_class).where(c.id == camera_id, c.enabled.is_(True))
    ).first()
    return row if row is not None and places.covers(row.village_id) else None


def _has_open_incident(conn: Connection, camera_id: str) -> bool:
    link, i = s.incident_cameras.c, s.incidents.c
    linked = (
        select(link.camera_id)
        .join_from(s.incident_cameras, s.incidents, i.id == link.incident_id)
        .where(link.camera_id == camera_id, i.stage.in_([x.value for x in OPEN_STAGES]))
    )
    return bool(conn.scalar(select(exists(linked))))


_WHY = {"type": "string", "minLength": 1, "maxLength": PURPOSE_LIMIT, "pattern": r"\S"}
_SAYING_WHY = "why the picture is looked at; recorded"

ROUTES = (
    Route(
        "GET",
        "/api/v1/cameras",
        list_cameras,
        Permission.CAMERA_READ,
        "Cameras with their state and zones",
        answers={200: camera_views.CameraList},
    ),
    Route(
        "GET",
        "/api/v1/cameras/{id}/snapshot.jpg",
        snapshot,
        Permission.CAMERA_LOOK,
        "A picture of now; looking is recorded",
        parameters=(Parameter("purpose", "query", schema=_WHY, description=_SAYING_WHY),),
        answers={200: "image/jpeg"},
    ),
)
