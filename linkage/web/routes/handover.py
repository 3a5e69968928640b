"""交接班: the outgoing shift drafts, the incoming one signs; the sheet to print."""

from zoneinfo import ZoneInfo

from aiohttp import web
from sqlalchemy import Connection

from camerad.model import CameraState
from lianfang_timing import unix_ms
from linkage import audit
from linkage.accounts.rights import Permission
from linkage.audit import AuditAction
from linkage.duty import handover
from linkage.duty.errors import NoSuchEntry, NotToSign
from linkage.duty.handover import Handover, Signature
from linkage.duty.reading import load_rota
from linkage.duty.rota import on_duty
from linkage.web import handover_views as shapes
from linkage.web.answering import answer, moment
from linkage.web.guard import PORTS, Caller, caller_of
from linkage.web.handover_page import page_of
from linkage.web.ports import Ports
from linkage.web.problems import Problem, not_found
from linkage.web.reading import body_of, limit_of
from linkage.web.routing import Parameter, Route


async def draft(request: web.Request) -> web.Response:
    ports, caller = request.app[PORTS], caller_of(request)
    body = await body_of(request, shapes.HandoverBody)
    now = ports.clock.now()
    down = [
        (health.camera_id, health.reason)
        for health in ports.camera_health().values()
        if health.state is CameraState.DOWN
    ]

    def work(conn: Connection) -> Handover:
        places = caller.principal.places
        made = handover.draft(
            conn,
            caller.actor,
            places,
            notes=body.notes,
            duty=on_duty(load_rota(conn, ports.site.zone), now),
            cameras_down=down,
            box=ports.box,
            writer=ports.audit.writer,
            now_ms=unix_ms(now),
        )
        _record(conn, ports, caller, made, "drafted")
        return _found(conn, ports, made, caller)

    made = await ports.database.write(work)
    return answer(_view(made, ports.site.zone), 201)


async def sign(request: web.Request) -> web.Response:
    ports, caller = request.app[PORTS], caller_of(request)
    body = await body_of(request, shapes.HandoverBody)
    handover_id = request.match_info["id"]

    def work(conn: Connection) -> Handover:
        handover.sign(
            conn,
            handover_id,
            caller.actor,
            caller.principal.places,
            notes=body.notes,
            box=ports.box,
            writer=ports.audit.writer,
            now_ms=unix_ms(ports.clock.now()),
        )
        _record(conn, ports, caller, handover_id, "signed")
        return _found(conn, ports, handover_id, caller)

    try:
        signed = await ports.database.write(work)
    except NoSuchEntry as gone:
        raise not_found() from gone
    except NotToSign as refused:
        raise Problem(409, str(refused)) from refused
    return answer(_view(signed, ports.site.zone))


async def list_handovers(request: web.Request) -> web.Response:
    ports, places = request.app[PORTS], caller_of(request).principal.places
    limit = limit_of(request, usual=50, most=200)
    found = await ports.database.read(lambda conn: handover.newest(conn, places, limit=limit))
    items = [_view(one, ports.site.zone, sheet=False) for one in found]
    return answer(shapes.HandoverPage(items=items))


async def get_handover(request: web.Request) -> web.Response:
    return answer(await _look(request))


async def print_handover(request: web.Request) -> web.Response:
    page = page_of(await _look(request), site_name=request.app[PORTS].site.name_zh)
    return web.Response(text=page, content_type="text/html", charset="utf-8")


async def _look(request: web.Request) -> shapes.HandoverView:
    ports, caller = request.app[PORTS], caller_of(request)
    handover_id = request.match_info["id"]
    found = await ports.database.read(lambda conn: _found(conn, ports, handover_id, caller))
    return _view(found, ports.site.zone)


def _found(conn: Connection, ports: Ports, handover_id: str, caller: Caller) -> Handover:
    found = handover.find(conn, handover_id, caller.principal.places, ports.box)
    if found is None:
        raise not_found()
    return found


def _record(conn: Connection, ports: Ports, caller: Caller, handover_id: str, act: str) -> None:
    entry = caller.entry(AuditAction.CHANGE, f"handover:{handover_id}", {"handover": act})
    audit.record(conn, ports.audit.writer, [entry], at_ms=unix_ms(ports.clock.now()))


def _view(one: Handover, zone: ZoneInfo, *, sheet: bool = True) -> shapes.HandoverView:
    return shapes.HandoverView(
        id=one.id,
        state="drafted" if one.incoming is None else "signed",
        outgoing=_signature(one.outgoing, zone),
        incoming=None if one.incoming is None else _signature(one.incoming, zone),
        sheet=_sheet(one, zone) if sheet else None,
        since=shapes.HandoverSince(**one.since) if sheet and one.since is not None else None,
    )


def _signature(signature: Signature, zone: ZoneInfo) -> shapes.HandoverSignature:
    return shapes.HandoverSignature(
        username=signature.username,
        display_name=signature.display_name,
        at=moment(signature.at_ms, zone),
    )


def _sheet(one: Handover, zone: ZoneInfo) -> shapes.HandoverSheet:
    told = one.sheet
    return shapes.HandoverSheet(
        notes=told["notes"],
        incidents=[
            shapes.HandoverIncident(
                **{k: v for k, v in incident.items() if k != "opened_at_ms"},
                opened_at=moment(incident["opened_at_ms"], zone),
            )
            for incident in told["incidents"]
        ],
        cameras_down=[shapes.HandoverCamera(**camera) for camera in told["cameras_down"]],
        duty=[shapes.HandoverPost(**post) for post in told["duty"]],
        chains=[shapes.ChainHead(**head) for head in told["chains"]],
    )


_NEEDS_READ = Permission.HANDOVER_READ

ROUTES = (
    Route(
        "POST",
        "/api/v1/handover",
        draft,
        Permission.HANDOVER,
        "Hand the shift over: what is open, who is there, what is broken",
        body=shapes.HandoverBody,
        answers={201: shapes.HandoverView},
    ),
    Route(
        "POST",
        "/api/v1/handover/{id}/sign",
        sign,
        Permission.HANDOVER,
        "Take the shift over; by somebody else than who drafted it",
        body=shapes.HandoverBody,
        answers={200: shapes.HandoverView},
    ),
    Route(
        "GET",
        "/api/v1/handover",
        list_handovers,
        _NEEDS_READ,
        "Hand-overs, the newest first, without their sheets",
        parameters=(
            Parameter("limit", "query", schema={"type": "integer", "minimum": 1, "maximum": 200}),
        ),
        answers={200: shapes.HandoverPage},
    ),
    Route(
        "GET",
        "/api/v1/handover/{id}.html",
        print_handover,
        _NEEDS_READ,
        "One hand-over to print",
        answers={200: "text/html"},
    ),
    Route(
        "GET",
        "/api/v1/handover/{id}",
        get_handover,
        _NEEDS_READ,
        "One hand-over with its sheet",
        answers={200: shapes.HandoverView},
    ),
)
