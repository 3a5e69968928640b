"""What one incident has much of, page by page: pictures, and calls of people.

The incident itself shows the newest of each.
"""

from collections.abc import Callable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web
from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, Table, select, tuple_

from linkage import schema as s
from linkage.accounts.rights import Permission
from linkage.web import incident_views
from linkage.web.answering import answer
from linkage.web.guard import PORTS, caller_of
from linkage.web.incident_calls import CALLS, called_item
from linkage.web.incident_reading import evidence_item, read_people
from linkage.web.incident_rows import AnyRow, IncidentRow, read_row
from linkage.web.incident_timeline import read_actors
from linkage.web.problems import not_found
from linkage.web.reading import limit_of, pack_cursor, unpack_cursor
from linkage.web.routing import Handler, Parameter, Route

Shown = Callable[[Connection, IncidentRow, Sequence[AnyRow], ZoneInfo, str | None], Struct]
"""The page of these rows, with where the next one begins."""


def _evidence(
    conn: Connection,
    incident: IncidentRow,
    rows: Sequence[AnyRow],
    zone: ZoneInfo,
    more: str | None,
) -> incident_views.EvidencePage:
    return incident_views.EvidencePage(items=[evidence_item(r, zone) for r in rows], next=more)


def _called(
    conn: Connection,
    incident: IncidentRow,
    rows: Sequence[AnyRow],
    zone: ZoneInfo,
    more: str | None,
) -> incident_views.CalledPage:
    people = read_people(conn, {r.target for r in rows})
    acted = read_actors(conn, incident.id)
    by = incident.acknowledged_by
    items = [called_item(r, people, acted, by, zone) for r in rows]
    return incident_views.CalledPage(items=items, next=more)


def _handler(
    table: Table, at: ColumnElement[int], shown: Shown, *only: ColumnElement[bool]
) -> Handler:
    order = (at, table.c.id)

    async def handle(request: web.Request) -> web.Response:
        ports, places = request.app[PORTS], caller_of(request).principal.places
        limit = limit_of(request, usual=100, most=500)
        query = select(table).where(*only).order_by(*order).limit(limit + 1)
        if "after" in request.query:
            after = unpack_cursor(request.query["after"], tuple[int, str])
            query = query.where(tuple_(*order) > tuple_(*after))

        def read(conn: Connection) -> Struct | None:
            incident = read_row(conn, request.match_info["id"], places)
            if incident is None:
                return None
            rows = conn.execute(query.where(table.c.incident_id == incident.id)).all()
            page: Sequence[Any] = rows[:limit]
            more = None if len(rows) <= limit else pack_cursor(*_place(page[-1], at))
            return shown(conn, incident, page, ports.site.zone, more)

        found = await ports.database.read(read)
        if found is None:
            raise not_found()
        return answer(found)

    return handle


def _place(row: AnyRow, at: ColumnElement[int]) -> tuple[int, str]:
    return getattr(row, str(at.key)), row.id


_PAGES = (
    Parameter("after", "query", description="`next` of the page before"),
    Parameter("limit", "query", schema={"type": "integer", "minimum": 1, "maximum": 500}),
)

ROUTES = (
    Route(
        "GET",
        "/api/v1/incidents/{id}/evidence",
        _handler(s.evidence, s.evidence.c.at_ms, _evidence),
        Permission.INCIDENT_READ,
        "All pictures of an incident, the oldest first",
        parameters=_PAGES,
        answers={200: incident_views.EvidencePage},
    ),
    Route(
        "GET",
        "/api/v1/incidents/{id}/called",
        _handler(s.actions, s.actions.c.due_at_ms, _called, *CALLS),
        Permission.INCIDENT_READ,
        "All calls of people for an incident, the oldest first",
        parameters=_PAGES,
        answers={200: incident_views.CalledPage},
    ),
)
