"""Holidays (config/holidays.toml): days off and days worked for them (调休). Reads and checks.

The operator copies them from the State Council's notice each year. Without the file every Saturday
and Sunday is a day off and no other day is.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import msgspec

from camerad.working_days import PLAIN_WEEK, WorkingDays
from linkage.strict_toml import Where, load

_RANGE = re.compile(r"\s*(\d{4}-\d{2}-\d{2})(?:\s*(?:\.\.|至|~)\s*(\d{4}-\d{2}-\d{2}))?\s*")
_LONGEST = timedelta(days=31)
_WORKING_WEEK = range(1, 6)


class HolidayTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One `[[holiday]]`."""

    name: str
    off: list[str] = msgspec.field(default_factory=list)
    """放假: days, or from..to, both included."""
    worked: list[str] = msgspec.field(default_factory=list)
    """调休上班: weekends that are worked."""


class HolidayFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """`holidays.toml`."""

    holiday: list[HolidayTable] = msgspec.field(default_factory=list)


def load_holidays(path: Path) -> WorkingDays:
    """The days of the file; the plain week where there is none. Raises BadSettings."""
    if not path.exists():
        return PLAIN_WEEK
    file = Where(str(path))
    off: dict[date, str] = {}
    worked: dict[date, str] = {}
    for index, table in enumerate(load(path, HolidayFile).holiday):
        where = file.table("holiday", index, table.name)
        off |= dict.fromkeys(_days(table.off, where, "off"), table.name)
        days = list(_days(table.worked, where, "worked"))
        for day in days:
            _refuse_working_day(day, where)
        worked |= dict.fromkeys(days, table.name)
    for day in sorted(off.keys() & worked.keys()):
        raise file.wrong(
            "holiday",
            f"{day} 既放假（{off[day]}）又上班（{worked[day]}），请删去一处",
            f"{day} is both off ({off[day]}) and worked ({worked[day]}): take one of them out",
        )
    return WorkingDays(frozenset(off), frozenset(worked))


def _days(texts: list[str], where: Where, key: str) -> Iterator[date]:
    for text in texts:
        first, last = _ends(text, where, key)
        if last < first:
            raise where.wrong(
                key,
                f"{text!r} 的结束早于开始",
                f"{text!r} ends before it begins",
            )
        if last - first >= _LONGEST:
            raise where.wrong(
                key,
                f"{text!r} 超过 31 天，是否写错年份",
                f"{text!r} is longer than 31 days: is the year right?",
            )
        day = first
        while day <= last:
            yield day
            day += timedelta(days=1)


def _ends(text: str, where: Where, key: str) -> tuple[date, date]:
    found = _RANGE.fullmatch(text)
    try:
        if found is not None:
            return date.fromisoformat(found[1]), date.fromisoformat(found[2] or found[1])
    except ValueError:
        pass  # such as 2026-02-30: told as below
    raise where.wrong(
        key,
        f'应为日期，如 "2026-10-01" 或 "2026-10-01..2026-10-07"，写的是 {text!r}',
        f'expected a day such as "2026-10-01" or "2026-10-01..2026-10-07", got {text!r}',
    )


def _refuse_working_day(day: date, where: Where) -> None:
    if day.isoweekday() in _WORKING_WEEK:
        raise where.wrong(
            "worked",
            f"{day} 本来就是工作日，只写调休上班的周六、周日",
            f"{day} is a working day anyway: only Saturdays and Sundays that are worked",
        )
