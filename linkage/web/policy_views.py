"""The shapes of the rules and escalation plans in the API: read only, they are changed in files."""

from msgspec import Struct


class PolicyFileItem(Struct, frozen=True, kw_only=True):
    name: str
    path: str
    changed: bool
    """The file is another one now: what it says holds after the next start."""


class RuleItem(Struct, frozen=True, kw_only=True):
    name: str
    built_in: bool
    line: int | None
    """Of `rules.toml`."""
    kinds: list[str]
    """Empty: any; so are the next ones."""
    sources: list[str]
    villages: list[str]
    """Their names."""
    grids: list[str]
    groups: list[str]
    layers: list[str]
    hours: str | None
    weekdays: list[int]
    days: str | None
    drill: bool | None
    source_states: list[str]
    priority: int | None
    """None: the kind's own."""
    plan: str
    cameras_within_m: float
    cameras_at_most: int
    actions: list[str]
    set_aside: bool
    mute: bool


class TogetherItem(Struct, frozen=True, kw_only=True):
    """What makes one incident of several alarms."""

    name: str
    name_zh: str
    built_in: bool
    line: int | None
    same: str
    kinds: list[str]
    with_kinds: list[str]
    within_m: float | None
    """None: distance is not asked for."""
    within_s: float | None
    rings: bool


class PlanStepItem(Struct, frozen=True, kw_only=True):
    after_s: float
    call: list[str]
    """As the file spells them: `role:…`, `user:…`, `post:…`, `officer:village`."""
    inform: list[str]
    ways: list[str]
    hours: str | None
    if_more_than: int | None
    if_within_s: float | None
    until: str | None


class EscalationPlanItem(Struct, frozen=True, kw_only=True):
    name: str
    built_in: bool
    line: int | None
    """Of `escalation.toml`."""
    steps: list[PlanStepItem]
    repeat_s: float
    repeats_at_most: int | None
    hours: str | None
    until: str
    used_by: list[str]
    """The rules that take it."""


class Policy(Struct, frozen=True, kw_only=True):
    files: list[PolicyFileItem]
    rules: list[RuleItem]
    """In the order in which they are tried."""
    together: list[TogetherItem]
    plans: list[EscalationPlanItem]
    due: dict[str, list[float]]
    """Seconds for priority 1, 2, 3 and 4, by step."""
    priorities: dict[str, int]
    """Of each kind where no rule says otherwise."""
    flood_alarms: int
    flood_within_s: float
    fold_within_s: float
