"""Reading config/escalation.toml: the plans and the due times, every mistake one sentence."""

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Annotated

import msgspec

from linkage.duty.model import DayHours, hours_of
from linkage.errors import BadSettings
from linkage.escalation.plans import (
    CONSOLE,
    DEFAULT_PLAN,
    LEVELS,
    UNTIL_ONE,
    Callee,
    Level,
    MoreThan,
    Plan,
    Plans,
    PlanStep,
    Signing,
    Until,
    Way,
    WayKind,
    built_in_plans,
    unfit_for_life_safety,
)
from linkage.model import Role
from linkage.steps.due_times import DueTimes
from linkage.strict_toml import Duration, load, nearest

# an auditor reads what was done and takes no part in it
_ROLES = {role.value for role in Role} - {Role.AUDITOR.value}


class _MoreThan(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    alarms: Annotated[int, msgspec.Meta(ge=1, le=1000)]
    within: Duration


class _Step(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    after: Duration
    call: list[str] = msgspec.field(default_factory=list)
    ways: list[str] = msgspec.field(default_factory=lambda: [str(CONSOLE)])
    inform: list[str] = msgspec.field(default_factory=list)
    hours: str | None = None
    if_more_than: _MoreThan | None = None
    until: str | None = None


class _Plan(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    name: str
    step: list[_Step]
    repeat: Duration = Duration(60.0)
    repeats_at_most: Annotated[int, msgspec.Meta(ge=0, le=10_000)] | None = None
    hours: str | None = None
    until: str | None = None


class _Levels(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    grid: list[str] | None = None
    village: list[str] | None = None
    town: list[str] | None = None
    county: list[str] | None = None
    station: list[str] | None = None


class EscalationFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`escalation.toml`."""

    plan: list[_Plan] = msgspec.field(default_factory=list)
    due: DueTimes = DueTimes()
    levels: _Levels = msgspec.field(default_factory=_Levels)


def load_plans(path: Path, webhooks: Collection[str] = ()) -> Plans:
    """The plans in the file; `webhooks` are the names that notify.toml knows.

    Raises BadSettings, also for a plan that could leave nobody called.
    """
    plans = dict(built_in_plans().by_name)
    file = load(path, EscalationFile)
    mistake = file.due.mistake()
    if mistake is not None:
        raise BadSettings(f"{path}: key '{mistake}")
    reader = _Reader(_levels(file.levels, path), webhooks)
    seen = set()
    for number, raw in enumerate(file.plan):
        where = f"{path}: key 'plan[{number}]"
        if raw.name in seen:
            raise BadSettings(f"{where}.name': there are two plans named {raw.name!r}")
        seen.add(raw.name)
        plans[raw.name] = reader.plan(raw, where)
    # presses without a rule of their own end here
    unfit = unfit_for_life_safety(plans[DEFAULT_PLAN])
    if unfit is not None:
        raise BadSettings(f"{path}: {unfit}, which alarms on which a life may hang must not")
    return Plans(plans, file.due)


def _levels(raw: _Levels, path: Path) -> dict[Level, tuple[Callee, ...]]:
    found = dict(LEVELS)
    for level in Level:
        names = getattr(raw, level.value)
        if names is not None:
            where = f"{path}: key 'levels.{level.value}"
            if not names:
                raise BadSettings(f"{where}': a level names at least one role, user or post")
            found[level] = _callees(names, f"{where}'", {})
    return found


class _Reader:
    """Reads plans, knowing the levels and the webhooks they may name."""

    def __init__(
        self, levels: Mapping[Level, tuple[Callee, ...]], webhooks: Collection[str]
    ) -> None:
        self._levels = levels
        self._webhooks = webhooks

    def plan(self, raw: _Plan, where: str) -> Plan:
        if not raw.step:
            raise BadSettings(f"{where}.step': a plan needs at least one step")
        if raw.repeat < 1:
            raise BadSettings(f'{where}.repeat\': expected at least "1s"')
        steps = tuple(self._step(s, f"{where}.step[{i}]") for i, s in enumerate(raw.step))
        if steps[0].after_s != 0:
            raise BadSettings(f'{where}.step[0].after\': the first step is at "0s"')
        for i in range(1, len(steps)):
            if steps[i].after_s <= steps[i - 1].after_s:
                raise BadSettings(f"{where}.step[{i}].after': each step is later than the last")
        if not steps[-1].call:
            raise BadSettings(
                f"{where}.step[{len(steps) - 1}].call': the last step repeats, and calls somebody"
            )
        return Plan(
            name=raw.name,
            steps=steps,
            repeat_s=float(raw.repeat),
            repeats_at_most=raw.repeats_at_most,
            hours=_hours(raw.hours, f"{where}.hours'"),
            until=_until(raw.until, f"{where}.until'") or UNTIL_ONE,
        )

    def _step(self, raw: _Step, where: str) -> PlanStep:
        if not raw.ways:
            raise BadSettings(f'{where}.ways\': a step needs at least one way, such as "console"')
        ways = tuple(self._way(text, f"{where}.ways'") for text in raw.ways)
        if not raw.call and CONSOLE in ways:
            raise BadSettings(f"{where}.call': a step names at least one role or user")
        if raw.call and CONSOLE not in ways:
            raise BadSettings(f'{where}.ways\': who is called is called on the "console" too')
        if raw.if_more_than is not None and raw.if_more_than.within < 1:
            raise BadSettings(f'{where}.if_more_than.within\': expected at least "1s"')
        more = raw.if_more_than
        return PlanStep(
            after_s=float(raw.after),
            call=_callees(raw.call, f"{where}.call'", self._levels),
            ways=ways,
            inform=_callees(raw.inform, f"{where}.inform'", self._levels),
            hours=_hours(raw.hours, f"{where}.hours'"),
            if_more_than=None if more is None else MoreThan(more.alarms, float(more.within)),
            until=_until(raw.until, f"{where}.until'"),
        )

    def _way(self, text: str, where: str) -> Way:
        sort, _, name = text.partition(":")
        if sort == WayKind.WEBHOOK.value:
            if name not in self._webhooks:
                hint = nearest(name, self._webhooks)
                raise BadSettings(f"{where}: notify.toml has no webhook named {name!r}{hint}")
            return Way(WayKind.WEBHOOK, name)
        kinds = {kind.value for kind in WayKind}
        if text not in kinds:
            hint = nearest(text, (kinds - {"webhook"}) | {f"webhook:{n}" for n in self._webhooks})
            raise BadSettings(f"{where}: {text!r} is not a way{hint}")
        return Way(WayKind(text))


def _callees(
    texts: Iterable[str], where: str, levels: Mapping[Level, tuple[Callee, ...]]
) -> tuple[Callee, ...]:
    found: dict[Callee, None] = {}
    for text in texts:
        found |= dict.fromkeys(_callee(text, where, levels))
    return tuple(found)


def _callee(
    text: str, where: str, levels: Mapping[Level, tuple[Callee, ...]]
) -> tuple[Callee, ...]:
    sort, _, name = text.partition(":")
    match sort:
        case "user" if name:
            return (Callee(username=name),)
        case "post" if name:
            return (Callee(post=name),)
        case "role":
            return (Callee(role=_role(name, where)),)
        case "officer":
            if name != "village":
                raise BadSettings(f'{where}: expected "officer:village", got {text!r}')
            return (Callee(village_officer=True),)
        case "level" if levels:
            if name not in levels:
                hint = nearest(name, [level.value for level in levels])
                raise BadSettings(f"{where}: there is no level {name!r}{hint}")
            return levels[Level(name)]
        case _:
            known = '"role:…", "user:…", "post:…", "officer:village"'
            if levels:
                known += ' or "level:…"'
            raise BadSettings(f"{where}: expected {known}, got {text!r}")


def _role(name: str, where: str) -> Role:
    if name not in _ROLES:
        raise BadSettings(f"{where}: role {name!r} cannot be called{nearest(name, _ROLES)}")
    return Role(name)


def _until(text: str | None, where: str) -> Until | None:
    if text is None:
        return None
    sort, _, name = text.partition(":")
    if sort == Signing.ROLE.value:
        return Until(Signing.ROLE, _role(name, where))
    if text not in (Signing.ONE.value, Signing.ALL.value):
        raise BadSettings(f'{where}: expected "one", "all" or "role:…", got {text!r}')
    return Until(Signing(text))


def _hours(text: str | None, where: str) -> DayHours | None:
    if text is None:
        return None
    try:
        return hours_of(text)
    except ValueError as error:
        raise BadSettings(
            f'{where}: expected local hours such as "22:00-06:00", got {text!r}'
        ) from error
