"""How the program is: for consoles, for supervisors and for Prometheus."""

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from linkage.accounts.rights import Permission
from linkage.web import system_views
from linkage.web.answering import answer
from linkage.web.board import BOARD
from linkage.web.guard import PORTS, caller_of
from linkage.web.routing import Access, Route


async def system(request: web.Request) -> web.Response:
    board = request.app[BOARD]
    await board.refresh()
    return answer(board.system(caller_of(request).principal.places))


async def healthz(_request: web.Request) -> web.Response:
    return answer(system_views.Alive(alive=True))


async def readyz(request: web.Request) -> web.Response:
    reasons = list(request.app[PORTS].readiness())
    return answer(
        system_views.Ready(ready=not reasons, reasons=reasons), status=503 if reasons else 200
    )


async def metrics(request: web.Request) -> web.Response:
    body = generate_latest(request.app[PORTS].metrics)
    return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})


ROUTES = (
    Route(
        "GET",
        "/api/v1/system",
        system,
        Permission.SYSTEM_READ,
        "How the parts of the system are",
        answers={200: system_views.System},
        while_locked=True,
    ),
    Route(
        "GET",
        "/healthz",
        healthz,
        Access.PUBLIC,
        "Alive: this program runs",
        answers={200: system_views.Alive},
    ),
    Route(
        "GET",
        "/readyz",
        readyz,
        Access.PUBLIC,
        "Ready: a press can be taken now",
        answers={200: system_views.Ready, 503: system_views.Ready},
    ),
    Route(
        "GET",
        "/metrics",
        metrics,
        Permission.METRICS_READ,
        "Figures for Prometheus",
        answers={200: "text/plain"},
    ),
)
