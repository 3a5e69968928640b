"""Linkage rules (config/rules.toml): what is done about which alarm. The first match wins.

Shapes and matching, pure; the file is read and checked in `linkage.rules.file`. The built-in last
rule matches everything, so no alarm is without a rule; and no rule may drop, lower or delay an
alarm on which a life may hang.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import time
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from alarms.model import LIFE_SAFETY_KINDS, SYSTEM_KINDS, AlarmKind, AlarmSource
from camerad.working_days import PLAIN_WEEK, WorkingDays
from linkage.duty.model import DayHours
from linkage.escalation.plans import DEFAULT_PLAN
from linkage.quiet.model import FloodPolicy
from linkage.rules.correlation import FOLD_WITHIN_S, Correlation, Same, built_in

NEVER_SET_ASIDE = LIFE_SAFETY_KINDS | SYSTEM_KINDS | {AlarmKind.CANCEL}

SHOWN_ONLY = frozenset({AlarmKind.CAMERA_FAULT})
"""Technical: for whoever keeps the cameras. Heard once, and nobody is called up."""

PRIORITIES: Mapping[AlarmKind, int] = {
    AlarmKind.DURESS: 1,
    AlarmKind.PANIC: 1,
    AlarmKind.FIRE: 1,
    AlarmKind.MEDICAL: 1,
    AlarmKind.MISSING: 2,
    AlarmKind.OTHER: 2,
    AlarmKind.CANCEL: 2,
    AlarmKind.LOITERING: 3,
    AlarmKind.UNATTENDED: 2,
    AlarmKind.ROTA_GAP: 3,
    AlarmKind.CAMERA_FAULT: 4,
    AlarmKind.TEST: 4,
}
"""The priority of a kind where no rule says otherwise; 1 is the highest."""


class RuleAction(StrEnum):
    NOTICES = "notices"
    SNAPSHOT = "snapshot"
    SIREN = "siren"
    LOUDSPEAKER = "loudspeaker"


USUAL_ACTIONS = frozenset({RuleAction.NOTICES, RuleAction.SNAPSHOT})
"""Where a rule says nothing. What the whole village hears is for a rule to ask for."""


class Layer(StrEnum):
    """The filter layer a camera belongs to."""

    AREA = "area"
    CHECKPOINT = "checkpoint"
    COMMUNITY = "community"
    KEY_SITE = "key_site"


class SourceState(StrEnum):
    """How the camera is that raised the alarm."""

    WATCHING = "watching"
    CONNECTING = "connecting"
    DOWN = "down"


class Days(StrEnum):
    """Which days, by weekends, holidays and the weekends worked for them."""

    OFF = "off"
    WORKED = "worked"


@dataclass(frozen=True)
class Match:
    """What a rule asks of an alarm; an empty set, and None, ask nothing."""

    kinds: frozenset[AlarmKind] = frozenset()
    sources: frozenset[AlarmSource] = frozenset()
    villages: frozenset[str] = frozenset()
    grids: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    layers: frozenset[Layer] = frozenset()
    hours: DayHours | None = None
    weekdays: frozenset[int] = frozenset()
    """ISO: Monday is 1."""
    days: Days | None = None
    drill: bool | None = None
    source_states: frozenset[SourceState] = frozenset()


@dataclass(frozen=True)
class Rule:
    name: str
    match: Match = Match()
    priority: int | None = None
    """None: the kind's own."""
    plan: str = DEFAULT_PLAN
    cameras_within_m: float = 150.0
    cameras_at_most: int = 4
    actions: frozenset[RuleAction] = USUAL_ACTIONS
    set_aside: bool = False
    """Kept in the log and nothing else; only for what no life hangs on."""
    mute: bool = False
    """Shown on the board, and neither rings nor calls anybody; only for what no life hangs on."""

    @property
    def label(self) -> tuple[str, str]:
        """What reasons call it, in Chinese and in English."""
        if self is BUILT_IN:
            return "内置规则", "the built-in rule"
        return f"规则 {self.name}", f"rule {self.name}"


BUILT_IN = Rule(name="built-in")

_KEYS = {
    "kinds": "类型",
    "sources": "来源",
    "villages": "村",
    "grids": "网格",
    "groups": "联防组",
    "layers": "布防层",
    "armed": "时段",
    "weekdays": "星期",
    "days": "工作日或休息日",
    "drill": "演练",
    "source_state": "摄像机状态",
}
"""The keys of a match, in Chinese."""


