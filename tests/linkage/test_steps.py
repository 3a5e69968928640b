"""The six steps and those beside the way: pure, one behaviour a test."""

from dataclasses import replace

import pytest

from alarms.model import AlarmKind
from linkage.errors import StepNotAllowed
from linkage.model.event import EventType
from linkage.model.incident import Outcome, Stage
from linkage.model.person import Actor, Person, Role
from linkage.steps.checks import ClosingCheck, possible, was_reached
from linkage.steps.events import Happened, after
from linkage.steps.moves import MOVES, Step, next_step
from linkage.steps.taking import absorb, pass_due
from tests.linkage.cases import (
    CLOSED,
    DISPATCHED,
    DUTY,
    HOUR,
    LEADER,
    MINUTE,
    OPENED,
    OTHER,
    OTHER_DUTY,
    PATROL,
    PATROL_ACCOUNT,
    RESPONDED,
    REVIEWED,
    SIGNED,
    T0,
    TABLE,
    VERIFIED,
    ask,
    taken,
)

LATER = T0 + 10 * MINUTE
BECAUSE = "情况有变"


def refused(incident, what, now_ms=LATER, **situation) -> str:
    with pytest.raises(StepNotAllowed) as raised:
        taken(incident, what, now_ms, **situation)
    return str(raised.value)


def went(incident, what, now_ms=LATER, **situation):
    return taken(incident, what, now_ms, **situation).incident


# --- the six --------------------------------------------------------------------------------------


def test_every_step_of_the_table_has_an_event_and_a_label():
    assert set(MOVES) == set(Step)
    assert all(move.label for move in MOVES.values())
    assert len({move.event for move in MOVES.values()}) == len(MOVES)


def test_the_usual_way_through_the_table_is_possible():
    stage, done = Stage.REPORTED, []
    while (step := next_step(stage, acknowledged=True)) is not None:
        assert stage in MOVES[step].allowed
        stage = MOVES[step].leads_to or stage
        done.append(step)
    assert stage is Stage.REVIEWED
    assert next_step(Stage.DISPATCHED, acknowledged=False) is Step.ACKNOWLEDGE


def test_each_of_the_six_keeps_a_time_of_its_own():
    times = (
        REVIEWED.acknowledged_at_ms,
        REVIEWED.verified_at_ms,
        REVIEWED.dispatched_at_ms,
        REVIEWED.responded_at_ms,
        REVIEWED.closed_at_ms,
        REVIEWED.reviewed_at_ms,
    )
    assert times == tuple(T0 + n * 10_000 for n in range(1, 7))


def test_a_sign_for_that_stands_is_told_by_name():
    assert "张伟" in refused(SIGNED, ask(Step.ACKNOWLEDGE, LEADER), signed_by="张伟")
    assert "duty" in refused(SIGNED, ask(Step.ACKNOWLEDGE, LEADER))


@pytest.mark.parametrize(
    "step", [s for s, m in MOVES.items() if m.needs_sign_for and Stage.REPORTED in m.allowed]
)
def test_nothing_that_needs_a_sign_for_goes_without(step):
    assert "签收" in refused(OPENED, ask(step, reason=BECAUSE, to="x", until_ms=LATER + 1))


def test_a_step_out_of_order_names_the_stage():
    assert "采集上报" in refused(SIGNED, ask(Step.RESPOND))


def test_sending_somebody_too_keeps_the_first_dispatch_time_and_puts_nothing_off():
    again = went(DISPATCHED, ask(Step.DISPATCH, to="patrol"), to=PATROL_ACCOUNT)
    assert again.dispatched_at_ms == DISPATCHED.dispatched_at_ms
    assert again.next_due_at_ms == DISPATCHED.next_due_at_ms
    assert (again.dispatched_to, again.responders) == ("patrol", ("patrol",))


def test_sending_without_saying_whom_keeps_who_was_said_before():
    assert went(DISPATCHED, ask(Step.DISPATCH)).dispatched_to == "巡防队"


# --- set-out and arrival --------------------------------------------------------------------------


