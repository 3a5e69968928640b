"""The duty room now, and whom to send."""

import structlog
from aiohttp import web

from alarms.errors import StoreBusy
from lianfang_timing import unix_ms
from linkage.accounts.rights import Permission
from linkage.audit import AuditAction
from linkage.web import duty_views
from linkage.web.answering import answer
from linkage.web.duty_names import DutyNames, read_names
from linkage.web.duty_now import read_duty, read_proposals
from linkage.web.guard import PORTS, caller_of
from linkage.web.incident_rows import read_row
from linkage.web.problems import not_found
from linkage.web.routing import Route

log = structlog.get_logger()


async def duty(request: web.Request) -> web.Response:
    ports, principal = request.app[PORTS], caller_of(request).principal
    return answer(await ports.database.read(lambda conn: read_duty(conn, ports, principal)))


async def names(request: web.Request) -> web.Response:
    ports, places = request.app[PORTS], caller_of(request).principal.places
    now_ms = unix_ms(ports.clock.now())
    return answer(await ports.database.read(lambda conn: read_names(conn, places, now_ms)))


async def proposals(request: web.Request) -> web.Response:
    """Telephones of those who may be sent are shown in the clear, and that they were is on disk
    before; when it cannot be, they stay masked."""
    ports, caller = request.app[PORTS], caller_of(request)
    incident_id, places = request.match_info["id"], caller.principal.places
    row = await ports.database.read(lambda conn: read_row(conn, incident_id, places))
    if row is None:
        raise not_found()
    clear = True
    facts: dict[str, object] = {"number": row.number, "purpose": "whom to send"}
    try:
        await ports.audit.record(caller.entry(AuditAction.LOOK, f"incident:{row.id}", facts))
    except StoreBusy as busy:
        log.error("look_not_recorded_telephones_masked", incident=row.id, reason=str(busy))
        clear = False
    return answer(
        await ports.database.read(lambda conn: read_proposals(conn, ports, row, clear=clear))
    )


ROUTES = (
    Route(
        "GET",
        "/api/v1/duty",
        duty,
        Permission.DUTY_READ,
        "Who is on duty and on patrol now, who is next, where nobody will be",
        answers={200: duty_views.DutyNow},
    ),
    Route(
        "GET",
        "/api/v1/duty/names",
        names,
        Permission.DUTY_EDIT,
        "People, villages and grids that the duty room's entries may name",
        answers={200: DutyNames},
    ),
    Route(
        "GET",
        "/api/v1/incidents/{id}/proposals",
        proposals,
        Permission.INCIDENT_DISPATCH,
        "Whom to send to this incident, the best first; looking is recorded",
        answers={200: duty_views.Proposals},
    ),
)
