"""Silences, maintenance windows and drills over HTTP.

Whether one may be is decided in `linkage.quiet.deciding`; each change is written together with its
audit entry. Whoever is limited to places sees what touches them and changes what lies inside.
"""

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, TypeVar

from aiohttp import web
from msgspec import Meta, Struct, field
from sqlalchemy import Column, Connection, select

from alarms.model import AlarmKind
from alarms.store.tables import devices
from lianfang_timing import unix_ms
from linkage import audit
from linkage import schema as s
from linkage.accounts.rights import Permission
from linkage.audit import AuditAction
from linkage.quiet import scopes, storage
from linkage.quiet.deciding import drill_refusal, start_refusal, window_refusal
from linkage.quiet.errors import NoSuchQuiet, QuietRefused
from linkage.quiet.ledger import as_csv, ledger
from linkage.quiet.model import MAY_BE_HELD, Drill, QuietWindow, WindowSort
from linkage.rules import Layer
from linkage.web import quiet_views, views
from linkage.web.guard import PORTS, Caller, caller_of
from linkage.web.incident_reading import read_people
from linkage.web.ports import Ports
from linkage.web.problems import Problem, not_found
from linkage.web.quiet_views import DrillList, DrillView, Ledger, Quiet, QuietList
from linkage.web.reading import body_of
from linkage.web.routing import Handler, Route

_SHOWN_MS = 30 * 24 * 3600 * 1000
_DRILLS_SHOWN_MS = 3 * 366 * 24 * 3600 * 1000

_Ids = Annotated[list[Annotated[str, Meta(min_length=1, max_length=64)]], Meta(max_length=500)]
_Moment = Annotated[datetime, Meta(tz=True)]
T = TypeVar("T")


class WindowBody(Struct, forbid_unknown_fields=True):
    reason: Annotated[str, Meta(min_length=1, max_length=200, pattern=r"\S")]
    end: _Moment
    begin: _Moment | None = None
    """Left out: now."""
    cameras: _Ids = []
    villages: _Ids = []
    layers: list[Layer] = []
    devices: _Ids = []
    """Of a maintenance window; their presses are alarms all the same."""
    kinds: list[AlarmKind] = field(default_factory=lambda: list(MAY_BE_HELD))


class DrillBody(Struct, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=1, max_length=100, pattern=r"\S")]
    begin: _Moment
    end: _Moment
    villages: _Ids = []
    groups: _Ids = []
    devices: _Ids = []
    notice_to: Annotated[str, Meta(max_length=200)] = ""
    noticed_at: _Moment | None = None
    note: Annotated[str, Meta(max_length=1000)] = ""


class NothingBody(Struct, forbid_unknown_fields=True):
    pass


@dataclass(frozen=True)
class _Windows:
    """The handlers of one sort."""

    sort: WindowSort

    async def list(self, request: web.Request) -> web.Response:
        ports, caller = request.app[PORTS], caller_of(request)
        now_ms = _now(ports)

        def read(conn: Connection) -> list[Quiet]:
            found = [
                w
                for w in storage.windows(conn, since_ms=now_ms - _SHOWN_MS)
                if w.sort is self.sort and _touches(caller, scopes.of_window(conn, w))
            ]
            ordered = sorted(found, key=lambda w: (now_ms >= w.end_ms, w.begin_ms, w.id))
            return [_shown(conn, ports, w, now_ms) for w in ordered]

        return views.answer(QuietList(items=await ports.database.read(read)))

    async def create(self, request: web.Request) -> web.Response:
        body = await body_of(request, WindowBody)
        ports, caller = request.app[PORTS], caller_of(request)
        now_ms = _now(ports)
        window = QuietWindow(
            id=uuid.uuid4().hex,
            sort=self.sort,
            reason=body.reason,
            author=caller.principal.username,
            made_at_ms=now_ms,
            begin_ms=now_ms if body.begin is None else unix_ms(body.begin),
            end_ms=unix_ms(body.end),
            cameras=frozenset(body.cameras),
            villages=frozenset(body.villages),
            layers=frozenset(layer.value for layer in body.layers),
            devices=frozenset(body.devices),
            kinds=frozenset(body.kinds),
        )
        refusal = window_refusal(window)
        if refusal is not None:
            raise Problem(422, f"{refusal}.")

        def work(conn: Connection) -> Quiet:
            _must_know(conn, s.cameras.c.id, window.cameras, "摄像机", "camera")
            _must_know(conn, s.villages.c.id, window.villages, "村", "village")
            _must_know(conn, devices.c.id, window.devices, "设备", "device")
            _must_be_inside(caller, scopes.of_window(conn, window))
            storage.add_window(conn, window)
            self._record(conn, ports, caller, window, "made")
            return _shown(conn, ports, window, now_ms)

        return views.answer(await _written(ports, work), 201)

    async def end(self, request: web.Request) -> web.Response:
        await body_of(request, NothingBody)
        ports, caller = request.app[PORTS], caller_of(request)
        window_id, now_ms = request.match_info["id"], _now(ports)

        def work(conn: Connection) -> Quiet:
            window = storage.window_by_id(conn, window_id)
            if window is None or window.sort is not self.sort:
                raise NoSuchQuiet(f"没有 {window_id} / there is no {window_id}")
            _must_be_inside(caller, scopes.of_window(conn, window))
            if now_ms >= window.end_ms:
                raise QuietRefused("已结束 / it is over already")
            by = caller.principal.username
            storage.end_window(conn, window_id, at_ms=now_ms, by=by)
            self._record(conn, ports, caller, window, "ended")
            return _shown(conn, ports, replace(window, end_ms=now_ms, ended_by=by), now_ms)

        return views.answer(await _written(ports, work))

    def _record(
        self, conn: Connection, ports: Ports, caller: Caller, window: QuietWindow, what: str
    ) -> None:
        detail: dict[str, object] = {
            "what": what,
            "reason": window.reason,
            "cameras": sorted(window.cameras),
            "villages": sorted(window.villages),
            "layers": sorted(window.layers),
            "devices": sorted(window.devices),
            "begin_ms": window.begin_ms,
            "end_ms": window.end_ms,
        }
        _audit(conn, ports, caller, f"{self.sort.value}:{window.id}", detail)


