"""Who is asked on after the first sign-for: plans may want all who were called, or a role.

Pure. The incident is taken by the first; the others confirm that they know of it.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from linkage.escalation.callees import Roster, found
from linkage.escalation.plans import Callee, Plan, Signing, Until
from linkage.model.person import Person


@dataclass(frozen=True)
class Asked:
    """Somebody who should confirm, and whose confirmation ends it."""

    person: Person
    until: Until


def still_asked(
    plan: Plan,
    called: Mapping[int, Collection[str]],
    signed: Collection[str],
    roster: Roster,
    *,
    village_id: str | None,
    grid_id: str | None = None,
) -> tuple[Asked, ...]:
    """Who has not confirmed yet and should, each once.

    `called` are the user names by step, `signed` who has signed or confirmed. Nobody waits for
    those who are away.
    """
    asked: dict[str, Asked] = {}
    for step, names in sorted(called.items()):
        until = plan.until_of(step)
        if until.signing is Signing.ALL:
            left = [p for p in roster.people if p.username in names and p.username not in signed]
        elif until.role is not None and not any(
            p.role is until.role and p.username in signed for p in roster.people
        ):
            callees = (Callee(role=until.role),)
            left = list(found(callees, roster, village_id=village_id, grid_id=grid_id).present)
        else:
            continue
        for person in left:
            known = asked.get(person.username)
            if person.username not in roster.away and (
                known is None or until.signing is Signing.ALL
            ):
                asked[person.username] = Asked(person, until)
    return tuple(asked.values())


def rung_at(
    calls: Iterable[tuple[str, str]], signed: Collection[str], roles: Mapping[str, str]
) -> tuple[str, ...]:
    """Of those who were called, with whose sign-for ends it (`str(Until)`): who has not confirmed
    and should. `roles` has the role of each user name that is known."""
    all_ = str(Signing.ALL)
    roles_signed = {roles[name] for name in signed if name in roles}
    left = {
        who
        for who, until in calls
        if who not in signed
        # of a role only those who are of it, until one of them has
        and (
            until == all_ or (until == f"role:{roles.get(who)}" and roles[who] not in roles_signed)
        )
    }
    return tuple(sorted(left))
