"""Which sources often turn out to be nothing, and which households a visit (回访) would help.

Pure. A count here leads to somebody knocking at the door with time, a new battery or a better place
for the button. It withholds no help, marks nobody and silences no button.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from linkage.appraisal.model import FEW, Case
from linkage.model.incident import Outcome

VISIT_FROM = 2
"""So often without need in the period, somebody should go and see why."""

UNNEEDED = (Outcome.ACCIDENTAL, Outcome.FALSE, Outcome.MALICIOUS)
_JUDGED = (Outcome.REAL, *UNNEEDED)


class SourceSort(StrEnum):
    HOUSEHOLD = "household"
    DEVICE = "device"
    ZONE = "zone"
    """A camera's zone."""


class Advice(StrEnum):
    """What to look at first when visiting."""

    HANDLING = "handling"
    """Pressed by accident, mostly."""
    DEVICE = "device"
    """Nobody knows why, mostly."""
    LISTEN = "listen"
    """Somebody meant something else by it."""

    @property
    def label(self) -> tuple[str, str]:
        """What to do, in Chinese and in English."""
        return _ADVICE[self]


_ADVICE = {
    Advice.HANDLING: (
        "看按钮位置是否容易碰到，再一起练一次怎么按、怎么取消",
        "see whether the button is easily touched; practise pressing and cancelling together",
    ),
    Advice.DEVICE: (
        "检查电池、固定和信号，必要时换一台",
        "check battery, fixing and reception; change the device where needed",
    ),
    Advice.LISTEN: (
        "听听家里遇到了什么难处，再说明按钮用在什么时候",
        "hear what the household is troubled by; explain again what the button is for",
    ),
}


@dataclass(frozen=True)
class SourceId:
    sort: SourceSort
    id: str
    """A household, a device, a camera."""
    zone: str | None = None


@dataclass(frozen=True)
class Tally:
    """What became of the incidents that one source raised first; ended ones only."""

    source: SourceId
    outcomes: Mapping[Outcome, int]
    last_unneeded_ms: int | None
    """When the last one without need began."""

    @property
    def judged(self) -> int:
        return sum(self.outcomes.values())

    @property
    def unneeded(self) -> int:
        return sum(self.outcomes[outcome] for outcome in UNNEEDED)

    @property
    def share(self) -> float | None:
        """Of those without need, 0 to 1; None: too few to say."""
        return None if self.judged < FEW else self.unneeded / self.judged


@dataclass(frozen=True)
class Visit:
    """A household that a visit would help, and what to look at first."""

    tally: Tally
    advice: Advice


def tallies(cases: Iterable[Case], sort: SourceSort) -> list[Tally]:
    """Of each source of this sort; those most often without need first."""
    outcomes: dict[SourceId, dict[Outcome, int]] = {}
    last: dict[SourceId, int] = {}
    for case in cases:
        source = _source_of(case, sort)
        if source is None or case.outcome not in _JUDGED:
            continue
        counts = outcomes.setdefault(source, dict.fromkeys(_JUDGED, 0))
        counts[case.outcome] += 1
        if case.outcome in UNNEEDED:
            last[source] = max(case.opened_at_ms, last.get(source, 0))
    found = [Tally(source, counts, last.get(source)) for source, counts in outcomes.items()]
    return sorted(found, key=lambda t: (-t.unneeded, -t.judged, t.source.id, t.source.zone or ""))


def to_visit(households: Iterable[Tally], visited_ms: Mapping[str, int]) -> list[Visit]:
    """Of `tallies` of households those to visit, in their order. `visited_ms`: when somebody was
    there last; nothing since then, nothing to go for."""
    return [
        Visit(tally, _advice(tally))
        for tally in households
        if tally.unneeded >= VISIT_FROM
        and tally.last_unneeded_ms is not None
        and tally.last_unneeded_ms > visited_ms.get(tally.source.id, 0)
    ]


def _source_of(case: Case, sort: SourceSort) -> SourceId | None:
    source = case.source
    if source is None:
        return None
    if sort is SourceSort.ZONE:
        return SourceId(sort, source.device, source.zone) if source.is_camera else None
    if source.is_camera or source.household_id is None:
        return None
    # a household may have several devices, and may have called by telephone
    return SourceId(sort, source.household_id if sort is SourceSort.HOUSEHOLD else source.device)


def _advice(tally: Tally) -> Advice:
    by_advice = {
        Advice.HANDLING: tally.outcomes[Outcome.ACCIDENTAL],
        Advice.DEVICE: tally.outcomes[Outcome.FALSE],
        Advice.LISTEN: tally.outcomes[Outcome.MALICIOUS],
    }
    # the first of equal ones: what is easiest to help with
    return max(by_advice, key=lambda advice: by_advice[advice])
