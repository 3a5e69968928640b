"""Who was called for incidents, who must still confirm, who was informed; for the API.

Plain functions of a `Connection`, for many incidents at once. How far each message came is in
`way_reading`.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, func, select

from linkage import records
from linkage import schema as s
from linkage.escalation import confirmations
from linkage.escalation.confirming import rung_at
from linkage.escalation.telling import INFORM
from linkage.model.action import ActionKind
from linkage.model.event import EventType
from linkage.model.incident import Stage
from linkage.web import incident_views
from linkage.web.answering import moment
from linkage.web.incident_rows import AnyRow, IncidentRow, newest_of_each

ASKED_LOOKED_AT = 200
"""The newest calls of one incident among which are those who must still confirm: every look calls
all of them again."""

_a = s.actions.c
_OF_PEOPLE = _a.kind == ActionKind.PAGE.value
# the payloads are canonical JSON, in which a name's own quotes are written otherwise
_INFORMING = _a.payload.like(f'%"why":"{INFORM}"%')
_AWAITED = _a.payload.like('%"until":"%')
CALLS: tuple[ColumnElement[bool], ...] = (_OF_PEOPLE, ~_INFORMING)
"""The actions that are calls of people."""

People = Mapping[str, tuple[str, str]]
"""Display name and role, by user name."""


@dataclass(frozen=True)
class Calls:
    """Of some incidents, by their ids: rows, the newest of each, oldest of them first."""

    called: Mapping[str, list[AnyRow]]
    counts: Mapping[str, int]
    informed: Mapping[str, list[AnyRow]]
    skips: Mapping[str, list[AnyRow]]
    answered: Mapping[str, set[str]]
    awaited: Mapping[str, list[AnyRow]]
    signed: Mapping[str, frozenset[str]]

    def usernames(self) -> set[str | None]:
        """The accounts that `call_facts` names."""
        rows = (self.called, self.informed, self.awaited)
        named = {r.target for found in rows for v in found.values() for r in v}
        return named | {name for names in self.signed.values() for name in names}


def read_calls(conn: Connection, rows: Sequence[IncidentRow], at_most: int) -> Calls:
    """What was called for these incidents; `at_most` of each kind for each incident."""
    ids = [r.id for r in rows]
    due = (_a.due_at_ms, _a.id)
    events = s.incident_events.c
    skipped = events.type == EventType.UNATTENDED_SKIPPED.value
    confirming = _confirming(conn, rows)
    return Calls(
        called=newest_of_each(conn, s.actions, ids, due, at_most, *CALLS),
        counts=_call_counts(conn, ids),
        informed=newest_of_each(conn, s.actions, ids, due, at_most, _OF_PEOPLE, _INFORMING),
        skips=newest_of_each(conn, s.incident_events, ids, (events.position,), at_most, skipped),
        answered=_answered(conn, ids),
        awaited=newest_of_each(
            conn, s.actions, list(confirming), due, ASKED_LOOKED_AT, *CALLS, _AWAITED
        ),
        signed=confirming,
    )


def call_facts(calls: Calls, row: IncidentRow, people: People, zone: ZoneInfo) -> dict[str, Any]:
    """The fields of the API's incident that say whom it called."""
    answered = calls.answered.get(row.id, set())

    def shown(found: Mapping[str, list[AnyRow]]) -> list[incident_views.Called]:
        return [
            called_item(page, people, answered, row.acknowledged_by, zone)
            for page in found.get(row.id, [])
        ]

    awaited = [
        (page.target, str(json.loads(page.payload)["until"]))
        for page in calls.awaited.get(row.id, [])
    ]
    roles = {name: role for name, (_, role) in people.items()}
    return {
        "called": [*_skipped(calls.skips.get(row.id, []), zone), *shown(calls.called)],
        "called_count": calls.counts.get(row.id, 0),
        "asked": list(rung_at(awaited, calls.signed.get(row.id, frozenset()), roles)),
        "informed": shown(calls.informed),
    }


def called_item(
    page: AnyRow,
    people: People,
    answered: set[str],
    acknowledged_by: str | None,
    zone: ZoneInfo,
) -> incident_views.Called:
    """One call of a person, from its action."""
    payload = json.loads(page.payload)
    name, role = people.get(page.target, (page.target, ""))
    # told on a console where nobody sits: the record of it is no answer
    state = page.state if payload.get("attended", True) else "unattended"
    if page.target == acknowledged_by or page.target in answered:
        state = "answered"
    return incident_views.Called(
        step=int(payload.get("step", 0)),
        username=page.target,
        display_name=name,
        role=role or str(payload.get("role", "")),
        way=str(payload.get("way", "console")),
        at=moment(page.done_at_ms or page.due_at_ms, zone),
        state=state,
    )


def _skipped(events: Sequence[AnyRow], zone: ZoneInfo) -> list[incident_views.Called]:
    """Those who would have been told, had somebody sat at their console."""
    found = []
    for event in events:
        data = json.loads(event.data)
        found += [
            incident_views.Called(
                step=data["step"],
                username=person["username"],
                display_name=person["display_name"],
                role=person["role"],
                way="console",
                at=moment(event.at_ms, zone),
                state="absent" if data.get("reason") == "absent" else "unattended",
            )
            for person in data["people"]
        ]
    return found


def _confirming(conn: Connection, rows: Sequence[IncidentRow]) -> dict[str, frozenset[str]]:
    """Of the incidents that are signed for and whose clock runs on: who signed or confirmed."""
    taken = [r.id for r in rows if r.acknowledged_by is not None and Stage(r.stage).is_open]
    running = records.planned_steps(conn, taken) if taken else {}
    found = {}
    for incident_id in running:
        incident = records.incident_by_id(conn, incident_id)
        assert incident is not None, "its row was read a moment ago, in the same transaction"
        found[incident_id] = confirmations.signed(conn, incident)
    return found


def _call_counts(conn: Connection, ids: Sequence[str]) -> dict[str, int]:
    rows = conn.execute(
        select(_a.incident_id, func.count())
        .where(_a.incident_id.in_(ids), *CALLS)
        .group_by(_a.incident_id)
    )
    return {row[0]: row[1] for row in rows}


def _answered(conn: Connection, ids: Sequence[str]) -> dict[str, set[str]]:
    """User names that have acted on each incident."""
    e = s.incident_events.c
    rows = conn.execute(
        select(e.incident_id, e.actor)
        .where(e.incident_id.in_(ids), e.actor.is_not(None))
        .distinct()
    )
    grouped: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        grouped[row.incident_id].add(row.actor)
    return grouped
