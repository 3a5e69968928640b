"""考核评价 over HTTP: the figures, their sources with the visits, sheets and a page to print."""

import asyncio
from datetime import date
from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct
from sqlalchemy import Connection

from linkage.accounts.rights import Permission
from linkage.appraisal import tables, visits
from linkage.appraisal.appraising import sources as sources_in
from linkage.appraisal.appraising import visits as visits_in
from linkage.appraisal.grouping import By
from linkage.appraisal.model import FEW
from linkage.appraisal.sources import SourceSort
from linkage.appraisal.tables import Table
from linkage.audit import AuditAction
from linkage.registry.sheets import csv_file, xlsx
from linkage.web import appraisal_views as views
from linkage.web import print_page
from linkage.web.answering import answer
from linkage.web.appraisal_asking import (
    PARAMETERS,
    Compared,
    by_of,
    compared,
    gathered_of,
    labels_of,
)
from linkage.web.guard import PORTS, caller_of
from linkage.web.ledger_asking import PERIOD
from linkage.web.problems import Problem
from linkage.web.reading import body_of
from linkage.web.registry_calling import read, registry_caller, write
from linkage.web.routing import Route

_CSV = "text/csv"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SHOWN = 200
_PRINTED = 30
_P = Permission


class VisitBody(Struct, forbid_unknown_fields=True):
    household: Annotated[str, Meta(min_length=1, max_length=64)]
    said: Annotated[str, Meta(min_length=1, max_length=1000)]
    """What the visit brought; kept sealed under the household's key."""
    visited_on: str | None = None
    """A local date; left out: today."""


async def show(request: web.Request) -> web.Response:
    by, zone = by_of(request), request.app[PORTS].site.zone
    found = await compared(request, [by])
    return answer(views.appraisal(found.now, found.before, by, zone))


async def show_sources(request: web.Request) -> web.Response:
    ports, zone = request.app[PORTS], request.app[PORTS].site.zone
    asked, gathered = await gathered_of(request)
    tallies, proposed = sources_in(gathered), visits_in(gathered)
    shown = {sort: found[:_SHOWN] for sort, found in tallies.items()}

    def work(conn: Connection) -> views.AppraisalSources:
        labels = labels_of(conn, shown, proposed[:_SHOWN])
        households, devices, zones = (
            [views.source(tally, labels) for tally in shown[sort]] for sort in SourceSort
        )
        noted = visits.noted(
            conn,
            ports.box,
            asked.places,
            begin_ms=asked.from_ms,
            end_ms=asked.to_ms,
            village=asked.village,
        )
        return views.AppraisalSources(
            period=views.period(gathered.period),
            households=households,
            devices=devices,
            zones=zones,
            more=any(len(found) > _SHOWN for found in tallies.values()),
            to_visit=[views.visit(one, labels, zone) for one in proposed[:_SHOWN]],
            visited=views.noted(noted, zone),
        )

    return answer(await read(request, work))


async def note_visit(request: web.Request) -> web.Response:
    body, caller, ports = (
        await body_of(request, VisitBody),
        registry_caller(request),
        request.app[PORTS],
    )
    visited_on = _day(body.visited_on)
    made = await write(
        request,
        lambda conn: visits.note(
            conn,
            caller,
            ports.box,
            body.household,
            visited_on=visited_on,
            said=body.said,
            zone=ports.site.zone,
        ),
    )
    return answer(views.VisitMade(id=made), 201)


async def as_csv(request: web.Request) -> web.Response:
    by = by_of(request)
    found = await compared(request, [by])
    await _note_export(request, "csv", found)
    table = tables.tidy(found.now, by)
    body = await asyncio.to_thread(csv_file.write, [table.headings, *table.lines])
    return _file(body, _CSV, _name(found, "csv"))


async def as_xlsx(request: web.Request) -> web.Response:
    found = await compared(request, list(By))
    sheets = await _tables(request, found, narrow=False)
    await _note_export(request, "xlsx", found)
    content = {table.tab: [table.headings, *table.lines] for table in sheets}
    body = await asyncio.to_thread(xlsx.write, content)
    return _file(body, _XLSX, _name(found, "xlsx"))


