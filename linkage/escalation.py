"""What to do when nobody has signed for an incident: whom to call now, and when to look again.

Pure. The carrier that runs it (`linkage.escalating`) fetches the facts and writes what comes out.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from linkage.model import Person, Role
from linkage.plans import Callee, Plan


@dataclass(frozen=True)
class Standing:
    """Where the clock of one incident stands: the step that is due, and its repetition."""

    village_id: str | None
    step: int
    round: int = 0
    """How often the last step has been taken before."""
    pending: tuple[int, datetime] | None = None
    """A step that was due anyway when the incident rang again: it is not put off by that."""


@dataclass(frozen=True)
class Call:
    person: Person
    attended: bool


@dataclass(frozen=True)
class Skipped:
    """A step that calls nobody who would hear it."""

    step: int
    people: tuple[Person, ...]
    """Whose chairs are empty; none when the step finds no account at all."""


@dataclass(frozen=True)
class Verdict:
    """What to do now, and when to look again. `calls` is empty only when no account exists."""

    step: int
    """The step that was taken, after those that were skipped."""
    calls: tuple[Call, ...]
    skipped: tuple[Skipped, ...]
    everyone: bool
    """The whole plan found nobody, so all who cover the place are called."""
    next_step: int
    next_round: int
    next_at: datetime


def decide(
    standing: Standing,
    plan: Plan,
    people: Iterable[Person],
    attended: frozenset[str],
    now: datetime,
) -> Verdict:
    """Take the step that is due, or the first after it that somebody will hear.

    The last step always calls everyone it names, attended or not, and repeats.
    """
    covering = [p for p in people if p.covers(standing.village_id)]
    step, skipped = min(standing.step, plan.last), []
    while step < plan.last:
        found = _found(plan.steps[step].call, covering)
        if any(p.username in attended for p in found):
            break
        skipped.append(Skipped(step, tuple(found)))
        step += 1
    found = _found(plan.steps[step].call, covering)
    everyone = False
    if not found:
        # the last step finds nobody: better the empty chairs of the plan than no one
        found = _found([c for s in plan.steps for c in s.call], covering)
    if not found:
        found = [p for p in covering if p.role is not Role.AUDITOR]
        everyone = True
    if not found:
        found = [p for p in people if p.role is not Role.AUDITOR]
    next_step, next_round, next_at = _next(standing, plan, step, now)
    return Verdict(
        step=step,
        calls=tuple(Call(p, p.username in attended) for p in found),
        skipped=tuple(skipped),
        everyone=everyone,
        next_step=next_step,
        next_round=next_round,
        next_at=next_at,
    )


def _found(call: Iterable[Callee], people: list[Person]) -> list[Person]:
    """The people whom these callees name, each once, in the plan's order."""
    found: dict[str, Person] = {}
    for callee in call:
        for person in people:
            if person.role is callee.role or person.username == callee.username:
                found.setdefault(person.username, person)
    return list(found.values())


def _next(standing: Standing, plan: Plan, taken: int, now: datetime) -> tuple[int, int, datetime]:
    """(step, round, moment) of the next look."""
    if taken == plan.last:
        return plan.last, standing.round + 1, now + timedelta(seconds=plan.repeat_s)
    gap_s = plan.steps[taken + 1].after_s - plan.steps[taken].after_s
    step, at = taken + 1, now + timedelta(seconds=gap_s)
    if standing.pending is not None and standing.pending[1] <= at and standing.pending[0] >= step:
        step, at = min(standing.pending[0], plan.last), max(now, standing.pending[1])
    return step, 0, at
