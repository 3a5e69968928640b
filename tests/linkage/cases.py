"""Incidents, people and asks for the pure tests of the steps."""

from dataclasses import replace

from alarms.model import AlarmKind
from linkage.model.incident import Incident, Outcome, Stage
from linkage.model.person import Actor, Person, Role
from linkage.steps.checks import Ask, Situation
from linkage.steps.due_times import DueTimes
from linkage.steps.moves import Step
from linkage.steps.taking import Taken, take

T0 = 1_780_000_000_000
MINUTE = 60_000
HOUR = 60 * MINUTE
TABLE = DueTimes()

DUTY = Actor("duty", "张伟", Role.DUTY_OFFICER)
LEADER = Actor("leader", "李强", Role.SHIFT_LEADER)
PATROL = Actor("patrol", "陈勇", Role.PATROL)
OTHER_DUTY = Person("duty2", "周敏", Role.DUTY_OFFICER, frozenset({"*"}))
PATROL_ACCOUNT = Person("patrol", "陈勇", Role.PATROL, frozenset({"*"}))

OPENED = Incident(
    id="i1",
    number="20261121-0001",
    stage=Stage.REPORTED,
    priority=1,
    kind=AlarmKind.PANIC,
    silent=False,
    drill=False,
    plan="default",
    opened_at_ms=T0,
    closed_at_ms=None,
    village_id="dongcun",
    grid_id="grid2",
    group_id="g3",
    household_id="h1",
    camera_id=None,
    acknowledged_by=None,
    acknowledged_at_ms=None,
    cancel_claimed=False,
    outcome=None,
    ring=1,
    next_due_at_ms=T0,
    version=1,
    changed_position=1,
)
OTHER = replace(OPENED, id="i2", number="20261121-0002")


def ask(step: Step, actor: Actor = DUTY, **said) -> Ask:
    return Ask(step, actor, version=1, **said)


def taken(incident: Incident, what: Ask, now_ms: int = T0, **situation) -> Taken:
    here = Situation(now_ms=now_ms, suspend_at_most_ms=4 * HOUR, **situation)
    return take(incident, what, here, TABLE)


WAY = (
    ask(Step.ACKNOWLEDGE),
    ask(Step.VERIFY, note="已通话"),
    ask(Step.DISPATCH, to="巡防队"),
    ask(Step.RESPOND, note="已到场"),
    ask(Step.CLOSE, outcome=Outcome.REAL),
    ask(Step.REVIEW),
)


def gone(steps: int, *, every_ms: int = 10_000) -> Incident:
    """The incident after so many of the six steps, one every ten seconds."""
    incident = OPENED
    for number, what in enumerate(WAY[:steps], start=1):
        incident = taken(incident, what, T0 + number * every_ms).incident
    return incident


SIGNED, VERIFIED, DISPATCHED, RESPONDED, CLOSED, REVIEWED = (gone(n) for n in range(1, 7))
