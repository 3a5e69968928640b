"""What the cameras of an incident do for whoever deals with it: turn, give back, sound a siren."""

from aiohttp import web
from msgspec import Struct

from linkage.accounts.rights import Permission
from linkage.camera_events import by_hand
from linkage.camera_events.turning import No
from linkage.web.answering import answer
from linkage.web.guard import PORTS, caller_of
from linkage.web.registry_calling import read, registry_caller, write
from linkage.web.routing import Route


class Siren(Struct, frozen=True, kw_only=True):
    token: str
    """Of the relay."""
    siren: str


class CameraTools(Struct, frozen=True, kw_only=True):
    camera: str
    name: str
    preset: str | None
    """Where it can be turned to; null: nobody has set it."""
    is_away: bool
    """It is turned for this incident now."""
    is_asked: bool
    """It is being turned."""
    sirens: list[Siren]
    no_turning: str | None
    """Why it must not be turned, Chinese first."""
    no_sounding: str | None


class CameraToolList(Struct, frozen=True, kw_only=True):
    items: list[CameraTools]
    """Of the incident's cameras those that can do anything, the nearest first."""


async def tools(request: web.Request) -> web.Response:
    caller, incident_id = registry_caller(request), request.match_info["id"]
    found = await read(request, lambda conn: by_hand.tools(conn, caller, incident_id))
    return answer(CameraToolList(items=[_view(one) for one in found]))


async def turn(request: web.Request) -> web.Response:
    caller, (incident_id, camera_id) = registry_caller(request), _which(request)
    await write(request, lambda conn: by_hand.turn(conn, caller, incident_id, camera_id))
    return web.Response(status=204)


async def give_back(request: web.Request) -> web.Response:
    caller, (incident_id, camera_id) = registry_caller(request), _which(request)
    await write(request, lambda conn: by_hand.give_back(conn, caller, incident_id, camera_id))
    return web.Response(status=204)


async def sound(request: web.Request) -> web.Response:
    ports, caller = request.app[PORTS], registry_caller(request)
    (incident_id, camera_id), token = _which(request), request.match_info["token"]
    position = await write(
        request,
        lambda conn: by_hand.sound(
            conn,
            caller,
            incident_id,
            camera_id,
            token,
            ways=ports.ways,
            display_name=caller_of(request).principal.display_name,
        ),
    )
    ports.changes.notify(position)
    return web.Response(status=204)


def _which(request: web.Request) -> tuple[str, str]:
    return request.match_info["id"], request.match_info["camera"]


def _view(one: by_hand.Tools) -> CameraTools:
    return CameraTools(
        camera=one.camera_id,
        name=one.name,
        preset=one.preset,
        is_away=one.is_away,
        is_asked=one.is_asked,
        sirens=[Siren(token=token, siren=siren) for token, siren in one.sirens],
        no_turning=_said(one.no_turning),
        no_sounding=_said(one.no_sounding),
    )


def _said(no: No | None) -> str | None:
    return None if no is None else " / ".join(no.label)


_DIRECT = Permission.CAMERA_DIRECT
_PATH = "/api/v1/incidents/{id}/cameras"

ROUTES = (
    Route(
        "GET",
        _PATH,
        tools,
        _DIRECT,
        "Which of its cameras can be turned, and which have a siren",
        answers={200: CameraToolList},
    ),
    Route(
        "POST",
        _PATH + "/{camera}/turn",
        turn,
        _DIRECT,
        "Turn a camera to its preset for this incident; done within seconds",
        answers={204: None},
    ),
    Route(
        "POST",
        _PATH + "/{camera}/give-back",
        give_back,
        _DIRECT,
        "Give a turned camera back before its time",
        answers={204: None},
    ),
    Route(
        "POST",
        _PATH + "/{camera}/relays/{token}/sound",
        sound,
        _DIRECT,
        "Have the siren on this relay sound for its time",
        answers={204: None},
    ),
)
