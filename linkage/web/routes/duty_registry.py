"""Editing the duty room's registry: posts, patterns, overrides, absences, teams, officers.

Every noun has the same four routes. Whoever is limited to places sees what touches them, and
changes only what lies wholly inside.
"""

import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec
from aiohttp import web
from msgspec import Struct
from sqlalchemy import Connection

from alarms.store import SealedBox
from lianfang_timing import unix_ms
from linkage import audit
from linkage.accounts.rights import Permission
from linkage.audit import AuditAction
from linkage.duty.errors import BadEntry
from linkage.registry.texts import seal_said
from linkage.web.answering import answer
from linkage.web.duty_entries import ROTA_NOUNS
from linkage.web.duty_nouns import Entry, Noun
from linkage.web.duty_team_entries import TEAM_NOUNS
from linkage.web.guard import PORTS, Caller, caller_of
from linkage.web.ports import Ports
from linkage.web.problems import Problem, not_found
from linkage.web.reading import body_of
from linkage.web.routing import Handler, Route

B = TypeVar("B", bound=Struct)


@dataclass(frozen=True)
class _Editor(Generic[B]):
    """The handlers of one noun."""

    noun: Noun[B]

    async def list(self, request: web.Request) -> web.Response:
        ports, villages = request.app[PORTS], caller_of(request).principal.places.villages
        entries = await ports.database.read(lambda conn: self.noun.entries(conn, ports))
        items = [entry.item for entry in entries if entry.area.touches(villages)]
        return answer(self.noun.page(items=items))

    async def create(self, request: web.Request) -> web.Response:
        body = await body_of(request, self.noun.body)
        chosen = getattr(body, self.noun.key) or uuid.uuid4().hex
        return await self._put(request, chosen, body, status=201)

    async def replace(self, request: web.Request) -> web.Response:
        body, entry_id = await body_of(request, self.noun.body), request.match_info["id"]
        said = getattr(body, self.noun.key)
        if said not in (None, entry_id):
            raise Problem(422, "正文与地址的编号不同 / the body says another id than the address.")
        return await self._put(request, entry_id, body, status=200)

    async def remove(self, request: web.Request) -> web.Response:
        ports, caller = request.app[PORTS], caller_of(request)
        entry_id = request.match_info["id"]

        def work(conn: Connection) -> None:
            self._mine(conn, ports, caller, entry_id)
            self.noun.delete(conn, entry_id)
            self._record(conn, ports, caller, entry_id, {"removed": True})

        await _written(ports, work)
        return web.Response(status=204)

    async def _put(
        self, request: web.Request, entry_id: str, body: B, *, status: int
    ) -> web.Response:
        ports, caller = request.app[PORTS], caller_of(request)

        def work(conn: Connection) -> Struct:
            before = None
            there = self._find(conn, ports, entry_id) is not None
            if there and status == 201:
                raise Problem(409, f"已有 {entry_id} / there is one named {entry_id} already.")
            if there or not (status == 201 or self.noun.by_village):
                before = self._mine(conn, ports, caller, entry_id)
            if not self.noun.area(conn, entry_id, body).within(caller.principal.places.villages):
                raise not_found()
            self.noun.put(conn, ports, entry_id, body, before)
            after = self._find(conn, ports, entry_id)
            assert after is not None
            self._record(conn, ports, caller, entry_id, msgspec.to_builtins(after.item))
            item: Struct = after.item
            return item

        return answer(await _written(ports, work), status)

    def _find(self, conn: Connection, ports: Ports, entry_id: str) -> Entry | None:
        return next((e for e in self.noun.entries(conn, ports) if e.id == entry_id), None)

    def _mine(self, conn: Connection, ports: Ports, caller: Caller, entry_id: str) -> Entry:
        """The entry. Raises Problem 404 when there is none, or not wholly inside the places."""
        found = self._find(conn, ports, entry_id)
        if found is None or not found.area.within(caller.principal.places.villages):
            raise not_found()
        return found

    def _record(
        self,
        conn: Connection,
        ports: Ports,
        caller: Caller,
        entry_id: str,
        detail: dict[str, object],
    ) -> None:
        kept = _without_names(conn, ports.box, detail)
        entry = caller.entry(AuditAction.CHANGE, f"duty-{self.noun.name}:{entry_id}", kept)
        at_ms = unix_ms(ports.clock.now())
        audit.record(conn, ports.audit.writer, [entry], at_ms=at_ms)


def _without_names(
    conn: Connection, box: SealedBox, detail: dict[str, object]
) -> dict[str, object]:
    """As the audit keeps it for ever: names of people and free words are sealed."""
    free = {"reason", "note", "members"} | ({"name"} if "phone" in detail else set())
    return {
        name: seal_said(
            conn,
            box,
            None,
            value if isinstance(value, str) else json.dumps(value, ensure_ascii=False),
        )
        if name in free and value
        else value
        for name, value in detail.items()
    }


async def _written(ports: Ports, work: Callable[[Connection], Any]) -> Any:
    try:
        return await ports.database.write(work)
    except BadEntry as bad:
        raise Problem(422, str(bad)) from bad


def _routes(noun: Noun[Any]) -> Sequence[Route]:
    editor = _Editor(noun)
    root = f"/api/v1/duty/{noun.path}"
    one = f"{root}/{{id}}"

    def route(method: str, path: str, handler: Handler, summary: str, **more: Any) -> Route:
        needs = noun.read_needs if method == "GET" else Permission.DUTY_EDIT
        return Route(method, path, handler, needs, summary, **more)

    routes = [
        route("GET", root, editor.list, f"All {noun.plural}", answers={200: noun.page}),
        route(
            "PUT",
            one,
            editor.replace,
            f"Replace one of the {noun.plural}",
            body=noun.body,
            answers={200: noun.item},
        ),
        route(
            "DELETE", one, editor.remove, f"Remove one of the {noun.plural}", answers={204: None}
        ),
    ]
    if not noun.by_village:
        routes.append(
            route(
                "POST",
                root,
                editor.create,
                f"Add one to the {noun.plural}",
                body=noun.body,
                answers={201: noun.item},
            )
        )
    return routes


ROUTES = tuple(route for noun in (*ROTA_NOUNS, *TEAM_NOUNS) for route in _routes(noun))