async def list_drills(request: web.Request) -> web.Response:
    ports, caller = request.app[PORTS], caller_of(request)
    now_ms = _now(ports)

    def read(conn: Connection) -> list[DrillView]:
        found = [
            drill
            for drill in storage.drills_since(conn, since_ms=now_ms - _DRILLS_SHOWN_MS)
            if _touches(caller, scopes.of_drill(conn, drill))
        ]
        newest_first = sorted(found, key=lambda drill: (-drill.begin_ms, drill.id))
        return [_drill_shown(conn, ports, drill, now_ms) for drill in newest_first]

    return views.answer(DrillList(items=await ports.database.read(read)))


async def one_drill(request: web.Request) -> web.Response:
    ports, caller = request.app[PORTS], caller_of(request)
    drill_id, now_ms = request.match_info["id"], _now(ports)

    def read(conn: Connection) -> DrillView:
        return _drill_shown(conn, ports, _drill(conn, caller, drill_id), now_ms)

    return views.answer(await _answered(ports.database.read(read)))


async def plan_drill(request: web.Request) -> web.Response:
    body = await body_of(request, DrillBody)
    ports, caller = request.app[PORTS], caller_of(request)
    now_ms = _now(ports)
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
        _must_know(conn, s.villages.c.id, drill.villages, "村", "village")
        _must_know(conn, s.mutual_aid_groups.c.id, drill.groups, "组", "group")
        _must_know(conn, devices.c.id, drill.devices, "设备", "device")
        _must_be_inside(caller, scopes.of_drill(conn, drill))
        storage.add_drill(conn, drill)
        _record_drill(conn, ports, caller, drill, "planned")
        return _drill_shown(conn, ports, drill, now_ms)

    return views.answer(await _written(ports, work), 201)


async def start_drill(request: web.Request) -> web.Response:
    await body_of(request, NothingBody)
    ports, caller = request.app[PORTS], caller_of(request)
    drill_id, now_ms = request.match_info["id"], _now(ports)

    def work(conn: Connection) -> DrillView:
        drill = _drill(conn, caller, drill_id, inside=True)
        refusal = start_refusal(drill, now_ms)
        if refusal is not None:
            raise QuietRefused(refusal)
        by = caller.principal.username
        storage.start_drill(conn, drill_id, at_ms=now_ms, by=by)
        _record_drill(conn, ports, caller, drill, "started")
        started = replace(drill, started_at_ms=now_ms, started_by=by)
        return _drill_shown(conn, ports, started, now_ms)

    return views.answer(await _written(ports, work))


async def end_drill(request: web.Request) -> web.Response:
    await body_of(request, NothingBody)
    ports, caller = request.app[PORTS], caller_of(request)
    drill_id, now_ms = request.match_info["id"], _now(ports)

    def work(conn: Connection) -> DrillView:
        drill = _drill(conn, caller, drill_id, inside=True)
        if drill.ended_at_ms is not None or now_ms >= drill.end_ms:
            raise QuietRefused("演练已结束 / the drill is over")
        by = caller.principal.username
        storage.end_drill(conn, drill_id, at_ms=now_ms, by=by)
        _record_drill(conn, ports, caller, drill, "ended")
        return _drill_shown(conn, ports, replace(drill, ended_at_ms=now_ms, ended_by=by), now_ms)

    return views.answer(await _written(ports, work))


