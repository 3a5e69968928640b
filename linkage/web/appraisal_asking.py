"""What an appraisal is asked for, and what its answers are made of: read in pages, figured out
beside the loop."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from aiohttp import web
from sqlalchemy import Connection, select

from lianfang_timing import from_unix_ms, unix_ms
from linkage.appraisal import periods, reading
from linkage.appraisal.appraising import Appraised, Gathered, Period, appraise
from linkage.appraisal.grouping import By
from linkage.appraisal.reading import Asked
from linkage.appraisal.sources import SourceSort, Tally, Visit
from linkage.appraisal.tables import Labels
from linkage.registry.errors import NotPossible
from linkage.schema import cameras, households
from linkage.web.guard import PORTS
from linkage.web.ledger_asking import PERIOD, AskedOfLedger, asked_of
from linkage.web.problems import Problem
from linkage.web.registry_calling import problem_of
from linkage.web.routing import Parameter

_MOST_DAYS = 366

PARAMETERS = (
    *PERIOD,
    Parameter(
        "by",
        "query",
        schema={"type": "string", "enum": [by.value for by in By]},
        description="How the figures are told apart; village where it is left out",
    ),
)


@dataclass(frozen=True)
class Compared:
    """A period and the one it is compared with."""

    asked: AskedOfLedger
    now: Appraised
    before: Appraised
    gathered: Gathered


def by_of(request: web.Request) -> By:
    """Raises Problem 400."""
    text = request.query.get("by") or By.VILLAGE.value
    try:
        return By(text)
    except ValueError as error:
        names = "、".join(by.value for by in By)
        detail = f"by 应为 {names} 之一 / by must be one of {names}."
        raise Problem(400, detail, more={"field": "by"}) from error


async def compared(request: web.Request, by: Sequence[By]) -> Compared:
    """What was asked for, and the period before. Raises Problem."""
    asked, zone = asked_of(request), request.app[PORTS].site.zone
    now = period_of(asked, zone)
    first, last = periods.before(now.first, now.last)
    before = _period(first, last, zone)
    gathered = await _gather(request, asked, now)
    earlier = await _gather(request, asked, before)
    with_load = _asked(asked, now).is_everywhere

    def work() -> Compared:
        def figures(one: Gathered) -> Appraised:
            return appraise(one, by, now_ms=asked.now_ms, with_load=with_load)

        return Compared(asked, figures(gathered), figures(earlier), gathered)

    return await asyncio.to_thread(work)


async def gathered_of(request: web.Request) -> tuple[AskedOfLedger, Gathered]:
    """The period alone. Raises Problem."""
    asked = asked_of(request)
    period = period_of(asked, request.app[PORTS].site.zone)
    return asked, await _gather(request, asked, period)


def period_of(asked: AskedOfLedger, zone: ZoneInfo) -> Period:
    """Raises Problem 400 where it is longer than a year."""
    first, last = (
        from_unix_ms(ms).astimezone(zone).date() for ms in (asked.from_ms, asked.to_ms - 1)
    )
    if (last - first).days >= _MOST_DAYS:
        raise Problem(400, "最长一年 / a year is the most.", more={"field": "from"})
    return Period(first, last, asked.from_ms, asked.to_ms)


def labels_of(
    conn: Connection, tallies: dict[SourceSort, list[Tally]], visits: Sequence[Visit]
) -> Labels:
    """What the sources are called now."""
    h, c = households.c, cameras.c
    homes = {t.source.id for t in tallies[SourceSort.HOUSEHOLD]} | {
        visit.tally.source.id for visit in visits
    }
    seen = {t.source.id for t in tallies[SourceSort.ZONE]}
    return Labels(
        households=dict(conn.execute(select(h.id, h.label).where(h.id.in_(homes))).all()),
        cameras=dict(conn.execute(select(c.id, c.name).where(c.id.in_(seen))).all()),
    )


def _asked(asked: AskedOfLedger, period: Period) -> Asked:
    return Asked(asked.places, period, asked.village)


async def _gather(request: web.Request, asked: AskedOfLedger, period: Period) -> Gathered:
    ports = request.app[PORTS]
    try:
        return await reading.gather(ports.database, _asked(asked, period), ports.site.zone)
    except NotPossible as refused:
        raise problem_of(refused) from refused


def _period(first: date, last: date, zone: ZoneInfo) -> Period:
    begin, end = (
        unix_ms(datetime.combine(day, time(), zone)) for day in (first, last + timedelta(days=1))
    )
    return Period(first, last, begin, end)
