"""派警单: one incident on paper for those who are sent. Printing it is a look, and written down."""

from aiohttp import web

from alarms.store import chain
from linkage.accounts.rights import Permission
from linkage.audit import AuditAction
from linkage.web.guard import PORTS, caller_of
from linkage.web.order_page import page_of
from linkage.web.routes.incidents import look
from linkage.web.routing import Route


async def print_order(request: web.Request) -> web.Response:
    ports, caller = request.app[PORTS], caller_of(request)
    incident = await look(ports, caller, request.match_info["id"])
    # paper leaves the house: that it was made is written down apart from the look
    entry = caller.entry(
        AuditAction.LOOK, f"incident:{incident.id}", {"number": incident.number, "what": "order"}
    )
    await ports.audit.record(entry)
    heads = await ports.database.read(chain.heads)
    text = page_of(
        incident,
        site_name=ports.site.name_zh,
        printed_by=caller.principal.display_name,
        printed_at=ports.clock.now().astimezone(ports.site.zone),
        chains=heads,
    )
    return web.Response(text=text, content_type="text/html", charset="utf-8")


ROUTES = (
    Route(
        "GET",
        "/api/v1/incidents/{id}/order.html",
        print_order,
        Permission.INCIDENT_DISPATCH,
        "An incident's dispatch order (派警单) to print; contacts in the clear while it is open",
        answers={200: "text/html"},
    ),
)
