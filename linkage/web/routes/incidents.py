"""Incidents: the queue, one incident, and the six steps."""

from typing import Annotated

import msgspec
import structlog
from aiohttp import web
from msgspec import Meta, Struct
from sqlalchemy import Connection

from alarms.errors import StoreBusy
from linkage.accounts.rights import Permission, Places
from linkage.audit import AuditAction
from linkage.errors import NoSuchIncident, StaleVersion, StepNotAllowed
from linkage.model import Actor, Outcome, Stage
from linkage.web import views
from linkage.web.guard import PORTS, Caller, caller_of
from linkage.web.incident_detail import DetailPorts, read_detail
from linkage.web.incident_reading import list_items
from linkage.web.incident_rows import IncidentRow, newest_position, read_page, read_row
from linkage.web.ports import Desk, Ports, Step
from linkage.web.problems import Problem, not_found
from linkage.web.reading import body_of, limit_of, pack_cursor, unpack_cursor, version_of
from linkage.web.routing import Handler, Parameter, Route

log = structlog.get_logger()

_Text = Annotated[str, Meta(max_length=2000)]


class StepBody(Struct, forbid_unknown_fields=True):
    note: _Text | None = None


class DispatchBody(Struct, forbid_unknown_fields=True):
    note: _Text | None = None
    to: Annotated[str, Meta(max_length=200)] | None = None


class CloseBody(Struct, forbid_unknown_fields=True):
    outcome: Outcome
    note: _Text | None = None


class NoteBody(Struct, forbid_unknown_fields=True):
    note: Annotated[str, Meta(min_length=1, max_length=2000)]


async def list_incidents(request: web.Request) -> web.Response:
    ports = request.app[PORTS]
    places = caller_of(request).principal.places
    state = request.query.get("state")
    if state not in (None, "open", "closed"):
        raise Problem(400, "state must be open or closed.")
    limit = limit_of(request, usual=50, most=200)
    after = None
    if "after" in request.query:
        after = unpack_cursor(request.query["after"], tuple[int, int, str])

    def read(conn: Connection) -> tuple[int, views.IncidentPage]:
        # the position first: what changes in between is then sent again rather than missed
        position = newest_position(conn)
        page = read_page(conn, places, state=state, after=after, limit=limit)
        cursor = None if page.next_after is None else pack_cursor(*page.next_after)
        items = list_items(conn, page.rows, ports.site.zone)
        return position, views.IncidentPage(items=items, next=cursor)

    position, page = await ports.database.read(read)
    response = views.answer(page)
    response.headers["X-Stream-Position"] = str(position)
    return response


async def get_incident(request: web.Request) -> web.Response:
    ports = request.app[PORTS]
    caller = caller_of(request)
    detail = await look(ports, caller, request.match_info["id"])
    return views.answer(detail)


async def look(ports: Ports, caller: Caller, incident_id: str) -> views.IncidentDetail:
    """The incident as this caller may see it; that they looked is on disk before it is shown.

    When it cannot be written down, personal data stays masked: the officer must be able to work
    on an emergency with a full disk. Raises Problem 404.
    """
    places = caller.principal.places
    row = await ports.database.read(lambda conn: read_row(conn, incident_id, places))
    if row is None:
        raise not_found()
    clear = _may_see_contact(caller, row)
    entries = [caller.entry(AuditAction.LOOK, f"incident:{row.id}", {"number": row.number})]
    if clear:
        facts: dict[str, object] = {"incident": row.number, "purpose": "handling the incident"}
        entries.append(caller.entry(AuditAction.UNMASK, f"household:{row.household_id}", facts))
    try:
        await ports.audit.record(*entries)
    except StoreBusy as busy:
        log.error("look_not_recorded_contact_masked", incident=row.id, reason=str(busy))
        clear = False
    return await _detail(ports, row.id, places, clear=clear)


def _may_see_contact(caller: Caller, row: IncidentRow) -> bool:
    return (
        caller.principal.may(Permission.HOUSEHOLD_CONTACT)
        and row.household_id is not None
        and Stage(row.stage).is_open
    )


async def _detail(
    ports: Ports, incident_id: str, places: Places, *, clear: bool
) -> views.IncidentDetail:
    shown_with = DetailPorts(ports.site.zone, ports.box, ports.camera_health())

    def read(conn: Connection) -> views.IncidentDetail | None:
        row = read_row(conn, incident_id, places)
        if row is None:
            return None
        # closed since the caller's right was looked at: nothing is shown in the clear any more
        still = clear and Stage(row.stage).is_open
        return read_detail(conn, row, shown_with, clear=still)

    detail = await ports.database.read(read)
    if detail is None:
        raise not_found()
    return detail


