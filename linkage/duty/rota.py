"""Who is on duty: at a post, of a role, at a moment; and where nobody will be.

Pure. Patterns are read by the clock on the wall, so that shifts that meet at 08:00 meet at 08:00
also on a day with a change of the clocks: never a gap, at most a moment with two.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from linkage.duty.model import DayHours, Override, Pattern, Post, Rota, Turn

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Manning:
    """One post at one moment."""

    post: Post
    present: tuple[str, ...]
    absent: tuple[str, ...]
    """Whom the rota names, but who are away."""


@dataclass(frozen=True)
class Duty:
    """Everyone on duty at one moment."""

    at: datetime
    manning: tuple[Manning, ...]
    away: frozenset[str]
    """All who are sick, on leave or otherwise away now, on the rota or not."""


@dataclass(frozen=True)
class Stretch:
    """A time during which the same people hold a post."""

    begin: datetime
    end: datetime
    present: tuple[str, ...]
    absent: tuple[str, ...]


@dataclass(frozen=True)
class Gap:
    """A time during which nobody holds a post that must be manned."""

    post: Post
    begin: datetime
    end: datetime
    absent: tuple[str, ...]
    """Who would have been there; empty where the rota names nobody."""


def on_duty(rota: Rota, at: datetime) -> Duty:
    """Who holds which post at this moment; those who are away are told apart."""
    away = frozenset(a.username for a in rota.absences if a.holds_at(at))
    manning = []
    for post in rota.posts:
        present, absent = _split(_named(rota, post, at), away)
        manning.append(Manning(post, present, absent))
    return Duty(at, tuple(manning), away)


def stretches(rota: Rota, post: Post, begin: datetime, end: datetime) -> list[Stretch]:
    """Who holds the post from `begin` to `end`, without holes, the same people in one piece."""
    found: list[Stretch] = []
    moments = _moments(rota, post, begin, end)
    for i in range(len(moments) - 1):
        at, until = moments[i], moments[i + 1]
        away = frozenset(a.username for a in rota.absences if a.holds_at(at))
        present, absent = _split(_named(rota, post, at), away)
        if found and (found[-1].present, found[-1].absent) == (present, absent):
            found[-1] = Stretch(found[-1].begin, until, present, absent)
        else:
            found.append(Stretch(at, until, present, absent))
    return found


def gaps(rota: Rota, begin: datetime, end: datetime) -> list[Gap]:
    """Where a post that must be manned is not, from `begin` to `end`; the earliest first.

    A gap is cut off at both ends of that time, and at the moment when the post was set up.
    """
    found: list[Gap] = []
    for post in rota.posts:
        if post.must_be_manned:
            first = begin if post.since is None else max(begin, post.since)
            found += _gaps_of(rota, post, first, end)
    return sorted(found, key=lambda gap: (gap.begin, gap.post.id))


def local_moment(day: date, at: time, time_zone: ZoneInfo) -> datetime:
    """The UTC moment of a local time; the first of two, and a skipped one as if not skipped."""
    return datetime.combine(day, at, time_zone).astimezone(UTC)


def spans_of(
    hours: DayHours,
    begins_on: Callable[[date], bool],
    time_zone: ZoneInfo,
    begin: datetime,
    end: datetime,
) -> list[tuple[datetime, datetime]]:
    """When these hours run between `begin` and `end`, on days they begin on, in their order."""
    found = []
    for day in _days(begin - hours.length, end, time_zone):
        if begins_on(day):
            first, last = _wall_span(day, hours.start, hours.length, time_zone)
            if first < end and last > begin and first < last:
                found.append((max(first, begin), min(last, end)))
    return found


def _gaps_of(rota: Rota, post: Post, begin: datetime, end: datetime) -> list[Gap]:
    found: list[Gap] = []
    for stretch in stretches(rota, post, begin, end):
        if stretch.present:
            continue
        for first, last in _asked(post, rota.time_zone, stretch.begin, stretch.end):
            if found and found[-1].end >= first:
                both = tuple(dict.fromkeys((*found[-1].absent, *stretch.absent)))
                found[-1] = Gap(post, found[-1].begin, max(last, found[-1].end), both)
            else:
                found.append(Gap(post, first, last, stretch.absent))
    return found


def _asked(
    post: Post, time_zone: ZoneInfo, begin: datetime, end: datetime
) -> list[tuple[datetime, datetime]]:
    """When the post must be manned between these moments."""
    if post.hours is None:
        return [(begin, end)]
    return spans_of(post.hours, lambda _day: True, time_zone, begin, end)


def _moments(rota: Rota, post: Post, begin: datetime, end: datetime) -> list[datetime]:
    """`begin`, `end` and every moment between at which who holds the post may change."""
    found: set[datetime] = set()
    for pattern in rota.patterns:
        if pattern.post_id == post.id:
            for day in _days(begin - pattern.length, end, rota.time_zone):
                if _crew(pattern, day) is not None:
                    found |= set(_span(pattern, day, rota.time_zone))
    for override in _overrides(rota, post):
        found |= {override.begin, override.end}
    for absence in rota.absences:
        found |= {absence.begin, absence.end}
    within = sorted(moment for moment in found if begin < moment < end)
    return [begin, *within, end] if begin < end else []


def _named(rota: Rota, post: Post, at: datetime) -> tuple[str, ...]:
    """Whom the rota names for the post at this moment, away or not."""
    named: dict[str, None] = {}
    for pattern in rota.patterns:
        if pattern.post_id == post.id:
            for day in _days(at - pattern.length, at, rota.time_zone):
                crew = _crew(pattern, day)
                if crew is None:
                    continue
                begin, end = _span(pattern, day, rota.time_zone)
                if begin <= at < end:
                    named |= dict.fromkeys(crew)
    for override in _overrides(rota, post):
        if override.begin <= at < override.end:
            if override.replaces is not None:
                named.pop(override.replaces, None)
            if override.username is not None:
                named[override.username] = None
    return tuple(named)


def _overrides(rota: Rota, post: Post) -> Iterator[Override]:
    return (o for o in rota.overrides if o.post_id == post.id)


def _split(named: tuple[str, ...], away: frozenset[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(present, absent)"""
    present = tuple(name for name in named if name not in away)
    return present, tuple(name for name in named if name in away)


