"""Which days are days off: weekends, holidays, and the weekends that are worked for them (调休).

Pure; where the days come from is the business of whoever reads the settings.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

_SATURDAY = 6
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class WorkingDays:
    """What differs from the plain week, in which Saturday and Sunday are days off."""

    days_off: frozenset[date] = frozenset()
    """放假."""
    days_worked: frozenset[date] = frozenset()
    """上班, though it is a weekend."""

    def is_off(self, day: date) -> bool:
        if day in self.days_worked:
            return False
        return day in self.days_off or day.isoweekday() >= _SATURDAY


PLAIN_WEEK = WorkingDays()


class LocalTime(time):
    """The time of day, and what kind of day it belongs to. A plain `time` is of a working day."""

    is_off: bool = False
    """Whether it is a day off."""
    was_off: bool = False
    """Whether the day before was one: hours over midnight belong to the day they begin on."""

    @classmethod
    def at(cls, local: datetime, days: WorkingDays) -> "LocalTime":
        """Of a moment in the place's own time."""
        found = cls(local.hour, local.minute, local.second, local.microsecond)
        found.is_off = days.is_off(local.date())
        found.was_off = days.is_off(local.date() - _DAY)
        return found
