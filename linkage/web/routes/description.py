"""The description of the API, for whoever writes a client."""

from typing import Any

import msgspec
from aiohttp import web

from linkage.web.guard import PORTS
from linkage.web.openapi import describe
from linkage.web.routing import TABLE, Access, Route


async def openapi(request: web.Request) -> web.Response:
    document: dict[str, Any] = describe(
        request.app[TABLE].values(), version=request.app[PORTS].site.version
    )
    return web.Response(body=msgspec.json.encode(document), content_type="application/json")


ROUTES = (
    Route(
        "GET",
        "/api/v1/openapi.json",
        openapi,
        Access.SIGNED_IN,
        "This description",
        answers={200: "application/json"},
    ),
)
