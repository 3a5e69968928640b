"""Incidents: the queue, and one incident. Their steps are in `incident_steps`."""

from collections.abc import Sequence, Set

import structlog
from aiohttp import web
from sqlalchemy import Connection

from alarms.errors import StoreBusy
from linkage.accounts.rights import Permission
from linkage.audit import AuditAction
from linkage.model.incident import Stage
from linkage.web import incident_detail_views, incident_views
from linkage.web.answering import answer
from linkage.web.guard import PORTS, Caller, caller_of
from linkage.web.hiding import hidden
from linkage.web.incident_detail import DetailPorts, households_shown, read_detail
from linkage.web.incident_reading import list_items
from linkage.web.incident_rows import IncidentRow, newest_position, read_page, read_row
from linkage.web.ports import Ports
from linkage.web.problems import Problem, not_found
from linkage.web.reading import limit_of, pack_cursor, unpack_cursor
from linkage.web.routing import Parameter, Route

log = structlog.get_logger()


async def list_incidents(request: web.Request) -> web.Response:
    ports, caller = request.app[PORTS], caller_of(request)
    places = caller.principal.places
    state = request.query.get("state")
    if state not in (None, "open", "closed"):
        raise Problem(400, "state 须为 open 或 closed / state must be open or closed.")
    number = request.query.get("number")
    if caller.is_locked and (state != "open" or number is not None):
        raise Problem(423, "本机已锁屏，请先解锁 / the screen is locked: unlock it first.")
    limit = limit_of(request, usual=50, most=200)
    after = None
    if "after" in request.query:
        after = unpack_cursor(request.query["after"], tuple[int, int, str])

    def read(conn: Connection) -> tuple[int, incident_views.IncidentPage]:
        # the position first: what changes in between is then sent again rather than missed
        position = newest_position(conn)
        page = read_page(conn, places, state=state, number=number, after=after, limit=limit)
        cursor = None if page.next_after is None else pack_cursor(*page.next_after)
        items = list_items(conn, page.rows, ports.site.zone, ports.box)
        if caller.is_locked:
            items = [hidden(one, caller.principal.username) for one in items]
        return position, incident_views.IncidentPage(items=items, next=cursor)

    position, page = await ports.database.read(read)
    response = answer(page)
    response.headers["X-Stream-Position"] = str(position)
    return response


async def get_incident(request: web.Request) -> web.Response:
    ports = request.app[PORTS]
    caller = caller_of(request)
    masked = request.query.get("masked", "0") not in ("0", "false", "")
    detail = await look(ports, caller, request.match_info["id"], masked=masked)
    return answer(detail)


async def look(
    ports: Ports, caller: Caller, incident_id: str, *, masked: bool = False
) -> incident_detail_views.IncidentDetail:
    """The incident as this caller may see it; that they looked is on disk before it is shown.
    `masked`: without contacts in the clear, whatever they may.

    When it cannot be written down, personal data stays masked: the officer must be able to work
    on an emergency with a full disk. Raises Problem 404.
    """
    places = caller.principal.places

    def find(conn: Connection) -> tuple[IncidentRow, Sequence[str]] | None:
        row = read_row(conn, incident_id, places)
        return None if row is None else (row, households_shown(conn, row).shown)

    found = await ports.database.read(find)
    if found is None:
        raise not_found()
    row, households = found
    clear = set(households) if not masked and _may_see_contacts(caller, row) else set()
    entries = [caller.entry(AuditAction.LOOK, f"incident:{row.id}", {"number": row.number})]
    facts: dict[str, object] = {"incident": row.number, "purpose": "handling the incident"}
    entries += [
        caller.entry(AuditAction.UNMASK, f"household:{household}", facts)
        for household in households
        if household in clear
    ]
    try:
        await ports.audit.record(*entries)
    except StoreBusy as busy:
        log.error("look_not_recorded_contact_masked", incident=row.id, reason=str(busy))
        clear = set()
    return await _detail(ports, caller, row.id, clear=clear)


def _may_see_contacts(caller: Caller, row: IncidentRow) -> bool:
    return caller.principal.may(Permission.HOUSEHOLD_CONTACT) and Stage(row.stage).is_open


async def _detail(
    ports: Ports, caller: Caller, incident_id: str, *, clear: Set[str]
) -> incident_detail_views.IncidentDetail:
    places = caller.principal.places
    shown_with = DetailPorts(
        ports.site.zone,
        ports.box,
        ports.camera_health(),
        caller.actor,
        ports.closing_check,
    )

    def read(conn: Connection) -> incident_detail_views.IncidentDetail | None:
        row = read_row(conn, incident_id, places)
        if row is None:
            return None
        # closed since the caller's right was looked at: nothing is shown in the clear any more
        still = clear if Stage(row.stage).is_open else frozenset[str]()
        return read_detail(conn, row, shown_with, clear=still)

    detail = await ports.database.read(read)
    if detail is None:
        raise not_found()
    return detail


ROUTES = (
    Route(
        "GET",
        "/api/v1/incidents",
        list_incidents,
        Permission.INCIDENT_READ,
        "Incidents: open ones the most urgent first, else the newest first",
        parameters=(
            Parameter("state", "query", schema={"enum": ["open", "closed"]}),
            Parameter(
                "number", "query", description="the one with this number, such as 20261121-0007"
            ),
            Parameter("after", "query", description="`next` of the page before"),
            Parameter("limit", "query", schema={"type": "integer", "minimum": 1, "maximum": 200}),
        ),
        answers={200: incident_views.IncidentPage},
        while_locked=True,
    ),
    Route(
        "GET",
        "/api/v1/incidents/{id}",
        get_incident,
        Permission.INCIDENT_READ,
        "One incident with its timeline; looking is recorded",
        parameters=(
            Parameter("masked", "query", description="1: contacts stay masked, for a glance"),
        ),
        answers={200: incident_detail_views.IncidentDetail},
    ),
)
