"""The registry as sheets over HTTP: a file in with its report, files out."""

import asyncio
from functools import partial

from aiohttp import web

from linkage.accounts.rights import Permission
from linkage.registry.errors import NotPossible
from linkage.registry.history import note_unmasking
from linkage.registry.sheets.exporting import export_csv, export_xlsx, template
from linkage.registry.sheets.headings import SheetKind
from linkage.registry.sheets.importing import LARGEST_FILE, Importer
from linkage.registry.sheets.registered import read_registered
from linkage.web.answering import answer
from linkage.web.guard import PORTS
from linkage.web.problems import Problem
from linkage.web.registry_calling import problem_of, registry_caller
from linkage.web.registry_sheet_views import ImportReport, import_report
from linkage.web.routing import Parameter, Route

_CSV = "text/csv"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_TAKEN = frozenset({_CSV, _XLSX, "application/vnd.ms-excel", "application/octet-stream"})
# a town's sheet takes seconds; on a busy machine longer than other calls may
_WITHIN_S = 300.0
_LONGEST_NAME = 100


async def import_sheet(request: web.Request) -> web.Response:
    """The file is the body as it is; nothing of it is written where anything is wrong."""
    ports, caller = request.app[PORTS], registry_caller(request)
    if request.content_type not in _TAKEN:
        raise Problem(
            415,
            "请发送 CSV 或 XLSX 文件 / send a CSV or XLSX file as the body, with its media type.",
        )
    dry_run = request.query.get("dry_run", "0") not in ("0", "false", "")
    usual = "sheet.csv" if request.content_type == _CSV else "sheet.xlsx"
    name = (request.query.get("filename") or usual)[:_LONGEST_NAME]
    async with asyncio.timeout(_WITHIN_S):
        content = await _body(request)
        importer = Importer(ports.database, ports.box)
        try:
            report = await importer.run(content, name, caller, dry_run=dry_run)
        except NotPossible as refused:
            raise problem_of(refused) from refused
    return answer(import_report(report))


async def export_workbook(request: web.Request) -> web.Response:
    """Everything of the caller's places, as a workbook."""
    return await _export(request, None)


async def download_template(request: web.Request) -> web.Response:
    """Headings and what they mean."""
    content = await asyncio.to_thread(template)
    return _file(content, _XLSX, "lianfang-template.xlsx")


async def _export_csv(kind: SheetKind, request: web.Request) -> web.Response:
    return await _export(request, kind)


async def _export(request: web.Request, kind: SheetKind | None) -> web.Response:
    ports, caller = request.app[PORTS], registry_caller(request)
    reason = request.query.get("reason", "")
    said = {"sheets": "all" if kind is None else kind.value, "villages": caller.places.names()}
    async with asyncio.timeout(_WITHIN_S):
        # first written down, then given
        await ports.database.write(
            lambda conn: note_unmasking(conn, caller, ports.box, "registry:export", reason, said)
        )
        registered = await ports.database.read(read_registered)
        if kind is None:
            content = await asyncio.to_thread(export_xlsx, registered, ports.box, caller.places)
            return _file(content, _XLSX, "lianfang-registry.xlsx")
        content = await asyncio.to_thread(export_csv, kind, registered, ports.box, caller.places)
        return _file(content, _CSV, f"lianfang-{kind.value}.csv")


async def _body(request: web.Request) -> bytes:
    """The whole body. Raises Problem 413 as soon as it is too large."""
    content = bytearray()
    async for chunk in request.content.iter_chunked(256 * 1024):
        content += chunk
        if len(content) > LARGEST_FILE:
            most = LARGEST_FILE // 1024 // 1024
            raise Problem(
                413,
                f"文件超过 {most} MB，请分成几个 / the file is larger than {most} MB: split it.",
            )
    return bytes(content)


def _file(content: bytes, content_type: str, name: str) -> web.Response:
    return web.Response(
        body=content,
        content_type=content_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


_REASON = Parameter("reason", "query", description="What for; kept in the audit")

ROUTES = (
    Route(
        "POST",
        "/api/v1/registry/import",
        import_sheet,
        Permission.REGISTRY_IMPORT,
        "Import a CSV or XLSX file, all or nothing; the body is the file, at most 20 MB",
        parameters=(
            Parameter("dry_run", "query", description="1: check only, write nothing"),
            Parameter("filename", "query", description="As the report should name the file"),
        ),
        answers={200: ImportReport},
        endless=True,
    ),
    Route(
        "GET",
        "/api/v1/registry/export.xlsx",
        export_workbook,
        Permission.REGISTRY_EXPORT,
        "Villages, households and devices as a workbook, personal data in the clear",
        parameters=(_REASON,),
        answers={200: _XLSX},
        endless=True,
    ),
    *(
        Route(
            "GET",
            f"/api/v1/registry/{kind.value}.csv",
            partial(_export_csv, kind),
            Permission.REGISTRY_EXPORT,
            f"The registry's {kind.value} as CSV; what is personal is in the clear",
            parameters=(_REASON,),
            answers={200: _CSV},
            endless=True,
        )
        for kind in SheetKind
    ),
    Route(
        "GET",
        "/api/v1/registry/template.xlsx",
        download_template,
        Permission.REGISTRY_IMPORT,
        "An empty workbook with the headings that an import understands",
        answers={200: _XLSX},
    ),
)
