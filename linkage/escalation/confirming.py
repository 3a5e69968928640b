"""Who is asked on after the first sign-for: plans may want all who were called, or a role.

Pure. The incident is taken by the first; the others confirm that they know of it.
"""

from collections.abc import Collection, Mapping

from linkage.escalation.callees import Roster, found
from linkage.escalation.plans import Callee, Plan, Signing
from linkage.model import Person


def still_asked(
    plan: Plan,
    called: Mapping[int, Collection[str]],
    signed: Collection[str],
    roster: Roster,
    *,
    village_id: str | None,
    grid_id: str | None = None,
) -> tuple[Person, ...]:
    """Who has not confirmed yet and should, each once.

    `called` are the user names by step, `signed` who has signed or confirmed. Nobody waits for
    those who are away.
    """
    asked: dict[str, Person] = {}
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
        asked |= {p.username: p for p in left if p.username not in roster.away}
    return tuple(asked.values())
