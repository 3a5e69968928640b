"""Telling somebody again, at an officer's word: the message they were sent last, with new times.

Nothing is said to anybody who was not told before, and nothing near a household where anything was
quiet. Each time stands in the timeline with the officer's name.
"""

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, select, update

from alarms.model import AlarmKind
from alarms.store import Database
from lianfang_timing import Clock, unix_ms
from linkage import records
from linkage.accounts.sessions import officers_present
from linkage.changes import Changes
from linkage.errors import NoSuchIncident, StepNotAllowed
from linkage.model.action import ActionKind, ActionState, PlannedAction, action_id
from linkage.model.event import EventType
from linkage.model.incident import Incident
from linkage.model.person import Actor
from linkage.schema import actions, incidents
from linkage.timeline import NewEvent, record
from linkage.ways.planning import CLOSED
from linkage.ways.settings import Use
from linkage.ways.station import StationState
from linkage.ways.station_desk import holds_quiet
from linkage.ways.station_reading import standings

_SETTLED = (StationState.CONFIRMED, StationState.TELEPHONED)


class Recipient(StrEnum):
    """Who can be told again; the words of `Told.kind`. Sirens and loudspeakers cannot: to let a
    village hear it once more is a decision of the plan."""

    PERSON = "person"
    MEMBER = "member"
    WEBHOOK = "webhook"

    @property
    def action(self) -> ActionKind:
        """What a message to it is."""
        return _ACTIONS[self]


_ACTIONS = {
    Recipient.PERSON: ActionKind.PAGE,
    Recipient.MEMBER: ActionKind.NOTICE,
    Recipient.WEBHOOK: ActionKind.WEBHOOK,
}


class TellingDesk:
    """Raises NoSuchIncident, StepNotAllowed (with a sentence) or StoreBusy."""

    def __init__(self, database: Database, clock: Clock, changes: Changes, *, writer: str) -> None:
        self._database = database
        self._clock = clock
        self._changes = changes
        self._writer = writer

    async def again(
        self, incident_id: str, recipient: Recipient, target: str, *, actor: Actor
    ) -> None:
        """Tell `target` once more, at once. What is on its way still is only hurried, so that two
        touches are one message."""
        now_ms = unix_ms(self._clock.now())

        def write(conn: Connection) -> int:
            incident = _open(conn, incident_id)
            _must_not_be_heard(conn, incident, recipient)
            last = _last(conn, incident_id, recipient, target)
            if last.state == ActionState.PLANNED.value:
                _hurry(conn, last.id, now_ms)
            else:
                planned = _planned(conn, incident, recipient, last, now_ms)
                records.plan(conn, incident_id, planned, now_ms=now_ms)
            if recipient is Recipient.PERSON:
                # a call is heard where the person sits
                ring = incidents.c.ring + 1
                conn.execute(
                    update(incidents).where(incidents.c.id == incident_id).values(ring=ring)
                )
            data = {"kind": recipient.value, "target": target, **_named(last)}
            event = NewEvent(EventType.TOLD_AGAIN, data, actor=actor.username)
            return record(
                conn, incident_id, [event], writer=self._writer, at_ms=now_ms, new_version=False
            )

        self._changes.notify(await self._database.write(write))


def _open(conn: Connection, incident_id: str) -> Incident:
    incident = records.incident_by_id(conn, incident_id)
    if incident is None:
        raise NoSuchIncident(f"没有警情 {incident_id} / no incident {incident_id}")
    if not incident.stage.is_open:
        raise StepNotAllowed("警情已结案，不再通知 / closed: nobody is told of it again")
    return incident


def _must_not_be_heard(conn: Connection, incident: Incident, recipient: Recipient) -> None:
    quiet = incident.silent or incident.cancel_claimed or incident.kind is AlarmKind.DURESS
    if recipient is Recipient.MEMBER and (quiet or holds_quiet(conn, incident.id)):
        raise StepNotAllowed("静默警情，不通知周边 / silent: nobody near is told")


def _last(conn: Connection, incident_id: str, recipient: Recipient, target: str) -> Any:
    """The row of the newest message to it. Raises StepNotAllowed."""
    a = actions.c
    rows = conn.execute(
        select(actions)
        .where(a.incident_id == incident_id, a.kind == recipient.action.value, a.target == target)
        .order_by(a.planned_at_ms.desc(), a.id.desc())
    )
    for row in rows:
        if _is_call(json.loads(row.payload)):
            return row
    raise StepNotAllowed(
        "本警情没有通知过此人或设备 / nobody of that name was told of this incident"
    )


def _is_call(payload: Mapping[str, object]) -> bool:
    """That it is over is no call for help."""
    return "over" not in payload and payload.get("event") != CLOSED


def _hurry(conn: Connection, action: str, now_ms: int) -> None:
    a = actions.c
    conn.execute(
        update(actions).where(a.id == action, a.due_at_ms > now_ms).values(due_at_ms=now_ms)
    )


def _planned(
    conn: Connection, incident: Incident, recipient: Recipient, last: Any, now_ms: int
) -> list[PlannedAction]:
    """The message anew, with as much time as the last one had. Its id is made of the last one's."""
    payload = json.loads(last.payload)
    later_ms = now_ms - last.planned_at_ms
    if recipient is Recipient.MEMBER:
        payload["until_ms"] += later_ms
        payload["drill"] = incident.drill
        payload.pop("seen", None)
    if recipient is Recipient.PERSON:
        payload["attended"] = last.target in officers_present(conn, now_ms=now_ms)
    told = PlannedAction(
        id=action_id(recipient.action, "again", last.id),
        kind=recipient.action,
        target=last.target,
        due_at_ms=now_ms,
        deadline_ms=None if last.deadline_ms is None else last.deadline_ms + later_ms,
        payload=payload,
    )
    if payload.get("use") != Use.STATION.value:
        return [told]
    now = standings(conn, [incident.id]).get(incident.id)
    if now is not None and now.state in _SETTLED:
        raise StepNotAllowed("派出所已确认或已电话联系 / the station has it already")
    return [told, *_look_again(conn, incident.id, last.id, told, now_ms)]


def _look_again(
    conn: Connection, incident_id: str, before: str, told: PlannedAction, now_ms: int
) -> list[PlannedAction]:
    """Has the station confirmed this one? As it was asked of the message before."""
    a = actions.c
    rows = conn.execute(
        select(a.payload).where(
            a.incident_id == incident_id,
            a.kind == ActionKind.STATION.value,
            a.target == told.target,
        )
    )
    for payload in (json.loads(row.payload) for row in rows):
        if payload.get("message") == before:
            return [
                PlannedAction(
                    id=action_id(ActionKind.STATION, told.id),
                    kind=ActionKind.STATION,
                    target=told.target,
                    due_at_ms=now_ms + round(payload["within_s"] * 1000),
                    payload={**payload, "message": told.id},
                )
            ]
    return []


def _named(last: Any) -> dict[str, object]:
    """What the timeline calls a person by."""
    name = json.loads(last.payload).get("display_name")
    return {} if name is None else {"display_name": name}
