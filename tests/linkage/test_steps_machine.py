"""Any sequence of steps: no illegal state, no event lost, no time that goes back."""

from dataclasses import fields, replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from linkage.accounts.rights import permissions_of
from linkage.errors import StepNotAllowed
from linkage.model.event import EventType
from linkage.model.incident import Incident, Outcome, Stage
from linkage.model.person import Actor, Person, Role
from linkage.steps.checks import Ask, ClosingCheck, Situation, possible
from linkage.steps.due_times import awaited
from linkage.steps.events import Happened, after
from linkage.steps.moves import MOVES, Step
from linkage.steps.taking import Taken, absorb, pass_due, take
from tests.linkage.cases import OPENED, OTHER, T0, TABLE

PEOPLE = [
    Actor("duty", "张伟", Role.DUTY_OFFICER),
    Actor("leader", "李强", Role.SHIFT_LEADER),
    Actor("patrol", "陈勇", Role.PATROL),
]
ACCOUNTS = [Person(a.username, a.display_name, a.role, frozenset({"*"})) for a in PEOPLE if a.role]
CHECK = ClosingCheck.OTHER_THAN_RESPONDER
TIMES = [f.name for f in fields(Incident) if f.name.endswith("_at_ms")]
OF_STEPS = [t for t in TIMES if t not in ("opened_at_ms", "next_due_at_ms")]
IN_ORDER = (
    "opened_at_ms", "verified_at_ms", "dispatched_at_ms", "set_out_at_ms", "arrived_at_ms",
    "responded_at_ms", "closed_at_ms", "reviewed_at_ms",
)  # fmt: skip
REACHED = {
    Stage.VERIFIED: ("verified_at_ms",),
    Stage.DISPATCHED: ("verified_at_ms", "dispatched_at_ms"),
    Stage.RESPONDED: ("verified_at_ms", "dispatched_at_ms", "responded_at_ms"),
}

NOT_YET = {
    Stage.REPORTED: ("verified_at_ms", "dispatched_at_ms", "arrived_at_ms", "responded_at_ms"),
    Stage.VERIFIED: ("dispatched_at_ms", "set_out_at_ms", "arrived_at_ms", "responded_at_ms"),
    Stage.DISPATCHED: ("responded_at_ms",),
}


def likely(steps: list[Step]) -> list[Step]:
    """The steps with the six of the usual way more often: else few runs would come far."""
    six = (Step.VERIFY, Step.DISPATCH, Step.RESPOND, Step.CLOSE, Step.REVIEW, Step.ACKNOWLEDGE)
    return [step for step in steps for _ in range(6 if step in six else 1)]