def test_set_out_and_arrival_have_times_between_dispatch_and_feedback():
    out = went(DISPATCHED, ask(Step.SET_OUT, PATROL), LATER)
    there = went(out, ask(Step.ARRIVE, PATROL), LATER + MINUTE)
    assert (there.set_out_at_ms, there.arrived_at_ms) == (LATER, LATER + MINUTE)
    assert there.stage is Stage.DISPATCHED


def test_set_out_is_recorded_once_and_never_after_the_arrival():
    out = went(DISPATCHED, ask(Step.SET_OUT))
    refused(out, ask(Step.SET_OUT))
    there = went(DISPATCHED, ask(Step.ARRIVE))
    refused(there, ask(Step.SET_OUT))
    refused(there, ask(Step.ARRIVE))


def test_feedback_may_come_from_people_who_recorded_neither():
    assert went(DISPATCHED, ask(Step.RESPOND)).stage is Stage.RESPONDED


# --- closing --------------------------------------------------------------------------------------


def test_closing_needs_an_outcome():
    assert "结论" in refused(RESPONDED, ask(Step.CLOSE))


@pytest.mark.parametrize("outcome", [o for o in Outcome if o is not Outcome.MALICIOUS])
def test_an_incident_closes_with_any_plain_outcome(outcome):
    closed = went(RESPONDED, ask(Step.CLOSE, outcome=outcome))
    assert (closed.outcome, closed.stage) == (outcome, Stage.CLOSED)
    assert (closed.due_step, closed.next_due_at_ms) == (None, None)


def test_malicious_needs_a_person_and_the_grounds():
    malicious = Outcome.MALICIOUS
    assert "谎报" in refused(RESPONDED, ask(Step.CLOSE, outcome=malicious, note="  "))
    machine = Actor("platform", "平台", Role.DUTY_OFFICER, machine=True)
    refused(RESPONDED, ask(Step.CLOSE, machine, outcome=malicious, note="说明"))
    went(RESPONDED, ask(Step.CLOSE, outcome=malicious, note="住户承认"))


def test_whoever_was_sent_cannot_close():
    sent = went(VERIFIED, ask(Step.DISPATCH, to="duty"), to=replace(OTHER_DUTY, username="duty"))
    back = went(sent, ask(Step.RESPOND))
    assert "处置人" in refused(back, ask(Step.CLOSE, outcome=Outcome.REAL))
    went(back, ask(Step.CLOSE, LEADER, outcome=Outcome.REAL))
    went(
        back,
        ask(Step.CLOSE, outcome=Outcome.REAL),
        closing_check=ClosingCheck.NONE,
    )


def test_feedback_from_the_spot_makes_its_author_a_responder():
    back = went(DISPATCHED, ask(Step.RESPOND, PATROL))
    assert back.responders == ("patrol",)
    again = went(DISPATCHED, ask(Step.RESPOND))
    assert again.responders == ()


def test_the_strict_check_wants_another_person_than_whoever_gave_the_feedback():
    strict = ClosingCheck.OTHER_PERSON
    close = ask(Step.CLOSE, outcome=Outcome.REAL)
    assert "反馈人" in refused(RESPONDED, close, closing_check=strict)
    went(RESPONDED, close)
    went(RESPONDED, ask(Step.CLOSE, LEADER, outcome=Outcome.REAL), closing_check=strict)


def test_a_note_is_possible_at_any_stage_but_not_empty():
    for incident in (OPENED, DISPATCHED, REVIEWED):
        assert went(incident, ask(Step.NOTE, note="来电")) == incident
        refused(incident, ask(Step.NOTE, note="  "))
        refused(incident, ask(Step.NOTE))


# --- reasons --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("incident", "step"),
    [
        (DISPATCHED, Step.RETURN),
        (DISPATCHED, Step.REASSIGN),
        (DISPATCHED, Step.SUSPEND),
        (DISPATCHED, Step.MERGE),
        (DISPATCHED, Step.SPLIT),
        (CLOSED, Step.REOPEN),
    ],
)
def test_what_changes_the_way_needs_a_reason(incident, step):
    assert "原因" in refused(incident, ask(step))
    assert "原因" in refused(incident, ask(step, reason=" "))


