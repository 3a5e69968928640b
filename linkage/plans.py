"""Escalation plans (config/escalation.toml): who is called when nobody signs for an incident.

Reads and checks the file. Who is on duty and what to do next is decided in `linkage.escalation`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import msgspec

from linkage.due_times import DueTimes
from linkage.errors import BadSettings
from linkage.model import Role
from linkage.strict_toml import Duration, load, nearest

DEFAULT_PLAN = "default"
DUTY_PLAN = "duty"
"""For what the system raises about the duty room itself, where no rule names its kind."""
DRILL_PLAN = "drill"
"""For presses inside a drill, until something makes them real."""


class Way(StrEnum):
    """How a person is called. More ways come with the notifiers."""

    CONSOLE = "console"


@dataclass(frozen=True)
class Callee:
    """Whom a step calls: everyone of a role, or one named account. Exactly one is set."""

    role: Role | None = None
    username: str | None = None

    def __str__(self) -> str:
        return f"role:{self.role.value}" if self.role is not None else f"user:{self.username}"


@dataclass(frozen=True)
class PlanStep:
    """`after_s` counts from when the incident rang."""

    after_s: float
    call: tuple[Callee, ...]
    ways: tuple[Way, ...] = (Way.CONSOLE,)


@dataclass(frozen=True)
class Plan:
    """Steps in order; the last one repeats every `repeat_s` until a person has signed."""

    name: str
    steps: tuple[PlanStep, ...]
    repeat_s: float

    @property
    def last(self) -> int:
        return len(self.steps) - 1


BUILT_IN = Plan(
    name=DEFAULT_PLAN,
    steps=(
        PlanStep(0.0, (Callee(role=Role.DUTY_OFFICER),)),
        PlanStep(30.0, (Callee(role=Role.SHIFT_LEADER),)),
        PlanStep(60.0, (Callee(role=Role.DISPATCHER), Callee(role=Role.ADMINISTRATOR))),
    ),
    repeat_s=60.0,
)


DUTY = Plan(
    name=DUTY_PLAN,
    steps=(PlanStep(0.0, (Callee(role=Role.SHIFT_LEADER), Callee(role=Role.ADMINISTRATOR))),),
    repeat_s=300.0,
)


DRILL = Plan(
    name=DRILL_PLAN,
    steps=(PlanStep(0.0, (Callee(role=Role.DUTY_OFFICER),)),),
    repeat_s=120.0,
)


@dataclass(frozen=True)
class Plans:
    """All plans by name; `default` and `duty` are always among them."""

    by_name: Mapping[str, Plan]
    due: DueTimes = DueTimes()  # noqa: RUF009 - frozen

    def get(self, name: str) -> Plan:
        """The plan, or the default one when a plan was renamed while an incident was open."""
        return self.by_name.get(name) or self.by_name[DEFAULT_PLAN]


def built_in_plans() -> Plans:
    """What holds when no file says otherwise."""
    return Plans({DEFAULT_PLAN: BUILT_IN, DUTY_PLAN: DUTY, DRILL_PLAN: DRILL})


class _Step(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    after: Duration
    call: list[str]
    ways: list[Way] = msgspec.field(default_factory=lambda: [Way.CONSOLE])


class _Plan(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    name: str
    step: list[_Step]
    repeat: Duration = Duration(60.0)


class _File(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    plan: list[_Plan] = msgspec.field(default_factory=list)
    due: DueTimes = DueTimes()


def load_plans(path: Path) -> Plans:
    """The plans in the file. Raises BadSettings, also for a plan that could leave nobody called."""
    plans = {DEFAULT_PLAN: BUILT_IN, DUTY_PLAN: DUTY, DRILL_PLAN: DRILL}
    seen = set()
    file = load(path, _File)
    mistake = file.due.mistake()
    if mistake is not None:
        raise BadSettings(f"{path}: key '{mistake}")
    for number, raw in enumerate(file.plan):
        where = f"{path}: key 'plan[{number}]"
        if raw.name in seen:
            raise BadSettings(f"{where}.name': there are two plans named {raw.name!r}")
        seen.add(raw.name)
        if not raw.step:
            raise BadSettings(f"{where}.step': a plan needs at least one step")
        if raw.repeat < 1:
            raise BadSettings(f'{where}.repeat\': expected at least "1s"')
        steps = tuple(_checked(s, f"{where}.step[{i}]") for i, s in enumerate(raw.step))
        if steps[0].after_s != 0:
            raise BadSettings(f'{where}.step[0].after\': the first step is at "0s"')
        for i in range(1, len(steps)):
            if steps[i].after_s <= steps[i - 1].after_s:
                raise BadSettings(f"{where}.step[{i}].after': each step is later than the last")
        plans[raw.name] = Plan(raw.name, steps, float(raw.repeat))
    return Plans(plans, file.due)


def _checked(raw: _Step, where: str) -> PlanStep:
    if not raw.call:
        raise BadSettings(f"{where}.call': a step names at least one role or user")
    if not raw.ways:
        raise BadSettings(f'{where}.ways\': a step needs at least one way, such as "console"')
    callees = tuple(_callee(text, where) for text in raw.call)
    return PlanStep(float(raw.after), callees, tuple(raw.ways))


def _callee(text: str, where: str) -> Callee:
    sort, _, name = text.partition(":")
    if sort == "user" and name:
        return Callee(username=name)
    # an auditor reads what was done and takes no part in it
    roles = {role.value for role in Role} - {Role.AUDITOR.value}
    if sort == "role" and name in roles:
        return Callee(role=Role(name))
    if sort == "role":
        raise BadSettings(f"{where}.call': role {name!r} cannot be called{nearest(name, roles)}")
    raise BadSettings(f'{where}.call\': expected "role:…" or "user:…", got {text!r}')
