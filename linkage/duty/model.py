"""The words of the duty room: posts, patterns, overrides, absences, teams, village officers.

Only shapes and what they say of themselves; deciding is in `rota`, `chair` and `teams`. People are
account names. Moments are aware; hours of the day are the site's local time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from linkage.model.person import EVERYWHERE, Role

EVERY_DAY = frozenset(range(1, 8))
"""ISO weekdays: Monday is 1."""


@dataclass(frozen=True)
class DayHours:
    """Local time from `start` to before `end`; a later or equal `start` runs over midnight."""

    start: time
    end: time

    @property
    def length(self) -> timedelta:
        """By the clock on the wall; equal ends are a whole day."""
        minutes = _minutes(self.end) - _minutes(self.start)
        return timedelta(minutes=minutes if minutes > 0 else minutes + 24 * 60)

    def __contains__(self, moment: time) -> bool:
        """Whether these hours run at this local time."""
        if self.start < self.end:
            return self.start <= moment < self.end
        return moment >= self.start or moment < self.end


def hours_of(text: str) -> DayHours:
    """From "20:00-08:00". Raises ValueError."""
    start, end = (time.fromisoformat(part.strip()) for part in text.split("-"))
    return DayHours(start, end)


def hours_text(hours: DayHours) -> str:
    """As `hours_of` takes them."""
    return f"{hours.start:%H:%M}-{hours.end:%H:%M}"


@dataclass(frozen=True)
class Area:
    """Where a post or a team belongs: villages (`*` for all), and grids where it is narrower."""

    villages: frozenset[str] = frozenset({EVERYWHERE})
    grids: frozenset[str] = frozenset()

    def covers(self, village_id: str | None) -> bool:
        return EVERYWHERE in self.villages or village_id in self.villages

    def touches(self, villages: frozenset[str] | None) -> bool:
        """Whether any of it lies in these villages; None is everywhere."""
        return villages is None or EVERYWHERE in self.villages or bool(self.villages & villages)

    def within(self, villages: frozenset[str] | None) -> bool:
        """Whether all of it lies in these villages; None is everywhere."""
        return villages is None or self.villages <= villages


@dataclass(frozen=True)
class Post:
    """岗位 (定格定岗): a place that somebody of a role holds."""

    id: str
    name: str
    role: Role
    area: Area = Area()
    must_be_manned: bool = True
    hours: DayHours | None = None
    """When it must be manned; None: day and night."""
    since: datetime | None = None
    """When it was set up: before that it could not be empty. None: always there."""


class Turn(StrEnum):
    """When the next crew has its turn."""

    SHIFT = "shift"
    WEEK = "week"


@dataclass(frozen=True)
class Pattern:
    """A shift that comes again and again, its crews in turn: day and night shifts of 12 h are two
    patterns, a leader for each weekday is seven, 24 h among four teams is one with four crews."""

    id: str
    post_id: str
    start: time
    length: timedelta
    """By the clock on the wall: 20:00 and 12 h end at 08:00 whatever the clocks do meanwhile."""
    crews: tuple[tuple[str, ...], ...]
    begins_on: date
    """The first crew has its first turn on this day, or on the first weekday after it."""
    ends_on: date | None = None
    """The last day on which a shift of it begins."""
    weekdays: frozenset[int] = EVERY_DAY
    turn: Turn = Turn.SHIFT


@dataclass(frozen=True)
class Override:
    """换班、顶班、加班: for a time, `username` holds the post, in the place of `replaces`.

    Later ones are laid over earlier ones. At least one of the two names is there.
    """

    id: str
    post_id: str
    begin: datetime
    end: datetime
    username: str | None
    """None: nobody stands in."""
    replaces: str | None = None
    """None: besides whoever is there."""
    reason: str = ""


class AbsenceReason(StrEnum):
    SICK = "sick"
    LEAVE = "leave"
    TRAINING = "training"
    OTHER = "other"

    @property
    def label(self) -> tuple[str, str]:
        """The reason in Chinese and in English."""
        return _ABSENCE_LABELS[self]


_ABSENCE_LABELS = {
    AbsenceReason.SICK: ("病假", "Sick"),
    AbsenceReason.LEAVE: ("请假", "On leave"),
    AbsenceReason.TRAINING: ("培训", "At a training"),
    AbsenceReason.OTHER: ("其他", "Other"),
}


@dataclass(frozen=True)
class Absence:
    """Somebody is away, whatever the rota says."""

    id: str
    username: str
    begin: datetime
    end: datetime
    reason: AbsenceReason = AbsenceReason.OTHER
    note: str = ""

    def holds_at(self, at: datetime) -> bool:
        return self.begin <= at < self.end


@dataclass(frozen=True)
class Rota:
    """All that says who is on duty. Overrides are in the order they were made."""

    time_zone: ZoneInfo
    posts: tuple[Post, ...] = ()
    patterns: tuple[Pattern, ...] = ()
    overrides: tuple[Override, ...] = ()
    absences: tuple[Absence, ...] = ()


@dataclass(frozen=True)
class Slot:
    """When a patrol team is out: hours that begin on these weekdays."""

    hours: DayHours
    weekdays: frozenset[int] = EVERY_DAY
    every_weeks: int = 1
    """Teams that take turns (轮流) are out in every n-th week each."""
    since: date | None = None
    """A day of a week in which it is out, where that is not every week."""

    def begins_on(self, day: date) -> bool:
        """Whether the hours of this slot begin on this day."""
        if day.isoweekday() not in self.weekdays:
            return False
        return self.since is None or (_week(day) - _week(self.since)) % self.every_weeks == 0


@dataclass(frozen=True)
class Member:
    """Of a patrol team: an account, or somebody with a name and a telephone (personal data)."""

    username: str | None = None
    name: str = ""
    phone: str = field(default="", repr=False)


@dataclass(frozen=True)
class Team:
    """巡防队: patrols its area in its slots (分区域分时段轮流)."""

    id: str
    name: str
    area: Area
    slots: tuple[Slot, ...]
    members: tuple[Member, ...] = ()
    base: tuple[float, float] | None = None
    """(latitude, longitude), WGS-84 degrees; None where it was not surveyed."""


@dataclass(frozen=True)
class VillageOfficer:
    """一村一警: the police officer of a village."""

    village_id: str
    member: Member
    unit: str = ""


Busy = Mapping[str, str]
"""Number of the open incident that a team was sent to, by the team's id."""


def _week(day: date) -> int:
    """Weeks that begin on Monday, numbered through."""
    return (day.toordinal() - 1) // 7


def _minutes(moment: time) -> int:
    return moment.hour * 60 + moment.minute
