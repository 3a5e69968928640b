"""What a response plan is, and which one holds for an incident. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from alarms.model import AlarmKind


@dataclass(frozen=True)
class PlanItem:
    """One thing to do. `id` stays the same from version to version, so that ticks keep meaning."""

    id: str
    text: str


@dataclass(frozen=True)
class PlanContact:
    """Whom to call besides: a fire station, a clinic, the power company. Never a household."""

    name: str
    phone: str


@dataclass(frozen=True)
class ResponsePlan:
    """One version of a plan. Empty `kinds` or `villages` means all of them."""

    id: str
    version: int
    name: str
    kinds: frozenset[AlarmKind]
    villages: frozenset[str]
    items: tuple[PlanItem, ...]
    contacts: tuple[PlanContact, ...]
    made_at_ms: int
    made_by: str
    retired: bool = False
    """This version takes the plan out of use."""

    def covers(self, kind: AlarmKind, village_id: str | None) -> bool:
        """Whether it was written for such an incident."""
        return (not self.kinds or kind in self.kinds) and (
            not self.villages or village_id in self.villages
        )


def in_force(versions: Iterable[ResponsePlan], at_ms: int) -> list[ResponsePlan]:
    """The version of each plan that held at this moment; retired plans held no more."""
    newest: dict[str, ResponsePlan] = {}
    for plan in versions:
        if plan.made_at_ms <= at_ms:
            known = newest.get(plan.id)
            if known is None or plan.version > known.version:
                newest[plan.id] = plan
    return [plan for plan in newest.values() if not plan.retired]


def choose(
    versions: Iterable[ResponsePlan], kind: AlarmKind, village_id: str | None, *, at_ms: int
) -> ResponsePlan | None:
    """The plan for an incident that was opened at `at_ms`; None when none was written for it.

    What is written for the kind goes before what is written for the place, that before what is for
    everything, and among equals the one made last. A plan changed later leaves the incident alone.
    """
    fitting = [plan for plan in in_force(versions, at_ms) if plan.covers(kind, village_id)]
    return max(
        fitting,
        key=lambda p: (bool(p.kinds), bool(p.villages), p.made_at_ms, p.id),
        default=None,
    )
