"""通讯录 of a village, to print: as a page and as PDF. Personal data in the clear, for a reason."""

import asyncio

from aiohttp import web

from linkage.accounts.rights import Permission
from linkage.registry.directory import Directory, open_directory
from linkage.registry.history import REASON_LIMIT
from linkage.web.directory_page import page_of
from linkage.web.guard import PORTS, caller_of
from linkage.web.problems import Problem
from linkage.web.registry_calling import registry_caller, write
from linkage.web.routing import Parameter, Route


async def page(request: web.Request) -> web.Response:
    directory = await _open(request)
    title, printed = _texts(request, directory)
    text = page_of(directory, title=title, printed=printed)
    return web.Response(text=text, content_type="text/html", charset="utf-8")


async def pdf(request: web.Request) -> web.Response:
    directory = await _open(request)
    title, printed = _texts(request, directory)
    # a village takes a second to set: others must not wait for it
    body = await asyncio.to_thread(_pdf, directory, title, printed)
    return web.Response(
        body=body,
        content_type="application/pdf",
        headers={"Content-Disposition": 'inline; filename="directory.pdf"'},
    )


def _pdf(directory: Directory, title: str, printed: str) -> bytes:
    # reportlab takes 14 MB, for what is asked for once a year
    from linkage.registry.directory_pdf import pdf_of

    return pdf_of(directory, title=title, printed=printed)


async def _open(request: web.Request) -> Directory:
    reason = request.query.get("reason", "").strip()
    if not 1 <= len(reason) <= REASON_LIMIT:
        raise Problem(422, "请说明原因 / say the reason.", more={"field": "reason"})
    box, caller = request.app[PORTS].box, registry_caller(request)
    id_ = request.match_info["id"]
    return await write(request, lambda conn: open_directory(conn, caller, box, id_, reason))


def _texts(request: web.Request, directory: Directory) -> tuple[str, str]:
    ports = request.app[PORTS]
    now = ports.clock.now().astimezone(ports.site.zone)
    title = f"{ports.site.name_zh} {directory.village} 十户联防通讯录 Directory"
    who = caller_of(request).principal.display_name
    return title, f"{now:%Y-%m-%d %H:%M} {who} 打印，内部使用 / printed for internal use"


_REASON = (Parameter("reason", "query", required=True, description="Goes into the audit"),)

ROUTES = (
    Route(
        "GET",
        "/api/v1/registry/directory/{id}.pdf",
        pdf,
        Permission.REGISTRY_EXPORT,
        "The directory of a village, as PDF",
        parameters=_REASON,
        answers={200: "application/pdf"},
    ),
    Route(
        "GET",
        "/api/v1/registry/directory/{id}",
        page,
        Permission.REGISTRY_EXPORT,
        "The directory of a village to print",
        parameters=_REASON,
        answers={200: "text/html"},
    ),
)