async def _take(
    request: web.Request,
    name: str,
    step: Step,
    *,
    note: str | None = None,
    outcome: Outcome | None = None,
    to: str | None = None,
) -> web.Response:
    ports, caller = request.app[PORTS], caller_of(request)
    incident_id = request.match_info["id"]
    places = caller.principal.places
    version = version_of(request)
    if await ports.database.read(lambda conn: read_row(conn, incident_id, places)) is None:
        raise not_found()
    # before the step, so that no change can lack its entry; whether it came about says the timeline
    await ports.audit.record(
        caller.entry(
            AuditAction.CHANGE, f"incident:{incident_id}", {"step": name, "version": version}
        )
    )
    actor = Actor(caller.principal.username, caller.principal.display_name)
    try:
        await step(incident_id, actor=actor, version=version, note=note, outcome=outcome, to=to)
    except StaleVersion as stale:
        current = msgspec.to_builtins(await look(ports, caller, incident_id))
        raise Problem(412, f"{stale}.", more={"incident": current}) from stale
    except StepNotAllowed as refused:
        raise Problem(409, str(refused)) from refused
    except NoSuchIncident as gone:
        raise not_found() from gone
    return views.answer(await look(ports, caller, incident_id))


def _desk(request: web.Request) -> Desk:
    return request.app[PORTS].desk


async def acknowledge(request: web.Request) -> web.Response:
    body = await body_of(request, StepBody)
    return await _take(request, "acknowledge", _desk(request).acknowledge, note=body.note)


async def verify(request: web.Request) -> web.Response:
    body = await body_of(request, StepBody)
    return await _take(request, "verify", _desk(request).verify, note=body.note)


async def dispatch(request: web.Request) -> web.Response:
    body = await body_of(request, DispatchBody)
    return await _take(request, "dispatch", _desk(request).dispatch, note=body.note, to=body.to)


async def respond(request: web.Request) -> web.Response:
    body = await body_of(request, StepBody)
    return await _take(request, "respond", _desk(request).respond, note=body.note)


async def close(request: web.Request) -> web.Response:
    body = await body_of(request, CloseBody)
    return await _take(request, "close", _desk(request).close, note=body.note, outcome=body.outcome)


async def review(request: web.Request) -> web.Response:
    body = await body_of(request, StepBody)
    return await _take(request, "review", _desk(request).review, note=body.note)


async def note(request: web.Request) -> web.Response:
    body = await body_of(request, NoteBody)
    return await _take(request, "note", _desk(request).note, note=body.note)


_IF_MATCH = Parameter(
    "If-Match",
    "header",
    True,
    {"type": "string", "pattern": r'^([0-9]{1,15}|"[0-9]{1,15}")$'},
    "the version of the incident that was seen",
)


def _step_route(name: str, handler: Handler, needs: Permission, body: type[Struct]) -> Route:
    return Route(
        "POST",
        "/api/v1/incidents/{id}/" + name,
        handler,
        needs,
        f"Take the step “{name}” of an incident",
        body=body,
        parameters=(_IF_MATCH,),
        answers={200: views.IncidentDetail},
    )


ROUTES = (
    Route(
        "GET",
        "/api/v1/incidents",
        list_incidents,
        Permission.INCIDENT_READ,
        "Incidents: open ones the most urgent first, else the newest first",
        parameters=(
            Parameter("state", "query", schema={"enum": ["open", "closed"]}),
            Parameter("after", "query", description="`next` of the page before"),
            Parameter("limit", "query", schema={"type": "integer", "minimum": 1, "maximum": 200}),
        ),
        answers={200: views.IncidentPage},
    ),
    Route(
        "GET",
        "/api/v1/incidents/{id}",
        get_incident,
        Permission.INCIDENT_READ,
        "One incident with its timeline; looking is recorded",
        answers={200: views.IncidentDetail},
    ),
    _step_route("acknowledge", acknowledge, Permission.INCIDENT_ACKNOWLEDGE, StepBody),
    _step_route("verify", verify, Permission.INCIDENT_VERIFY, StepBody),
    _step_route("dispatch", dispatch, Permission.INCIDENT_DISPATCH, DispatchBody),
    _step_route("respond", respond, Permission.INCIDENT_RESPOND, StepBody),
    _step_route("close", close, Permission.INCIDENT_CLOSE, CloseBody),
    _step_route("review", review, Permission.INCIDENT_REVIEW, StepBody),
    _step_route("note", note, Permission.INCIDENT_NOTE, NoteBody),
)
