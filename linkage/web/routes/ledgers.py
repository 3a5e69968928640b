"""The ledgers over HTTP: button tests, who has not tested, group tests, drills; to read and print.

A period is two local dates, both within it; left out, the last 31 days.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from aiohttp import web
from msgspec import Struct
from sqlalchemy import Connection

from alarms.errors import BrokerAway
from alarms.store import SealedBox
from lianfang_timing import from_unix_ms, unix_ms
from linkage.accounts.rights import Permission, Places
from linkage.ledgers import books, device_tests, group_tests
from linkage.ledgers.books import Book
from linkage.quiet import scopes, storage
from linkage.quiet.ledger import ledger as drill_ledger
from linkage.registry.errors import NoSuchEntry
from linkage.registry.places import must_cover, village_of_group
from linkage.registry.sheets import xlsx
from linkage.registry.texts import TextOpener
from linkage.web import ledger_views, print_page
from linkage.web.answering import answer
from linkage.web.guard import PORTS, Caller, caller_of
from linkage.web.problems import Problem
from linkage.web.quiet_changes import touches
from linkage.web.reading import body_of
from linkage.web.registry_calling import problem_of, read, registry_caller, write
from linkage.web.routing import Handler, Parameter, Route

_USUAL_DAYS = 31
_MOST_DAYS = 3 * 366
_FIRST_YEAR, _LAST_YEAR = 2000, 2999
_SHOWN = 500
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class _Asked:
    """What a ledger is asked for."""

    caller: Caller
    from_ms: int
    to_ms: int
    village: str | None
    now_ms: int
    test_every_s: float
    box: SealedBox

    @property
    def places(self) -> Places:
        return self.caller.principal.places


Binder = Callable[[Connection, _Asked, ZoneInfo], Book]


class RemindBody(Struct, forbid_unknown_fields=True):
    village: str | None = None
    group: str | None = None


class GroupTestBody(Struct, forbid_unknown_fields=True):
    group: str
    minutes: int = 10


async def list_device_tests(request: web.Request) -> web.Response:
    asked, zone = _asked(request), request.app[PORTS].site.zone
    found = await read(
        request,
        lambda conn: device_tests.list_tests(
            conn,
            asked.places,
            from_ms=asked.from_ms,
            to_ms=asked.to_ms,
            village_id=asked.village,
            limit=_SHOWN + 1,
        ),
    )
    items = [ledger_views.device_test(line, zone) for line in found[:_SHOWN]]
    return answer(ledger_views.DeviceTests(items=items, more=len(found) > _SHOWN))


async def list_untested(request: web.Request) -> web.Response:
    asked, zone = _asked(request), request.app[PORTS].site.zone
    found = await read(request, lambda conn: _untested(conn, asked))
    items = [ledger_views.untested(group, zone) for group in found]
    return answer(ledger_views.UntestedList(test_every_s=asked.test_every_s, items=items))


async def remind(request: web.Request) -> web.Response:
    body, caller = await body_of(request, RemindBody), registry_caller(request)
    if (body.village is None) == (body.group is None):
        raise Problem(422, "请给出 village 或 group 之一 / give one of village and group.")
    keeper = request.app[PORTS].ledgers

    def must_be_ours(conn: Connection) -> None:
        village = body.village if body.group is None else village_of_group(conn, body.group)
        must_cover(caller.places, village)

    await read(request, must_be_ours)
    try:
        done = await keeper.remind(caller, village_id=body.village, group_id=body.group)
    except BrokerAway as error:
        raise Problem(
            503, f"消息代理未连接，未提醒完 / the broker is away, not all were told: {error}."
        ) from error
    return answer(ledger_views.reminded(done))


async def start_group_test(request: web.Request) -> web.Response:
    body, caller = await body_of(request, GroupTestBody), registry_caller(request)
    zone = request.app[PORTS].site.zone

    def work(conn: Connection) -> ledger_views.GroupTestView:
        test_id = group_tests.start(conn, caller, body.group, minutes=body.minutes)
        test = group_tests.one_test(conn, caller.places, test_id)
        return ledger_views.group_test(test, zone, now_ms=caller.at_ms)

    made = await write(request, work)
    request.app[PORTS].ledgers.wake()
    return answer(made, 201)


async def list_group_tests(request: web.Request) -> web.Response:
    asked, zone = _asked(request), request.app[PORTS].site.zone
    found = await read(request, lambda conn: _group_tests(conn, asked))
    return answer(
        ledger_views.GroupTestList(
            items=[ledger_views.group_test(one, zone, now_ms=asked.now_ms) for one in found]
        )
    )


async def one_group_test(request: web.Request) -> web.Response:
    asked, zone = _asked(request), request.app[PORTS].site.zone
    test_id = request.match_info["id"]
    found = await read(request, lambda conn: group_tests.one_test(conn, asked.places, test_id))
    return answer(ledger_views.group_test(found, zone, now_ms=asked.now_ms))


def _untested(conn: Connection, asked: _Asked) -> list[device_tests.UntestedGroup]:
    return device_tests.untested(
        conn,
        asked.places,
        before_ms=asked.now_ms - round(asked.test_every_s * 1000),
        village_id=asked.village,
    )


def _group_tests(conn: Connection, asked: _Asked) -> list[group_tests.GroupTest]:
    return group_tests.list_tests(
        conn,
        asked.places,
        from_ms=asked.from_ms,
        to_ms=asked.to_ms,
        village_id=asked.village,
    )


def _bind_device_tests(conn: Connection, asked: _Asked, zone: ZoneInfo) -> Book:
    tests = device_tests.list_tests(
        conn,
        asked.places,
        from_ms=asked.from_ms,
        to_ms=asked.to_ms,
        village_id=asked.village,
    )
    return books.device_tests(tests, zone)


def _bind_untested(conn: Connection, asked: _Asked, zone: ZoneInfo) -> Book:
    return books.untested(_untested(conn, asked), zone)


def _bind_group_tests(conn: Connection, asked: _Asked, zone: ZoneInfo) -> Book:
    return books.group_tests(_group_tests(conn, asked), zone)


def _bind_drills(conn: Connection, asked: _Asked, zone: ZoneInfo) -> Book:
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
        asked = _asked(request)
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
    asked, zone = _asked(request), request.app[PORTS].site.zone
    return await read(request, lambda conn: bind(conn, asked, zone))


def _asked(request: web.Request) -> _Asked:
    ports, caller, query = request.app[PORTS], caller_of(request), request.query
    now = ports.clock.now()
    today = now.astimezone(ports.site.zone).date()
    to = _day(query.get("to"), "to") or today
    begin = _day(query.get("from"), "from") or to - timedelta(days=_USUAL_DAYS - 1)
    if not 0 <= (to - begin).days < _MOST_DAYS:
        raise Problem(
            400,
            "起止日期不对，最长三年 / from comes before to, and three years are the most.",
            more={"field": "from"},
        )
    village = query.get("village") or None
    if village is not None and not caller.principal.places.covers(village):
        raise problem_of(NoSuchEntry())

    def midnight(day: date) -> int:
        return unix_ms(datetime.combine(day, time(), ports.site.zone))

    return _Asked(
        caller,
        midnight(begin),
        midnight(to + timedelta(days=1)),
        village,
        unix_ms(now),
        ports.test_every_s,
        ports.box,
    )


def _day(text: str | None, name: str) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise Problem(
            400,
            f"{name} 应为日期，如 2026-11-01 / {name} must be a date such as 2026-11-01.",
            more={"field": name},
        )
    return day


_PERIOD = (Parameter("from", "query"), Parameter("to", "query"), Parameter("village", "query"))
_P = Permission


def _book_routes(path: str, bind: Binder, name: str) -> tuple[Route, Route]:
    return (
        Route(
            "GET",
            f"/api/v1/ledgers/{path}.xlsx",
            _sheet_of(bind),
            _P.LEDGER_READ,
            f"{name}, as a sheet",
            parameters=_PERIOD,
            answers={200: _XLSX},
        ),
        Route(
            "GET",
            f"/api/v1/ledgers/{path}/print",
            _page_of(bind),
            _P.LEDGER_READ,
            f"{name}, as a page to print",
            parameters=_PERIOD,
            answers={200: "text/html"},
        ),
    )


ROUTES = (
    Route(
        "GET",
        "/api/v1/ledgers/device-tests",
        list_device_tests,
        _P.LEDGER_READ,
        "Test presses, newest first",
        parameters=_PERIOD,
        answers={200: ledger_views.DeviceTests},
    ),
    *_book_routes("device-tests", _bind_device_tests, "一键报警测试台账 test presses"),
    Route(
        "GET",
        "/api/v1/ledgers/untested",
        list_untested,
        _P.LEDGER_READ,
        "Groups with buttons that were not tested in time",
        parameters=(Parameter("village", "query"),),
        answers={200: ledger_views.UntestedList},
    ),
    *_book_routes("untested", _bind_untested, "未测试清单 not tested"),
    Route(
        "POST",
        "/api/v1/ledgers/untested/remind",
        remind,
        _P.TEST_RUN,
        "Tell the leaders of groups, by their devices, that some have not tested",
        body=RemindBody,
        answers={200: ledger_views.RemindedView},
    ),
    Route(
        "POST",
        "/api/v1/group-tests",
        start_group_test,
        _P.TEST_RUN,
        "Tell a group's devices something harmless and count who answers",
        body=GroupTestBody,
        answers={201: ledger_views.GroupTestView},
    ),
    Route(
        "GET",
        "/api/v1/group-tests",
        list_group_tests,
        _P.LEDGER_READ,
        "Group notification tests, newest first",
        parameters=_PERIOD,
        answers={200: ledger_views.GroupTestList},
    ),
    Route(
        "GET",
        "/api/v1/group-tests/{id}",
        one_group_test,
        _P.LEDGER_READ,
        "One group notification test",
        answers={200: ledger_views.GroupTestView},
    ),
    *_book_routes("group-tests", _bind_group_tests, "联防组通知测试台账 group tests"),
    *_book_routes("drills", _bind_drills, "演练台账 drills"),
)
