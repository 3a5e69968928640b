"""Escalation plans: who is called when nobody signs for an incident, how, and when.

Pure: the words, the built-in plans, and whether a plan may serve alarms on which a life may hang.
The file is read in `plan_file`; what is done next is decided in `deciding`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from enum import StrEnum
from itertools import pairwise

from linkage.duty.model import DayHours
from linkage.model.person import Role
from linkage.steps.due_times import DueTimes

DEFAULT_PLAN = "default"
DUTY_PLAN = "duty"
"""For what the system raises about the duty room itself, where no rule names its kind."""
DRILL_PLAN = "drill"
"""For presses inside a drill, until something makes them real."""

LONGEST_GAP_S = 120.0
"""Between two looks of a clock that runs for an alarm on which a life may hang."""


class WayKind(StrEnum):
    """How a step tells: people on their consoles, or everybody near, or another system."""

    CONSOLE = "console"
    SIREN = "siren"
    LOUDSPEAKER = "loudspeaker"
    WEBHOOK = "webhook"


@dataclass(frozen=True)
class Way:
    """One way of a step; `name` is the webhook's."""

    kind: WayKind
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind.value}:{self.name}" if self.name else self.kind.value


CONSOLE = Way(WayKind.CONSOLE)


@dataclass(frozen=True)
class Callee:
    """Whom a step calls. Exactly one is set."""

    role: Role | None = None
    username: str | None = None
    post: str | None = None
    """A post of the duty rota, by its id or its name."""
    village_officer: bool = False
    """The police officer of the incident's village (一村一警)."""

    def __str__(self) -> str:
        if self.role is not None:
            return f"role:{self.role.value}"
        if self.post is not None:
            return f"post:{self.post}"
        return "officer:village" if self.village_officer else f"user:{self.username}"


class Level(StrEnum):
    """The levels of the town's network, from the nearest on."""

    GRID = "grid"
    VILLAGE = "village"
    TOWN = "town"
    COUNTY = "county"
    STATION = "station"


LEVELS: Mapping[Level, tuple[Callee, ...]] = {
    Level.GRID: (Callee(role=Role.PATROL),),
    Level.VILLAGE: (Callee(village_officer=True), Callee(role=Role.VILLAGE_HEAD)),
    Level.TOWN: (Callee(role=Role.DUTY_OFFICER), Callee(role=Role.SHIFT_LEADER)),
    Level.COUNTY: (Callee(role=Role.ADMINISTRATOR),),
    Level.STATION: (Callee(role=Role.DISPATCHER),),
}
"""Who is meant by a level where the file does not say otherwise."""


class Signing(StrEnum):
    ONE = "one"
    ALL = "all"
    ROLE = "role"


@dataclass(frozen=True)
class Until:
    """Who must have signed before nobody is called any more. The first sign-for takes the
    incident in any case; the others confirm that they know."""

    signing: Signing = Signing.ONE
    role: Role | None = None

    def __str__(self) -> str:
        return self.signing.value if self.role is None else f"role:{self.role.value}"


UNTIL_ONE = Until()


@dataclass(frozen=True)
class MoreThan:
    """A step that is taken only when the incident had more than so many alarms lately."""

    alarms: int
    within_s: float


@dataclass(frozen=True)
class PlanStep:
    """`after_s` counts from when the incident rang."""

    after_s: float
    call: tuple[Callee, ...] = ()
    """Empty: the step tells nobody on a console; then it has other ways."""
    ways: tuple[Way, ...] = (CONSOLE,)
    inform: tuple[Callee, ...] = ()
    """They see it on their consoles as well; nobody waits for them."""
    hours: DayHours | None = None
    """The site's local hours in which the step is taken; None: day and night."""
    if_more_than: MoreThan | None = None
    until: Until | None = None
    """None: as the plan says."""

    @property
    def other_ways(self) -> tuple[Way, ...]:
        return tuple(way for way in self.ways if way != CONSOLE)


@dataclass(frozen=True)
class Plan:
    """Steps in order; the last one repeats every `repeat_s` until a person has signed."""

    name: str
    steps: tuple[PlanStep, ...]
    repeat_s: float
    repeats_at_most: int | None = None
    """None: for ever."""
    hours: DayHours | None = None
    """Nobody is called by it outside these local hours; None: day and night."""
    until: Until = UNTIL_ONE

    @property
    def last(self) -> int:
        return len(self.steps) - 1

    def until_of(self, step: int) -> Until:
        """Who must sign after this step; a step that the plan has no more is its last."""
        found = self.steps[min(step, self.last)].until
        return self.until if found is None else found

    @property
    def asks_more_than_one(self) -> bool:
        """Whether the clock may go on after the first sign-for."""
        return any(self.until_of(i) != UNTIL_ONE for i in range(len(self.steps)))


BUILT_IN = Plan(
    name=DEFAULT_PLAN,
    steps=(
        PlanStep(
            0.0,
            (Callee(role=Role.DUTY_OFFICER),),
            inform=(*LEVELS[Level.GRID], *LEVELS[Level.VILLAGE]),
        ),
        PlanStep(30.0, (Callee(role=Role.SHIFT_LEADER),)),
        PlanStep(60.0, (*LEVELS[Level.STATION], *LEVELS[Level.COUNTY])),
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
    """All plans by name; `default`, `duty` and `drill` are always among them."""

    by_name: Mapping[str, Plan]
    due: DueTimes = DueTimes()  # noqa: RUF009 - frozen

    def get(self, name: str) -> Plan:
        """The plan, or the default one when a plan was renamed while an incident was open."""
        return self.by_name.get(name) or self.by_name[DEFAULT_PLAN]


def built_in_plans() -> Plans:
    """What holds when no file says otherwise."""
    return Plans({DEFAULT_PLAN: BUILT_IN, DUTY_PLAN: DUTY, DRILL_PLAN: DRILL})


def unfit_for_life_safety(plan: Plan) -> str | None:
    """Why the plan must not serve alarms on which a life may hang; None when it may."""
    if plan.hours is not None:
        return f"plan {plan.name!r} calls nobody outside its 'hours'"
    if plan.repeats_at_most is not None:
        return f"plan {plan.name!r} ends after 'repeats_at_most'"
    if plan.repeat_s > LONGEST_GAP_S:
        return _waits_too_long(plan)
    for moment in _changes_of_hours(plan):
        at_work = [s for s in plan.steps if s.hours is None or moment in s.hours]
        if not at_work or not at_work[0].call or not at_work[-1].call:
            return (
                f"plan {plan.name!r} leaves its first or last step without people at {moment:%H:%M}"
            )
        after = [s.after_s for s in at_work if s.call]
        if any(later - earlier > LONGEST_GAP_S for earlier, later in pairwise(after)):
            return _waits_too_long(plan)
    return None


def _waits_too_long(plan: Plan) -> str:
    return f"plan {plan.name!r} waits longer than {LONGEST_GAP_S:.0f} s between two steps"


def _changes_of_hours(plan: Plan) -> list[time]:
    """Every local time at which a step's hours begin or end; between two nothing changes."""
    found = {time(0, 0)}
    for step in plan.steps:
        if step.hours is not None:
            found |= {step.hours.start, step.hours.end}
    return sorted(found)