@dataclass(frozen=True)
class Rules:
    """The site's rules, the built-in one last; and what belongs together."""

    rules: tuple[Rule, ...] = (BUILT_IN,)
    correlations: tuple[Correlation, ...] = built_in(FOLD_WITHIN_S)
    fold_within_s: float = FOLD_WITHIN_S
    """How long after its newest alarm an incident takes in presses of the same group."""
    flood: FloodPolicy = FloodPolicy()  # noqa: RUF009 - frozen
    days: WorkingDays = PLAIN_WEEK
    """Which days are days off."""

    @cached_property
    def widest_m(self) -> float:
        """How far the cameras of an alarm are looked for."""
        return max([*(rule.cameras_within_m for rule in self.rules), self.gate_m])

    @cached_property
    def gate_m(self) -> float:
        """How far off a camera may stand at which an incident began that a press joins."""
        return self._farthest(Same.CAMERA)

    @cached_property
    def looks_to_villages(self) -> bool:
        return any(c.same is Same.VILLAGE for c in self.correlations)

    def near_m_of(self, kind: AlarmKind) -> float:
        """How far off an incident may have begun that an alarm of this kind joins."""
        return self._near[kind]

    @cached_property
    def _near(self) -> Mapping[AlarmKind, float]:
        of_place = [c for c in self.correlations if c.same is Same.PLACE]
        return {
            kind: max([c.within_m for c in of_place if not c.kinds or kind in c.kinds], default=0.0)
            for kind in AlarmKind
        }

    def _farthest(self, same: Same) -> float:
        return max([c.within_m for c in self.correlations if c.same is same], default=0.0)


@dataclass(frozen=True)
class Question:
    """What rules may look at. `local` and `weekday` are the site's when the alarm was received."""

    kind: AlarmKind
    source: AlarmSource
    village_id: str | None
    layer: str | None
    local: time
    weekday: int = 1
    is_off: bool = False
    """Whether it is a day off."""
    grid_id: str | None = None
    group_id: str | None = None
    drill: bool = False
    source_state: SourceState | None = None
    """None: it comes from no camera, or from one we do not know."""


class Tried(NamedTuple):
    """A rule that was asked, and which keys of its match say no; none where it matches."""

    rule: Rule
    refused_by: tuple[str, ...]

    @property
    def matched(self) -> bool:
        return not self.refused_by

    @property
    def why_not(self) -> tuple[str, str]:
        """What says no, in Chinese and as the file spells it."""
        return "、".join(_KEYS[key] for key in self.refused_by), ", ".join(self.refused_by)


def tried(rules: Rules, question: Question) -> list[Tried]:
    """Every rule up to the first that matches, and why those before it did not."""
    found = []
    for rule in rules.rules:
        found.append(Tried(rule, tuple(_refusals(rule.match, question))))
        if found[-1].matched:
            return found
    return [*found, Tried(BUILT_IN, ())]


def matching(rules: Rules, question: Question) -> Rule:
    """The first rule that matches; the built-in one at the latest."""
    return tried(rules, question)[-1].rule


def priority_of(rule: Rule, kind: AlarmKind) -> int:
    return PRIORITIES[kind] if rule.priority is None else rule.priority


def _refusals(match: Match, asked: Question) -> Iterator[str]:
    """The keys, as the file spells them, that the alarm does not meet."""
    if match.kinds and asked.kind not in match.kinds:
        yield "kinds"
    if match.sources and asked.source not in match.sources:
        yield "sources"
    if match.villages and asked.village_id not in match.villages:
        yield "villages"
    if match.grids and asked.grid_id not in match.grids:
        yield "grids"
    if match.groups and asked.group_id not in match.groups:
        yield "groups"
    if match.layers and asked.layer not in match.layers:
        yield "layers"
    if match.hours is not None and asked.local not in match.hours:
        yield "armed"
    if match.weekdays and asked.weekday not in match.weekdays:
        yield "weekdays"
    if match.days is not None and (match.days is Days.OFF) is not asked.is_off:
        yield "days"
    if match.drill is not None and asked.drill is not match.drill:
        yield "drill"
    if match.source_states and asked.source_state not in match.source_states:
        yield "source_state"
