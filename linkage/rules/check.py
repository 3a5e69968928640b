"""Proving that every alarm reaches a person: each kind, from each source and place, now and at
every hour of the coming week; and that every rule can be the one that matches.

Pure. Nothing is sampled: between two moments at which anything can change, nothing does.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import product
from zoneinfo import ZoneInfo

from alarms.model import LIFE_SAFETY_KINDS, SYSTEM_KINDS, AlarmKind, AlarmSource
from linkage.duty.model import Rota
from linkage.duty.rota import local_moment, on_duty, stretches
from linkage.escalation.callees import Roster, found
from linkage.escalation.plans import DRILL_PLAN, DUTY_PLAN, Callee, Plan, Plans
from linkage.model.person import Person
from linkage.quiet.deciding import PRACTISED
from linkage.rules.model import (
    BUILT_IN,
    SHOWN_ONLY,
    Layer,
    Match,
    Question,
    Rule,
    Rules,
    SourceState,
    tried,
)

AHEAD = timedelta(days=7)

_BY_SOURCE: Mapping[AlarmSource, frozenset[AlarmKind]] = {
    AlarmSource.BUTTON: LIFE_SAFETY_KINDS | {AlarmKind.CANCEL},
    AlarmSource.CAMERA: frozenset({AlarmKind.LOITERING}),
    AlarmSource.REPORT: LIFE_SAFETY_KINDS,
    AlarmSource.SYSTEM: SYSTEM_KINDS - SHOWN_ONLY,
}
"""What each source can raise; a test press reaches nobody on purpose."""


@dataclass(frozen=True)
class Spot:
    """Somewhere that an alarm can come from; all None: from nowhere known."""

    village_id: str | None = None
    grid_id: str | None = None
    group_id: str | None = None

    def __str__(self) -> str:
        return self.group_id or self.grid_id or self.village_id or "未登记地点 / nowhere known"


@dataclass(frozen=True)
class Town:
    """What is checked besides the rules and the plans."""

    people: tuple[Person, ...]
    """All enabled accounts."""
    rota: Rota
    spots: tuple[Spot, ...]
    """Every village, grid and group."""
    officers: Mapping[str, str]
    """The account of each village's police officer."""


@dataclass(frozen=True)
class Gap:
    """Alarms that would reach nobody, from `begin` to before `end`."""

    kind: AlarmKind
    source: AlarmSource
    spot: Spot
    rule: str
    plan: str
    begin: datetime
    end: datetime


@dataclass(frozen=True)
class Unreachable:
    """A rule that never is the one that matches."""

    rule: str
    shadowed_by: str | None
    """An earlier rule that asks no more; None: several together, or it names what there is not."""


@dataclass(frozen=True)
class Unknown:
    """Somebody whom a plan names and who is not there."""

    plan: str
    step: int
    """Counted from 1."""
    callee: Callee


@dataclass(frozen=True)
class Report:
    """What the check has found."""

    moments: int
    spots: int
    gaps: tuple[Gap, ...]
    unreachable: tuple[Unreachable, ...]
    unknown: tuple[Unknown, ...] = ()


def check(rules: Rules, plans: Plans, town: Town, now: datetime) -> Report:
    """Walk the coming week. `now` is aware."""
    end = now + AHEAD
    spots = _told_apart(rules, town.spots)
    moments = _moments(rules, plans, town.rota, now, end)
    used: set[str] = set()
    open_gaps: dict[tuple[object, ...], Gap] = {}
    gaps: list[Gap] = []
    for i, at in enumerate(moments):
        until = moments[i + 1] if i + 1 < len(moments) else end
        reach = _Reach(plans, town, at)
        missing: dict[tuple[object, ...], Gap] = {}
        for asked, spot in _questions(rules, spots, at.astimezone(town.rota.time_zone)):
            rule = tried(rules, asked)[-1].rule
            used.add(rule.name)
            if rule.set_aside or rule.mute:
                continue
            plan = _plan(rule, asked)
            if reach.somebody(plan, spot, is_life=asked.kind in LIFE_SAFETY_KINDS):
                continue
            key = (asked.kind, asked.source, spot, rule.name, plan)
            before = open_gaps.get(key)
            missing[key] = (
                replace(before, end=until)
                if before is not None
                else Gap(asked.kind, asked.source, spot, rule.name, plan, at, until)
            )
        gaps += [gap for key, gap in open_gaps.items() if key not in missing]
        open_gaps = missing
    gaps += open_gaps.values()
    ordered = sorted(gaps, key=lambda g: (g.begin, str(g.spot), g.kind, g.source))
    return Report(
        len(moments),
        len(spots),
        tuple(ordered),
        tuple(_unreachable(rules, used)),
        tuple(_unknown(plans, town)),
    )