class Steps(RuleBasedStateMachine):
    """One incident, people who ask for anything, and a clock that may be set back."""

    def __init__(self) -> None:
        super().__init__()
        self.incident = OPENED
        self.events: list[Happened] = []
        self.now_ms = T0
        self.latest = dict.fromkeys(OF_STEPS, T0)

    def _keep(self, taken: Taken) -> None:
        self.incident = taken.incident
        self.events += taken.events

    @rule(seconds=st.integers(-120, 7200))
    def time_passes(self, seconds):
        self.now_ms += seconds * 1000

    @rule(data=st.data(), actor=st.sampled_from(PEOPLE), seconds=st.integers(-60, 600))
    def somebody_takes_a_step_that_is_offered(self, data, actor, seconds):
        self.now_ms += seconds * 1000
        step = data.draw(
            st.sampled_from(likely(possible(self.incident, actor, CHECK))), label="step"
        )
        said = {
            Step.CLOSE: {"outcome": data.draw(st.sampled_from(Outcome), label="outcome")},
            Step.REASSIGN: {"sign_for": data.draw(st.booleans(), label="sign-for")},
            Step.SUSPEND: {"until_ms": self.now_ms + data.draw(st.integers(1, 4 * 3600_000))},
            Step.SPLIT: {"alarms": ("a1",)},
            Step.REOPEN: {"stage": data.draw(st.none() | st.sampled_from(Stage), label="stage")},
        }.get(step, {})
        to = data.draw(st.sampled_from([None, *ACCOUNTS]), label="to")
        words = {"note": "说明", "reason": "原因", "to": "巡防队" if to is None else to.username}
        try:
            self._ask(Ask(step, actor, 1, **words, **said), to=to, to_attended=True, into=OTHER)
        except StepNotAllowed:
            # offered, but not with what was said: nobody to hand over to, a stage never reached
            assert step in (Step.REASSIGN, Step.REOPEN)

    @rule(
        step=st.sampled_from(Step),
        actor=st.sampled_from(PEOPLE),
        said=st.fixed_dictionaries(
            {
                "note": st.none() | st.just("说明"),
                "reason": st.none() | st.just("原因"),
                "outcome": st.none() | st.sampled_from(Outcome),
                "stage": st.none() | st.sampled_from(Stage),
                "sign_for": st.booleans(),
                "alarms": st.sampled_from([(), ("a1",), ("a1", "a2")]),
            }
        ),
        to=st.sampled_from([None, *ACCOUNTS]),
        attended=st.booleans(),
        until_s=st.integers(-60, 5 * 3600),
        into=st.sampled_from([None, OTHER, replace(OTHER, stage=Stage.CLOSED)]),
    )
    def somebody_asks_for_anything(self, step, actor, said, to, attended, until_s, into):
        until_ms = self.now_ms + until_s * 1000
        name = None if to is None else to.username
        offered = possible(self.incident, actor, CHECK)
        before = self.incident
        try:
            self._ask(
                Ask(step, actor, 1, until_ms=until_ms, to=name, **said),
                to=to,
                to_attended=attended,
                into=into,
            )
        except StepNotAllowed:
            assert self.incident is before
        else:
            assert step in offered or MOVES[step].needs not in permissions_of(actor.role)

    def _ask(self, ask, **situation):
        here = Situation(
            now_ms=self.now_ms,
            closing_check=CHECK,
            suspend_at_most_ms=TABLE.suspend_at_most_ms(1),
            alarms=("a1", "a2"),
            **situation,
        )
        self._keep(take(self.incident, ask, here, TABLE))

    @precondition(lambda self: self.incident.due_step is not None)
    @rule()
    def its_due_time_passes(self):
        self.now_ms = max(self.now_ms, self.incident.next_due_at_ms)
        self._keep(pass_due(self.incident, self.now_ms, TABLE))

    @precondition(lambda self: self.incident.stage.is_open)
    @rule(takes_sign_for=st.booleans())
    def an_alarm_rings_again(self, takes_sign_for):
        had = self.incident.acknowledged_by if takes_sign_for else None
        event = Happened(EventType.RANG_AGAIN, self.now_ms, data={"was_acknowledged_by": had})
        self._keep(Taken((event,), after(self.incident, event)))

    @precondition(lambda self: self.incident.stage.is_open and not self.incident.suspended_until_ms)
    @rule(priority=st.integers(1, 4))
    def another_is_merged_into_it(self, priority):
        ask = Ask(Step.MERGE, PEOPLE[0], 1, reason="同一件事", into=self.incident.id)
        merged = replace(OTHER, priority=priority)
        self._keep(absorb(self.incident, merged, ask, self.now_ms, TABLE))

    @invariant()
    def replaying_the_events_gives_the_incident(self):
        replayed = OPENED
        for event in self.events:
            replayed = after(replayed, event)
        assert replayed == self.incident

    @invariant()
    def the_stage_and_its_times_agree(self):
        here = self.incident
        for name in REACHED.get(here.stage, ()):
            assert getattr(here, name) is not None
        for name in NOT_YET.get(here.stage, ()):
            assert getattr(here, name) is None
        ended = (here.closed_at_ms is not None, here.outcome is not None)
        assert ended == (not here.stage.is_open,) * 2
        assert (here.reviewed_at_ms is not None) == (here.stage is Stage.REVIEWED)
        assert (here.acknowledged_by is None) == (here.acknowledged_at_ms is None)
        if here.merged_into is not None:
            assert here.outcome is Outcome.DUPLICATE

    @invariant()
    def no_step_goes_back_in_time(self):
        way = [getattr(self.incident, name) for name in IN_ORDER]
        taken = [at_ms for at_ms in way if at_ms is not None]
        assert taken == sorted(taken)
        for name in OF_STEPS:
            at_ms = getattr(self.incident, name)
            if at_ms is not None:
                assert at_ms >= self.latest[name]
                self.latest[name] = at_ms

    @invariant()
    def what_is_open_has_a_next_time_and_what_ended_has_none(self):
        here = self.incident
        expected = awaited(here, TABLE)
        assert here.due_step == (None if expected is None else expected.value)
        assert (here.next_due_at_ms is not None) == here.stage.is_open
        if here.suspended_until_ms is not None and here.stage.is_open:
            assert here.acknowledged_by is not None
            assert here.next_due_at_ms == here.suspended_until_ms


TestSteps = Steps.TestCase
TestSteps.settings = settings(max_examples=100, stateful_step_count=50, deadline=None)
