"""An incident as it is when an alarm has opened or joined it, and what its timeline says of that.

Pure: the stages have decided, `linkage.linking` writes.
"""

from dataclasses import replace

from alarms.model import AlarmKind, LoggedAlarm
from linkage.facts import Facts, LinkedAlarm, OpenIncident
from linkage.model.action import ActionKind
from linkage.model.event import EventType
from linkage.model.incident import urgency_of
from linkage.stages import Draft
from linkage.timeline import NewEvent


def extended(draft: Draft, facts: Facts, found: OpenIncident) -> OpenIncident:
    """The open incident with this alarm in it."""
    linked = linked_alarm(draft, facts.alarm)
    found = _moved(found, draft, facts.alarm.kind)
    alike = [a for a in found.alarms if a.differs_in_time_only(linked)]
    newest = max([linked, *alike], key=lambda a: a.received_at_ms)
    return replace(
        found,
        kind=draft.kind,
        priority=draft.priority,
        plan=draft.plan,
        silent=draft.silent,
        ring=found.ring + 1 if draft.rings else found.ring,
        cancel_claimed=draft.cancel_claimed,
        acknowledged_by=None if draft.restarts else found.acknowledged_by,
        alarms=(*(a for a in found.alarms if a not in alike), newest),
        camera_ids=found.camera_ids | {c.camera_id for c in draft.cameras},
        pending=next_look(draft) if draft.restarts else found.pending,
        certainty=draft.certainty,
        is_drill=draft.is_drill,
    )


def _moved(found: OpenIncident, draft: Draft, kind: AlarmKind) -> OpenIncident:
    """What began before a camera, or nowhere, is the household's that presses there; and what is
    called by its worst alarm is where that came from. People must know whom to ring and where to
    go."""
    place = draft.place
    is_homeless = found.household_id is None and found.group_id is None
    takes_home = is_homeless and place.group_id is not None
    is_worse = urgency_of(kind) < urgency_of(found.kind) and place.household_id is not None
    if not takes_home and not is_worse:
        return found
    return replace(
        found,
        village_id=place.village_id,
        grid_id=place.grid_id,
        group_id=place.group_id,
        household_id=place.household_id,
        latitude=place.latitude,
        longitude=place.longitude,
    )


def extension(draft: Draft, facts: Facts, found: OpenIncident) -> list[NewEvent]:
    """What the timeline says of an alarm that joins `found`."""
    events = [NewEvent(EventType.ALARM_ADDED, what_came(draft, facts.alarm))]
    who: dict[str, object] = {
        "alarm": facts.alarm.id,
        "household": draft.place.household_id,
    }
    if facts.alarm.kind is AlarmKind.CANCEL:
        events.append(NewEvent(EventType.CANCEL_CLAIMED, who))
    if draft.made_real is not None:
        told_real: dict[str, object] = {"reason": draft.made_real, "drill": found.drill_id}
        events.append(NewEvent(EventType.MADE_REAL, {**who, **told_real}))
    if draft.rings:
        why = next(d.reason for d in draft.decisions if d.stage == "ring")
        told = {
            **who,
            "kind": facts.alarm.kind.value,
            "reason": why,
            "was_acknowledged_by": found.acknowledged_by if draft.restarts else None,
        }
        events.append(NewEvent(EventType.RANG_AGAIN, told))
    return events


def linked_alarm(draft: Draft, alarm: LoggedAlarm) -> LinkedAlarm:
    """The alarm as its incident keeps it."""
    home = draft.place.household_id
    return LinkedAlarm(alarm.kind, alarm.silent, alarm.device, home, alarm.received_at_ms)


def next_look(draft: Draft) -> tuple[int, int] | None:
    """The look of the escalation clock that the draft plans."""
    planned = (a for a in draft.actions if a.kind is ActionKind.ESCALATE)
    return next(
        ((step, a.due_at_ms) for a in planned if isinstance(step := a.payload.get("step"), int)),
        None,
    )


def what_came(draft: Draft, alarm: LoggedAlarm) -> dict[str, object]:
    """The alarm, where it is from and why it was dealt with so."""
    return {
        "alarm": alarm.id,
        "kind": alarm.kind.value,
        "silent": alarm.silent,
        "source": alarm.source.value,
        "device": alarm.device,
        # its label is the registry's: nothing here can be taken back when it is erased
        "household": draft.place.household_id,
        "cameras": [camera.camera_id for camera in draft.cameras],
        "decisions": [decision._asdict() for decision in draft.decisions],
    }
