"""Buckets, medians and p90 of what was measured, and how an appraised period adds up.

Pure. Nothing is averaged: one order that was forgotten over night would hide how the others went.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from linkage.appraisal.model import FEW, Case, Measure, Part
from linkage.model.incident import Outcome

K = TypeVar("K")


@dataclass(frozen=True)
class Spread:
    """How one measure spreads over some incidents. Times in milliseconds."""

    measure: Measure
    buckets: tuple[int, ...]
    """How many fell into each of `Measure.buckets`."""
    missing: int
    """Incidents of which it is not known: nobody noted it."""
    not_sent: int
    """Nobody had to go, so nobody set out, arrived or told: not missing."""
    unclear: int
    """The server's clock was set back meanwhile: in no bucket."""
    median_ms: int | None
    p90_ms: int | None
    """Nine in ten were at least as fast; None: nothing was measured."""

    @property
    def measured(self) -> int:
        return sum(self.buckets)

    @property
    def is_few(self) -> bool:
        """Too few for shares."""
        return self.measured < FEW

    @property
    def shares(self) -> tuple[float, ...] | None:
        """Of each bucket, 0 to 1; None where too few were measured."""
        if self.is_few:
            return None
        return tuple(count / self.measured for count in self.buckets)


@dataclass(frozen=True)
class Counts:
    """How the period's incidents add up: the parts are the whole."""

    parts: Mapping[Part, int]
    outcomes: Mapping[Outcome, int]
    """Of those that are counted."""
    supervised: int
    """Of those that are counted: urged (督办), by a person or by being overdue."""
    reopened: int

    @property
    def total(self) -> int:
        return sum(self.parts.values())

    @property
    def counted(self) -> int:
        return self.parts[Part.COUNTED]


def spread_of(measure: Measure, cases: Iterable[Case]) -> Spread:
    """Of incidents that are counted; others must not be given."""
    edges = measure.edges_ms
    buckets = [0] * (len(edges) + 1)
    missing = unclear = not_sent = 0
    times: list[int] = []
    for case in cases:
        took = case.took_ms.get(measure)
        if took is None and measure is not Measure.SIGN_FOR and case.sent_to is None:
            not_sent += 1
        elif took is None:
            missing += 1
        elif took < 0:
            unclear += 1
        else:
            buckets[bisect_left(edges, took)] += 1
            times.append(took)
    times.sort()
    return Spread(measure, tuple(buckets), missing, not_sent, unclear, median(times), p90(times))


def spreads_of(cases: Sequence[Case]) -> tuple[Spread, ...]:
    """All measures, in their order."""
    return tuple(spread_of(measure, cases) for measure in Measure)


def median(times: Sequence[int]) -> int | None:
    """Of sorted times; between the middle two where they are even."""
    if not times:
        return None
    middle = len(times) // 2
    if len(times) % 2:
        return times[middle]
    return (times[middle - 1] + times[middle]) // 2


def p90(times: Sequence[int]) -> int | None:
    """Of sorted times: the fastest that nine in ten do not exceed."""
    if not times:
        return None
    nearest_rank = (9 * len(times) + 9) // 10
    return times[nearest_rank - 1]


def counts_of(cases: Iterable[Case]) -> Counts:
    """Of all incidents of a period."""
    everything = list(cases)
    found = Counter(case.part for case in everything)
    counted = counted_of(everything)
    ended = Counter(case.outcome for case in counted if case.outcome is not None)
    return Counts(
        parts={part: found[part] for part in Part},
        outcomes={outcome: ended[outcome] for outcome in Outcome if ended[outcome]},
        supervised=sum(case.is_supervised for case in counted),
        reopened=sum(case.is_reopened for case in counted),
    )


def counted_of(cases: Iterable[Case]) -> list[Case]:
    return [case for case in cases if case.part is Part.COUNTED]


def grouped(cases: Iterable[Case], key: Callable[[Case], K]) -> dict[K, list[Case]]:
    """The incidents by group, the largest group first, as the first of each comes."""
    found: dict[K, list[Case]] = {}
    for case in sorted(cases, key=lambda one: one.number):
        found.setdefault(key(case), []).append(case)
    return dict(sorted(found.items(), key=lambda item: -len(item[1])))
