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
from linkage.model.person import Role
from linkage.steps.due_times import DueTimes
from linkage.strict_toml import Duration, Where, load, nearest

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
    file_wide = Where(str(path))
    mistake = file.due.mistake()
    if mistake is not None:
        raise file_wide.wrong(*mistake)
    reader = _Reader(_levels(file.levels, file_wide), webhooks)
    seen = set()
    for number, raw in enumerate(file.plan):
        where = file_wide.table("plan", number, raw.name)
        if raw.name in seen:
            raise where.wrong("name", "有两个同名预案", f"there are two plans named {raw.name!r}")
        seen.add(raw.name)
        plans[raw.name] = reader.plan(raw, where)
    # presses without a rule of their own end here
    unfit = unfit_for_life_safety(plans[DEFAULT_PLAN])
    if unfit is not None:
        raise BadSettings(
            f"{path}: 涉及人身安全的报警不允许这样的预案 / "
            f"{unfit}, which alarms on which a life may hang must not"
        )
    return Plans(plans, file.due)


def _levels(raw: _Levels, where: Where) -> dict[Level, tuple[Callee, ...]]:
    found = dict(LEVELS)
    for level in Level:
        names = getattr(raw, level.value)
        if names is not None:
            key = f"levels.{level.value}"
            if not names:
                raise where.wrong(
                    key,
                    "层级至少要有一个角色、人员或岗位",
                    "a level names at least one role, user or post",
                )
            found[level] = _callees(names, where, key, {})
    return found


class _Reader:
    """Reads plans, knowing the levels and the webhooks they may name."""

    def __init__(
        self, levels: Mapping[Level, tuple[Callee, ...]], webhooks: Collection[str]
    ) -> None:
        self._levels = levels
        self._webhooks = webhooks

    def plan(self, raw: _Plan, where: Where) -> Plan:
        if not raw.step:
            raise where.wrong("step", "预案至少要有一级", "a plan needs at least one step")
        if raw.repeat < 1:
            raise where.wrong("repeat", '至少 "1s"', 'expected at least "1s"')
        at = [where.table("step", i) for i in range(len(raw.step))]
        steps = tuple(self._step(step, one) for step, one in zip(raw.step, at, strict=True))
        if steps[0].after_s != 0:
            raise at[0].wrong("after", '第一级应为 "0s"', 'the first step is at "0s"')
        for i in range(1, len(steps)):
            if steps[i].after_s <= steps[i - 1].after_s:
                raise at[i].wrong(
                    "after", "每一级都要晚于上一级", "each step is later than the last"
                )
        if not steps[-1].call:
            raise at[-1].wrong(
                "call",
                "最后一级会重复，必须呼叫人员",
                "the last step repeats, and calls somebody",
            )
        return Plan(
            name=raw.name,
            steps=steps,
            repeat_s=float(raw.repeat),
            repeats_at_most=raw.repeats_at_most,
            hours=_hours(raw.hours, where),
            until=_until(raw.until, where) or UNTIL_ONE,
        )

    def _step(self, raw: _Step, where: Where) -> PlanStep:
        if not raw.ways:
            raise where.wrong(
                "ways",
                '每一级至少要有一种方式，如 "console"',
                'a step needs at least one way, such as "console"',
            )
        ways = tuple(self._way(text, where) for text in raw.ways)
        if not raw.call and CONSOLE in ways:
            raise where.wrong(
                "call",
                "每一级至少要有一个角色或人员",
                "a step names at least one role or user",
            )
        if raw.call and CONSOLE not in ways:
            raise where.wrong(
                "ways",
                '呼叫人员必须包含 "console"',
                'who is called is called on the "console" too',
            )
        if raw.if_more_than is not None and raw.if_more_than.within < 1:
            raise where.wrong("if_more_than.within", '至少 "1s"', 'expected at least "1s"')
        more = raw.if_more_than
        return PlanStep(
            after_s=float(raw.after),
            call=_callees(raw.call, where, "call", self._levels),
            ways=ways,
            inform=_callees(raw.inform, where, "inform", self._levels),
            hours=_hours(raw.hours, where),
            if_more_than=None if more is None else MoreThan(more.alarms, float(more.within)),
            until=_until(raw.until, where),
        )

    def _way(self, text: str, where: Where) -> Way:
        sort, _, name = text.partition(":")
        if sort == WayKind.WEBHOOK.value:
            if name not in self._webhooks:
                hint = nearest(name, self._webhooks)
                raise where.wrong(
                    "ways",
                    f"notify.toml 中没有 {name!r}",
                    f"notify.toml has no webhook named {name!r}",
                    hint,
                )
            return Way(WayKind.WEBHOOK, name)
        kinds = {kind.value for kind in WayKind}
        if text not in kinds:
            hint = nearest(text, (kinds - {"webhook"}) | {f"webhook:{n}" for n in self._webhooks})
            raise where.wrong("ways", f"没有方式 {text!r}", f"{text!r} is not a way", hint)
        return Way(WayKind(text))


def _callees(
    texts: Iterable[str], where: Where, key: str, levels: Mapping[Level, tuple[Callee, ...]]
) -> tuple[Callee, ...]:
    found: dict[Callee, None] = {}
    for text in texts:
        found |= dict.fromkeys(_callee(text, where, key, levels))
    return tuple(found)


def _callee(
    text: str, where: Where, key: str, levels: Mapping[Level, tuple[Callee, ...]]
) -> tuple[Callee, ...]:
    sort, _, name = text.partition(":")
    match sort:
        case "user" if name:
            return (Callee(username=name),)
        case "post" if name:
            return (Callee(post=name),)
        case "role":
            return (Callee(role=_role(name, where, key)),)
        case "officer":
            if name != "village":
                raise _unexpected(where, key, '"officer:village"', text)
            return (Callee(village_officer=True),)
        case "level" if levels:
            if name not in levels:
                hint = nearest(name, [level.value for level in levels])
                raise where.wrong(key, f"没有层级 {name!r}", f"there is no level {name!r}", hint)
            return levels[Level(name)]
        case _:
            known = '"role:…", "user:…", "post:…", "officer:village"'
            if levels:
                known += ', "level:…"'
            raise _unexpected(where, key, known, text)


def _unexpected(where: Where, key: str, expected: str, got: str) -> BadSettings:
    return where.wrong(key, f"应为 {expected}，写的是 {got!r}", f"expected {expected}, got {got!r}")


def _role(name: str, where: Where, key: str) -> Role:
    if name not in _ROLES:
        raise where.wrong(
            key,
            f"不能呼叫角色 {name!r}",
            f"role {name!r} cannot be called",
            nearest(name, _ROLES),
        )
    return Role(name)


def _until(text: str | None, where: Where) -> Until | None:
    if text is None:
        return None
    sort, _, name = text.partition(":")
    if sort == Signing.ROLE.value:
        return Until(Signing.ROLE, _role(name, where, "until"))
    if text not in (Signing.ONE.value, Signing.ALL.value):
        raise _unexpected(where, "until", '"one", "all", "role:…"', text)
    return Until(Signing(text))


def _hours(text: str | None, where: Where) -> DayHours | None:
    if text is None:
        return None
    try:
        return hours_of(text)
    except ValueError as error:
        raise where.wrong(
            "hours",
            f'应为当地时段，如 "22:00-06:00"，写的是 {text!r}',
            f'expected local hours such as "22:00-06:00", got {text!r}',
        ) from error
