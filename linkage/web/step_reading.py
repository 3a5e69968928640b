"""What the six steps left in incidents, as the API shows it: times, what is due, who has it.

Plain functions of a `Connection`, for many incidents at once.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from linkage import records
from linkage import schema as s
from linkage.escalation import confirmations
from linkage.model.incident import Stage
from linkage.model.person import Actor
from linkage.registry.texts import TextOpener
from linkage.steps.checks import ClosingCheck, possible
from linkage.steps.moves import Step, next_step
from linkage.web import incident_views, people_views
from linkage.web.answering import moment, moment_or_none
from linkage.web.incident_rows import AnyRow, IncidentRow


def usernames_of(rows: Sequence[IncidentRow]) -> set[str | None]:
    """The accounts that `step_facts` names."""
    responders = {name for row in rows for name in _responders(row)}
    return responders | {row.supervised_by for row in rows}


def step_facts(
    conn: Connection,
    rows: Sequence[IncidentRow],
    people: Mapping[str, tuple[str, str]],
    zone: ZoneInfo,
    opener: TextOpener,
) -> dict[str, dict[str, Any]]:
    """By incident. `people` holds display name and role by user name. Raises StoreUnusable."""
    numbers = _numbers(conn, {row.merged_into for row in rows if row.merged_into is not None})
    return {
        row.id: {
            "times": _times(row, zone),
            "next": _next(row, zone),
            "overdue": row.overdue or 0,
            "responder": _responder(row, people, opener),
            "supervised": _supervised(row, people, zone),
            "suspended_until": moment_or_none(row.suspended_until_ms, zone),
            "merged_into": None
            if row.merged_into is None
            else incident_views.OtherIncident(id=row.merged_into, number=numbers[row.merged_into]),
        }
        for row in rows
    }


def allowed(
    conn: Connection, incident_id: str, actor: Actor, closing_check: ClosingCheck
) -> list[str]:
    """The steps that this person may take now, as the API calls them."""
    incident = records.incident_by_id(conn, incident_id)
    if incident is None:
        return []
    steps = [step.value for step in possible(incident, actor, closing_check)]
    if confirmations.may_confirm(conn, incident, actor):
        steps.insert(0, Step.ACKNOWLEDGE.value)
    return steps


def _numbers(conn: Connection, ids: set[str]) -> dict[str, str]:
    if not ids:
        return {}
    i = s.incidents.c
    return {r.id: r.number for r in conn.execute(select(i.id, i.number).where(i.id.in_(ids)))}


def _times(row: AnyRow, zone: ZoneInfo) -> incident_views.StepTimes:
    return incident_views.StepTimes(
        acknowledged=moment_or_none(row.acknowledged_at_ms, zone),
        verified=moment_or_none(row.verified_at_ms, zone),
        dispatched=moment_or_none(row.dispatched_at_ms, zone),
        set_out=moment_or_none(row.set_out_at_ms, zone),
        arrived=moment_or_none(row.arrived_at_ms, zone),
        responded=moment_or_none(row.responded_at_ms, zone),
        closed=moment_or_none(row.closed_at_ms, zone),
        reviewed=moment_or_none(row.reviewed_at_ms, zone),
    )


def _next(row: AnyRow, zone: ZoneInfo) -> incident_views.Next | None:
    if row.merged_into is not None:
        return None
    step = next_step(Stage(row.stage), acknowledged=row.acknowledged_by is not None)
    if step is None:
        return None
    due_at = moment_or_none(row.next_due_at_ms, zone)
    due_for = None if due_at is None else row.due_step or step.value
    return incident_views.Next(action=step.value, due_at=due_at, due_for=due_for)


def _responders(row: AnyRow) -> list[str]:
    return [str(name) for name in json.loads(row.responders or "[]")]


def _responder(
    row: AnyRow, people: Mapping[str, tuple[str, str]], opener: TextOpener
) -> incident_views.Responder | None:
    names = _responders(row)
    if row.dispatched_to is None and not names:
        return None
    shown = [people_views.Person(username=n, display_name=people.get(n, (n, ""))[0]) for n in names]
    to = None if row.dispatched_to is None else opener.open(row.dispatched_to)
    return incident_views.Responder(to=to, people=shown)


def _supervised(
    row: AnyRow, people: Mapping[str, tuple[str, str]], zone: ZoneInfo
) -> incident_views.Supervised | None:
    if row.supervised_at_ms is None:
        return None
    who = row.supervised_by
    return incident_views.Supervised(
        by=None if who is None else people.get(who, (who, ""))[0],
        username=who,
        at=moment(row.supervised_at_ms, zone),
    )
