"""The station's confirmation, the telephone call instead of it, and 消音."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct
from sqlalchemy import Connection

from linkage.accounts.rights import Permission
from linkage.audit import AuditAction
from linkage.errors import NoSuchIncident, StepNotAllowed
from linkage.model.person import Actor
from linkage.ways.station_desk import find_incident
from linkage.web import incident_detail_views, station_views
from linkage.web.answering import answer
from linkage.web.guard import PORTS, caller_of
from linkage.web.incident_rows import read_row
from linkage.web.problems import Problem, not_found
from linkage.web.reading import body_of
from linkage.web.routes.incidents import look
from linkage.web.routing import Route
from linkage.web.way_reading import station_facts


class ConfirmationBody(Struct, forbid_unknown_fields=True):
    incident: Annotated[str, Meta(min_length=1, max_length=64)]
    """Its id or its number, as the webhook gave them."""
    reference: Annotated[str, Meta(max_length=100)] | None = None
    """The station's own number for it."""
    note: Annotated[str, Meta(max_length=2000)] | None = None


class SaidBody(Struct, forbid_unknown_fields=True):
    note: Annotated[str, Meta(max_length=2000)] | None = None


async def confirm(request: web.Request) -> web.Response:
    ports, caller = request.app[PORTS], caller_of(request)
    said = await body_of(request, ConfirmationBody)
    places = caller.principal.places

    def find(conn: Connection) -> str | None:
        incident_id = find_incident(conn, said.incident)
        known = None if incident_id is None else read_row(conn, incident_id, places)
        return None if known is None else incident_id

    incident_id = await ports.database.read(find)
    if incident_id is None:
        raise not_found()
    await _do(
        request,
        incident_id,
        "station_confirmed",
        lambda actor: ports.station.confirm(
            incident_id, actor=actor, reference=said.reference, note=said.note
        ),
    )
    facts = await ports.database.read(
        lambda conn: station_facts(conn, [incident_id], ports.site.zone)
    )
    return answer(station_views.Confirmation(incident=incident_id, station=facts[incident_id]))


async def telephoned(request: web.Request) -> web.Response:
    ports = request.app[PORTS]
    said = await body_of(request, SaidBody)
    incident_id = await _inside(request)
    await _do(
        request,
        incident_id,
        "station_telephoned",
        lambda actor: ports.station.telephoned(incident_id, actor=actor, note=said.note),
    )
    return answer(await look(ports, caller_of(request), incident_id))


async def silence(request: web.Request) -> web.Response:
    ports = request.app[PORTS]
    said = await body_of(request, SaidBody)
    incident_id = await _inside(request)
    await _do(
        request,
        incident_id,
        "silence",
        lambda actor: ports.station.silence(incident_id, actor=actor, note=said.note),
    )
    return answer(await look(ports, caller_of(request), incident_id))


async def _inside(request: web.Request) -> str:
    """The incident's id. Raises Problem 404 where it is not the caller's."""
    incident_id, places = request.match_info["id"], caller_of(request).principal.places
    database = request.app[PORTS].database
    if await database.read(lambda conn: read_row(conn, incident_id, places)) is None:
        raise not_found()
    return incident_id


async def _do(
    request: web.Request,
    incident_id: str,
    what: str,
    work: Callable[[Actor], Awaitable[None]],
) -> None:
    ports, caller = request.app[PORTS], caller_of(request)
    # before it is done, so that no change can lack its entry
    await ports.audit.record(
        caller.entry(AuditAction.CHANGE, f"incident:{incident_id}", {"step": what})
    )
    try:
        await work(caller.actor)
    except StepNotAllowed as refused:
        raise Problem(409, str(refused)) from refused
    except NoSuchIncident as gone:
        raise not_found() from gone


ROUTES = (
    Route(
        "POST",
        "/api/v1/station/confirmations",
        confirm,
        Permission.STATION_CONFIRM,
        "The station says that it has the incident; once more is harmless",
        body=ConfirmationBody,
        answers={200: station_views.Confirmation},
    ),
    Route(
        "POST",
        "/api/v1/incidents/{id}/station-telephoned",
        telephoned,
        Permission.STATION_TELEPHONE,
        "An officer has telephoned the station",
        body=SaidBody,
        answers={200: incident_detail_views.IncidentDetail},
    ),
    Route(
        "POST",
        "/api/v1/incidents/{id}/silence",
        silence,
        Permission.SIREN_SILENCE,
        "Switch the incident's sirens and loudspeakers off (消音)",
        body=SaidBody,
        answers={200: incident_detail_views.IncidentDetail},
    ),
)
