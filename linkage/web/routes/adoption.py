"""Taking cameras into service: find, ask, look once, keep; and the filing list of all of them."""

import asyncio
from collections.abc import Awaitable, Sequence
from typing import TypeVar

from aiohttp import web
from sqlalchemy import Connection, or_, select

from camerad.errors import CameraRefused, CameraTalksNonsense, CameraUnreachable
from camerad.makes import Make
from camerad.model import DiscoveredDevice
from linkage import schema as s
from linkage.accounts.rights import Permission, Places
from linkage.adoption import filing, writing
from linkage.adoption.judging import PlaceProhibited, stream_address
from linkage.adoption.model import LegalClass
from linkage.adoption.network import refusal
from linkage.audit import AuditAction
from linkage.looking.facts import is_shut_to_a_first_look
from linkage.registry.errors import BadEntry
from linkage.registry.sheets import csv_file, xlsx
from linkage.web import adoption_views as views
from linkage.web.answering import answer
from linkage.web.guard import PORTS, caller_of
from linkage.web.ports import Ports
from linkage.web.problems import Problem
from linkage.web.reading import body_of
from linkage.web.registry_calling import (
    ReasonBody,
    problem_of,
    read,
    reason_of,
    registry_caller,
    said_reason,
    write,
)
from linkage.web.routing import Route

T = TypeVar("T")

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_CSV = "text/csv"


async def words(_request: web.Request) -> web.Response:
    return answer(views.words())


async def find(request: web.Request) -> web.Response:
    ports, caller = request.app[PORTS], caller_of(request)
    await ports.audit.record(caller.entry(AuditAction.CHANGE, "cameras", {"change": "searched"}))
    devices = await _asking(ports.cameras.find())
    places = caller.principal.places
    items = await ports.database.read(lambda conn: _known(conn, devices, places))
    return answer(views.FoundList(items=items))


async def ask(request: web.Request) -> web.Response:
    ports, body = request.app[PORTS], await body_of(request, views.AskBody)
    login = (body.username.strip() or None, body.password or None)
    asked = await _asking(ports.cameras.ask(body.onvif_address, *login), make=body.make)
    return answer(views.device(asked))


async def addresses(request: web.Request) -> web.Response:
    ports, body = request.app[PORTS], await body_of(request, views.AddressesBody)

    async def written() -> tuple[str, str]:
        return ports.cameras.addresses(body.make, body.host, body.channel, body.port)

    main, sub = await _asking(written())
    return answer(views.Addresses(main=main, sub=sub))


async def picture(request: web.Request) -> web.Response:
    """Looking through a camera that is not in service is looking: it is written down first."""
    ports, caller = request.app[PORTS], caller_of(request)
    body = await body_of(request, views.PictureBody)
    login = (body.username.strip() or None, body.password or None)
    facts: dict[str, object] = {"purpose": "接入核对 adoption"}
    about = f"stream:{body.stream_uri.rpartition('@')[2]}"
    await ports.audit.record(caller.entry(AuditAction.LOOK, about, facts))
    jpeg = await _asking(_first_picture(ports, body.stream_uri, login))
    return web.Response(body=jpeg, content_type="image/jpeg")


async def _first_picture(ports: Ports, uri: str, login: tuple[str | None, str | None]) -> bytes:
    bare = stream_address(uri)
    if await ports.database.read(lambda conn: is_shut_to_a_first_look(conn, bare)):
        raise Problem(
            409,
            "这台摄像机已在用，有隐私区或属住户，请在摄像机页查看 / it is in service, with a "
            "privacy zone or a household's: look at it on the cameras' page.",
        )
    return await ports.cameras.picture(bare, *login)


async def adopt(request: web.Request) -> web.Response:
    ports, caller = request.app[PORTS], registry_caller(request)
    body = await body_of(request, views.AdoptBody)
    try:
        done = await ports.database.write(
            lambda conn: writing.adopt(conn, caller, ports.box, body.wish())
        )
    except PlaceProhibited as refused:
        # that somebody wanted a camera there is worth keeping, although the camera is not kept
        facts: dict[str, object] = {
            "change": "refused",
            "may_see": [place.value for place in refused.places],
        }
        about = f"cameras:{body.village}"
        await ports.audit.record(caller_of(request).entry(AuditAction.CHANGE, about, facts))
        raise problem_of(refused) from refused
    except writing.REFUSALS as refused:
        raise problem_of(refused) from refused
    ports.cameras.changed()
    return answer(views.AdoptedCamera(id=done.id, watching=done.watching), status=201)


