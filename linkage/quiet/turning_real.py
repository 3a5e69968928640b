"""Telling the neighbours that a drill has become real. Runs inside the caller's transaction."""

from collections.abc import Collection

from sqlalchemy import Connection, select

from alarms.model import LIFE_SAFETY_KINDS, AlarmKind
from linkage import places
from linkage.model.action import ActionKind, PlannedAction, action_id
from linkage.model.incident import Incident
from linkage.planning import NOTICE_LASTS_MS
from linkage.schema import incident_alarms
from linkage.ways.planning import NOTICE_PHRASE

_NEAR_NOBODY_TOLD = {AlarmKind.DURESS.value, AlarmKind.CANCEL.value}
_TOLD = {kind.value for kind in LIFE_SAFETY_KINDS}


def notices_of(
    conn: Connection, incident: Incident, *, cause: str, now_ms: int
) -> list[PlannedAction]:
    """The notices of an incident that a person has made real; of a silent one none."""
    if incident.silent:
        return []
    a = incident_alarms.c
    rows = conn.execute(
        select(a.household_id, a.kind, a.silent).where(
            a.incident_id == incident.id, a.household_id.is_not(None)
        )
    ).all()
    quiet = {r.household_id for r in rows if r.silent or r.kind in _NEAR_NOBODY_TOLD}
    pressed = {r.household_id for r in rows if r.kind in _TOLD} - quiet
    return real_notices(conn, pressed, spared=quiet, cause=cause, now_ms=now_ms)


def real_notices(
    conn: Connection,
    households: Collection[str | None],
    *,
    spared: Collection[str | None],
    cause: str,
    now_ms: int,
) -> list[PlannedAction]:
    """A notice for each of these households that pressed, to their groups; none says drill, and
    none goes to a household that is `spared`.

    `cause` makes the actions' ids: the alarm, or the step, that made it real.
    """
    until_ms = now_ms + NOTICE_LASTS_MS
    planned: list[PlannedAction] = []
    for household in sorted(one for one in households if one is not None):
        home = places.place_of_household(conn, household)
        if home.group_id is None:
            continue
        payload = {
            "household": household,
            "from": home.label,
            "phrase": NOTICE_PHRASE,
            "drill": False,
            "until_ms": until_ms,
        }
        planned += [
            PlannedAction(
                id=action_id(ActionKind.NOTICE, "real", cause, household, member.device),
                kind=ActionKind.NOTICE,
                target=member.device,
                due_at_ms=now_ms,
                deadline_ms=until_ms,
                payload=payload,
            )
            for member in places.members_of_groups(conn, [home.group_id])[home.group_id]
            if member.wants_notices and member.household_id not in {household, *spared}
        ]
    return planned
