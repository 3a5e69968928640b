"""Drills over HTTP: planning, starting, ending, and the ledger.

Whether one may be is decided in `linkage.quiet.deciding`; each change is written together with its
audit entry. Whoever is limited to places sees what touches them and changes what lies inside.
"""

import uuid
from dataclasses import replace
from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct
from sqlalchemy import Connection, select

from alarms.store.tables import devices
from lianfang_timing import unix_ms
from linkage import schema as s
from linkage.accounts.rights import Permission
from linkage.quiet import scopes, storage
from linkage.quiet.deciding import drill_refusal, start_refusal
from linkage.quiet.errors import NoSuchQuiet, QuietRefused
from linkage.quiet.ledger import as_csv, ledger
from linkage.quiet.model import Drill
from linkage.registry.texts import TextOpener, seal_said
from linkage.web import quiet_views
from linkage.web.answering import answer
from linkage.web.duty_views import Moment
from linkage.web.guard import PORTS, Caller, caller_of
from linkage.web.incident_reading import read_people
from linkage.web.ports import Ports
from linkage.web.problems import Problem
from linkage.web.quiet_changes import (
    Ids,
    NothingBody,
    answered,
    must_be_inside,
    must_know,
    now_ms_of,
    record_change,
    touches,
    written,
)
from linkage.web.quiet_views import DrillList, DrillView, Ledger
from linkage.web.reading import body_of
from linkage.web.routing import Handler, Route

_SHOWN_MS = 3 * 366 * 24 * 3600 * 1000


class DrillBody(Struct, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=1, max_length=100, pattern=r"\S")]
    begin: Moment
    end: Moment
    villages: Ids = []
    groups: Ids = []
    devices: Ids = []
    notice_to: Annotated[str, Meta(max_length=200)] = ""
    noticed_at: Moment | None = None
    note: Annotated[str, Meta(max_length=1000)] = ""


async def list_drills(request: web.Request) -> web.Response:
    ports, caller = request.app[PORTS], caller_of(request)
    now_ms = now_ms_of(ports)

    def read(conn: Connection) -> list[DrillView]:
        found = [
            drill
            for drill in storage.drills_since(conn, since_ms=now_ms - _SHOWN_MS)
            if touches(caller, scopes.of_drill(conn, drill))
        ]
        newest_first = sorted(found, key=lambda drill: (-drill.begin_ms, drill.id))
        return [_shown(conn, ports, drill, now_ms) for drill in newest_first]

    return answer(DrillList(items=await ports.database.read(read)))


async def one_drill(request: web.Request) -> web.Response:
    ports, caller = request.app[PORTS], caller_of(request)
    drill_id, now_ms = request.match_info["id"], now_ms_of(ports)

    def read(conn: Connection) -> DrillView:
        return _shown(conn, ports, _drill(conn, caller, drill_id), now_ms)

    return answer(await answered(ports.database.read(read)))


async def plan_drill(request: web.Request) -> web.Response:
    body = await body_of(request, DrillBody)
    ports, caller = request.app[PORTS], caller_of(request)
    now_ms = now_ms_of(ports)
    drill = Drill(
        id=uuid.uuid4().hex,
        name=body.name,
        begin_ms=unix_ms(body.begin),
        end_ms=unix_ms(body.end),
        made_by=caller.principal.username,
        made_at_ms=now_ms,
        villages=frozenset(body.villages),
        groups=frozenset(body.groups),
        devices=frozenset(body.devices),
        notice_to=body.notice_to,
        noticed_at_ms=None if body.noticed_at is None else unix_ms(body.noticed_at),
        note=body.note,
    )
    refusal = drill_refusal(drill)
    if refusal is not None:
        raise Problem(422, f"{refusal}.")

    def work(conn: Connection) -> DrillView:
        must_know(conn, s.villages.c.id, drill.villages, "村", "village")
        must_know(conn, s.mutual_aid_groups.c.id, drill.groups, "组", "group")
        must_know(conn, devices.c.id, drill.devices, "设备", "device")
        must_be_inside(caller, scopes.of_drill(conn, drill))
        kept = replace(
            drill,
            note=seal_said(conn, ports.box, None, drill.note) or "",
            notice_to=seal_said(conn, ports.box, None, drill.notice_to) or "",
        )
        storage.add_drill(conn, kept)
        _record(conn, ports, caller, kept, "planned")
        return _shown(conn, ports, kept, now_ms)

    return answer(await written(ports, work), 201)


async def start_drill(request: web.Request) -> web.Response:
    await body_of(request, NothingBody)
    ports, caller = request.app[PORTS], caller_of(request)
    drill_id, now_ms = request.match_info["id"], now_ms_of(ports)

    def work(conn: Connection) -> DrillView:
        drill = _drill(conn, caller, drill_id, inside=True)
        refusal = start_refusal(drill, now_ms)
        if refusal is not None:
            raise QuietRefused(refusal)
        by = caller.principal.username
        storage.start_drill(conn, drill_id, at_ms=now_ms, by=by)
        _record(conn, ports, caller, drill, "started")
        started = replace(drill, started_at_ms=now_ms, started_by=by)
        return _shown(conn, ports, started, now_ms)

    return answer(await written(ports, work))