async def unwatched(request: web.Request) -> web.Response:
    places = caller_of(request).principal.places
    items = await read(request, lambda conn: _unwatched(conn, places))
    return answer(views.UnwatchedList(items=items))


async def note_sign(request: web.Request) -> web.Response:
    caller, camera_id = registry_caller(request), request.match_info["id"]
    await write(request, lambda conn: writing.note_sign(conn, caller, camera_id))
    request.app[PORTS].cameras.changed()
    return web.Response(status=204)


async def change_login(request: web.Request) -> web.Response:
    box, caller = request.app[PORTS].box, registry_caller(request)
    camera_id, body = request.match_info["id"], await body_of(request, views.LoginBody)
    count = await write(
        request,
        lambda conn: writing.change_login(
            conn, caller, box, camera_id, body.username, body.password
        ),
    )
    request.app[PORTS].cameras.changed()
    return answer(views.LoginChanged(cameras=count))


async def get_place(request: web.Request) -> web.Response:
    caller, camera_id = registry_caller(request), request.match_info["id"]
    found = await read(request, lambda conn: writing.place_of(conn, caller, camera_id))
    return answer(views.place(found))


async def change_place(request: web.Request) -> web.Response:
    caller, camera_id = registry_caller(request), request.match_info["id"]
    body = await body_of(request, views.PlaceBody)
    reason = said_reason(body.reason)

    def work(conn: Connection) -> bool:
        placed = body.placed(writing.place_of(conn, caller, camera_id).view)
        return writing.change_place(conn, caller, camera_id, placed, reason)

    watching = await write(request, work)
    request.app[PORTS].cameras.changed()
    return answer(views.AdoptedCamera(id=camera_id, watching=watching))


async def retire(request: web.Request) -> web.Response:
    caller, camera_id = registry_caller(request), request.match_info["id"]
    reason = await reason_of(request)
    await write(request, lambda conn: writing.retire(conn, caller, camera_id, reason))
    request.app[PORTS].cameras.changed()
    return web.Response(status=204)


async def filing_csv(request: web.Request) -> web.Response:
    body = csv_file.write(await _filed(request))
    return _file(body, _CSV, "cameras-filing.csv")


async def filing_xlsx(request: web.Request) -> web.Response:
    rows = await _filed(request)
    return _file(
        await asyncio.to_thread(xlsx.write, {filing.TAB: rows}), _XLSX, "cameras-filing.xlsx"
    )


async def _filed(request: web.Request) -> list[Sequence[str]]:
    site, caller = request.app[PORTS].site, caller_of(request)
    places = caller.principal.places
    lines = await read(
        request, lambda conn: filing.lines(conn, places, unit=site.name_zh, zone=site.zone)
    )
    await request.app[PORTS].audit.record(
        caller.entry(AuditAction.LOOK, "cameras", {"what": "filing list", "lines": len(lines)})
    )
    return [filing.HEADINGS, *lines]


def _file(body: bytes, kind: str, name: str) -> web.Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(body=body, content_type=kind, headers=headers)


async def _asking(asked: Awaitable[T], make: Make | None = None) -> T:
    """Await a camera's answer. Raises Problem 422 where a person must act, else 503."""
    try:
        return await asked
    except BadEntry as wrong:
        raise problem_of(wrong) from wrong
    except CameraRefused as refused:
        raise Problem(422, str(refusal(refused, make)), more={"field": "password"}) from refused
    except CameraTalksNonsense as odd:
        raise Problem(422, str(odd), more={"field": "address"}) from odd
    except CameraUnreachable as silent:
        raise Problem(503, str(silent), retry_after_s=5) from silent


def _known(
    conn: Connection, devices: Sequence[DiscoveredDevice], places: Places
) -> list[views.Found]:
    c = s.cameras.c
    references = [device.endpoint_reference for device in devices]
    rows = conn.execute(
        select(c.name, c.village_id, c.endpoint_reference, c.recorder_reference).where(
            or_(c.endpoint_reference.in_(references), c.recorder_reference.in_(references))
        )
    ).all()
    items = []
    for device in devices:
        reference = device.endpoint_reference
        own = [r for r in rows if reference in (r.endpoint_reference, r.recorder_reference)]
        seen = next((r.name for r in own if places.covers(r.village_id)), "")
        items.append(views.found(device, len(own), seen))
    return items