# --- return ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("incident", "stage", "cleared"),
    [
        (VERIFIED, Stage.REPORTED, "verified_at_ms"),
        (DISPATCHED, Stage.VERIFIED, "dispatched_at_ms"),
        (RESPONDED, Stage.DISPATCHED, "responded_at_ms"),
    ],
)
def test_a_return_goes_one_stage_back_and_takes_its_time_back(incident, stage, cleared):
    back = went(incident, ask(Step.RETURN, reason=BECAUSE))
    assert (back.stage, getattr(back, cleared)) == (stage, None)
    assert back.acknowledged_by == "duty"


def test_a_returned_dispatch_has_nobody_sent():
    out = went(DISPATCHED, ask(Step.SET_OUT))
    back = went(out, ask(Step.RETURN, reason=BECAUSE, to="duty"))
    assert (back.dispatched_to, back.responders, back.set_out_at_ms) == (None, (), None)
    assert back.due_step == "dispatch"


def test_nothing_can_be_returned_at_the_first_stage():
    refused(SIGNED, ask(Step.RETURN, reason=BECAUSE))


# --- reassign -------------------------------------------------------------------------------------


def test_another_team_has_neither_set_out_nor_arrived():
    there = went(went(DISPATCHED, ask(Step.SET_OUT)), ask(Step.ARRIVE))
    others = went(there, ask(Step.REASSIGN, reason=BECAUSE, to="二组"), LATER)
    assert (others.dispatched_to, others.set_out_at_ms, others.arrived_at_ms) == (
        "二组",
        None,
        None,
    )
    assert (others.due_step, others.next_due_at_ms) == ("set-out", LATER + 5 * MINUTE)


def test_the_sign_for_is_handed_to_somebody_who_sits_there():
    handed = went(
        SIGNED,
        ask(Step.REASSIGN, reason="交班", to="duty2", sign_for=True),
        to=OTHER_DUTY,
        to_attended=True,
    )
    assert (handed.acknowledged_by, handed.acknowledged_at_ms) == ("duty2", LATER)


@pytest.mark.parametrize(
    ("to", "attended"),
    [
        (None, True),
        (PATROL_ACCOUNT, True),
        (Person("far", "远", Role.DUTY_OFFICER, frozenset({"xicun"})), True),
        (Person("duty", "张伟", Role.DUTY_OFFICER, frozenset({"*"})), True),
        (OTHER_DUTY, False),
    ],
    ids=["no account", "may not sign", "other places", "has it already", "empty chair"],
)
def test_the_sign_for_is_handed_to_nobody_else(to, attended):
    what = ask(Step.REASSIGN, reason="交班", to="somebody", sign_for=True)
    refused(SIGNED, what, to=to, to_attended=attended)


def test_a_reassignment_says_to_whom_and_needs_somebody_sent():
    refused(DISPATCHED, ask(Step.REASSIGN, reason=BECAUSE))
    refused(VERIFIED, ask(Step.REASSIGN, reason=BECAUSE, to="二组"))


# --- suspend and resume ---------------------------------------------------------------------------


def suspended(until_ms=LATER + HOUR):
    return went(DISPATCHED, ask(Step.SUSPEND, reason="等家属", until_ms=until_ms))


def test_a_suspended_incident_waits_to_be_resumed():
    assert suspended().suspended_until_ms == LATER + HOUR
    assert (suspended().due_step, suspended().next_due_at_ms) == ("resume", LATER + HOUR)


def test_a_suspension_ends_in_the_future_and_not_too_far():
    for until_ms in (None, LATER, LATER + 4 * HOUR + 1):
        refused(DISPATCHED, ask(Step.SUSPEND, reason=BECAUSE, until_ms=until_ms))


def test_a_suspended_incident_takes_only_notes_urging_and_being_resumed():
    here = suspended()
    assert possible(here, LEADER, ClosingCheck.NONE) == [Step.RESUME, Step.SUPERVISE, Step.NOTE]
    assert "挂起" in refused(here, ask(Step.RESPOND))


