"""Cameras and their pictures. Whoever gets a picture has been written down before."""

from aiohttp import web

from camerad.errors import NoSnapshot
from linkage.accounts.rights import Permission
from linkage.looking.facts import Reason
from linkage.looking.register import LookKind, NewLook
from linkage.web import camera_views
from linkage.web.answering import answer
from linkage.web.board import BOARD
from linkage.web.guard import PORTS, caller_of
from linkage.web.live_viewing import verdict_on
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
    verdict = await verdict_on(ports, caller, camera_id, Reason(purpose))
    if verdict is None:
        raise not_found()
    if verdict.refusal is not None:
        raise Problem(403, verdict.refusal.said)
    try:
        jpeg = await ports.eyes.snapshot(camera_id, timeout_s=_SNAPSHOT_TIMEOUT_S)
    except NoSnapshot as missing:
        raise Problem(503, str(missing), retry_after_s=5) from missing
    look = NewLook(
        LookKind.SNAPSHOT,
        camera_id,
        caller.principal,
        caller.address,
        purpose,
        verdict.incident,
    )
    await ports.looks.begin(look)
    return web.Response(body=jpeg, content_type="image/jpeg")


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
