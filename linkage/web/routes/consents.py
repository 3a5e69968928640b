"""Households' cameras: recording what they agreed to, ending it at once, telling who looked."""

from aiohttp import web

from linkage.accounts.rights import Permission
from linkage.audit import AuditAction
from linkage.consent import reading, writing
from linkage.consent.model import OwnerLog
from linkage.web import consent_views as views
from linkage.web.answering import answer
from linkage.web.guard import PORTS, caller_of
from linkage.web.owner_page import page_of
from linkage.web.reading import body_of
from linkage.web.registry_calling import read, registry_caller, write
from linkage.web.routing import Route


async def list_cameras(request: web.Request) -> web.Response:
    ports, places = request.app[PORTS], caller_of(request).principal.places
    found = await read(request, lambda conn: reading.household_cameras(conn, places, ports.box))
    zone = ports.site.zone
    return answer(views.HouseholdCameraList(items=[views.camera(one, zone) for one in found]))


async def agree(request: web.Request) -> web.Response:
    ports, caller = request.app[PORTS], registry_caller(request)
    body, camera_id = await body_of(request, views.ConsentBody), request.match_info["id"]
    today = ports.clock.now().astimezone(ports.site.zone).date()
    made = await write(
        request,
        lambda conn: writing.agree(
            conn, caller, ports.box, camera_id, body.agreement(), today=today
        ),
    )
    ports.cameras.changed()
    return answer(views.ConsentMade(id=made), status=201)


async def withdraw(request: web.Request) -> web.Response:
    ports, caller = request.app[PORTS], registry_caller(request)
    body, camera_id = await body_of(request, views.WithdrawBody), request.match_info["id"]
    await write(
        request,
        lambda conn: writing.withdraw(conn, caller, ports.box, camera_id, body.said.strip()),
    )
    ports.cameras.changed()
    return web.Response(status=204)


async def owner_log(request: web.Request) -> web.Response:
    return answer(views.owner_log(await _log(request), request.app[PORTS].site.zone))


async def owner_sheet(request: web.Request) -> web.Response:
    site, now = request.app[PORTS].site, request.app[PORTS].clock.now()
    who = caller_of(request).principal.display_name
    printed = f"{now.astimezone(site.zone):%Y-%m-%d %H:%M} {who} 打印，交住户 / for the household"
    text = page_of(await _log(request), site=site.name_zh, printed=printed, zone=site.zone)
    return web.Response(text=text, content_type="text/html", charset="utf-8")


async def _log(request: web.Request) -> OwnerLog:
    """Names stand in it, so reading it is written down."""
    ports, caller, camera_id = request.app[PORTS], caller_of(request), request.match_info["id"]
    places = caller.principal.places
    found = await read(request, lambda conn: reading.owner_log(conn, places, ports.box, camera_id))
    facts: dict[str, object] = {"what": "owner log"}
    await ports.audit.record(caller.entry(AuditAction.UNMASK, f"camera:{camera_id}", facts))
    return found


_ADOPT = Permission.CAMERA_ADOPT

ROUTES = (
    Route(
        "GET",
        "/api/v1/cameras/households",
        list_cameras,
        _ADOPT,
        "Cameras of households, and how their consents stand",
        answers={200: views.HouseholdCameraList},
    ),
    Route(
        "POST",
        "/api/v1/cameras/{id}/consent",
        agree,
        _ADOPT,
        "Record what a household agreed to for its camera; it is watched from now on",
        body=views.ConsentBody,
        answers={201: views.ConsentMade},
    ),
    Route(
        "POST",
        "/api/v1/cameras/{id}/consent/withdraw",
        withdraw,
        _ADOPT,
        "A household withdraws: nobody looks and nothing new is kept from now on",
        body=views.WithdrawBody,
        answers={204: None},
    ),
    Route(
        "GET",
        "/api/v1/cameras/{id}/owner-log",
        owner_log,
        _ADOPT,
        "Who looked through a household's camera, and what is kept of it; reading is recorded",
        answers={200: views.OwnerLogView},
    ),
    Route(
        "GET",
        "/api/v1/cameras/{id}/owner-log.html",
        owner_sheet,
        _ADOPT,
        "The same, to print and hand to the household",
        answers={200: "text/html"},
    ),
)
