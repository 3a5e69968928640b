"""Maintenance orders over HTTP: what is wrong with devices, and who sees to it.

Called `maintenance-orders` because `maintenance` is what keeps cameras quiet while they are worked
on (`routes/quiet.py`).
"""

from collections.abc import Callable
from typing import Annotated, TypeVar

from aiohttp import web
from msgspec import Meta, Struct
from sqlalchemy import Connection

from lianfang_timing import unix_ms
from linkage import audit
from linkage.accounts.rights import Permission
from linkage.audit import AuditAction
from linkage.registry.texts import TextOpener, seal_said
from linkage.supervision import orders, reading
from linkage.supervision.errors import NoSuchOrder, OrderRefused
from linkage.supervision.reading import Asked
from linkage.web.answering import answer
from linkage.web.guard import PORTS, Caller, caller_of
from linkage.web.incident_reading import read_people
from linkage.web.maintenance_views import (
    MaintenanceList,
    MaintenanceOrder,
    MaintenanceOwners,
    MaintenancePerson,
    order_view,
)
from linkage.web.ports import Ports
from linkage.web.problems import Problem, not_found
from linkage.web.reading import body_of, limit_of, pack_cursor, unpack_cursor
from linkage.web.routing import Parameter, Route

T = TypeVar("T")
_STATES = ("open", "done")


class AssignBody(Struct, forbid_unknown_fields=True):
    owner: Annotated[str, Meta(min_length=1, max_length=64)]
    """User name."""


class DoneBody(Struct, forbid_unknown_fields=True):
    note: Annotated[str, Meta(max_length=200)] = ""
    """What was done; no names and no telephone numbers."""


async def list_orders(request: web.Request) -> web.Response:
    ports, caller = request.app[PORTS], caller_of(request)
    state = request.query.get("state", "open")
    if state not in _STATES:
        raise Problem(400, "state 应为 open 或 done / state must be open or done.")
    after = request.query.get("after")
    asked = Asked(
        places=caller.principal.places,
        state=state,
        village=request.query.get("village"),
        owner=caller.principal.username if request.query.get("mine") == "1" else None,
        device=request.query.get("device"),
        after=None if after is None else unpack_cursor(after, tuple[int, str]),
        limit=limit_of(request, usual=100, most=500),
    )

    def read(conn: Connection) -> MaintenanceList:
        found = reading.orders(conn, asked)
        return MaintenanceList(
            items=_views(conn, ports, found.rows),
            total=found.total,
            next=None if found.next is None else pack_cursor(*found.next),
        )

    return answer(await ports.database.read(read))


async def one(request: web.Request) -> web.Response:
    ports, caller = request.app[PORTS], caller_of(request)
    order_id = request.match_info["id"]
    return answer(await _answered(ports, lambda conn: _shown(conn, ports, caller, order_id)))


async def owners(request: web.Request) -> web.Response:
    ports, caller = request.app[PORTS], caller_of(request)
    order_id = request.match_info["id"]

    def work(conn: Connection) -> MaintenanceOwners:
        shown = _shown(conn, ports, caller, order_id)
        able = orders.able(conn, shown.village_id)
        return MaintenanceOwners(
            items=[MaintenancePerson(username=one.username, name=one.display_name) for one in able]
        )

    return answer(await _answered(ports, work))


async def assign(request: web.Request) -> web.Response:
    body = await body_of(request, AssignBody)
    return await _changed(
        request,
        {"what": "assigned", "owner": body.owner},
        lambda conn, order_id, _caller, _now_ms: orders.assign(conn, order_id, body.owner),
    )


async def done(request: web.Request) -> web.Response:
    body, ports = await body_of(request, DoneBody), request.app[PORTS]

    def finish(conn: Connection, order_id: str, caller: Caller, now_ms: int) -> None:
        # asked for or not: somebody will write whom to ring at which door
        home = orders.order(conn, order_id)["household_id"]
        note = seal_said(conn, ports.box, home, body.note) or ""
        orders.finish(conn, order_id, by=caller.principal.username, note=note, now_ms=now_ms)

    return await _changed(request, {"what": "done"}, finish)


