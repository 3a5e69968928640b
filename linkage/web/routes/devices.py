"""Devices over HTTP: lists, registering, labels to print, rotation, revocation.

What is decided is `linkage.enrolment`'s; here a body is read and an answer given.
"""

import asyncio

from aiohttp import web
from sqlalchemy import Connection

from alarms.model import DeviceState
from linkage.accounts.rights import Permission
from linkage.enrolment import labels, listing
from linkage.enrolment.changing import Wanted
from linkage.enrolment.listing import Filters
from linkage.registry.errors import BadEntry, NoSuchEntry, NotPossible
from linkage.registry.history import history_of
from linkage.registry.model import Entity
from linkage.web import device_views as shapes
from linkage.web.answering import answer, moment
from linkage.web.guard import PORTS, caller_of
from linkage.web.problems import Problem
from linkage.web.reading import body_of, limit_of
from linkage.web.registry_calling import NEW, problem_of, read, registry_caller
from linkage.web.routing import Access, Parameter, Route

_SHEETS = "/api/v1/devices/labels"
_REFUSED = (NoSuchEntry, NotPossible, BadEntry)


async def list_devices(request: web.Request) -> web.Response:
    query, places = request.query, caller_of(request).principal.places
    names = ("village", "group", "household", "kind", "state", "health", "search")
    wanted = Filters(**{name: query[name] for name in names if query.get(name)})
    limit = limit_of(request, usual=100, most=500)
    page = await read(
        request,
        lambda conn: listing.list_devices(
            conn, places, wanted, after=query.get("after", ""), limit=limit
        ),
    )
    return answer(shapes.list_view(page, request.app[PORTS].site.zone))


async def get_device(request: web.Request) -> web.Response:
    return answer(await _detail(request, request.match_info["id"]))


async def put_device(request: web.Request) -> web.Response:
    body = await body_of(request, shapes.DeviceBody)
    device = request.match_info["id"]
    wanted = Wanted(body.kind, body.household, body.group, body.unsigned)
    only_new = request.query.get("new") == "1"
    try:
        is_new = await request.app[PORTS].enrolment.put(
            registry_caller(request), device, wanted, only_new=only_new
        )
    except _REFUSED as refused:
        raise problem_of(refused) from refused
    return answer(await _detail(request, device), 201 if is_new else 200)


async def make_labels(request: web.Request) -> web.Response:
    body = await body_of(request, shapes.LabelsBody)
    try:
        made = await request.app[PORTS].enrolment.issue(registry_caller(request), body.devices)
    except _REFUSED as refused:
        raise problem_of(refused) from refused
    return answer(shapes.sheet_view(made, path=_SHEETS), 201)


async def rotate_device(request: web.Request) -> web.Response:
    device = request.match_info["id"]
    try:
        made = await request.app[PORTS].enrolment.rotate(registry_caller(request), device)
    except _REFUSED as refused:
        raise problem_of(refused) from refused
    return answer(shapes.sheet_view(made, path=_SHEETS), 201)


async def revoke_device(request: web.Request) -> web.Response:
    body = await body_of(request, shapes.RevokeBody)
    device = request.match_info["id"]
    try:
        left = await request.app[PORTS].enrolment.revoke(
            registry_caller(request), device, body.reason
        )
    except _REFUSED as refused:
        raise problem_of(refused) from refused
    detail = await _detail(request, device)
    return answer(shapes.Revoked(device=detail, warnings=shapes.said(left)))


async def print_labels(request: web.Request) -> web.Response:
    ports, caller = request.app[PORTS], registry_caller(request)
    found = ports.enrolment.take_sheet(request.match_info["id"], caller.username)
    if found is None:
        raise Problem(
            404,
            "标签页只能打开一次，且只保留十分钟；请重新发放 / a label sheet can be opened once and "
            "is kept for ten minutes: make the labels again.",
        )
    made_on = moment(caller.at_ms, ports.site.zone)[:10]
    # drawing a village's codes takes seconds: not in the loop that answers presses
    page = await asyncio.to_thread(labels.page_of, found, ports.enrolment.way, made_on=made_on)
    return web.Response(
        text=page,
        content_type="text/html",
        charset="utf-8",
        headers={"Cache-Control": "no-store", "Pragma": "no-cache"},
    )


async def label_style(_request: web.Request) -> web.Response:
    return web.Response(text=labels.STYLE, content_type="text/css", charset="utf-8")


async def _detail(request: web.Request, device: str) -> shapes.DeviceDetail:
    zone, places = request.app[PORTS].site.zone, caller_of(request).principal.places

    def work(conn: Connection) -> shapes.DeviceDetail:
        one = listing.one_device(conn, places, device)
        return shapes.detail_view(one, history_of(conn, Entity.DEVICE, device), zone)

    return await read(request, work)


def _query(name: str, description: str = "", **schema: object) -> Parameter:
    return Parameter(name, "query", schema={"type": "string", **schema}, description=description)


_ENROL = Permission.DEVICE_ENROL

ROUTES = (
    Route(
        "GET",
        "/api/v1/devices",
        list_devices,
        Permission.REGISTRY_READ,
        "Devices with their last words",
        parameters=(
            _query("village"),
            _query("group"),
            _query("household"),
            _query("kind", enum=["button", "siren", "loudspeaker"]),
            _query("state", enum=[state.value for state in DeviceState]),
            _query("health", "ok, never-heard, unsupervised, or a fault that stands"),
            _query("search", "part of an id, a household's label or a group's name"),
            _query("after"),
            Parameter("limit", "query", schema={"type": "integer", "minimum": 1, "maximum": 500}),
        ),
        answers={200: shapes.DeviceList},
    ),
    Route(
        "POST",
        _SHEETS,
        make_labels,
        _ENROL,
        "Draw keys and logins for devices that are not enrolled; a sheet to print, shown once",
        body=shapes.LabelsBody,
        answers={201: shapes.LabelSheet},
    ),
    Route(
        "GET",
        f"{_SHEETS}/{{id}}",
        print_labels,
        _ENROL,
        "The sheet of labels, once",
        answers={200: "text/html"},
    ),
    Route(
        "GET",
        labels.STYLE_PATH,
        label_style,
        Access.SIGNED_IN,
        "How the sheet of labels is laid out",
        answers={200: "text/css"},
    ),
    Route(
        "GET",
        "/api/v1/devices/{id}",
        get_device,
        Permission.REGISTRY_READ,
        "One device with its history",
        answers={200: shapes.DeviceDetail},
    ),
    Route(
        "PUT",
        "/api/v1/devices/{id}",
        put_device,
        _ENROL,
        "Register a device, or say where it is; one that moves must be tested again",
        body=shapes.DeviceBody,
        parameters=(NEW,),
        answers={200: shapes.DeviceDetail, 201: shapes.DeviceDetail},
    ),
    Route(
        "POST",
        "/api/v1/devices/{id}/rotate",
        rotate_device,
        _ENROL,
        "A new label for a device in use; what it has is accepted for an overlap",
        answers={201: shapes.LabelSheet},
    ),
    Route(
        "POST",
        "/api/v1/devices/{id}/revoke",
        revoke_device,
        _ENROL,
        "Hear a device no more, from this moment",
        body=shapes.RevokeBody,
        answers={200: shapes.Revoked},
    ),
)
