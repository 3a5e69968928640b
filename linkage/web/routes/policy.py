"""The rules and escalation plans in force, shown as they are; they are changed in files."""

import asyncio
from collections.abc import Iterable, Mapping
from enum import Enum

from aiohttp import web
from sqlalchemy import select

from linkage.accounts.rights import Permission
from linkage.duty.model import DayHours, hours_text
from linkage.escalation.plans import Plan, PlanStep
from linkage.policy import PolicyInForce
from linkage.rules.correlation import Correlation, Same
from linkage.rules.model import BUILT_IN, PRIORITIES, Rule
from linkage.schema import villages
from linkage.web.answering import answer
from linkage.web.guard import PORTS
from linkage.web.policy_views import (
    EscalationPlanItem,
    PlanStepItem,
    Policy,
    PolicyFileItem,
    RuleItem,
    TogetherItem,
)
from linkage.web.routing import Route

_NEAR = frozenset({Same.PLACE, Same.CAMERA})


async def show(request: web.Request) -> web.Response:
    ports = request.app[PORTS]
    changed = await asyncio.to_thread(_changed, ports.policy)
    names = await ports.database.read(
        lambda conn: {row.id: row.name for row in conn.execute(select(villages))}
    )
    return answer(_policy(ports.policy, changed, names))


def _changed(policy: PolicyInForce) -> dict[str, bool]:
    return {name: file.has_changed() for name, file in policy.files.items()}


def _policy(policy: PolicyInForce, changed: Mapping[str, bool], names: Mapping[str, str]) -> Policy:
    rules, plans = policy.rules, policy.plans
    rule_lines = _lines(policy, "rules.toml", "rule")
    own_lines = _lines(policy, "rules.toml", "correlate")
    plan_lines = _lines(policy, "escalation.toml", "plan")
    return Policy(
        files=[
            PolicyFileItem(name=name, path=str(file.path), changed=changed[name])
            for name, file in policy.files.items()
        ],
        rules=[
            _rule(rule, None if rule is BUILT_IN else rule_lines.get(rule.name), names)
            for rule in rules.rules
        ],
        together=[
            _together(one, None if one.zh else own_lines.get(one.name))
            for one in rules.correlations
        ],
        plans=[
            _plan(
                plan,
                plan_lines.get(plan.name),
                [rule.name for rule in rules.rules if rule.plan == plan.name],
            )
            for plan in plans.by_name.values()
        ],
        due={
            name: [float(one) for one in getattr(plans.due, name)]
            for name in plans.due.__struct_fields__
        },
        priorities={kind.value: priority for kind, priority in PRIORITIES.items()},
        flood_alarms=rules.flood.alarms,
        flood_within_s=rules.flood.within_s,
        fold_within_s=rules.fold_within_s,
    )


def _lines(policy: PolicyInForce, file: str, table: str) -> Mapping[str, int]:
    """The line on which each entry begins, by its name."""
    return policy.files[file].named_lines(table) if file in policy.files else {}


def _rule(rule: Rule, line: int | None, names: Mapping[str, str]) -> RuleItem:
    match = rule.match
    return RuleItem(
        name=rule.name,
        built_in=rule is BUILT_IN,
        line=line,
        kinds=_words(match.kinds),
        sources=_words(match.sources),
        villages=sorted(names.get(one, one) for one in match.villages),
        grids=sorted(match.grids),
        groups=sorted(match.groups),
        layers=_words(match.layers),
        hours=_hours(match.hours),
        weekdays=sorted(match.weekdays),
        days=None if match.days is None else match.days.value,
        drill=match.drill,
        source_states=_words(match.source_states),
        priority=rule.priority,
        plan=rule.plan,
        cameras_within_m=rule.cameras_within_m,
        cameras_at_most=rule.cameras_at_most,
        actions=_words(rule.actions),
        set_aside=rule.set_aside,
        mute=rule.mute,
    )


def _together(one: Correlation, line: int | None) -> TogetherItem:
    name_zh, name = one.label
    return TogetherItem(
        name=name,
        name_zh=name_zh,
        built_in=bool(one.zh),
        line=line,
        same=one.same.value,
        kinds=_words(one.kinds),
        with_kinds=_words(one.with_kinds),
        within_m=one.within_m if one.same in _NEAR else None,
        within_s=one.within_s,
        rings=one.rings,
    )


def _plan(plan: Plan, line: int | None, used_by: list[str]) -> EscalationPlanItem:
    return EscalationPlanItem(
        name=plan.name,
        built_in=line is None,
        line=line,
        steps=[_step(step) for step in plan.steps],
        repeat_s=plan.repeat_s,
        repeats_at_most=plan.repeats_at_most,
        hours=_hours(plan.hours),
        until=str(plan.until),
        used_by=used_by,
    )


def _step(step: PlanStep) -> PlanStepItem:
    more = step.if_more_than
    return PlanStepItem(
        after_s=step.after_s,
        call=[str(one) for one in step.call],
        inform=[str(one) for one in step.inform],
        ways=[str(one) for one in step.ways],
        hours=_hours(step.hours),
        if_more_than=None if more is None else more.alarms,
        if_within_s=None if more is None else more.within_s,
        until=None if step.until is None else str(step.until),
    )


def _words(values: Iterable[Enum]) -> list[str]:
    return sorted(str(value.value) for value in values)


def _hours(hours: DayHours | None) -> str | None:
    return None if hours is None else hours_text(hours)


ROUTES = (
    Route(
        "GET",
        "/api/v1/policy",
        show,
        Permission.POLICY_READ,
        "The rules and escalation plans in force, with the file and line of each",
        answers={200: Policy},
    ),
)