def _unwatched(conn: Connection, places: Places) -> list[views.Unwatched]:
    c, v = s.cameras.c, s.villages.c
    rows = conn.execute(
        select(c.id, c.name, c.village_id, v.name.label("village"))
        .join_from(s.cameras, s.villages, v.id == c.village_id)
        .where(
            c.enabled.is_(False),
            c.sign_seen_at_ms.is_(None),
            c.place_judged_at_ms.is_not(None),
            c.stream_uri.is_not(None),
            # those wait for what their household agrees to
            c.legal_class != LegalClass.PRIVATE.value,
        )
        .order_by(c.id)
    )
    return [
        views.Unwatched(id=r.id, name=r.name, village=r.village)
        for r in rows
        if places.covers(r.village_id)
    ]


_ADOPT = Permission.CAMERA_ADOPT

ROUTES = (
    Route(
        "GET",
        "/api/v1/cameras/words",
        words,
        _ADOPT,
        "Makes, layers, legal classes and prohibited places, in words",
        answers={200: views.AdoptionWords},
    ),
    Route(
        "POST",
        "/api/v1/cameras/find",
        find,
        _ADOPT,
        "Which ONVIF devices answer now; those of the registry are marked",
        answers={200: views.FoundList},
        endless=True,  # bounded by the addresses that the settings list
    ),
    Route(
        "POST",
        "/api/v1/cameras/ask",
        ask,
        _ADOPT,
        "What a device says of itself and which cameras it speaks for",
        body=views.AskBody,
        answers={200: views.Device},
    ),
    Route(
        "POST",
        "/api/v1/cameras/addresses",
        addresses,
        _ADOPT,
        "The stream addresses of a make, for a camera added by hand",
        body=views.AddressesBody,
        answers={200: views.Addresses},
    ),
    Route(
        "POST",
        "/api/v1/cameras/picture",
        picture,
        _ADOPT,
        "One picture of a camera that is not in service yet; looking is recorded",
        body=views.PictureBody,
        answers={200: "image/jpeg"},
    ),
    Route(
        "POST",
        "/api/v1/cameras",
        adopt,
        _ADOPT,
        "Take a camera into service",
        body=views.AdoptBody,
        answers={201: views.AdoptedCamera},
    ),
    Route(
        "GET",
        "/api/v1/cameras/unwatched",
        unwatched,
        _ADOPT,
        "Cameras that wait for their notice sign",
        answers={200: views.UnwatchedList},
    ),
    Route(
        "POST",
        "/api/v1/cameras/{id}/sign",
        note_sign,
        _ADOPT,
        "Its notice sign hangs: it is watched from now on",
        answers={204: None},
    ),
    Route(
        "PUT",
        "/api/v1/cameras/{id}/login",
        change_login,
        _ADOPT,
        "The login at the camera, after it was changed there; of a recorder for all its channels",
        body=views.LoginBody,
        answers={200: views.LoginChanged},
    ),
    Route(
        "GET",
        "/api/v1/cameras/{id}/place",
        get_place,
        _ADOPT,
        "Where a camera hangs, its layer and its legal class",
        answers={200: views.Place},
    ),
    Route(
        "PUT",
        "/api/v1/cameras/{id}/place",
        change_place,
        _ADOPT,
        "Set that right, for a reason; another legal class waits for its sign or its consent",
        body=views.PlaceBody,
        answers={200: views.AdoptedCamera},
    ),
    Route(
        "POST",
        "/api/v1/cameras/{id}/retire",
        retire,
        _ADOPT,
        "Take a camera out of service, for a reason; its login is forgotten",
        body=ReasonBody,
        answers={204: None},
    ),
    Route(
        "GET",
        "/api/v1/cameras/filing.csv",
        filing_csv,
        Permission.LEDGER_READ,
        "The filing list of all cameras; reading it is recorded",
        answers={200: _CSV},
    ),
    Route(
        "GET",
        "/api/v1/cameras/filing.xlsx",
        filing_xlsx,
        Permission.LEDGER_READ,
        "The filing list of all cameras; reading it is recorded",
        answers={200: _XLSX},
    ),
)
