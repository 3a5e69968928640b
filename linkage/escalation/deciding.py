"""What to do when nobody has signed for an incident: whom to call now, and when to look again.

Pure. The `carrier` that runs it fetches the facts and writes what comes out. Who is asked on after
the first sign-for is decided in `confirming`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from linkage.duty.model import DayHours
from linkage.duty.rota import local_moment
from linkage.escalation.callees import Found, Roster, found
from linkage.escalation.plans import LONGEST_GAP_S, Callee, Plan, PlanStep, Way
from linkage.model.person import Person, Role


@dataclass(frozen=True)
class Standing:
    """Where the clock of one incident stands: the step that is due, and its repetition."""

    village_id: str | None
    step: int
    round: int = 0
    """How often the last step has been taken before."""
    pending: tuple[int, datetime] | None = None
    """A step that was due anyway when the incident rang again: it is not put off by that."""
    grid_id: str | None = None
    may_wait: bool = False
    """No life hangs on it: hours, conditions and limits of its plan hold, whatever they are."""
    alarms_at: tuple[datetime, ...] = ()
    """When its alarms were received, as far back as its plan asks."""


@dataclass(frozen=True)
class Call:
    person: Person
    attended: bool


class NotCalled(StrEnum):
    """Why a step calls nobody."""

    UNATTENDED = "unattended"
    """All chairs are empty."""
    ABSENT = "absent"
    """All are away, says the rota."""
    NOBODY = "nobody"
    """It finds no account at all."""
    HOURS = "hours"
    """It is not for this hour."""
    FEW_ALARMS = "few_alarms"
    """The incident had no more alarms than the step asks for."""


@dataclass(frozen=True)
class Skipped:
    """A step that calls nobody who would hear it; the next one is taken at once."""

    step: int
    people: tuple[Person, ...]
    reason: NotCalled


@dataclass(frozen=True)
class LeftOut:
    """A step that is not taken as things are."""

    step: int
    reason: NotCalled


@dataclass(frozen=True)
class Next:
    """The next look."""

    step: int
    round: int
    at: datetime


@dataclass(frozen=True)
class Verdict:
    """What to do now, and when to look again."""

    step: int
    """The step that was taken, after those that were skipped; or the one that is waited for."""
    next: Next | None
    """None: the plan is at its end, and no life hangs on the incident."""
    calls: tuple[Call, ...] = ()
    """Empty where the step is left out or tells nobody on a console, or no account exists."""
    informed: tuple[Call, ...] = ()
    """Who else is told, and waited for by nobody."""
    skipped: tuple[Skipped, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    ways: tuple[tuple[int, Way], ...] = ()
    """What else goes out: of the step that was taken, and of those that were skipped."""
    everyone: bool = False
    """The whole plan found nobody, so all who cover the place are called."""


@dataclass
class _Walk:
    """What was met on the way from the step that is due to the one that is taken."""

    passed: list[int] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)


def decide(standing: Standing, plan: Plan, roster: Roster, now: datetime) -> Verdict:
    """Take the step that is due, or the first after it that somebody will hear.

    The last step always calls everyone it names, attended or not, and repeats. Where a life may
    hang on it, neither hours nor conditions nor limits ever leave an incident without a next look.
    """
    closed = plan.hours if standing.may_wait else None
    if closed is not None and roster.local.time() not in closed:
        left = LeftOut(standing.step, NotCalled.HOURS)
        opens = Next(standing.step, standing.round, _opening(closed, roster.local))
        return Verdict(step=standing.step, next=opens, left_out=(left,))
    walk = _Walk()
    first = min(standing.step, plan.last)
    for i in range(first, len(plan.steps)):
        step = plan.steps[i]
        reason = _left_out(step, standing, roster, now)
        if reason is not None:
            walk.left_out.append(LeftOut(i, reason))
            if standing.may_wait and not walk.skipped:
                upcoming = _after_waiting(standing, plan, i, now)
                return Verdict(step=i, next=upcoming, left_out=tuple(walk.left_out))
            continue
        walk.passed.append(i)
        why = _why_not_called(i, step, roster, standing)
        if why is None and (step.call or not walk.skipped):
            return _taken(walk, standing, plan, roster, now, final=i == plan.last)
        if why is not None:
            if i == plan.last:
                break
            walk.skipped.append(why)
    return _taken(_at_least_one(walk, plan, roster), standing, plan, roster, now, final=True)


def _at_least_one(walk: _Walk, plan: Plan, roster: Roster) -> _Walk:
    """The way's end: the last step that calls somebody, skipped or not."""
    calling = [i for i in walk.passed if plan.steps[i].call]
    if calling:
        walk.passed = [i for i in walk.passed if i <= calling[-1]]
        walk.skipped = [s for s in walk.skipped if s.step != calling[-1]]
        return walk
    at_work = [i for i, s in enumerate(plan.steps) if s.call and _is_at_work(s, roster)]
    anyway = [i for i, s in enumerate(plan.steps) if s.call]
    walk.passed = [(at_work or anyway or [plan.last])[-1]]
    return walk


