"""The words of appraisal: what is measured and in which buckets, what counts, one incident's facts.

Pure shapes. The buckets are those of the police's own weekly reports, so that a town can lay its
figures beside them. All times are the server's, in Unix milliseconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from alarms.model import SYSTEM_KINDS, AlarmKind
from linkage.model.incident import Outcome, Stage

FEW = 10
"""Of fewer no share is told, and the p90 is only the slowest: one more would turn it."""


class Measure(StrEnum):
    """A time that somebody waited."""

    SIGN_FOR = "sign_for"
    SET_OUT = "set_out"
    ARRIVAL = "arrival"
    FEEDBACK = "feedback"

    @property
    def label(self) -> tuple[str, str]:
        """The measure in Chinese and in English."""
        return _MEASURES[self].label

    @property
    def span(self) -> tuple[str, str]:
        """From what to what it is measured, in Chinese and in English."""
        return _MEASURES[self].span

    @property
    def edges_ms(self) -> tuple[int, ...]:
        """Where its buckets end. A time that is just as long belongs to the faster bucket."""
        return tuple(edge * 1000 for edge in _MEASURES[self].edges_s)

    @property
    def buckets(self) -> tuple[tuple[str, str], ...]:
        """The names of its buckets, the fastest first: one more than there are edges."""
        return _MEASURES[self].buckets


@dataclass(frozen=True)
class _Words:
    label: tuple[str, str]
    span: tuple[str, str]
    edges_s: tuple[int, ...]
    buckets: tuple[tuple[str, str], ...]


_IN_MINUTES = (
    ("0–5 分钟", "0–5 min"),
    ("5–10 分钟", "5–10 min"),
    ("10–15 分钟", "10–15 min"),
    ("15–30 分钟", "15–30 min"),
    ("30 分钟以上", "over 30 min"),
)

_MEASURES = {
    Measure.SIGN_FOR: _Words(
        ("签收", "Sign-for"),
        ("从报警到有人签收", "from the alarm until somebody signed for it"),
        (30, 60, 120, 180),
        (
            ("0–30 秒", "0–30 s"),
            ("30–60 秒", "30–60 s"),
            ("60–120 秒", "60–120 s"),
            ("120–180 秒", "120–180 s"),
            ("180 秒以上", "over 180 s"),
        ),
    ),
    Measure.SET_OUT: _Words(
        ("出动", "Set-out"),
        ("从派遣到出动", "from the order until they set out"),
        (300, 600, 900, 1800),
        _IN_MINUTES,
    ),
    # not from the order: a slow duty room would look well by it, and the household waits all of it
    Measure.ARRIVAL: _Words(
        ("到场", "Arrival"),
        ("从报警到第一批人到场", "from the alarm until the first of them were there"),
        (300, 600, 900, 1800),
        _IN_MINUTES,
    ),
    Measure.FEEDBACK: _Words(
        ("反馈", "Feedback"),
        ("从派遣到处置反馈", "from the order until what was done is told"),
        (1800, 3600, 7200, 14400),
        (
            ("0–30 分钟", "0–30 min"),
            ("30–60 分钟", "30–60 min"),
            ("1–2 小时", "1–2 h"),
            ("2–4 小时", "2–4 h"),
            ("4 小时以上", "over 4 h"),
        ),
    ),
}


class Part(StrEnum):
    """Into which of the heaps an incident goes; each into one."""

    COUNTED = "counted"
    """Ended, and measured."""
    OPEN = "open"
    """Not ended yet: told apart, since its times are not all there."""
    TECHNICAL = "technical"
    """We raised it about ourselves: an empty chair, a camera's fault."""
    PRACTICE = "practice"
    """Drills and tests, never beside real ones."""
    FOLDED = "folded"
    """Became a part of another incident, which is counted once."""

    @property
    def label(self) -> tuple[str, str]:
        """The part in Chinese and in English."""
        return _PART_LABELS[self]


_PART_LABELS = {
    Part.COUNTED: ("已办结，计入统计", "Ended, counted"),
    Part.OPEN: ("在办，单列", "Still open, apart"),
    Part.TECHNICAL: ("系统与设备，单列", "Technical, apart"),
    Part.PRACTICE: ("演练与测试，单列", "Drills and tests, apart"),
    Part.FOLDED: ("合并或重复，不另计", "Merged or repeated, not counted again"),
}


def part_of(
    kind: AlarmKind, stage: Stage, outcome: Outcome | None, *, drill: bool, is_merged: bool
) -> Part:
    """The one heap of an incident as it is now. A drill's that became real is a real one."""
    if drill or kind is AlarmKind.TEST or outcome in (Outcome.DRILL, Outcome.TEST):
        return Part.PRACTICE
    if is_merged or outcome is Outcome.DUPLICATE:
        return Part.FOLDED
    if kind in SYSTEM_KINDS:
        return Part.TECHNICAL
    return Part.OPEN if stage.is_open else Part.COUNTED


@dataclass(frozen=True)
class Source:
    """What raised an incident first: a household's device, or a camera."""

    device: str
    household_id: str | None = None
    zone: str | None = None
    """Of a camera; None where the log no longer has it, and for everything else."""
    is_camera: bool = False


@dataclass(frozen=True)
class Case:
    """One incident of the period, as far as it is appraised."""

    id: str
    number: str
    kind: AlarmKind
    stage: Stage
    part: Part
    opened_at_ms: int
    village_id: str | None = None
    sent_to: str | None = None
    """Whom it was sent to last: a team, an account, or sealed words; None: nobody."""
    outcome: Outcome | None = None
    source: Source | None = None
    took_ms: Mapping[Measure, int] = field(default_factory=dict)
    """What was measured of it; negative where the server's clock was set back meanwhile."""
    is_supervised: bool = False
    is_reopened: bool = False
