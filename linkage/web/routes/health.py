"""How every part of the system is, with figures: for those who look after it."""

import asyncio

from aiohttp import web

from lianfang_timing import unix_ms
from linkage.accounts.rights import Permission
from linkage.web.answering import answer, moment, moment_or_none
from linkage.web.guard import PORTS, caller_of
from linkage.web.parts_reading import read_parts
from linkage.web.parts_views import PartItem, Parts
from linkage.web.routing import Route


async def list_parts(request: web.Request) -> web.Response:
    ports, places = request.app[PORTS], caller_of(request).principal.places
    # a network folder may not answer at once
    disk = await asyncio.to_thread(ports.disk)
    found = await ports.database.read(lambda conn: read_parts(conn, ports, places, disk))
    zone = ports.site.zone
    return answer(
        Parts(
            at=moment(unix_ms(ports.clock.now()), zone),
            version=ports.site.version,
            parts=[
                PartItem(
                    name=one.name,
                    level=one.level.value,
                    since=moment_or_none(one.since_ms, zone),
                    figures=dict(one.figures),
                    detail=one.detail,
                )
                for one in found
            ],
        )
    )


ROUTES = (
    Route(
        "GET",
        "/api/v1/system/parts",
        list_parts,
        Permission.HEALTH_READ,
        "How every part of the system is, since when, with figures",
        answers={200: Parts},
    ),
)
