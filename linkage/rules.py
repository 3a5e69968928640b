"""Linkage rules (config/rules.toml): what is done about which alarm. The first match wins.

Reads and checks the file, and matches. The built-in last rule matches everything, so no alarm is
without a rule; and no rule may drop, lower or delay an alarm on which a life may hang.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from enum import StrEnum
from itertools import pairwise
from pathlib import Path

import msgspec

from alarms.model import LIFE_SAFETY_KINDS, SYSTEM_KINDS, AlarmKind, AlarmSource
from linkage.errors import BadSettings
from linkage.plans import DEFAULT_PLAN, Plan, Plans
from linkage.strict_toml import Distance, Duration, load, nearest

NEVER_SET_ASIDE = LIFE_SAFETY_KINDS | SYSTEM_KINDS | {AlarmKind.CANCEL}

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
    AlarmKind.TEST: 4,
}
"""The priority of a kind where no rule says otherwise; 1 is the highest."""

LONGEST_GAP_S = 120.0
"""Between two steps of a plan that life-safety alarms use."""


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


@dataclass(frozen=True)
class Hours:
    """Local time from `start` to before `end`; a later `start` runs over midnight."""

    start: time
    end: time

    def __contains__(self, moment: time) -> bool:
        if self.start <= self.end:
            return self.start <= moment < self.end or self.start == self.end
        return moment >= self.start or moment < self.end


@dataclass(frozen=True)
class Match:
    """What a rule asks of an alarm; an empty set asks nothing."""

    kinds: frozenset[AlarmKind] = frozenset()
    sources: frozenset[AlarmSource] = frozenset()
    villages: frozenset[str] = frozenset()
    layers: frozenset[Layer] = frozenset()
    hours: Hours | None = None


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


BUILT_IN = Rule(name="built-in")


@dataclass(frozen=True)
class Rules:
    """The site's rules, the built-in one last."""

    rules: tuple[Rule, ...] = (BUILT_IN,)
    fold_within_s: float = 600.0
    """How long after its newest alarm an incident takes in presses of the same group."""

    @property
    def widest_m(self) -> float:
        return max(rule.cameras_within_m for rule in self.rules)


@dataclass(frozen=True)
class Question:
    """What rules may look at. `local` is the site's time of day when the alarm was received."""

    kind: AlarmKind
    source: AlarmSource
    village_id: str | None
    layer: str | None
    local: time


def matching(rules: Rules, question: Question) -> Rule:
    """The first rule that matches; the built-in one at the latest."""
    return next((r for r in rules.rules if _matches(r.match, question)), BUILT_IN)


def priority_of(rule: Rule, kind: AlarmKind) -> int:
    return PRIORITIES[kind] if rule.priority is None else rule.priority


def _matches(match: Match, asked: Question) -> bool:
    return (
        (not match.kinds or asked.kind in match.kinds)
        and (not match.sources or asked.source in match.sources)
        and (not match.villages or asked.village_id in match.villages)
        and (not match.layers or asked.layer in match.layers)
        and (match.hours is None or asked.local in match.hours)
    )


class _Match(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    kinds: list[AlarmKind] = msgspec.field(default_factory=list)
    sources: list[AlarmSource] = msgspec.field(default_factory=list)
    villages: list[str] = msgspec.field(default_factory=list)
    layers: list[Layer] = msgspec.field(default_factory=list)
    armed: str | None = None


class _Rule(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    name: str
    match: _Match = msgspec.field(default_factory=_Match)
    priority: int | None = None
    plan: str = DEFAULT_PLAN
    cameras_within: Distance = Distance(150.0)
    cameras_at_most: int = 4
    actions: list[RuleAction] = msgspec.field(default_factory=lambda: list(USUAL_ACTIONS))
    set_aside: bool = False


class _File(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    fold_within: Duration = Duration(600.0)
    rule: list[_Rule] = msgspec.field(default_factory=list)


def load_rules(path: Path, plans: Plans) -> Rules:
    """The rules in the file, checked against the plans they name. Raises BadSettings."""
    raw = load(path, _File)
    rules: list[Rule] = []
    for number, one in enumerate(raw.rule):
        where = f"{path}: key 'rule[{number}]"
        if any(one.name == rule.name for rule in (*rules, BUILT_IN)):
            raise BadSettings(f"{where}.name': there is another rule named {one.name!r}")
        rule = _rule(one, where)
        _refuse_danger(rule, plans, where)
        rules.append(rule)
    return Rules((*rules, BUILT_IN), float(raw.fold_within))


def _rule(raw: _Rule, where: str) -> Rule:
    if raw.priority is not None and not 1 <= raw.priority <= 4:
        raise BadSettings(f"{where}.priority': expected 1 (highest) to 4, got {raw.priority}")
    if not 0 <= raw.cameras_at_most <= 16:
        raise BadSettings(f"{where}.cameras_at_most': expected 0 to 16, got {raw.cameras_at_most}")
    match = Match(
        kinds=frozenset(raw.match.kinds),
        sources=frozenset(raw.match.sources),
        villages=frozenset(raw.match.villages),
        layers=frozenset(raw.match.layers),
        hours=_hours(raw.match.armed, where),
    )
    return Rule(
        name=raw.name,
        match=match,
        priority=raw.priority,
        plan=raw.plan,
        cameras_within_m=float(raw.cameras_within),
        cameras_at_most=raw.cameras_at_most,
        actions=frozenset(raw.actions),
        set_aside=raw.set_aside,
    )


def _hours(text: str | None, where: str) -> Hours | None:
    if text is None:
        return None
    try:
        start, end = (time.fromisoformat(part.strip()) for part in text.split("-"))
    except ValueError as error:
        expected = 'expected local hours such as "22:00-06:00"'
        raise BadSettings(f"{where}.match.armed': {expected}, got {text!r}") from error
    return Hours(start, end)


def _refuse_danger(rule: Rule, plans: Plans, where: str) -> None:
    if rule.plan not in plans.by_name:
        hint = nearest(rule.plan, plans.by_name)
        raise BadSettings(f"{where}.plan': there is no plan {rule.plan!r}{hint}")
    kinds = _kinds_in_reach(rule.match)
    if rule.set_aside and kinds & NEVER_SET_ASIDE:
        names = ", ".join(sorted(kinds & NEVER_SET_ASIDE))
        raise BadSettings(f"{where}.set_aside': these alarms are never set aside: {names}")
    for kind in sorted(kinds & LIFE_SAFETY_KINDS):
        if priority_of(rule, kind) > PRIORITIES[kind]:
            raise BadSettings(
                f"{where}.priority': {kind.value} alarms are never lower than {PRIORITIES[kind]}"
            )
    if kinds & LIFE_SAFETY_KINDS and _longest_gap_s(plans.get(rule.plan)) > LONGEST_GAP_S:
        raise BadSettings(
            f"{where}.plan': plan {rule.plan!r} waits longer than {LONGEST_GAP_S:.0f} s between "
            "two steps, which alarms on which a life may hang must not"
        )


def _kinds_in_reach(match: Match) -> frozenset[AlarmKind]:
    """The kinds this match can ever see; cameras raise only loitering."""
    kinds = match.kinds or frozenset(AlarmKind)
    if match.layers or match.sources == {AlarmSource.CAMERA}:
        return kinds & {AlarmKind.LOITERING}
    return kinds


def _longest_gap_s(plan: Plan) -> float:
    after = [step.after_s for step in plan.steps]
    gaps = [later - earlier for earlier, later in pairwise(after)]
    return max([*gaps, plan.repeat_s])
