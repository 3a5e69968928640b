"""From the names in a plan to people: who is meant by `role:`, `post:`, `user:` and the rest now.

Pure. The rota is decided in `linkage.duty.rota`; what follows from nobody being there, in
`linkage.escalation.deciding`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from linkage.duty.rota import Duty
from linkage.escalation.plans import Callee
from linkage.model.person import Person, Role


@dataclass(frozen=True)
class Roster:
    """Everybody who could be called, and who is there, at one moment."""

    local: datetime
    """That moment, in the site's time zone."""
    people: tuple[Person, ...]
    """All enabled accounts, in a steady order."""
    attended: frozenset[str] = frozenset()
    """Who sits at an attended console."""
    duty: Duty | None = None
    """What the rota says; None: there is no rota."""
    village_officer: str | None = None
    """The account of the police officer of the incident's village."""

    @property
    def away(self) -> frozenset[str]:
        return frozenset() if self.duty is None else self.duty.away


@dataclass(frozen=True)
class Found:
    """Whom some callees mean, each once and in the plan's order."""

    present: tuple[Person, ...]
    absent: tuple[Person, ...]
    """Those who are away, of callees that mean nobody else now."""

    @property
    def everyone(self) -> tuple[Person, ...]:
        return (*self.present, *self.absent)


def found(
    callees: Iterable[Callee], roster: Roster, *, village_id: str | None, grid_id: str | None
) -> Found:
    """The people whom these callees mean, of those whose places cover the village.

    Never an auditor, be it by name: they take no part in what they audit.
    """
    covering = [p for p in roster.people if p.covers(village_id) and p.role is not Role.AUDITOR]
    present: dict[str, Person] = {}
    absent: dict[str, Person] = {}
    for callee in callees:
        meant = _meant(callee, roster, covering, village_id, grid_id)
        there = [p for p in meant if p.username not in roster.away]
        into = present if there else absent
        into |= {p.username: p for p in there or meant if p.username not in into}
    return Found(
        tuple(present.values()),
        tuple(p for name, p in absent.items() if name not in present),
    )


def _meant(
    callee: Callee,
    roster: Roster,
    covering: list[Person],
    village_id: str | None,
    grid_id: str | None,
) -> list[Person]:
    if callee.role is not None:
        return _of_role(callee.role, roster, covering, village_id, grid_id)
    if callee.post is not None:
        return _named(_of_post(callee.post, roster.duty), covering)
    if callee.village_officer:
        return _named([roster.village_officer], covering)
    return _named([callee.username], covering)


def _of_role(
    role: Role,
    roster: Roster,
    covering: list[Person],
    village_id: str | None,
    grid_id: str | None,
) -> list[Person]:
    """Those of the role who are on duty here; where the rota knows none, everyone of the role."""
    all_of_role = [p for p in covering if p.role is role]
    on_duty = set(_on_duty(role, roster.duty, village_id, grid_id))
    there = [p for p in all_of_role if p.username in on_duty]
    if there and not any(p.username in roster.attended for p in there):
        # whoever sits there is there, whatever the rota says
        there += [
            p for p in all_of_role if p.username in roster.attended - roster.away and p not in there
        ]
    return there or all_of_role


def _on_duty(
    role: Role, duty: Duty | None, village_id: str | None, grid_id: str | None
) -> list[str]:
    if duty is None:
        return []
    held = [m for m in duty.manning if m.post.role is role and m.present]
    here = [m for m in held if m.post.area.covers(village_id)]
    of_grid = [m for m in here if grid_id in m.post.area.grids]
    # a post of the very grid first, then those of the whole village, then whoever is on duty
    wide = [m for m in here if not m.post.area.grids]
    return [name for m in of_grid or wide or here or held for name in m.present]


def _of_post(post: str, duty: Duty | None) -> list[str]:
    """Who holds the post of this id or name now, or would if they were not away."""
    if duty is None:
        return []
    manning = [m for m in duty.manning if post in (m.post.id, m.post.name)]
    return [name for m in manning for name in m.present or m.absent]


def _named(usernames: Iterable[str | None], covering: list[Person]) -> list[Person]:
    return [p for name in usernames for p in covering if p.username == name]
