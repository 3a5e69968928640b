"""Holding evidence, releasing it, handing it over: each with what must be said."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from linkage.accounts.rights import Permission
from linkage.custody.desk import Asked, Who
from linkage.custody.errors import ExportFailed, NoSuchEntry, NotPossible
from linkage.web.answering import answer
from linkage.web.custody_views import ExportBody, Made, WhyBody
from linkage.web.guard import PORTS, caller_of
from linkage.web.problems import Problem, not_found
from linkage.web.reading import body_of
from linkage.web.routing import Route

_BLOCK = 256 * 1024


async def hold(request: web.Request) -> web.Response:
    body = await body_of(request, WhyBody)
    async with _refusals():
        made = await request.app[PORTS].custody.hold(
            _who(request), request.match_info["id"], body.reason.strip()
        )
    return answer(Made(id=made), 201)


async def release(request: web.Request) -> web.Response:
    body = await body_of(request, WhyBody)
    async with _refusals():
        await request.app[PORTS].custody.release(
            _who(request), request.match_info["id"], body.reason.strip()
        )
    return web.Response(status=204)


async def ask_export(request: web.Request) -> web.Response:
    body = await body_of(request, ExportBody)
    asked = Asked(
        purpose=body.purpose.strip(),
        legal_basis=body.legal_basis.strip(),
        case_number=body.case_number.strip(),
        recipient_unit=body.recipient_unit.strip(),
        recipient_name=body.recipient_name.strip(),
        approver=body.approver.strip(),
        people=body.people,
        clear_why=body.clear_why.strip(),
    )
    async with _refusals():
        made = await request.app[PORTS].custody.ask_export(
            _who(request), request.match_info["id"], asked
        )
    return answer(Made(id=made), 201)


async def approve(request: web.Request) -> web.Response:
    async with _refusals():
        await request.app[PORTS].custody.approve(_who(request), request.match_info["id"])
    return web.Response(status=204)


async def fetch(request: web.Request) -> web.StreamResponse:
    """The zip, made for this one fetching, which is written down."""
    with tempfile.TemporaryDirectory(prefix="lianfang-export-") as folder:
        target = Path(folder) / "export.zip"
        async with _refusals():
            number = await request.app[PORTS].custody.export(
                _who(request), request.match_info["id"], target
            )
        size = (await asyncio.to_thread(target.stat)).st_size
        response = web.StreamResponse(
            headers={
                "Content-Type": "application/zip",
                "Content-Length": str(size),
                "Content-Disposition": f'attachment; filename="evidence-{number}.zip"',
            }
        )
        await response.prepare(request)
        # opened by a thread, nobody would close it when the caller hangs up at that moment
        with target.open("rb") as file:
            while block := await asyncio.to_thread(file.read, _BLOCK):
                await response.write(block)
        await response.write_eof()
        return response


@asynccontextmanager
async def _refusals() -> AsyncIterator[None]:
    try:
        yield
    except NoSuchEntry as gone:
        raise not_found() from gone
    except NotPossible as refused:
        raise Problem(409, str(refused)) from refused
    except ExportFailed as failed:
        raise Problem(503, str(failed)) from failed


def _who(request: web.Request) -> Who:
    caller = caller_of(request)
    who = caller.principal
    return Who(who.username, who.places, who.unit, caller.address)


ROUTES = (
    Route(
        "POST",
        "/api/v1/incidents/{id}/holds",
        hold,
        Permission.EVIDENCE_HOLD,
        "Hold an incident's evidence beyond its time, for a reason",
        body=WhyBody,
        answers={201: Made},
    ),
    Route(
        "POST",
        "/api/v1/holds/{id}/release",
        release,
        Permission.EVIDENCE_HOLD,
        "Release a hold, for a reason",
        body=WhyBody,
        answers={204: None},
    ),
    Route(
        "POST",
        "/api/v1/incidents/{id}/exports",
        ask_export,
        Permission.EVIDENCE_EXPORT,
        "Ask for an export of an incident's evidence",
        body=ExportBody,
        answers={201: Made},
    ),
    Route(
        "POST",
        "/api/v1/exports/{id}/approve",
        approve,
        Permission.EVIDENCE_APPROVE,
        "Allow somebody else's export",
        answers={204: None},
    ),
    Route(
        "GET",
        "/api/v1/exports/{id}/file",
        fetch,
        Permission.EVIDENCE_EXPORT,
        "The file of an approved export; fetching it is recorded",
        answers={200: "application/zip"},
        endless=True,  # covering people takes about as long as the clips last
    ),
)