def test_resuming_gives_the_whole_time_anew():
    back = went(suspended(), ask(Step.RESUME), LATER + MINUTE)
    assert back.suspended_until_ms is None
    assert (back.due_step, back.next_due_at_ms) == ("set-out", LATER + 6 * MINUTE)
    assert "没有挂起" in refused(back, ask(Step.RESUME))


def test_a_suspension_that_ends_by_itself_rings():
    over = pass_due(suspended(), LATER + HOUR, TABLE)
    assert [e.type for e in over.events] == [EventType.RESUMED]
    assert over.incident.ring == DISPATCHED.ring + 1
    assert over.incident.due_step == "set-out"


# --- supervise ------------------------------------------------------------------------------------


def test_supervising_rings_and_names_who_did_even_before_a_sign_for():
    for incident in (OPENED, DISPATCHED):
        urged = went(incident, ask(Step.SUPERVISE, LEADER))
        assert (urged.supervised_by, urged.supervised_at_ms) == ("leader", LATER)
        assert urged.ring == incident.ring + 1
        assert urged.next_due_at_ms == incident.next_due_at_ms


# --- what passes by itself ------------------------------------------------------------------------


def test_what_is_overdue_rings_and_is_looked_at_again():
    late = pass_due(SIGNED, LATER, TABLE)
    [event] = late.events
    assert (event.type, event.actor) == (EventType.OVERDUE, None)
    assert event.data["was_due_at_ms"] == SIGNED.next_due_at_ms
    assert (late.incident.ring, late.incident.overdue) == (2, 1)
    assert (late.incident.due_step, late.incident.next_due_at_ms) == ("verify", LATER + 2 * MINUTE)


def test_the_second_time_it_is_supervised_and_the_third_not_again():
    once = pass_due(SIGNED, LATER, TABLE).incident
    twice = pass_due(once, LATER + HOUR, TABLE)
    assert [e.type for e in twice.events] == [EventType.OVERDUE, EventType.SUPERVISED]
    assert (twice.incident.supervised_at_ms, twice.incident.supervised_by) == (LATER + HOUR, None)
    thrice = pass_due(twice.incident, LATER + 2 * HOUR, TABLE)
    assert [e.type for e in thrice.events] == [EventType.OVERDUE]


def test_the_step_itself_ends_being_overdue():
    late = pass_due(SIGNED, LATER, TABLE).incident
    assert went(late, ask(Step.VERIFY)).overdue == 0


# --- merge ----------------------------------------------------------------------------------------


def test_a_merged_incident_is_closed_as_duplicate_and_takes_only_notes():
    merged = went(DISPATCHED, ask(Step.MERGE, reason="同一件事", into="i2"), into=OTHER)
    assert (merged.stage, merged.outcome) == (Stage.CLOSED, Outcome.DUPLICATE)
    assert (merged.merged_into, merged.due_step) == ("i2", None)
    assert possible(merged, LEADER, ClosingCheck.NONE) == [Step.NOTE]
    assert "并入" in refused(merged, ask(Step.REOPEN, reason=BECAUSE))


@pytest.mark.parametrize(
    "into",
    [
        None,
        DISPATCHED,
        replace(CLOSED, id="i2"),
        replace(OTHER, suspended_until_ms=LATER),
        replace(OTHER, drill=True),
    ],
    ids=["unknown", "itself", "closed", "suspended", "a drill"],
)
def test_no_incident_is_merged_into(into):
    refused(DISPATCHED, ask(Step.MERGE, reason=BECAUSE, into="x"), into=into)


def absorbed(target, merged):
    what = ask(Step.MERGE, reason="同一件事", into=target.id)
    return absorb(target, merged, what, LATER, TABLE).incident