def _crew(pattern: Pattern, day: date) -> tuple[str, ...] | None:
    """Whose turn it is when a shift begins on this day; None when none does."""
    if day < pattern.begins_on or day.isoweekday() not in pattern.weekdays:
        return None
    if pattern.ends_on is not None and day > pattern.ends_on:
        return None
    return pattern.crews[_turns(pattern, day) % len(pattern.crews)]


def _turns(pattern: Pattern, day: date) -> int:
    """How many turns there were before the one of this day."""
    if pattern.turn is Turn.WEEK:
        return (_monday(day) - _monday(pattern.begins_on)).days // 7
    weeks, rest = divmod((day - pattern.begins_on).days, 7)
    odd_days = (pattern.begins_on + i * _DAY for i in range(rest))
    return weeks * len(pattern.weekdays) + sum(
        1 for odd in odd_days if odd.isoweekday() in pattern.weekdays
    )


def _monday(day: date) -> date:
    return day - (day.isoweekday() - 1) * _DAY


def _span(pattern: Pattern, day: date, time_zone: ZoneInfo) -> tuple[datetime, datetime]:
    return _wall_span(day, pattern.start, pattern.length, time_zone)


def _wall_span(
    day: date, start: time, length: timedelta, time_zone: ZoneInfo
) -> tuple[datetime, datetime]:
    """Begin and end in UTC of a time that starts on this day and lasts so long on the wall."""
    wall = datetime.combine(day, start)
    end = wall + length
    return local_moment(day, start, time_zone), local_moment(end.date(), end.time(), time_zone)


def _days(begin: datetime, end: datetime, time_zone: ZoneInfo) -> Iterator[date]:
    """The local days from `begin` to `end`, one more at either side for changes of the clocks."""
    day = begin.astimezone(time_zone).date() - _DAY
    last = end.astimezone(time_zone).date() + _DAY
    while day <= last:
        yield day
        day += _DAY
