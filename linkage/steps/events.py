"""What has happened to an incident, and what each event changes of it.

Pure. Only what `after` says is ever written to an incident by a step: replaying the timeline gives
the incident back. Which events a step makes is decided in `linkage.steps.taking`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from alarms.model import AlarmKind
from linkage.model.event import EventType
from linkage.model.incident import Incident, Outcome, Stage


@dataclass(frozen=True)
class Happened:
    """One event of the timeline. `actor` is a user name; None: the system."""

    type: EventType
    at_ms: int
    actor: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    """`due`, where it is there: {"step", "at_ms"} of what is waited for from now on."""


def after(incident: Incident, event: Happened) -> Incident:
    """The incident after an event; of one that changes nothing, the same."""
    changed = _changed(incident, event)
    if changed is incident:
        return incident
    if event.type not in _NO_STEPS:
        stepped = max(event.at_ms, incident.stepped_at_ms or 0)
        changed = replace(changed, stepped_at_ms=stepped)
    if "due" in event.data:
        due = event.data["due"]
        count = changed.overdue if event.type is EventType.OVERDUE else 0
        changed = replace(changed, due_step=due["step"], next_due_at_ms=due["at_ms"], overdue=count)
    return changed


PLACE = (
    "village_id",
    "grid_id",
    "group_id",
    "household_id",
    "camera_id",
    "latitude",
    "longitude",
    "cell",
)
"""The fields of an incident that say where it is."""

_NO_STEPS = frozenset({EventType.OVERDUE, EventType.RANG_AGAIN})


def _changed(incident: Incident, event: Happened) -> Incident:
    at_ms, data = event.at_ms, event.data
    match event.type:
        case EventType.ACKNOWLEDGED:
            return replace(incident, acknowledged_by=event.actor, acknowledged_at_ms=at_ms)
        case EventType.VERIFIED:
            return replace(incident, stage=Stage.VERIFIED, verified_at_ms=at_ms)
        case EventType.DISPATCHED:
            return _dispatched(incident, event)
        case EventType.SET_OUT:
            return replace(incident, set_out_at_ms=at_ms)
        case EventType.ARRIVED:
            return replace(incident, arrived_at_ms=at_ms)
        case EventType.RESPONDED:
            return replace(
                incident,
                stage=Stage.RESPONDED,
                responded_at_ms=at_ms,
                responded_by=event.actor,
                responders=_with(incident.responders, data.get("responder")),
            )
        case EventType.CLOSED:
            return _ended(incident, at_ms, Outcome(data["outcome"]))
        case EventType.REVIEWED:
            return replace(incident, stage=Stage.REVIEWED, reviewed_at_ms=at_ms)
        case EventType.MERGED:
            ended = _ended(incident, at_ms, Outcome.DUPLICATE)
            return replace(ended, merged_into=data["incident"])
        case _:
            return _changed_beside_the_way(incident, event)


def _changed_beside_the_way(incident: Incident, event: Happened) -> Incident:
    at_ms, data = event.at_ms, event.data
    match event.type:
        case EventType.RETURNED:
            return _back_at(incident, Stage(data["stage"]))
        case EventType.REASSIGNED:
            return _reassigned(incident, event)
        case EventType.SUSPENDED:
            return replace(incident, suspended_until_ms=data["until_ms"])
        case EventType.RESUMED:
            # nobody may be looking when it comes back by itself
            ring = incident.ring + (1 if event.actor is None else 0)
            return replace(incident, suspended_until_ms=None, ring=ring)
        case EventType.SUPERVISED:
            ring = incident.ring + (0 if event.actor is None else 1)
            return replace(incident, supervised_at_ms=at_ms, supervised_by=event.actor, ring=ring)
        case EventType.OVERDUE:
            return replace(incident, overdue=incident.overdue + 1, ring=incident.ring + 1)
        case EventType.ABSORBED:
            return replace(
                incident,
                priority=data["priority"],
                kind=AlarmKind(data["kind"]),
                plan=data["plan"],
                silent=data["silent"],
                cancel_claimed=data["cancel_claimed"],
                certainty=data["certainty"],
                **data.get("place", {}),
            )
        case EventType.SPLIT:
            # its alarms go; the moment of it counts
            return replace(incident)
        case EventType.REOPENED:
            back = _back_at(_unsigned(incident, at_ms), Stage(data["stage"]))
            return replace(back, ring=incident.ring + 1, supervised_at_ms=None, supervised_by=None)
        case EventType.MADE_REAL:
            rung = replace(incident, ring=incident.ring + 1, drill=False)
            return replace(_unsigned(rung, at_ms), plan=data.get("plan", incident.plan))
        case EventType.RANG_AGAIN:
            rung = replace(incident, ring=incident.ring + 1)
            return _unsigned(rung, at_ms) if data.get("was_acknowledged_by") else rung
        case _:
            return incident


def _dispatched(incident: Incident, event: Happened) -> Incident:
    again = incident.stage is Stage.DISPATCHED
    return replace(
        incident,
        stage=Stage.DISPATCHED,
        dispatched_at_ms=incident.dispatched_at_ms if again else event.at_ms,
        dispatched_to=event.data.get("to") or incident.dispatched_to,
        responders=_with(incident.responders, event.data.get("account")),
    )


def _reassigned(incident: Incident, event: Happened) -> Incident:
    account = event.data.get("account")
    if event.data["sign_for"]:
        return replace(incident, acknowledged_by=account, acknowledged_at_ms=event.at_ms)
    # others now: neither have they set out nor arrived
    return replace(
        incident,
        dispatched_to=event.data["to"],
        responders=_with((), account),
        set_out_at_ms=None,
        arrived_at_ms=None,
    )


def _with(people: tuple[str, ...], one: str | None) -> tuple[str, ...]:
    return people if one is None or one in people else (*people, one)


def _ended(incident: Incident, at_ms: int, outcome: Outcome) -> Incident:
    return replace(
        incident,
        stage=Stage.CLOSED,
        closed_at_ms=at_ms,
        outcome=outcome,
        next_due_at_ms=None,
        due_step=None,
        overdue=0,
    )


def _unsigned(incident: Incident, at_ms: int) -> Incident:
    """Nobody has it any more: the escalation clock begins at this moment."""
    return replace(
        incident,
        acknowledged_by=None,
        acknowledged_at_ms=None,
        suspended_until_ms=None,
        next_due_at_ms=at_ms,
        due_step=None,
        overdue=0,
    )


_WAY = (Stage.REPORTED, Stage.VERIFIED, Stage.DISPATCHED, Stage.RESPONDED)


def _back_at(incident: Incident, stage: Stage) -> Incident:
    """Back at a stage: what came after it did not lead to the end, and is told by the timeline."""
    undone: dict[Stage, dict[str, Any]] = {
        Stage.VERIFIED: {"verified_at_ms": None},
        Stage.DISPATCHED: {
            "dispatched_at_ms": None,
            "dispatched_to": None,
            "responders": (),
            "set_out_at_ms": None,
            "arrived_at_ms": None,
        },
        Stage.RESPONDED: {"responded_at_ms": None, "responded_by": None},
    }
    later = _WAY[_WAY.index(stage) + 1 :]
    cleared: dict[str, Any] = {"closed_at_ms": None, "outcome": None, "reviewed_at_ms": None}
    for one in later:
        cleared |= undone[one]
    return replace(incident, stage=stage, **cleared)