def test_what_survives_a_merge_is_as_urgent_as_both():
    lesser = replace(OTHER, priority=3, kind=AlarmKind.LOITERING, plan="slow")
    survivor = absorbed(lesser, replace(SIGNED, silent=True, cancel_claimed=True))
    assert (survivor.priority, survivor.kind, survivor.plan) == (1, AlarmKind.PANIC, "default")
    assert (survivor.silent, survivor.cancel_claimed) == (True, True)
    kept = absorbed(OTHER, replace(SIGNED, priority=3, kind=AlarmKind.LOITERING, plan="slow"))
    assert (kept.priority, kept.kind, kept.plan) == (1, AlarmKind.PANIC, "default")


def test_what_survives_a_merge_is_as_certain_as_both():
    seen = replace(SIGNED, certainty="observed")
    assert absorbed(OTHER, seen).certainty == "observed"
    assert absorbed(OTHER, SIGNED).certainty == "likely"


def test_duress_is_never_hidden_by_a_merge():
    assert absorbed(OTHER, replace(SIGNED, kind=AlarmKind.DURESS)).kind is AlarmKind.DURESS


def test_what_survives_a_merge_stands_where_its_worst_alarm_came_from():
    here = replace(OTHER, village_id="v", group_id="g3", household_id="h1", latitude=30.0)
    there = replace(SIGNED, village_id="v", group_id="g4", household_id="h5", latitude=30.1)
    fire = replace(there, kind=AlarmKind.FIRE)
    assert absorbed(here, fire).kind is AlarmKind.FIRE
    moved = absorbed(here, fire)
    assert (moved.group_id, moved.household_id, moved.latitude) == ("g4", "h5", 30.1)
    for kept in (absorbed(here, there), absorbed(fire, replace(here, kind=AlarmKind.PANIC))):
        assert kept.household_id in ("h1", "h5")
    assert absorbed(here, there).household_id == "h1"
    assert absorbed(here, replace(fire, household_id=None)).household_id == "h1"


def test_what_began_nowhere_takes_the_home_of_what_is_merged_into_it():
    nowhere = replace(OTHER, group_id=None, household_id=None, camera_id="cam")
    home = replace(SIGNED, group_id="g4", household_id="h5", camera_id=None)
    assert absorbed(nowhere, home).household_id == "h5"
    assert absorbed(nowhere, replace(home, group_id=None, household_id=None)).camera_id == "cam"


def test_a_merge_brings_a_due_time_nearer_and_never_puts_it_off():
    slow = replace(SIGNED, id="i2", priority=4, next_due_at_ms=LATER + 30 * MINUTE)
    assert absorbed(slow, SIGNED).next_due_at_ms == LATER + MINUTE
    soon = replace(SIGNED, id="i2", next_due_at_ms=LATER + 1)
    assert absorbed(soon, SIGNED).next_due_at_ms == LATER + 1
    # of one that was signed for before due times were kept, it begins now
    old = replace(SIGNED, id="i2", next_due_at_ms=None, due_step=None)
    assert absorbed(old, SIGNED).due_step == "verify"


def test_a_merge_leaves_the_escalation_of_an_unsigned_survivor_alone():
    assert absorbed(OTHER, SIGNED).next_due_at_ms == OTHER.next_due_at_ms


# --- split ----------------------------------------------------------------------------------------


def test_some_alarms_are_split_off_and_the_incident_stays_as_it_is():
    what = ask(Step.SPLIT, reason="两件事", alarms=("a2",))
    split = taken(
        SIGNED, what, LATER, alarms=("a1", "a2"), split_id="i9", split_number="20261121-0009"
    )
    assert split.incident == replace(SIGNED, stepped_at_ms=LATER)
    assert split.events[0].data["alarms"] == ["a2"]
    assert split.events[0].data["number"] == "20261121-0009"


@pytest.mark.parametrize("chosen", [(), ("a1", "a2"), ("a3",)])
def test_a_split_takes_some_of_the_alarms_but_not_all(chosen):
    refused(SIGNED, ask(Step.SPLIT, reason=BECAUSE, alarms=chosen), alarms=("a1", "a2"))


# --- reopen ---------------------------------------------------------------------------------------


