"""Taking a step: which events it makes, and what is due after it. The state machine's front.

Pure, and `now` is an argument. What an event changes is in `linkage.steps.events`; writing it down
is the desk's and, for what happens by itself, `linkage.steps.overdue`'s.
"""

from dataclasses import dataclass, replace

from linkage.model.certainty import Certainty, usual_certainty
from linkage.model.event import EventType
from linkage.model.incident import Incident, Stage, urgency_of
from linkage.steps.checks import Ask, Situation, check, was_reached
from linkage.steps.due_times import Due, DueTimes, awaited, due_from
from linkage.steps.events import PLACE, Happened, after
from linkage.steps.moves import BEFORE, MOVES, ON_THE_SPOT, Step

SUPERVISED_FROM = 2
"""So often overdue, an incident is supervised (督办) without anybody asking."""

_BEGIN_ANEW = frozenset({Step.ACKNOWLEDGE, Step.REASSIGN, Step.RESUME})
"""After these the clock of what is waited for begins again: somebody else has it, or has it back.
Sending more people, or a note, puts nothing off."""


@dataclass(frozen=True)
class Taken:
    """What has happened, and the incident after all of it."""

    events: tuple[Happened, ...]
    incident: Incident


def take(incident: Incident, ask: Ask, situation: Situation, table: DueTimes) -> Taken:
    """A person takes a step. Raises StepNotAllowed."""
    check(incident, ask, situation)
    event = Happened(
        MOVES[ask.step].event,
        not_before(incident, situation.now_ms),
        ask.actor.username,
        _told(incident, ask, situation),
    )
    return _with_due(incident, event, table, anew=ask.step in _BEGIN_ANEW)


def pass_due(incident: Incident, now_ms: int, table: DueTimes) -> Taken:
    """Its due time has passed: it is resumed, or overdue and in time supervised."""
    at_ms = not_before(incident, now_ms)
    if incident.due_step == Step.RESUME.value:
        return _with_due(incident, Happened(EventType.RESUMED, at_ms), table, anew=True)
    told = {
        "step": incident.due_step,
        "was_due_at_ms": incident.next_due_at_ms,
        "times": incident.overdue + 1,
        "due": {
            "step": incident.due_step,
            "at_ms": at_ms + table.again_ms(incident.priority),
        },
    }
    events = [Happened(EventType.OVERDUE, at_ms, data=told)]
    changed = after(incident, events[0])
    if changed.overdue >= SUPERVISED_FROM and changed.supervised_at_ms is None:
        why = {"step": incident.due_step, "times": changed.overdue}
        events.append(Happened(EventType.SUPERVISED, at_ms, data=why))
        changed = after(changed, events[1])
    return Taken(tuple(events), changed)


def absorb(target: Incident, merged: Incident, ask: Ask, now_ms: int, table: DueTimes) -> Taken:
    """The other side of a merge: what survives is at least as urgent, and due as early, as both."""
    more_urgent = merged if merged.priority < target.priority else target
    told: dict[str, object] = {
        "by": ask.actor.display_name,
        "reason": ask.reason,
        "incident": merged.id,
        "number": merged.number,
        "priority": more_urgent.priority,
        "kind": min(target.kind, merged.kind, key=urgency_of).value,
        "plan": more_urgent.plan,
        "silent": target.silent or merged.silent,
        "cancel_claimed": target.cancel_claimed or merged.cancel_claimed,
        "certainty": max(_certainty(target), _certainty(merged), key=lambda c: c.rank).value,
    }
    if _gives_its_place(target, merged):
        told["place"] = {name: getattr(merged, name) for name in PLACE}
    event = Happened(EventType.ABSORBED, not_before(target, now_ms), ask.actor.username, told)
    changed = after(target, event)
    due = due_from(changed, event.at_ms, table)
    if due is not None and (target.next_due_at_ms is None or due.at_ms < target.next_due_at_ms):
        event = replace(event, data={**told, "due": _shown(due)})
    return Taken((event,), after(target, event))


def _gives_its_place(target: Incident, merged: Incident) -> bool:
    """As of a press that is folded in: what is called by its worst alarm is where that came from;
    and what began before a camera, or nowhere, is the household's."""
    is_homeless = target.household_id is None and target.group_id is None
    is_worse = urgency_of(merged.kind) < urgency_of(target.kind)
    has_home = merged.household_id is not None
    return (is_homeless and merged.group_id is not None) or (is_worse and has_home)


def _certainty(incident: Incident) -> Certainty:
    known = incident.certainty
    return usual_certainty(incident.kind) if known is None else Certainty(known)


def not_before(incident: Incident, now_ms: int) -> int:
    """Now; or the moment of the last step, where the clock was set back since."""
    return max(now_ms, incident.stepped_at_ms or incident.opened_at_ms)


def _with_due(incident: Incident, event: Happened, table: DueTimes, *, anew: bool) -> Taken:
    """The event with what is due after it, and the incident after both."""
    changed = after(incident, event)
    step = awaited(changed, table)
    if step is not None and (anew or step.value != incident.due_step):
        due = due_from(changed, event.at_ms, table)
        assert due is not None, "what is waited for is due at some time"
        event = replace(event, data={**event.data, "due": _shown(due)})
    return Taken((event,), after(incident, event))


def _shown(due: Due) -> dict[str, object]:
    return {"step": due.step.value, "at_ms": due.at_ms}


def _told(incident: Incident, ask: Ask, situation: Situation) -> dict[str, object]:
    """What the timeline keeps of what was said: enough to replay the step from it."""
    told: dict[str, object] = {
        "by": ask.actor.display_name,
        "note": ask.note,
        "reason": ask.reason,
        "outcome": ask.outcome,
        "to": ask.to,
        "account": None if situation.to is None else situation.to.username,
    }
    match ask.step:
        case Step.RESPOND if ask.actor.role in ON_THE_SPOT:
            told["responder"] = ask.actor.username
        case Step.RETURN:
            told["stage"] = BEFORE[incident.stage].value
        case Step.REASSIGN:
            told["sign_for"] = ask.sign_for
        case Step.SUSPEND:
            told["until_ms"] = ask.until_ms
        case Step.REOPEN:
            told["stage"] = (ask.stage or _closed_from(incident)).value
        case Step.MAKE_REAL:
            told |= {"plan": situation.real_plan, "drill": incident.drill_id}
        case Step.MERGE if situation.into is not None:
            told |= {"incident": situation.into.id, "number": situation.into.number}
        case Step.SPLIT:
            told["alarms"] = sorted(ask.alarms)
            told |= {"incident": situation.split_id, "number": situation.split_number}
    return {key: value for key, value in told.items() if value is not None}


def _closed_from(incident: Incident) -> Stage:
    return Stage.RESPONDED if was_reached(incident, Stage.RESPONDED) else Stage.VERIFIED