def _taken(
    walk: _Walk, standing: Standing, plan: Plan, roster: Roster, now: datetime, *, final: bool
) -> Verdict:
    """The last step that was passed is the one that is taken."""
    taken = walk.passed[-1]
    step = plan.steps[taken]
    meant = _found(step.call, roster, standing)
    called, everyone = list(meant.everyone if final else meant.present), False
    if not called and (step.call or final):
        # the last step finds nobody: better the empty chairs of the plan than no one
        called = list(_found([c for s in plan.steps for c in s.call], roster, standing).everyone)
        if not called:
            everyone = True
            called = [p for p in roster.people if p.role is not Role.AUDITOR]
            called = [p for p in called if p.covers(standing.village_id)] or called
    informed = _found(
        [c for i in walk.passed for c in plan.steps[i].inform], roster, standing
    ).present
    return Verdict(
        step=taken,
        next=_next(standing, plan, taken, now, final=final),
        calls=tuple(Call(p, p.username in roster.attended) for p in called),
        informed=tuple(Call(p, p.username in roster.attended) for p in informed if p not in called),
        skipped=tuple(walk.skipped),
        left_out=tuple(walk.left_out),
        ways=tuple((i, way) for i in walk.passed for way in plan.steps[i].other_ways),
        everyone=everyone,
    )


def _why_not_called(
    number: int, step: PlanStep, roster: Roster, standing: Standing
) -> Skipped | None:
    """Why nobody would hear the step; None where somebody would, or it calls nobody anyway."""
    if not step.call:
        return None
    meant = _found(step.call, roster, standing)
    if any(p.username in roster.attended for p in meant.present):
        return None
    reason = NotCalled.NOBODY
    if meant.present:
        reason = NotCalled.UNATTENDED
    elif meant.absent:
        reason = NotCalled.ABSENT
    return Skipped(number, meant.everyone, reason)


def _left_out(
    step: PlanStep, standing: Standing, roster: Roster, now: datetime
) -> NotCalled | None:
    """Why the step is not taken as things are. Where a life may hang on it no count holds it."""
    if not _is_at_work(step, roster):
        return NotCalled.HOURS
    asked = step.if_more_than
    if asked is not None and standing.may_wait:
        since = now - timedelta(seconds=asked.within_s)
        if sum(at > since for at in standing.alarms_at) <= asked.alarms:
            return NotCalled.FEW_ALARMS
    return None


def _is_at_work(step: PlanStep, roster: Roster) -> bool:
    return step.hours is None or roster.local.time() in step.hours


def _found(callees: Iterable[Callee], roster: Roster, standing: Standing) -> Found:
    return found(callees, roster, village_id=standing.village_id, grid_id=standing.grid_id)


def _opening(hours: DayHours, local: datetime) -> datetime:
    """When these hours begin next."""
    zone = local.tzinfo
    assert isinstance(zone, ZoneInfo), "local times carry the site's zone"
    days = (local.date() + timedelta(days=n) for n in (0, 1, 2))
    return next(at for day in days if (at := local_moment(day, hours.start, zone)) > local)


def _after_waiting(standing: Standing, plan: Plan, left_out: int, now: datetime) -> Next:
    """The look after a step that is left out: at its successor's time, or for the last again."""
    if left_out == plan.last:
        return Next(plan.last, standing.round, now + timedelta(seconds=plan.repeat_s))
    return _successor(standing, plan, left_out, now)


def _next(standing: Standing, plan: Plan, taken: int, now: datetime, *, final: bool) -> Next | None:
    if not final:
        return _successor(standing, plan, taken, now)
    limit = plan.repeats_at_most
    if standing.may_wait and limit is not None and standing.round >= limit:
        return None
    pause = timedelta(seconds=_bounded(plan.repeat_s, standing))
    return Next(plan.last, standing.round + 1, now + pause)


def _successor(standing: Standing, plan: Plan, before: int, now: datetime) -> Next:
    gap_s = plan.steps[before + 1].after_s - plan.steps[before].after_s
    step, at = before + 1, now + timedelta(seconds=_bounded(gap_s, standing))
    pending = standing.pending
    if pending is not None and pending[1] <= at and pending[0] >= step:
        return Next(min(pending[0], plan.last), 0, max(now, pending[1]))
    return Next(step, 0, at)


def _bounded(gap_s: float, standing: Standing) -> float:
    """Plans are checked when they are read; an incident may have come into one since."""
    return gap_s if standing.may_wait else min(gap_s, LONGEST_GAP_S)
