"""A period appraised: all its figures from what was gathered of it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from alarms.model import AlarmKind
from lianfang_timing import from_unix_ms
from linkage.appraisal.figures import Counts, Spread, counted_of, counts_of, grouped, spreads_of
from linkage.appraisal.grouping import By, GroupName, Names, keyed
from linkage.appraisal.load import Load, load_of
from linkage.appraisal.model import Case, Part
from linkage.appraisal.shifts import at_the_desk, officers_by_bin
from linkage.appraisal.sources import SourceSort, Tally, Visit, tallies, to_visit
from linkage.duty.model import Rota


@dataclass(frozen=True)
class Period:
    """Local days, both within it, and the moments they stand for."""

    first: date
    last: date
    begin_ms: int
    end_ms: int
    """The midnight after `last`."""


@dataclass(frozen=True)
class Gathered:
    """What the store says of one period."""

    period: Period
    cases: Sequence[Case]
    alarms: Mapping[tuple[int, AlarmKind], int]
    """How many alarms of a kind came in which ten minutes since 1970; of no drill."""
    names: Names
    rota: Rota
    visited_ms: Mapping[str, int]
    """When each household was visited last."""


@dataclass(frozen=True)
class Group:
    name: GroupName
    count: int
    spreads: tuple[Spread, ...]


@dataclass(frozen=True)
class Appraised:
    """One period's figures."""

    period: Period
    counts: Counts
    spreads: tuple[Spread, ...]
    groups: Mapping[By, tuple[Group, ...]]
    open: tuple[Case, ...]
    """Those still open, the oldest first."""
    load: Load | None
    """None: asked for a part of the site, and the officers sit there for all of it."""


def appraise(
    gathered: Gathered, by: Sequence[By], *, now_ms: int, with_load: bool = True
) -> Appraised:
    """The period's figures, and the groups of each `by`. What has not come yet is not in it."""
    counted = counted_of(gathered.cases)
    desk = at_the_desk(gathered.rota)
    return Appraised(
        period=gathered.period,
        counts=counts_of(gathered.cases),
        spreads=spreads_of(counted),
        groups={
            one: tuple(
                Group(name, len(cases), spreads_of(cases))
                for name, cases in grouped(counted, keyed(one, gathered.names, desk)).items()
            )
            for one in by
        },
        open=tuple(
            sorted(
                (case for case in gathered.cases if case.part is Part.OPEN),
                key=lambda case: (case.opened_at_ms, case.number),
            )
        ),
        load=_load(gathered, desk, now_ms) if with_load else None,
    )


def sources(gathered: Gathered) -> dict[SourceSort, list[Tally]]:
    """What became of the incidents of each source."""
    counted = counted_of(gathered.cases)
    return {sort: tallies(counted, sort) for sort in SourceSort}


def visits(gathered: Gathered) -> list[Visit]:
    """The households that a visit would help."""
    counted = counted_of(gathered.cases)
    return to_visit(tallies(counted, SourceSort.HOUSEHOLD), gathered.visited_ms)


def _load(gathered: Gathered, desk: Rota, now_ms: int) -> Load:
    begin_ms = gathered.period.begin_ms
    end_ms = max(begin_ms, min(gathered.period.end_ms, now_ms))
    officers = officers_by_bin(desk, from_unix_ms(begin_ms), from_unix_ms(end_ms))
    return load_of(gathered.alarms, officers, begin_ms, end_ms, desk.time_zone)
