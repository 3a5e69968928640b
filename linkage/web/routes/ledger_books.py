"""The ledgers as books: a sheet to keep, a page to print and sign."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from zoneinfo import ZoneInfo

from aiohttp import web
from sqlalchemy import Connection

from lianfang_timing import from_unix_ms
from linkage.accounts.rights import Permission
from linkage.ledgers import books, device_tests
from linkage.ledgers.books import Book
from linkage.quiet import scopes, storage
from linkage.quiet.ledger import ledger as drill_ledger
from linkage.registry.sheets import xlsx
from linkage.registry.texts import TextOpener
from linkage.web import print_page
from linkage.web.guard import PORTS
from linkage.web.ledger_asking import PERIOD, AskedOfLedger, asked_of, group_tests_in, untested
from linkage.web.quiet_changes import touches
from linkage.web.registry_calling import read
from linkage.web.routing import Handler, Route

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_P = Permission

Binder = Callable[[Connection, AskedOfLedger, ZoneInfo], Book]


def _bind_device_tests(conn: Connection, asked: AskedOfLedger, zone: ZoneInfo) -> Book:
    tests = device_tests.list_tests(
        conn,
        asked.places,
        from_ms=asked.from_ms,
        to_ms=asked.to_ms,
        village_id=asked.village,
    )
    return books.device_tests(tests, zone)


def _bind_untested(conn: Connection, asked: AskedOfLedger, zone: ZoneInfo) -> Book:
    return books.untested(untested(conn, asked), zone)


def _bind_group_tests(conn: Connection, asked: AskedOfLedger, zone: ZoneInfo) -> Book:
    return books.group_tests(group_tests_in(conn, asked), zone)


def _bind_drills(conn: Connection, asked: AskedOfLedger, zone: ZoneInfo) -> Book:
    held = [
        drill
        for drill in storage.drills_since(conn, since_ms=asked.from_ms)
        if drill.begin_ms < asked.to_ms and touches(asked.caller, scopes.of_drill(conn, drill))
    ]
    ordered = sorted(held, key=lambda drill: (-drill.begin_ms, drill.id))
    opener = TextOpener(conn, asked.box)
    told = [replace(drill, notice_to=opener.open(drill.notice_to)) for drill in ordered]
    return books.drills([(drill, drill_ledger(conn, drill)) for drill in told], zone)


def _sheet_of(bind: Binder) -> Handler:
    async def sheet(request: web.Request) -> web.Response:
        book = await _bound(request, bind)
        body = await asyncio.to_thread(xlsx.write, {book.tab: [book.headings, *book.lines]})
        return web.Response(
            body=body,
            content_type=_XLSX,
            headers={"Content-Disposition": f'attachment; filename="{book.name}.xlsx"'},
        )

    return sheet


def _page_of(bind: Binder) -> Handler:
    async def page(request: web.Request) -> web.Response:
        book, ports = await _bound(request, bind), request.app[PORTS]
        asked = asked_of(request)
        first, last = (
            f"{from_unix_ms(ms).astimezone(ports.site.zone):%Y-%m-%d}"
            for ms in (asked.from_ms, asked.to_ms - 1)
        )
        text = print_page.page(
            f"{ports.site.name_zh} {book.title}",
            (
                print_page.paragraph(f"{first} — {last}　共 {len(book.lines)} 条 lines"),
                print_page.table(book.headings, book.lines),
                print_page.paragraph(
                    "填报人 Reported by：________________　检查人 Inspected by：________________　"
                    "日期 Date：____________"
                ),
            ),
        )
        return web.Response(text=text, content_type="text/html", charset="utf-8")

    return page


async def _bound(request: web.Request, bind: Binder) -> Book:
    asked, zone = asked_of(request), request.app[PORTS].site.zone
    return await read(request, lambda conn: bind(conn, asked, zone))


def _book_routes(path: str, bind: Binder, name: str) -> tuple[Route, Route]:
    return (
        Route(
            "GET",
            f"/api/v1/ledgers/{path}.xlsx",
            _sheet_of(bind),
            _P.LEDGER_READ,
            f"{name}, as a sheet",
            parameters=PERIOD,
            answers={200: _XLSX},
        ),
        Route(
            "GET",
            f"/api/v1/ledgers/{path}/print",
            _page_of(bind),
            _P.LEDGER_READ,
            f"{name}, as a page to print",
            parameters=PERIOD,
            answers={200: "text/html"},
        ),
    )


ROUTES = (
    *_book_routes("device-tests", _bind_device_tests, "一键报警测试台账 test presses"),
    *_book_routes("untested", _bind_untested, "未测试清单 not tested"),
    *_book_routes("group-tests", _bind_group_tests, "联防组通知测试台账 group tests"),
    *_book_routes("drills", _bind_drills, "演练台账 drills"),
)