async def to_print(request: web.Request) -> web.Response:
    found, ports = await compared(request, list(By)), request.app[PORTS]
    printed = await _tables(request, found, narrow=True)
    await _note_export(request, "print", found)
    now, before = found.now.period, found.before.period
    title = f"{ports.site.name_zh} 考核评价 Appraisal {now.first} — {now.last}"
    page = print_page.page(
        title,
        (
            print_page.paragraph(
                f"本期 This period {now.first} — {now.last}；上期 before {before.first} — "
                f"{before.last}\n时间以服务器为准；时长为 时:分:秒；"
                f"不足 {FEW} 件的不给占比，其 P90 即最慢的一件。\n"
                f"The server's times, h:mm:ss; of fewer than {FEW} no share is told, "
                "and the p90 is the slowest.\n误报来源只用于上门回访和检修设备，不作处罚依据。 "
                "Sources are for visits and repairs, never for sanctions."
            ),
            *(
                part
                for table in printed
                for part in (
                    print_page.heading(table.title),
                    print_page.table(table.headings, table.lines[:_PRINTED]),
                    _left_out(table),
                )
            ),
            print_page.paragraph(
                "填报人 Reported by：________________　审核人 Checked by：________________　"
                "日期 Date：____________"
            ),
        ),
    )
    return web.Response(text=page, content_type="text/html", charset="utf-8")


async def _tables(request: web.Request, found: Compared, *, narrow: bool) -> list[Table]:
    zone = request.app[PORTS].site.zone
    tallies, proposed = sources_in(found.gathered), visits_in(found.gathered)
    labels = await read(request, lambda conn: labels_of(conn, tallies, proposed))
    load = found.now.load
    return [
        tables.summary(found.now, found.before),
        *tables.spreads(found.now, found.before),
        *(tables.groups(found.now, by, narrow=narrow) for by in By),
        *(() if load is None else tables.load(load, zone)),
        *(tables.sources(tallies[sort], sort, labels) for sort in SourceSort),
        tables.visits(proposed, labels),
        tables.open_cases(found.now.open, zone),
    ]


def _left_out(table: Table) -> str:
    rest = len(table.lines) - _PRINTED
    return (
        print_page.paragraph(f"另有 {rest} 行见 XLSX / {rest} more in the XLSX") if rest > 0 else ""
    )


async def _note_export(request: web.Request, form: str, found: Compared) -> None:
    """First written down, then given."""
    now, caller = found.now.period, caller_of(request)
    facts: dict[str, object] = {
        "format": form,
        "from": now.first.isoformat(),
        "to": now.last.isoformat(),
        "villages": caller.principal.places.names()
        if found.asked.village is None
        else [found.asked.village],
    }
    entry = caller.entry(AuditAction.LOOK, "appraisal:export", facts)
    await request.app[PORTS].audit.record(entry)


def _name(found: Compared, ending: str) -> str:
    return f"appraisal-{found.now.period.first}-{found.now.period.last}.{ending}"


def _file(content: bytes, content_type: str, name: str) -> web.Response:
    return web.Response(
        body=content,
        content_type=content_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        detail = "日期应如 2026-11-01 / a date is as 2026-11-01."
        raise Problem(422, detail, more={"field": "visited_on"}) from error


ROUTES = (
    Route(
        "GET",
        "/api/v1/appraisal",
        show,
        _P.APPRAISAL_READ,
        "How long people waited and how much officers were asked, beside the period before",
        parameters=PARAMETERS,
        answers={200: views.Appraisal},
    ),
    Route(
        "GET",
        "/api/v1/appraisal/sources",
        show_sources,
        _P.APPRAISAL_READ,
        "What often turns out to be nothing, whom a visit would help, and who was visited",
        parameters=PERIOD,
        answers={200: views.AppraisalSources},
    ),
    Route(
        "POST",
        "/api/v1/appraisal/visits",
        note_visit,
        _P.VISIT_NOTE,
        "Note that a household was visited",
        body=VisitBody,
        answers={201: views.VisitMade},
    ),
    Route(
        "GET",
        "/api/v1/appraisal.csv",
        as_csv,
        _P.APPRAISAL_READ,
        "The figures, one value a line; written down in the audit",
        parameters=PARAMETERS,
        answers={200: _CSV},
    ),
    Route(
        "GET",
        "/api/v1/appraisal.xlsx",
        as_xlsx,
        _P.APPRAISAL_READ,
        "All figures as a workbook; written down in the audit",
        parameters=PERIOD,
        answers={200: _XLSX},
    ),
    Route(
        "GET",
        "/api/v1/appraisal/print",
        to_print,
        _P.APPRAISAL_READ,
        "The report as a page to print; written down in the audit",
        parameters=PERIOD,
        answers={200: "text/html"},
    ),
)
