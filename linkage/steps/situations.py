"""Reading what a step depends on beside the incident's own row."""

import uuid
from dataclasses import replace

from sqlalchemy import Connection, select

from alarms.model import AlarmSource
from lianfang_timing import from_unix_ms
from linkage import people, records
from linkage.model.incident import Incident
from linkage.model.person import Person
from linkage.rules.model import Question, matching
from linkage.schema import accounts
from linkage.steps import merging
from linkage.steps.checks import Ask, Situation
from linkage.steps.moves import Step
from linkage.steps.policy import DeskPolicy


def situation_of(
    conn: Connection, incident: Incident, ask: Ask, policy: DeskPolicy, now_ms: int
) -> Situation:
    """What `linkage.steps.taking` must know beside the incident to decide on this step."""
    signed_by = incident.acknowledged_by
    situation = Situation(
        now_ms=now_ms,
        closing_check=policy.closing_check,
        suspend_at_most_ms=policy.due.suspend_at_most_ms(incident.priority),
        signed_by=None if signed_by is None else _display_name(conn, signed_by),
        to=account_of(conn, ask.to, now_ms),
    )
    match ask.step:
        case Step.REASSIGN:
            attended = people.attended_usernames(conn, now_ms)
            return replace(situation, to_attended=ask.to in attended)
        case Step.MERGE if ask.into is not None:
            return replace(situation, into=records.incident_by_id(conn, ask.into))
        case Step.MAKE_REAL:
            return replace(situation, real_plan=_real_plan(incident, policy, now_ms))
        case Step.SPLIT:
            today = from_unix_ms(now_ms).astimezone(policy.time_zone)
            return replace(
                situation,
                alarms=merging.alarm_ids(conn, incident.id),
                split_id=uuid.uuid4().hex,
                split_number=records.Numbers(conn).next(f"{today:%Y%m%d}"),
            )
        case _:
            return situation


def _real_plan(incident: Incident, policy: DeskPolicy, now_ms: int) -> str:
    """What the rules say of such a press where no drill runs."""
    local = from_unix_ms(now_ms).astimezone(policy.time_zone)
    asked = Question(
        kind=incident.kind,
        source=AlarmSource.BUTTON,
        village_id=incident.village_id,
        layer=None,
        local=local.time(),
        weekday=local.isoweekday(),
        is_off=policy.rules.days.is_off(local.date()),
        grid_id=incident.grid_id,
        group_id=incident.group_id,
    )
    return matching(policy.rules, asked).plan


def _display_name(conn: Connection, username: str) -> str:
    found = conn.scalar(select(accounts.c.display_name).where(accounts.c.username == username))
    return username if found is None else str(found)


def account_of(conn: Connection, username: str | None, now_ms: int) -> Person | None:
    """The account of this name, unless it is disabled or has ended."""
    if username is None:
        return None
    return next((p for p in people.people(conn, now_ms) if p.username == username), None)