class _Reach:
    """Whom each plan reaches at one moment; worked out once for each plan and place."""

    def __init__(self, plans: Plans, town: Town, at: datetime) -> None:
        self._plans = plans
        self._town = town
        self._local = at.astimezone(town.rota.time_zone)
        self._duty = on_duty(town.rota, at)
        self._known: dict[tuple[str, str | None, str | None, bool], bool] = {}

    def somebody(self, plan: str, spot: Spot, *, is_life: bool) -> bool:
        key = (plan, spot.village_id, spot.grid_id, is_life)
        if key not in self._known:
            self._known[key] = self._reaches(self._plans.get(plan), spot, is_life=is_life)
        return self._known[key]

    def _reaches(self, plan: Plan, spot: Spot, *, is_life: bool) -> bool:
        moment = self._local.time()
        if plan.hours is not None and not is_life and moment not in plan.hours:
            # it waits for the plan's hours on purpose
            return True
        roster = Roster(
            local=self._local,
            people=self._town.people,
            duty=self._duty,
            village_officer=self._town.officers.get(spot.village_id or ""),
        )
        return any(
            found(step.call, roster, village_id=spot.village_id, grid_id=spot.grid_id).present
            for step in plan.steps
            if (step.hours is None or moment in step.hours)
            and (is_life or step.if_more_than is None)
        )


def _questions(
    rules: Rules, spots: Sequence[Spot], local: datetime
) -> Iterator[tuple[Question, Spot]]:
    """Everything that rules can tell apart at this moment."""
    for spot, source in product(spots, AlarmSource):
        for kind in sorted(_BY_SOURCE[source]):
            asked = Question(
                kind=kind,
                source=source,
                village_id=spot.village_id,
                layer=None,
                local=local.time(),
                weekday=local.isoweekday(),
                is_off=rules.days.is_off(local.date()),
                grid_id=spot.grid_id,
                group_id=spot.group_id,
            )
            if source is AlarmSource.CAMERA:
                for layer, state in product(*_of_cameras(rules)):
                    yield replace(asked, layer=layer, source_state=state), spot
                continue
            yield asked, spot
            if source is AlarmSource.BUTTON and kind in PRACTISED:
                yield replace(asked, drill=True), spot


def _of_cameras(
    rules: Rules,
) -> tuple[Sequence[Layer | None], Sequence[SourceState | None]]:
    """The layers and states that some rule asks about; one that none does stands for all others."""
    layers = {layer for rule in rules.rules for layer in rule.match.layers}
    states = {state for rule in rules.rules for state in rule.match.source_states}
    return [None, *sorted(layers)], [None, *sorted(states)]


def _plan(rule: Rule, asked: Question) -> str:
    if asked.drill:
        return DRILL_PLAN
    return DUTY_PLAN if asked.kind in SYSTEM_KINDS - rule.match.kinds else rule.plan


def _told_apart(rules: Rules, spots: Iterable[Spot]) -> list[Spot]:
    """The places that can be treated differently: nowhere, villages, grids; groups where named."""
    named = {group for rule in rules.rules for group in rule.match.groups}
    found_spots = [Spot()]
    for spot in spots:
        one = spot if spot.group_id in named else replace(spot, group_id=None)
        if one not in found_spots:
            found_spots.append(one)
    return found_spots


def _moments(
    rules: Rules, plans: Plans, rota: Rota, now: datetime, end: datetime
) -> list[datetime]:
    """`now`, and every moment before `end` at which hours, weekdays or the rota change."""
    times = {time(0, 0)}
    for rule in rules.rules:
        if rule.match.hours is not None:
            times |= {rule.match.hours.start, rule.match.hours.end}
    for plan in plans.by_name.values():
        for hours in (plan.hours, *(step.hours for step in plan.steps)):
            if hours is not None:
                times |= {hours.start, hours.end}
    zone = rota.time_zone
    moments = {local_moment(day, at, zone) for day in _days(now, end, zone) for at in times}
    for post in rota.posts:
        moments |= {stretch.begin for stretch in stretches(rota, post, now, end)}
    for absence in rota.absences:
        moments |= {absence.begin, absence.end}
    return [now, *sorted(moment for moment in moments if now < moment < end)]


def _days(begin: datetime, end: datetime, zone: ZoneInfo) -> Iterator[date]:
    day = begin.astimezone(zone).date()
    while day <= end.astimezone(zone).date():
        yield day
        day += timedelta(days=1)


def _unreachable(rules: Rules, used: set[str]) -> Iterator[Unreachable]:
    for i, rule in enumerate(rules.rules):
        if rule.name in used or rule is BUILT_IN:
            continue
        earlier = (one.name for one in rules.rules[:i] if _asks_no_more(one.match, rule.match))
        yield Unreachable(rule.name, next(earlier, None))


def _unknown(plans: Plans, town: Town) -> Iterator[Unknown]:
    usernames = {person.username for person in town.people}
    posts = {name for post in town.rota.posts for name in (post.id, post.name)}
    for plan in plans.by_name.values():
        for number, step in enumerate(plan.steps, start=1):
            for callee in dict.fromkeys((*step.call, *step.inform)):
                is_there = callee.username is None or callee.username in usernames
                if not is_there or (callee.post is not None and callee.post not in posts):
                    yield Unknown(plan.name, number, callee)


def _asks_no_more(earlier: Match, later: Match) -> bool:
    """Whether all that `later` matches, `earlier` matches too."""
    sets = (
        "kinds",
        "sources",
        "villages",
        "grids",
        "groups",
        "layers",
        "weekdays",
        "source_states",
    )
    for name in sets:
        mine, its = getattr(earlier, name), getattr(later, name)
        if mine and not (its and its <= mine):
            return False
    for mine, its in ((earlier.drill, later.drill), (earlier.days, later.days)):
        if mine is not None and mine is not its:
            return False
    return earlier.hours is None or earlier.hours == later.hours
