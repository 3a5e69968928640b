"""What a ledger is asked for, and the rows that both its list and its book are made of.

A period is two local dates, both within it; left out, the last 31 days.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from aiohttp import web
from sqlalchemy import Connection

from alarms.store import SealedBox
from lianfang_timing import unix_ms
from linkage.accounts.rights import Places
from linkage.ledgers import device_tests, group_tests
from linkage.registry.errors import NoSuchEntry
from linkage.web.guard import PORTS, Caller, caller_of
from linkage.web.problems import Problem
from linkage.web.registry_calling import problem_of
from linkage.web.routing import Parameter

PERIOD = (Parameter("from", "query"), Parameter("to", "query"), Parameter("village", "query"))

_USUAL_DAYS = 31
_MOST_DAYS = 3 * 366
_FIRST_YEAR, _LAST_YEAR = 2000, 2999


@dataclass(frozen=True)
class AskedOfLedger:
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


def asked_of(request: web.Request) -> AskedOfLedger:
    """What the query asks for. Raises Problem."""
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

    return AskedOfLedger(
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


def untested(conn: Connection, asked: AskedOfLedger) -> list[device_tests.UntestedGroup]:
    return device_tests.untested(
        conn,
        asked.places,
        before_ms=asked.now_ms - round(asked.test_every_s * 1000),
        village_id=asked.village,
    )


def group_tests_in(conn: Connection, asked: AskedOfLedger) -> list[group_tests.GroupTest]:
    return group_tests.list_tests(
        conn,
        asked.places,
        from_ms=asked.from_ms,
        to_ms=asked.to_ms,
        village_id=asked.village,
    )
