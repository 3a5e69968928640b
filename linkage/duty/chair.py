"""The empty chair: when is it an alarm that nobody sits at an attended console.

Pure. `linkage.duty.watch` looks, appends the alarms and closes the incident again.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from linkage.accounts.rights import Permission, permissions_of
from linkage.model.person import EVERYWHERE, Person

NOBODY = frozenset({EVERYWHERE})
"""All villages are without."""


@dataclass(frozen=True)
class ChairPolicy:
    settle_s: float = 10.0
    """Somebody who hides or mutes the page, or signs out, may come back so soon. A console that
    said nothing for longer than that is empty at once."""
    first_sign_in_s: float = 600.0
    """At a site where no console was ever attended, so long after the start."""
    restart_grace_s: float = 60.0
    """After a restart of a manned site: pages must find their way back."""
    silent_s: float = 35.0
    """So long after its last word a page may have been seen as attended: the time after which it
    is not (30 s), and a look."""
    again_s: float = 600.0
    """Still empty, and the incident was closed by a person: so long after the last alarm."""


@dataclass(frozen=True)
class Chair:
    """What is remembered, also over a restart."""

    manned_before: bool = False
    empty_since: datetime | None = None
    """When the alarm was decided on; None while somebody sits there, or it is not one yet."""
    raised: int = 0
    """Alarms since then; the newest one's number is one less."""
    raised_at: datetime | None = None
    villages: frozenset[str] = frozenset()
    """For which the alarms were; `*` for all."""


@dataclass(frozen=True)
class Look:
    """What is found at one moment."""

    now: datetime
    started: datetime
    """When this program started."""
    uncovered: frozenset[str]
    """Villages for which nobody sits at an attended console; `*` for all."""
    silent_since: datetime | None
    """When somebody was last heard who has neither left, hidden nor muted the page; None where
    there is nobody of the kind."""
    attended_at: datetime | None
    """When this program last saw somebody for every village; None before it first did."""
    incident_open: bool
    """Whether an incident of this kind is open."""


def uncovered(
    attended: frozenset[str], people: Iterable[Person], villages: Iterable[str]
) -> frozenset[str]:
    """The villages for which none of these attended accounts may sign; `*` when it is all."""
    sitting = [p for p in people if p.username in attended and may_sign(p)]
    if not sitting:
        return NOBODY
    return frozenset(v for v in villages if not any(p.covers(v) for p in sitting))


def may_sign(person: Person) -> bool:
    """Whether this person's role lets them take an incident."""
    return Permission.INCIDENT_ACKNOWLEDGE in permissions_of(person.role)


def decide(chair: Chair, look: Look, policy: ChairPolicy) -> Chair:
    """The chair after this look. `raised` has grown: append an alarm of that number."""
    if not look.uncovered:
        return Chair(manned_before=True)
    if look.uncovered != NOBODY:
        chair = replace(chair, manned_before=True)
    if chair.empty_since is None:
        if look.now < _empty_from(chair, look, policy):
            return chair
        return replace(
            chair,
            empty_since=look.now,
            raised=1,
            raised_at=look.now,
            villages=look.uncovered,
        )
    grown = look.uncovered - chair.villages and EVERYWHERE not in chair.villages
    assert chair.raised_at is not None
    since_s = (look.now - chair.raised_at).total_seconds()
    if grown or (not look.incident_open and since_s >= policy.again_s):
        return replace(
            chair,
            raised=chair.raised + 1,
            raised_at=look.now,
            villages=chair.villages | look.uncovered,
        )
    return chair


def _empty_from(chair: Chair, look: Look, policy: ChairPolicy) -> datetime:
    """From when on it is an alarm that the chair is empty."""
    if look.attended_at is not None:
        heard = look.attended_at
        if look.silent_since is not None and heard <= _later(look.silent_since, policy.silent_s):
            # it was this page that we saw last, and it was heard last some time before
            heard = look.silent_since
        return _later(heard, policy.settle_s)
    grace_s = policy.restart_grace_s if chair.manned_before else policy.first_sign_in_s
    return _later(look.started, grace_s)


def _later(moment: datetime, seconds: float) -> datetime:
    return moment + timedelta(seconds=seconds)
