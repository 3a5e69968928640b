"""Which period a period is compared with. Pure; days of the site's calendar, both within it."""

from datetime import date, timedelta

_DAY = timedelta(days=1)


def before(first: date, last: date) -> tuple[date, date]:
    """A month is laid beside the month before it, a begun month beside as many days of that one;
    anything else beside as many days just before it."""
    if first.day == 1 and (first.year, first.month) == (last.year, last.month):
        end = first - _DAY
        begin = end.replace(day=1)
        is_whole = (last + _DAY).day == 1
        return begin, end if is_whole else min(end, begin + (last - first))
    return first - (last - first) - _DAY, first - _DAY
