"""How much the duty room was asked: alarms per officer and hour, against what people can bear.

Pure. The limits are EEMUA 191's: one alarm in ten minutes for an officer is bearable for long, ten
in ten minutes are a flood. Drills and tests are not in it; what the system raises about itself is,
because it rings like the rest.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from enum import StrEnum

from alarms.model import SYSTEM_KINDS, AlarmKind
from lianfang_timing import from_unix_ms
from linkage.appraisal.shifts import BIN_MS, bins_between

BEARABLE_PER_HOUR = 6
FLOOD_PER_BIN = 10
_BINS_PER_HOUR = 6


class LoadSort(StrEnum):
    """Where alarms come from."""

    HELP = "help"
    """People: buttons, telephones."""
    CAMERA = "camera"
    TECHNICAL = "technical"

    @property
    def label(self) -> tuple[str, str]:
        """The sort in Chinese and in English."""
        return _SORTS[self]


_SORTS = {
    LoadSort.HELP: ("求助", "Calls for help"),
    LoadSort.CAMERA: ("摄像机", "Cameras"),
    LoadSort.TECHNICAL: ("系统与设备", "Technical"),
}


@dataclass(frozen=True)
class HourLoad:
    """One hour of the day, over the whole period."""

    hour: int
    alarms: int
    officer_hours: float

    @property
    def per_officer_hour(self) -> float | None:
        return _rate(self.alarms, self.officer_hours)


@dataclass(frozen=True)
class Load:
    """Of one period."""

    sorts: Mapping[LoadSort, int]
    officer_hours: float
    """By the rota; where it names nobody, one is taken to have sat there."""
    unmanned_hours: float
    """How long the rota names nobody."""
    busy_bins: int
    """Ten minutes with more than one alarm an officer."""
    flood_bins: int
    """Ten minutes with a flood."""
    busiest: int
    """The most alarms in ten minutes."""
    busiest_at_ms: int | None
    """When those ten minutes began; the first of equal ones."""
    hours: tuple[HourLoad, ...]
    """24, from midnight, by the site's clock."""

    @property
    def alarms(self) -> int:
        return sum(self.sorts.values())

    @property
    def per_officer_hour(self) -> float | None:
        """None: the period has not begun."""
        return _rate(self.alarms, self.officer_hours)

    @property
    def is_bearable(self) -> bool:
        return (self.per_officer_hour or 0.0) <= BEARABLE_PER_HOUR


def sort_of(kind: AlarmKind) -> LoadSort:
    if kind in SYSTEM_KINDS:
        return LoadSort.TECHNICAL
    return LoadSort.CAMERA if kind is AlarmKind.LOITERING else LoadSort.HELP


def load_of(
    alarms: Mapping[tuple[int, AlarmKind], int],
    officers: Mapping[int, int],
    begin_ms: int,
    end_ms: int,
    zone: tzinfo,
) -> Load:
    """`alarms`: how many of a kind came in which ten minutes since 1970; what lies outside of the
    time is left out. `officers`: as `officers_by_bin` has them."""
    time = bins_between(begin_ms, end_ms)
    sorts = dict.fromkeys(LoadSort, 0)
    by_bin: dict[int, int] = {}
    for (one, kind), count in sorted(alarms.items()):
        if one in time:
            sorts[sort_of(kind)] += count
            by_bin[one] = by_bin.get(one, 0) + count
    asked, sat = [0] * 24, [0] * 24
    busy = flood = unmanned = 0
    for one in time:
        hour = from_unix_ms(one * BIN_MS).astimezone(zone).hour
        there, came = max(1, officers.get(one, 0)), by_bin.get(one, 0)
        asked[hour] += came
        sat[hour] += there
        unmanned += one not in officers
        busy += came > there
        flood += came >= FLOOD_PER_BIN * there
    busiest = max(by_bin.values(), default=0)
    return Load(
        sorts=sorts,
        officer_hours=sum(sat) / _BINS_PER_HOUR,
        unmanned_hours=unmanned / _BINS_PER_HOUR,
        busy_bins=busy,
        flood_bins=flood,
        busiest=busiest,
        busiest_at_ms=next((one * BIN_MS for one, n in by_bin.items() if n == busiest), None),
        hours=tuple(HourLoad(h, asked[h], sat[h] / _BINS_PER_HOUR) for h in range(24)),
    )


def _rate(alarms: int, officer_hours: float) -> float | None:
    return alarms / officer_hours if officer_hours else None