def test_a_reopened_incident_rings_and_must_be_signed_for_anew():
    supervised = replace(REVIEWED, supervised_at_ms=T0, supervised_by="leader")
    back = went(supervised, ask(Step.REOPEN, reason="又有人报警"))
    assert (back.stage, back.ring) == (Stage.RESPONDED, REVIEWED.ring + 1)
    assert (back.acknowledged_by, back.outcome, back.closed_at_ms) == (None, None, None)
    assert (back.reviewed_at_ms, back.supervised_at_ms) == (None, None)
    assert (back.next_due_at_ms, back.due_step) == (LATER, None)


def test_reopening_goes_to_a_stage_that_it_had_reached():
    back = went(CLOSED, ask(Step.REOPEN, reason=BECAUSE, stage=Stage.VERIFIED))
    assert (back.stage, back.dispatched_at_ms, back.responded_at_ms) == (Stage.VERIFIED, None, None)
    quick = went(VERIFIED, ask(Step.CLOSE, outcome=Outcome.ACCIDENTAL))
    assert went(quick, ask(Step.REOPEN, reason=BECAUSE)).stage is Stage.VERIFIED
    for stage in (Stage.DISPATCHED, Stage.RESPONDED, Stage.CLOSED):
        refused(quick, ask(Step.REOPEN, reason=BECAUSE, stage=stage))


def test_an_incident_has_been_at_the_stages_it_went_through():
    assert [s for s in Stage if was_reached(REVIEWED, s)] == [
        Stage.REPORTED, Stage.VERIFIED, Stage.DISPATCHED, Stage.RESPONDED,
    ]  # fmt: skip


# --- drills ---------------------------------------------------------------------------------------


def test_a_drill_that_becomes_real_rings_and_must_be_signed_for_on_the_real_plan():
    drill = replace(SIGNED, drill=True, plan="drill", drill_id="d1")
    real = went(drill, ask(Step.MAKE_REAL), real_plan="default")
    assert (real.drill, real.plan, real.ring) == (False, "default", SIGNED.ring + 1)
    assert (real.acknowledged_by, real.due_step, real.next_due_at_ms) == (None, None, LATER)
    assert "演练" in refused(SIGNED, ask(Step.MAKE_REAL))


# --- who may, and the clock -----------------------------------------------------------------------


def test_what_is_possible_depends_on_role_stage_and_person():
    assert possible(OPENED, DUTY, ClosingCheck.NONE) == [Step.ACKNOWLEDGE, Step.NOTE]
    assert possible(OPENED, PATROL, ClosingCheck.NONE) == [Step.NOTE]
    assert Step.CLOSE in possible(RESPONDED, DUTY, ClosingCheck.OTHER_THAN_RESPONDER)
    assert Step.CLOSE not in possible(RESPONDED, DUTY, ClosingCheck.OTHER_PERSON)
    machine = Actor("platform", "平台", Role.DUTY_OFFICER, machine=True)
    assert possible(OPENED, machine, ClosingCheck.NONE) == [Step.NOTE]
    assert possible(OPENED, Actor("x", "x"), ClosingCheck.NONE) == []


def test_a_clock_that_is_set_back_sets_no_step_back():
    verified = went(SIGNED, ask(Step.VERIFY), T0 - HOUR)
    assert verified.verified_at_ms == SIGNED.acknowledged_at_ms


def test_a_press_after_the_sign_for_takes_it_away_and_ends_a_suspension():
    rang = Happened(EventType.RANG_AGAIN, LATER, data={"was_acknowledged_by": "duty"})
    again = after(suspended(), rang)
    assert (again.acknowledged_by, again.suspended_until_ms, again.due_step) == (None, None, None)
    assert again.ring == DISPATCHED.ring + 1
    kept = after(DISPATCHED, replace(rang, data={"was_acknowledged_by": None}))
    assert (kept.acknowledged_by, kept.ring) == ("duty", DISPATCHED.ring + 1)


def test_an_event_that_is_no_step_changes_nothing():
    assert after(DISPATCHED, Happened(EventType.PAGED, LATER)) is DISPATCHED