async def _changed(
    request: web.Request,
    detail: dict[str, object],
    change: Callable[[Connection, str, Caller, int], None],
) -> web.Response:
    ports, caller = request.app[PORTS], caller_of(request)
    order_id, now_ms = request.match_info["id"], unix_ms(ports.clock.now())

    def work(conn: Connection) -> MaintenanceOrder:
        _shown(conn, ports, caller, order_id)  # only what lies in the caller's places
        change(conn, order_id, caller, now_ms)
        entry = caller.entry(AuditAction.CHANGE, f"maintenance:{order_id}", detail)
        audit.record(conn, ports.audit.writer, [entry], at_ms=now_ms)
        return _shown(conn, ports, caller, order_id)

    return answer(await _answered(ports, work, writes=True))


async def _answered(ports: Ports, work: Callable[[Connection], T], *, writes: bool = False) -> T:
    try:
        return await (ports.database.write(work) if writes else ports.database.read(work))
    except OrderRefused as refused:
        raise Problem(409, f"{refused}.") from refused
    except NoSuchOrder as gone:
        raise not_found() from gone


def _shown(conn: Connection, ports: Ports, caller: Caller, order_id: str) -> MaintenanceOrder:
    row = reading.one_order(conn, order_id, caller.principal.places)
    if row is None:
        raise NoSuchOrder(order_id)
    return _views(conn, ports, [row])[0]


def _views(conn: Connection, ports: Ports, rows: list) -> list[MaintenanceOrder]:  # type: ignore[type-arg]
    people = {row[name] for row in rows for name in ("owner", "handed_to", "done_by")}
    names = read_people(conn, people)
    counted = reading.devices_of(conn, [row["id"] for row in rows if row["device_id"] is None])
    zone, opener = ports.site.zone, TextOpener(conn, ports.box)
    told = [{**r, "detail": opener.open_json(r["detail"])} for r in rows]
    return [order_view(r, names, zone, devices=counted.get(r["id"], 0)) for r in told]


_PATH = "/api/v1/maintenance-orders"

ROUTES = (
    Route(
        "GET",
        _PATH,
        list_orders,
        Permission.MAINTENANCE_READ,
        "Maintenance orders: what is wrong with devices and who sees to it, most urgent first",
        parameters=(
            Parameter("state", "query", schema={"type": "string", "enum": list(_STATES)}),
            Parameter("village", "query"),
            Parameter("device", "query"),
            Parameter("mine", "query", description="1: only what the caller owns or was handed"),
            Parameter("after", "query"),
            Parameter("limit", "query", schema={"type": "integer", "minimum": 1, "maximum": 500}),
        ),
        answers={200: MaintenanceList},
    ),
    Route(
        "GET",
        f"{_PATH}/{{id}}",
        one,
        Permission.MAINTENANCE_READ,
        "One maintenance order",
        answers={200: MaintenanceOrder},
    ),
    Route(
        "GET",
        f"{_PATH}/{{id}}/owners",
        owners,
        Permission.MAINTENANCE_EDIT,
        "Whom a maintenance order may be given to",
        answers={200: MaintenanceOwners},
    ),
    Route(
        "POST",
        f"{_PATH}/{{id}}/assign",
        assign,
        Permission.MAINTENANCE_EDIT,
        "Give a maintenance order to another account",
        body=AssignBody,
        answers={200: MaintenanceOrder},
    ),
    Route(
        "POST",
        f"{_PATH}/{{id}}/done",
        done,
        Permission.MAINTENANCE_EDIT,
        "Say that it is seen to; a device that stays silent comes again",
        body=DoneBody,
        answers={200: MaintenanceOrder},
    ),
)
