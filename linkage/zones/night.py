"""Which hours "last night" are, and how each moment of them counts for armed hours. Pure."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from camerad.working_days import LocalTime, WorkingDays

_FROM, _TO = time(18), time(8)
_DAY = timedelta(days=1)


def last_night(now: datetime, zone: ZoneInfo) -> date:
    """The day on which the night before this moment's day began."""
    return now.astimezone(zone).date() - _DAY


def hours_of(night: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From the evening of that day to the next morning, aware."""
    begin = datetime.combine(night, _FROM, zone)
    return begin.astimezone(UTC), datetime.combine(night + _DAY, _TO, zone).astimezone(UTC)


def local_time(at_ms: int, zone: ZoneInfo, days: WorkingDays) -> LocalTime:
    """The time of day, and whether its day and the one before are days off."""
    return LocalTime.at(datetime.fromtimestamp(at_ms / 1000, zone), days)