async def end_drill(request: web.Request) -> web.Response:
    await body_of(request, NothingBody)
    ports, caller = request.app[PORTS], caller_of(request)
    drill_id, now_ms = request.match_info["id"], now_ms_of(ports)

    def work(conn: Connection) -> DrillView:
        drill = _drill(conn, caller, drill_id, inside=True)
        if drill.ended_at_ms is not None or now_ms >= drill.end_ms:
            raise QuietRefused("演练已结束 / the drill is over")
        by = caller.principal.username
        storage.end_drill(conn, drill_id, at_ms=now_ms, by=by)
        _record(conn, ports, caller, drill, "ended")
        return _shown(conn, ports, replace(drill, ended_at_ms=now_ms, ended_by=by), now_ms)

    return answer(await written(ports, work))


async def show_ledger(request: web.Request) -> web.Response:
    ports, caller = request.app[PORTS], caller_of(request)
    drill_id, now_ms, zone = request.match_info["id"], now_ms_of(ports), ports.site.zone

    def read(conn: Connection) -> Ledger:
        drill = _drill(conn, caller, drill_id)
        lines = ledger(conn, drill)
        names = read_people(conn, {line.acknowledged_by for line in lines})
        return Ledger(
            drill=_shown(conn, ports, drill, now_ms),
            items=[quiet_views.ledger_item(line, names, zone) for line in lines],
        )

    return answer(await answered(ports.database.read(read)))


async def ledger_sheet(request: web.Request) -> web.Response:
    ports, caller = request.app[PORTS], caller_of(request)
    drill_id = request.match_info["id"]
    text = await answered(
        ports.database.read(
            lambda conn: as_csv(ledger(conn, _drill(conn, caller, drill_id)), ports.site.zone)
        )
    )
    return web.Response(
        body=text.encode(),
        content_type="text/csv",
        charset="utf-8",
        headers={"Content-Disposition": 'attachment; filename="drill-ledger.csv"'},
    )


def _drill(conn: Connection, caller: Caller, drill_id: str, *, inside: bool = False) -> Drill:
    drill = storage.drill_by_id(conn, drill_id)
    if drill is None or not touches(caller, scopes.of_drill(conn, drill)):
        raise NoSuchQuiet(f"没有演练 {drill_id} / there is no drill {drill_id}")
    if inside:
        must_be_inside(caller, scopes.of_drill(conn, drill))
    return drill


def _shown(conn: Connection, ports: Ports, drill: Drill, now_ms: int) -> DrillView:
    names = read_people(conn, {drill.made_by, drill.started_by, drill.ended_by})
    opener = TextOpener(conn, ports.box)
    drill = replace(drill, note=opener.open(drill.note), notice_to=opener.open(drill.notice_to))
    groups = s.mutual_aid_groups
    found = conn.execute(
        select(groups.c.id, groups.c.name).where(groups.c.id.in_(sorted(drill.groups)))
    )
    group_names = {row.id: row.name for row in found}
    return quiet_views.drill_view(
        drill, names, ports.site.zone, group_names=group_names, now_ms=now_ms
    )


def _record(conn: Connection, ports: Ports, caller: Caller, drill: Drill, what: str) -> None:
    detail: dict[str, object] = {
        "what": what,
        "name": drill.name,
        "villages": sorted(drill.villages),
        "groups": sorted(drill.groups),
        "devices": sorted(drill.devices),
        "begin_ms": drill.begin_ms,
        "end_ms": drill.end_ms,
    }
    record_change(conn, ports, caller, f"drill:{drill.id}", detail)


def _act(act: str, handler: Handler, needs: Permission, summary: str) -> Route:
    return Route(
        "POST",
        f"/api/v1/drills/{{id}}/{act}",
        handler,
        needs,
        summary,
        body=NothingBody,
        answers={200: DrillView},
    )


ROUTES = (
    Route(
        "GET",
        "/api/v1/drills",
        list_drills,
        Permission.SYSTEM_READ,
        "All drills, the newest first",
        answers={200: DrillList},
    ),
    Route(
        "POST",
        "/api/v1/drills",
        plan_drill,
        Permission.DRILL_EDIT,
        "Plan a drill",
        body=DrillBody,
        answers={201: DrillView},
    ),
    Route(
        "GET",
        "/api/v1/drills/{id}",
        one_drill,
        Permission.SYSTEM_READ,
        "One drill",
        answers={200: DrillView},
    ),
    _act("start", start_drill, Permission.DRILL_EDIT, "Start a drill inside its window"),
    _act("end", end_drill, Permission.DRILL_END, "End a drill now"),
    Route(
        "GET",
        "/api/v1/drills/{id}/ledger",
        show_ledger,
        Permission.ALARM_READ,
        "The ledger of a drill: each button in its scope",
        answers={200: Ledger},
    ),
    Route(
        "GET",
        "/api/v1/drills/{id}/ledger.csv",
        ledger_sheet,
        Permission.ALARM_READ,
        "The ledger of a drill as a sheet",
        answers={200: "text/csv"},
    ),
)
