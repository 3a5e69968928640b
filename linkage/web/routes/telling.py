"""Telling somebody of an incident once more: one touch of the officer's."""

from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct

from linkage.accounts.rights import Permission
from linkage.audit import AuditAction
from linkage.errors import NoSuchIncident, StepNotAllowed
from linkage.ways.telling_again import Recipient
from linkage.web import incident_detail_views
from linkage.web.answering import answer
from linkage.web.guard import PORTS, caller_of
from linkage.web.incident_rows import read_row
from linkage.web.problems import Problem, not_found
from linkage.web.reading import body_of
from linkage.web.routes.incidents import look
from linkage.web.routing import Route


class TellAgainBody(Struct, forbid_unknown_fields=True):
    kind: Recipient
    target: Annotated[str, Meta(min_length=1, max_length=64)]
    """As `told` of the incident names it."""


async def tell_again(request: web.Request) -> web.Response:
    ports, caller = request.app[PORTS], caller_of(request)
    incident_id, places = request.match_info["id"], caller.principal.places
    body = await body_of(request, TellAgainBody)
    if await ports.database.read(lambda conn: read_row(conn, incident_id, places)) is None:
        raise not_found()
    # before it is done, so that no change can lack its entry
    facts: dict[str, object] = {
        "step": "tell_again",
        "kind": body.kind.value,
        "target": body.target,
    }
    await ports.audit.record(caller.entry(AuditAction.CHANGE, f"incident:{incident_id}", facts))
    try:
        await ports.telling.again(incident_id, body.kind, body.target, actor=caller.actor)
    except StepNotAllowed as refused:
        raise Problem(409, str(refused)) from refused
    except NoSuchIncident as gone:
        raise not_found() from gone
    return answer(await look(ports, caller, incident_id))


ROUTES = (
    Route(
        "POST",
        "/api/v1/incidents/{id}/tell-again",
        tell_again,
        Permission.INCIDENT_DISPATCH,
        "Tell a person, a member's device or a webhook once more what they were told last",
        body=TellAgainBody,
        answers={200: incident_detail_views.IncidentDetail},
    ),
)
