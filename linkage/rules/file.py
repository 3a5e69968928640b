"""Reading and checking config/rules.toml.

What a rule must not do is refused here, before it can: drop, lower, delay or hide an alarm on which
a life may hang.
"""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import msgspec

from alarms.model import LIFE_SAFETY_KINDS, SYSTEM_KINDS, AlarmKind, AlarmSource
from linkage.duty.model import DayHours, hours_of
from linkage.escalation.plans import DEFAULT_PLAN, Plans, unfit_for_life_safety
from linkage.model.certainty import Certainty
from linkage.quiet.model import FloodPolicy
from linkage.rules.correlation import LONGEST_M, NEAR_M, Correlation, Same, built_in
from linkage.rules.model import (
    BUILT_IN,
    NEVER_SET_ASIDE,
    PRIORITIES,
    USUAL_ACTIONS,
    Days,
    Layer,
    Match,
    Rule,
    RuleAction,
    Rules,
    SourceState,
    priority_of,
)
from linkage.strict_toml import Distance, Duration, Where, load, nearest

LONGEST_WITHIN_S = 24 * 3600.0

_Weekday = Annotated[int, msgspec.Meta(ge=1, le=7)]


class _Match(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    kinds: list[AlarmKind] = msgspec.field(default_factory=list)
    sources: list[AlarmSource] = msgspec.field(default_factory=list)
    villages: list[str] = msgspec.field(default_factory=list)
    grids: list[str] = msgspec.field(default_factory=list)
    groups: list[str] = msgspec.field(default_factory=list)
    layers: list[Layer] = msgspec.field(default_factory=list)
    armed: str | None = None
    weekdays: list[_Weekday] = msgspec.field(default_factory=list)
    days: Days | None = None
    drill: bool | None = None
    source_state: list[SourceState] = msgspec.field(default_factory=list)


class _Rule(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    name: str
    match: _Match = msgspec.field(default_factory=_Match)
    priority: int | None = None
    plan: str = DEFAULT_PLAN
    cameras_within: Distance = Distance(150.0)
    cameras_at_most: int = 4
    actions: list[RuleAction] = msgspec.field(default_factory=lambda: list(USUAL_ACTIONS))
    set_aside: bool = False
    mute: bool = False


class _Correlate(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    name: str
    same: Same
    kinds: list[AlarmKind] = msgspec.field(default_factory=list)
    sources: list[AlarmSource] = msgspec.field(default_factory=list)
    with_kinds: list[AlarmKind] = msgspec.field(default_factory=list)
    with_sources: list[AlarmSource] = msgspec.field(default_factory=list)
    within_m: Distance = Distance(NEAR_M)
    within: Duration = Duration(600.0)
    raises_priority_by: Annotated[int, msgspec.Meta(ge=0, le=3)] = 0
    raises_certainty_to: Certainty | None = None
    rings: bool = False


class _Flood(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    alarms: Annotated[int, msgspec.Meta(ge=2, le=1000)] = 10
    within: Duration = Duration(600.0)


class _File(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    fold_within: Duration = Duration(600.0)
    rule: list[_Rule] = msgspec.field(default_factory=list)
    correlate: list[_Correlate] = msgspec.field(default_factory=list)
    flood: _Flood = msgspec.field(default_factory=_Flood)


def load_rules(path: Path, plans: Plans) -> Rules:
    """The rules in the file, checked against the plans they name. Raises BadSettings."""
    raw = load(path, _File)
    file = Where(str(path))
    rules: list[Rule] = []
    for number, one in enumerate(raw.rule):
        where = file.table("rule", number, one.name)
        if any(one.name == rule.name for rule in (*rules, BUILT_IN)):
            raise where.wrong("name", "已有同名规则", f"there is another rule named {one.name!r}")
        rule = _rule(one, where)
        _refuse_danger(rule, plans, where)
        rules.append(rule)
    if not 1 <= raw.flood.within <= LONGEST_WITHIN_S:
        raise file.wrong("flood.within", '应为 "1s" 到 "1d"', 'expected "1s" to "1d"')
    fold_within_s = float(raw.fold_within)
    return Rules(
        (*rules, BUILT_IN),
        _correlations(raw.correlate, built_in(fold_within_s), file),
        fold_within_s,
        FloodPolicy(raw.flood.alarms, float(raw.flood.within)),
    )


def _rule(raw: _Rule, where: Where) -> Rule:
    if raw.priority is not None and not 1 <= raw.priority <= 4:
        raise where.wrong(
            "priority",
            f"应为 1（最高）到 4，写的是 {raw.priority}",
            f"expected 1 (highest) to 4, got {raw.priority}",
        )
    if not 0 <= raw.cameras_at_most <= 16:
        raise where.wrong(
            "cameras_at_most",
            f"应为 0 到 16，写的是 {raw.cameras_at_most}",
            f"expected 0 to 16, got {raw.cameras_at_most}",
        )
    match = Match(
        kinds=frozenset(raw.match.kinds),
        sources=frozenset(raw.match.sources),
        villages=frozenset(raw.match.villages),
        grids=frozenset(raw.match.grids),
        groups=frozenset(raw.match.groups),
        layers=frozenset(raw.match.layers),
        hours=_hours(raw.match.armed, where),
        weekdays=frozenset(raw.match.weekdays),
        days=raw.match.days,
        drill=raw.match.drill,
        source_states=frozenset(raw.match.source_state),
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
        mute=raw.mute,
    )


def _hours(text: str | None, where: Where) -> DayHours | None:
    if text is None:
        return None
    try:
        return hours_of(text)
    except ValueError as error:
        raise where.wrong(
            "match.armed",
            f'应为当地时段，如 "22:00-06:00"，写的是 {text!r}',
            f'expected local hours such as "22:00-06:00", got {text!r}',
        ) from error


def _refuse_danger(rule: Rule, plans: Plans, where: Where) -> None:
    if rule.plan not in plans.by_name:
        hint = nearest(rule.plan, plans.by_name)
        raise where.wrong(
            "plan", f"没有预案 {rule.plan!r}", f"there is no plan {rule.plan!r}", hint
        )
    kinds = kinds_in_reach(rule.match)
    for key, asked, zh, en in (
        ("set_aside", rule.set_aside, "只留记录", "set aside"),
        ("mute", rule.mute, "静音", "muted"),
    ):
        if asked and kinds & NEVER_SET_ASIDE:
            names = ", ".join(sorted(kinds & NEVER_SET_ASIDE))
            raise where.wrong(key, f"这些报警不得{zh}", f"these alarms are never {en}: {names}")
    for kind in sorted(kinds & LIFE_SAFETY_KINDS):
        if priority_of(rule, kind) > PRIORITIES[kind]:
            raise where.wrong(
                "priority",
                f"{kind.label[0]}报警不得低于 {PRIORITIES[kind]} 级",
                f"{kind.value} alarms are never lower than {PRIORITIES[kind]}",
            )
    unfit = unfit_for_life_safety(plans.get(rule.plan))
    if kinds & LIFE_SAFETY_KINDS and unfit is not None:
        raise where.wrong(
            "plan",
            "涉及人身安全的报警不允许这样的预案",
            f"{unfit}, which alarms on which a life may hang must not",
        )


def kinds_in_reach(match: Match) -> frozenset[AlarmKind]:
    """The kinds this match can ever see; cameras raise only loitering."""
    kinds = match.kinds or frozenset(AlarmKind)
    if match.layers or match.source_states or match.sources == {AlarmSource.CAMERA}:
        return kinds & {AlarmKind.LOITERING}
    return kinds


def _correlations(
    raw: list[_Correlate], usual: tuple[Correlation, ...], file: Where
) -> tuple[Correlation, ...]:
    """The site's own first, then the built-in ones; one of the same name stands for the built-in
    one, in its place."""
    own: list[Correlation] = []
    for number, one in enumerate(raw):
        where = file.table("correlate", number, one.name)
        if any(one.name == other.name for other in own):
            raise where.wrong(
                "name", "已有同名关联", f"there is another correlation named {one.name!r}"
            )
        own.append(_correlation(one, where))
    by_name = {one.name: one for one in own}
    named = {one.name for one in usual}
    return (
        *(one for one in own if one.name not in named),
        *(_in_place_of(one, by_name.get(one.name)) for one in usual),
    )


def _in_place_of(usual: Correlation, own: Correlation | None) -> Correlation:
    if own is None:
        return usual
    return replace(
        own,
        without_kinds=usual.without_kinds,
        households_at_most=usual.households_at_most,
        joins_quiet=own.joins_quiet and usual.joins_quiet,
    )


def _correlation(raw: _Correlate, where: Where) -> Correlation:
    if raw.same is Same.CAUSE:
        known = "household, group, village, place, camera"
        raise where.wrong("same", f"应为 {known}", f"expected {known}")
    if not 0 < raw.within_m <= LONGEST_M:
        most = f"{LONGEST_M:.0f}m"
        raise where.wrong("within_m", f'至多 "{most}"', f'expected up to "{most}"')
    if not 0 < raw.within <= LONGEST_WITHIN_S:
        raise where.wrong("within", '至多 "1d"', 'expected up to "1d"')
    kinds = frozenset(raw.kinds) or frozenset(AlarmKind)
    return Correlation(
        name=raw.name,
        same=raw.same,
        # a cancel belongs to its household, a test to nothing, what we raise ourselves to its cause
        kinds=kinds - SYSTEM_KINDS - {AlarmKind.TEST, AlarmKind.CANCEL},
        sources=frozenset(raw.sources),
        with_kinds=frozenset(raw.with_kinds),
        without_kinds=frozenset({AlarmKind.CANCEL}) | SYSTEM_KINDS,
        with_sources=frozenset(raw.with_sources),
        within_m=float(raw.within_m),
        within_s=float(raw.within),
        raises_priority_by=raw.raises_priority_by,
        raises_certainty_to=raw.raises_certainty_to,
        rings=raw.rings,
        # what is folded where nothing may sound would be silenced with it
        joins_quiet=raw.same in (Same.HOUSEHOLD, Same.GROUP),
    )