async def show_ledger(request: web.Request) -> web.Response:
    ports, caller = request.app[PORTS], caller_of(request)
    drill_id, now_ms, zone = request.match_info["id"], _now(ports), ports.site.zone

    def read(conn: Connection) -> Ledger:
        drill = _drill(conn, caller, drill_id)
        lines = ledger(conn, drill)
        names = read_people(conn, {line.acknowledged_by for line in lines})
        return Ledger(
            drill=_drill_shown(conn, ports, drill, now_ms),
            items=[quiet_views.ledger_item(line, names, zone) for line in lines],
        )

    return views.answer(await _answered(ports.database.read(read)))


async def ledger_sheet(request: web.Request) -> web.Response:
    ports, caller = request.app[PORTS], caller_of(request)
    drill_id = request.match_info["id"]
    text = await _answered(
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


def _now(ports: Ports) -> int:
    return unix_ms(ports.clock.now())


async def _written(ports: Ports, work: Callable[[Connection], T]) -> T:
    return await _answered(ports.database.write(work))


async def _answered(work: Awaitable[T]) -> T:
    try:
        return await work
    except QuietRefused as refused:
        raise Problem(409, f"{refused}.") from refused
    except NoSuchQuiet as gone:
        raise not_found() from gone


def _touches(caller: Caller, villages: frozenset[str] | None) -> bool:
    """Whether what lies in these villages (None: everywhere) is any business of the caller's."""
    mine = caller.principal.places.villages
    return mine is None or villages is None or bool(mine & villages)


def _must_be_inside(caller: Caller, villages: frozenset[str] | None) -> None:
    mine = caller.principal.places.villages
    if mine is not None and (villages is None or not villages <= mine):
        raise NoSuchQuiet("不在您的范围内 / it is not inside your places")


def _must_know(
    conn: Connection, column: Column[str], ids: frozenset[str], zh: str, en: str
) -> None:
    missing = sorted(ids - set(conn.scalars(select(column).where(column.in_(ids)))))
    if missing:
        raise Problem(422, f"没有{zh} {missing[0]} / there is no {en} {missing[0]!r}.")


def _drill(conn: Connection, caller: Caller, drill_id: str, *, inside: bool = False) -> Drill:
    drill = storage.drill_by_id(conn, drill_id)
    if drill is None or not _touches(caller, scopes.of_drill(conn, drill)):
        raise NoSuchQuiet(f"没有演练 {drill_id} / there is no drill {drill_id}")
    if inside:
        _must_be_inside(caller, scopes.of_drill(conn, drill))
    return drill


def _shown(conn: Connection, ports: Ports, window: QuietWindow, now_ms: int) -> Quiet:
    names = read_people(conn, {window.author, window.ended_by})
    held = scopes.held_by(conn, window, until_ms=min(now_ms, window.end_ms))
    return quiet_views.quiet_view(window, names, ports.site.zone, now_ms=now_ms, held=held)


def _drill_shown(conn: Connection, ports: Ports, drill: Drill, now_ms: int) -> DrillView:
    names = read_people(conn, {drill.made_by, drill.started_by, drill.ended_by})
    return quiet_views.drill_view(drill, names, ports.site.zone, now_ms=now_ms)


def _record_drill(conn: Connection, ports: Ports, caller: Caller, drill: Drill, what: str) -> None:
    detail: dict[str, object] = {
        "what": what,
        "name": drill.name,
        "villages": sorted(drill.villages),
        "groups": sorted(drill.groups),
        "devices": sorted(drill.devices),
        "begin_ms": drill.begin_ms,
        "end_ms": drill.end_ms,
    }
    _audit(conn, ports, caller, f"drill:{drill.id}", detail)


def _audit(
    conn: Connection, ports: Ports, caller: Caller, about: str, detail: dict[str, object]
) -> None:
    entry = caller.entry(AuditAction.CHANGE, about, detail)
    audit.record(conn, ports.audit.writer, [entry], at_ms=_now(ports))


def _window_routes(sort: WindowSort, path: str) -> tuple[Route, ...]:
    handlers, name = _Windows(sort), sort.label[1]
    return (
        Route(
            "GET",
            path,
            handlers.list,
            Permission.SYSTEM_READ,
            f"Every {name}: in force, coming, and those of the last 30 days",
            answers={200: QuietList},
        ),
        Route(
            "POST",
            path,
            handlers.create,
            Permission.QUIET_EDIT,
            f"Make a {name}; never one that holds back a press",
            body=WindowBody,
            answers={201: Quiet},
        ),
        Route(
            "POST",
            f"{path}/{{id}}/end",
            handlers.end,
            Permission.QUIET_EDIT,
            f"End a {name} now",
            body=NothingBody,
            answers={200: Quiet},
        ),
    )


def _drill_act(act: str, handler: Handler, needs: Permission, summary: str) -> Route:
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
    *_window_routes(WindowSort.SILENCE, "/api/v1/silences"),
    *_window_routes(WindowSort.MAINTENANCE, "/api/v1/maintenance"),
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
    _drill_act("start", start_drill, Permission.DRILL_EDIT, "Start a drill inside its window"),
    _drill_act("end", end_drill, Permission.DRILL_END, "End a drill now"),
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
