"""Reading who is out on an open incident: whom officers sent, and not yet sent elsewhere."""

import json
from dataclasses import dataclass

from sqlalchemy import Connection, or_, select

from linkage.duty.schema import patrol_teams
from linkage.model.event import EventType
from linkage.model.incident import Stage
from linkage.schema import accounts, incident_events, incidents

_BEGIN_ANEW = (EventType.REASSIGNED.value, EventType.RETURNED.value, EventType.REOPENED.value)


@dataclass(frozen=True)
class Sent:
    """Of one open incident to which people are under way."""

    number: str
    named: frozenset[str]
    """As the officers named them; other words than accounts and teams are sealed."""
    accounts: frozenset[str]


def is_registered(conn: Connection, named: str | None) -> bool:
    """Whether these words are an account or a team of the registry, and nothing that people made
    up themselves."""
    if named is None:
        return False
    t = patrol_teams.c
    team = select(t.id).where(or_(t.id == named, t.name == named)).limit(1)
    account = select(accounts.c.username).where(accounts.c.username == named)
    return conn.scalar(account) is not None or conn.scalar(team) is not None


def read_sent(conn: Connection) -> list[Sent]:
    """The incidents to which somebody is sent and has not reported back; the oldest first."""
    rows = conn.execute(
        select(incidents.c.id, incidents.c.number, incidents.c.responders)
        .where(incidents.c.stage == Stage.DISPATCHED.value)
        .order_by(incidents.c.opened_at_ms, incidents.c.id)
    ).all()
    named: dict[str, set[str]] = {row.id: set() for row in rows}
    events = conn.execute(
        select(incident_events.c.incident_id, incident_events.c.type, incident_events.c.data)
        .where(
            incident_events.c.incident_id.in_(list(named)),
            incident_events.c.type.in_([EventType.DISPATCHED.value, *_BEGIN_ANEW]),
        )
        .order_by(incident_events.c.position)
    )
    for event in events:
        data = json.loads(event.data)
        if event.type in _BEGIN_ANEW and not data.get("sign_for"):
            named[event.incident_id].clear()
        if isinstance(data.get("to"), str):
            named[event.incident_id].add(data["to"])
    return [
        Sent(row.number, frozenset(named[row.id]), frozenset(json.loads(row.responders or "[]")))
        for row in rows
    ]
