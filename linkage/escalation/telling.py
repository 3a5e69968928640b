"""What a step of a plan tells besides those it calls: who is informed, webhooks, sirens,
loudspeakers.

Sirens and loudspeakers sound for alarms on which a life may hang, never where anything is quiet;
the way asks once more before it sounds.
"""

from collections.abc import Iterable

from sqlalchemy import Connection

from alarms.model import LIFE_SAFETY_KINDS, AlarmKind
from linkage import places
from linkage.escalation.deciding import Call
from linkage.escalation.plans import Way, WayKind
from linkage.model.action import ActionKind, PlannedAction, action_id
from linkage.model.incident import Incident
from linkage.ways.planning import loudspeaker_actions, siren_actions, webhook_action
from linkage.ways.settings import Ways

INFORM = "inform"
"""Why somebody is told who is not called."""


def informing(
    incident: Incident, calls: Iterable[Call], *, step: int, generation: object, now_ms: int
) -> list[PlannedAction]:
    """A message to each on the console, once however often the step repeats."""
    return [
        PlannedAction(
            id=action_id(ActionKind.PAGE, incident.id, generation, INFORM, call.person.username),
            kind=ActionKind.PAGE,
            target=call.person.username,
            due_at_ms=now_ms,
            payload={
                "username": call.person.username,
                "display_name": call.person.display_name,
                "role": call.person.role.value,
                "step": step,
                "round": 0,
                "way": "console",
                "attended": call.attended,
                "why": INFORM,
            },
        )
        for call in calls
    ]


def planned(
    conn: Connection, incident: Incident, way: Way, ways: Ways, *, cause: str, now_ms: int
) -> list[PlannedAction]:
    """The messages of one way of one step. `cause` makes their ids."""
    match way.kind:
        case WayKind.WEBHOOK:
            webhook = ways.webhooks.get(way.name)
            if webhook is None:
                return []
            return [webhook_action(webhook, cause=cause, event="escalated", now_ms=now_ms)]
        case WayKind.SIREN if not _is_quiet(incident):
            devices = _devices(conn, incident, ActionKind.SIREN)
            return siren_actions(ways, devices, cause=cause, now_ms=now_ms, drill=incident.drill)
        case WayKind.LOUDSPEAKER if not _is_quiet(incident):
            devices = _devices(conn, incident, ActionKind.LOUDSPEAKER)
            return loudspeaker_actions(
                ways, devices, cause=cause, now_ms=now_ms, drill=incident.drill
            )
        case _:
            return []


def _is_quiet(incident: Incident) -> bool:
    """Whether nothing may sound near it."""
    quiet = incident.silent or incident.cancel_claimed or incident.kind is AlarmKind.DURESS
    return quiet or incident.kind not in LIFE_SAFETY_KINDS


def _devices(conn: Connection, incident: Incident, kind: ActionKind) -> list[str]:
    """The sirens or loudspeakers of the incident's group."""
    if incident.group_id is None:
        return []
    found = places.sounders_of_groups(conn, [incident.group_id])
    return [s.device for s in found.get(incident.group_id, ()) if s.kind is kind]
