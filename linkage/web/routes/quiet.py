"""Silences and maintenance windows over HTTP.

Whether one may be is decided in `linkage.quiet.deciding`; each change is written together with its
audit entry. Whoever is limited to places sees what touches them and changes what lies inside.
"""

import uuid
from dataclasses import dataclass, replace
from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct, field
from sqlalchemy import Connection

from alarms.model import AlarmKind
from alarms.store.tables import devices
from lianfang_timing import unix_ms
from linkage import schema as s
from linkage.accounts.rights import Permission
from linkage.quiet import scopes, storage
from linkage.quiet.deciding import window_refusal
from linkage.quiet.errors import NoSuchQuiet, QuietRefused
from linkage.quiet.model import MAY_BE_HELD, QuietWindow, WindowSort
from linkage.registry.texts import TextOpener, seal_text
from linkage.rules.model import Layer
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
    must_be_inside,
    must_know,
    now_ms_of,
    record_change,
    touches,
    written,
)
from linkage.web.quiet_views import Quiet, QuietList
from linkage.web.reading import body_of
from linkage.web.routing import Route

_SHOWN_MS = 30 * 24 * 3600 * 1000


class WindowBody(Struct, forbid_unknown_fields=True):
    reason: Annotated[str, Meta(min_length=1, max_length=200, pattern=r"\S")]
    end: Moment
    begin: Moment | None = None
    """Left out: now."""
    cameras: Ids = []
    villages: Ids = []
    layers: list[Layer] = []
    devices: Ids = []
    """Of a maintenance window; their presses are alarms all the same."""
    kinds: list[AlarmKind] = field(default_factory=lambda: list(MAY_BE_HELD))


@dataclass(frozen=True)
class _Windows:
    """The handlers of one sort."""

    sort: WindowSort

    async def list(self, request: web.Request) -> web.Response:
        ports, caller = request.app[PORTS], caller_of(request)
        now_ms = now_ms_of(ports)

        def read(conn: Connection) -> list[Quiet]:
            found = [
                w
                for w in storage.windows(conn, since_ms=now_ms - _SHOWN_MS)
                if w.sort is self.sort and touches(caller, scopes.of_window(conn, w))
            ]
            ordered = sorted(found, key=lambda w: (now_ms >= w.end_ms, w.begin_ms, w.id))
            return [_shown(conn, ports, w, now_ms) for w in ordered]

        return answer(QuietList(items=await ports.database.read(read)))

    async def create(self, request: web.Request) -> web.Response:
        body = await body_of(request, WindowBody)
        ports, caller = request.app[PORTS], caller_of(request)
        now_ms = now_ms_of(ports)
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
            must_know(conn, s.cameras.c.id, window.cameras, "摄像机", "camera")
            must_know(conn, s.villages.c.id, window.villages, "村", "village")
            must_know(conn, devices.c.id, window.devices, "设备", "device")
            must_be_inside(caller, scopes.of_window(conn, window))
            kept = replace(window, reason=seal_text(conn, ports.box, None, window.reason))
            storage.add_window(conn, kept)
            self._record(conn, ports, caller, kept, "made")
            return _shown(conn, ports, kept, now_ms)

        return answer(await written(ports, work), 201)

    async def end(self, request: web.Request) -> web.Response:
        await body_of(request, NothingBody)
        ports, caller = request.app[PORTS], caller_of(request)
        window_id, now_ms = request.match_info["id"], now_ms_of(ports)

        def work(conn: Connection) -> Quiet:
            window = storage.window_by_id(conn, window_id)
            if window is None or window.sort is not self.sort:
                raise NoSuchQuiet(f"没有 {window_id} / there is no {window_id}")
            must_be_inside(caller, scopes.of_window(conn, window))
            if now_ms >= window.end_ms:
                raise QuietRefused("已结束 / it is over already")
            by = caller.principal.username
            storage.end_window(conn, window_id, at_ms=now_ms, by=by)
            self._record(conn, ports, caller, window, "ended")
            return _shown(conn, ports, replace(window, end_ms=now_ms, ended_by=by), now_ms)

        return answer(await written(ports, work))

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
        record_change(conn, ports, caller, f"{self.sort.value}:{window.id}", detail)


def _shown(conn: Connection, ports: Ports, window: QuietWindow, now_ms: int) -> Quiet:
    names = read_people(conn, {window.author, window.ended_by})
    window = replace(window, reason=TextOpener(conn, ports.box).open(window.reason))
    held = scopes.held_by(conn, window, until_ms=min(now_ms, window.end_ms))
    return quiet_views.quiet_view(window, names, ports.site.zone, now_ms=now_ms, held=held)


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


ROUTES = (
    *_window_routes(WindowSort.SILENCE, "/api/v1/silences"),
    *_window_routes(WindowSort.MAINTENANCE, "/api/v1/maintenance"),
)
