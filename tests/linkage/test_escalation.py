"""Whom to call next: pure, on a clock that is a number."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.duty.model import DayHours, Post
from linkage.duty.rota import Duty, Manning
from linkage.escalation.callees import Roster
from linkage.escalation.deciding import Next, NotCalled, Standing, Verdict, decide
from linkage.escalation.plans import (
    BUILT_IN,
    CONSOLE,
    LONGEST_GAP_S,
    Callee,
    MoreThan,
    Plan,
    PlanStep,
    Way,
    WayKind,
)
from linkage.model.person import Person, Role

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
"""Noon in Shanghai."""


def person(name: str, role: Role, *places: str) -> Person:
    return Person(name, name, role, frozenset(places or ("*",)))


def step(after_s: float, *roles: Role, **more) -> PlanStep:
    return PlanStep(after_s, tuple(Callee(role=role) for role in roles), **more)


def on_duty(role: Role, *present: str, absent: tuple[str, ...] = ()) -> Duty:
    """One post, and who holds it; the absent are away."""
    manning = Manning(Post("post", "岗位", role), present, absent)
    return Duty(NOW, (manning,), frozenset(absent))


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


DUTY = person("duty", Role.DUTY_OFFICER)
SECOND = person("duty2", Role.DUTY_OFFICER)
LEADER = person("leader", Role.SHIFT_LEADER)
STATION = person("station", Role.DISPATCHER, "dongcun")
HEAD = person("head", Role.VILLAGE_HEAD, "xicun")
OWN_HEAD = person("own-head", Role.VILLAGE_HEAD, "dongcun")
AUDITOR = person("audit", Role.AUDITOR)
ALL = [DUTY, LEADER, STATION, HEAD, AUDITOR]

NIGHT = DayHours(time(22, 0), time(6, 0))
HORN = Way(WayKind.SIREN)
COUNTY = Way(WayKind.WEBHOOK, "county")

BY_DAY_THE_LEADER = Plan(
    "p",
    (
        step(0, Role.DUTY_OFFICER),
        step(30, Role.SHIFT_LEADER, hours=NIGHT),
        step(60, Role.DISPATCHER),
    ),
    60.0,
)


def look(
    step: int = 0,
    attended: tuple[str, ...] = ("duty", "leader"),
    people=ALL,
    plan: Plan = BUILT_IN,
    duty: Duty | None = None,
    at: datetime = NOW,
    **standing,
) -> Verdict:
    here = Standing("dongcun", step, **standing)
    roster = Roster(at.astimezone(SHANGHAI), tuple(people), frozenset(attended), duty)
    return decide(here, plan, roster, at)


def called(verdict: Verdict) -> list[str]:
    return [c.person.username for c in verdict.calls]


def skips(verdict: Verdict) -> list[tuple[int, list[str], str]]:
    return [(s.step, [p.username for p in s.people], s.reason.value) for s in verdict.skipped]


# --- the plan as it is shipped ---


def test_the_first_step_calls_the_duty_officer_and_looks_again_after_30_s():
    verdict = look()
    assert called(verdict) == ["duty"]
    assert verdict.next == Next(1, 0, after(30))


def test_the_second_step_calls_the_shift_leader():
    verdict = look(1)
    assert called(verdict) == ["leader"]
    assert verdict.next == Next(2, 0, after(30))


def test_an_empty_chair_goes_to_the_next_step_at_once():
    verdict = look(attended=("leader",))
    assert (verdict.step, called(verdict)) == (1, ["leader"])
    assert skips(verdict) == [(0, ["duty"], "unattended")]


def test_a_step_that_finds_no_account_says_so_and_moves_on():
    verdict = look(people=[LEADER, STATION])
    assert (verdict.step, skips(verdict)) == (1, [(0, [], "nobody")])


def test_the_last_step_calls_everyone_it_names_attended_or_not_and_repeats():
    verdict = look(2, attended=(), round=3)
    assert [(c.person.username, c.attended) for c in verdict.calls] == [("station", False)]
    assert verdict.next == Next(2, 4, after(60))


def test_all_chairs_empty_reaches_the_last_step_at_once():
    verdict = look(attended=())
    assert (verdict.step, called(verdict)) == (2, ["station"])
    assert [s.step for s in verdict.skipped] == [0, 1]


def test_a_last_step_without_accounts_calls_the_empty_chairs_of_the_plan():
    verdict = look(attended=(), people=[DUTY, LEADER, AUDITOR])
    assert called(verdict) == ["duty", "leader"]


def test_a_plan_that_finds_nobody_calls_everyone_who_covers_the_place_but_auditors():
    patrol = person("patrol", Role.PATROL, "dongcun")
    plan = Plan("p", (step(0, Role.DUTY_OFFICER),), 60.0)
    verdict = look(people=[patrol, HEAD, AUDITOR], attended=(), plan=plan)
    assert (called(verdict), verdict.everyone) == (["patrol"], True)


def test_somebody_elsewhere_is_called_rather_than_nobody():
    assert called(look(people=[HEAD, AUDITOR], attended=())) == ["head"]


def test_a_person_whose_places_do_not_cover_the_village_is_not_called():
    elsewhere = person("duty2", Role.DUTY_OFFICER, "xicun")
    assert called(look(people=[*ALL, elsewhere], attended=("duty", "duty2"))) == ["duty"]


def test_a_named_user_is_called():
    plan = Plan("p", (PlanStep(0.0, (Callee(username="leader"),)),), 60.0)
    assert called(look(plan=plan, attended=())) == ["leader"]


def test_ringing_again_does_not_put_off_what_was_due():
    assert look(pending=(2, after(5))).next == Next(2, 0, after(5))


def test_a_clock_due_later_gives_way_to_the_new_one():
    assert look(pending=(2, after(50))).next == Next(1, 0, after(30))


def test_a_step_of_a_longer_plan_than_now_is_the_last():
    assert look(7).step == BUILT_IN.last


def test_the_village_is_informed_at_once_and_replaces_nobody():
    verdict = look(people=[*ALL, OWN_HEAD])
    assert called(verdict) == ["duty"]
    assert [c.person.username for c in verdict.informed] == ["own-head"]


def test_who_is_called_is_not_informed_besides():
    plan = Plan("p", (step(0, Role.DUTY_OFFICER, inform=(Callee(username="duty"),)),), 60.0)
    assert look(plan=plan).informed == ()


@pytest.mark.parametrize("step", [0, 1])
def test_a_step_before_the_last_is_never_taken_for_empty_chairs_alone(step):
    assert look(step, attended=()).step == BUILT_IN.last


# --- the rota ---


def test_a_sick_first_officer_is_not_called_when_another_is_on_duty():
    duty = on_duty(Role.DUTY_OFFICER, "duty2", absent=("duty",))
    verdict = look(people=[*ALL, SECOND], attended=("duty", "duty2"), duty=duty)
    assert called(verdict) == ["duty2"]


def test_a_role_all_of_whom_are_away_is_skipped_like_an_empty_chair():
    duty = on_duty(Role.DUTY_OFFICER, absent=("duty",))
    verdict = look(duty=duty)
    assert (verdict.step, skips(verdict)) == (1, [(0, ["duty"], "absent")])


def test_the_last_step_calls_even_those_who_are_away_where_nobody_else_is_of_the_role():
    duty = on_duty(Role.DISPATCHER, absent=("station",))
    assert called(look(2, duty=duty)) == ["station"]


# --- ways ---


def test_a_step_tells_by_its_other_ways_as_well():
    plan = Plan("p", (step(0, Role.DUTY_OFFICER, ways=(CONSOLE, HORN, COUNTY)),), 60.0)
    assert look(plan=plan).ways == ((0, HORN), (0, COUNTY))


def test_an_empty_chair_keeps_no_other_way_from_going_out():
    first = step(0, Role.DUTY_OFFICER, ways=(CONSOLE, COUNTY))
    plan = Plan("p", (first, step(30, Role.SHIFT_LEADER)), 60.0)
    verdict = look(plan=plan, attended=("leader",))
    assert (called(verdict), verdict.ways) == (["leader"], ((0, COUNTY),))


def test_a_step_that_calls_nobody_on_a_console_waits_for_its_successor_in_time():
    tells = PlanStep(30.0, ways=(COUNTY,))
    plan = Plan("p", (step(0, Role.DUTY_OFFICER), tells, step(60, Role.SHIFT_LEADER)), 60.0)
    verdict = look(1, plan=plan)
    assert (called(verdict), verdict.ways) == ([], ((1, COUNTY),))
    assert verdict.next == Next(2, 0, after(30))


def test_empty_chairs_do_not_wait_for_a_step_that_calls_nobody():
    tells = PlanStep(30.0, ways=(COUNTY,))
    plan = Plan("p", (step(0, Role.DUTY_OFFICER), tells, step(60, Role.SHIFT_LEADER)), 60.0)
    verdict = look(plan=plan, attended=("leader",))
    assert (verdict.step, verdict.ways) == (2, ((1, COUNTY),))


def test_a_last_step_that_calls_nobody_falls_back_to_the_last_that_does():
    plan = Plan("p", (step(0, Role.DUTY_OFFICER), PlanStep(30.0, ways=(COUNTY,))), 60.0)
    verdict = look(plan=plan, attended=())
    assert (verdict.step, called(verdict)) == (0, ["duty"])
    assert skips(verdict) == []


# --- hours ---


def test_a_plan_outside_its_hours_waits_until_they_begin():
    plan = replace(BUILT_IN, hours=NIGHT)
    verdict = look(plan=plan, may_wait=True)
    assert called(verdict) == []
    assert [(one.step, one.reason) for one in verdict.left_out] == [(0, NotCalled.HOURS)]
    assert verdict.next == Next(0, 0, datetime(2026, 11, 21, 14, 0, tzinfo=UTC))


def test_hours_that_began_today_begin_again_tomorrow():
    at = datetime(2026, 11, 21, 23, 0, tzinfo=UTC)  # 07:00
    plan = replace(BUILT_IN, hours=DayHours(time(5, 0), time(6, 0)))
    verdict = look(plan=plan, may_wait=True, at=at)
    assert verdict.next is not None
    assert verdict.next.at == datetime(2026, 11, 22, 21, 0, tzinfo=UTC)


def test_a_plan_in_its_hours_calls():
    plan = replace(BUILT_IN, hours=DayHours(time(8, 0), time(20, 0)))
    assert called(look(plan=plan, may_wait=True)) == ["duty"]


def test_quiet_hours_of_a_plan_hold_back_nothing_on_which_a_life_may_hang():
    assert called(look(plan=replace(BUILT_IN, hours=NIGHT))) == ["duty"]


def test_a_step_outside_its_hours_is_left_out_and_its_successor_keeps_its_time():
    verdict = look(1, plan=BY_DAY_THE_LEADER, may_wait=True)
    assert called(verdict) == []
    assert verdict.next == Next(2, 0, after(30))


def test_where_a_life_may_hang_on_it_nobody_waits_for_a_step_that_is_left_out():
    verdict = look(1, plan=BY_DAY_THE_LEADER, attended=("station",))
    assert (verdict.step, called(verdict)) == (2, ["station"])
    assert [one.step for one in verdict.left_out] == [1]


def test_after_empty_chairs_a_step_that_is_left_out_is_passed_over():
    verdict = look(plan=BY_DAY_THE_LEADER, attended=(), may_wait=True)
    assert (verdict.step, called(verdict)) == (2, ["station"])


def test_a_last_step_outside_its_hours_gives_way_to_the_last_that_calls():
    plan = Plan("p", (step(0, Role.DUTY_OFFICER), step(30, Role.DISPATCHER, hours=NIGHT)), 60.0)
    verdict = look(1, plan=plan)
    assert (verdict.step, called(verdict)) == (0, ["duty"])
    assert verdict.next == Next(1, 1, after(60))


def test_a_plan_with_no_step_for_the_hour_calls_all_the_same():
    plan = Plan("p", (step(0, Role.DUTY_OFFICER, hours=NIGHT),), 60.0)
    assert called(look(plan=plan)) == ["duty"]


def test_a_plan_that_calls_nobody_at_all_calls_everyone_who_covers_the_place():
    plan = Plan("p", (PlanStep(0.0, ways=(COUNTY,), hours=NIGHT),), 60.0)
    verdict = look(plan=plan)
    assert (called(verdict), verdict.everyone) == (["duty", "leader", "station"], True)


# --- only with more alarms; limits ---


def many(alarms: int) -> Plan:
    second = step(30, Role.SHIFT_LEADER, if_more_than=MoreThan(alarms, 300.0))
    return Plan("p", (step(0, Role.DUTY_OFFICER), second), 60.0)


def test_a_step_for_more_alarms_than_came_is_not_taken_and_looks_again():
    recent = (after(-10), after(-20), after(-301))
    verdict = look(1, plan=many(2), may_wait=True, alarms_at=recent)
    assert [one.reason for one in verdict.left_out] == [NotCalled.FEW_ALARMS]
    assert verdict.next == Next(1, 0, after(60))


def test_a_step_for_more_alarms_is_taken_when_they_came():
    recent = (after(-10), after(-20), after(-299))
    assert called(look(1, plan=many(2), may_wait=True, alarms_at=recent)) == ["leader"]


def test_where_a_life_may_hang_on_it_no_count_holds_a_step_back():
    assert called(look(1, plan=many(100))) == ["leader"]


def test_a_plan_with_a_limit_ends_after_so_many_repetitions():
    plan = replace(BUILT_IN, repeats_at_most=1)
    first, second = (look(2, plan=plan, may_wait=True, round=r) for r in (0, 1))
    assert first.next == Next(2, 1, after(60))
    assert (called(second), second.next) == (["station"], None)


def test_no_limit_ends_a_plan_for_what_a_life_may_hang_on():
    plan = replace(BUILT_IN, repeats_at_most=0)
    assert look(2, plan=plan, round=9).next == Next(2, 10, after(60))


# --- whatever the plan and whatever the facts ---

HOURS = st.one_of(
    st.none(),
    st.builds(lambda a, b: DayHours(time(a), time(b)), st.integers(0, 23), st.integers(0, 23)),
)
CALLEES = st.one_of(
    st.builds(Callee, role=st.sampled_from([r for r in Role if r is not Role.AUDITOR])),
    st.builds(Callee, username=st.sampled_from(["duty", "nobody"])),
    st.builds(Callee, post=st.sampled_from(["post", "gone"])),
    st.just(Callee(village_officer=True)),
)
STEPS = st.builds(
    PlanStep,
    after_s=st.just(0.0),
    call=st.lists(CALLEES, max_size=3).map(tuple),
    ways=st.sampled_from([(CONSOLE,), (COUNTY,), (CONSOLE, HORN)]),
    inform=st.lists(CALLEES, max_size=2).map(tuple),
    hours=HOURS,
    if_more_than=st.one_of(st.none(), st.just(MoreThan(3, 60.0))),
)


@st.composite
def plans(draw) -> Plan:
    gaps = draw(st.lists(st.integers(1, 3600), min_size=1, max_size=5))
    steps = [draw(STEPS) for _ in gaps]
    moments = [sum(gaps[:i]) for i in range(len(gaps))]
    return Plan(
        "any",
        tuple(replace(s, after_s=float(at)) for s, at in zip(steps, moments, strict=True)),
        repeat_s=draw(st.floats(1, 3600)),
        repeats_at_most=draw(st.one_of(st.none(), st.integers(0, 3))),
        hours=draw(HOURS),
    )


NAMES = [p.username for p in (*ALL, SECOND, OWN_HEAD)]


@st.composite
def rosters(draw) -> Roster:
    away = draw(st.frozensets(st.sampled_from(NAMES)))
    named = draw(st.lists(st.sampled_from(NAMES), unique=True))
    role = draw(st.sampled_from(list(Role)))
    manning = Manning(
        Post("post", "岗位", role),
        tuple(n for n in named if n not in away),
        tuple(n for n in named if n in away),
    )
    return Roster(
        local=(NOW + timedelta(hours=draw(st.integers(0, 24)))).astimezone(SHANGHAI),
        people=tuple(draw(st.lists(st.sampled_from([*ALL, SECOND, OWN_HEAD]), unique=True))),
        attended=draw(st.frozensets(st.sampled_from(NAMES))),
        duty=draw(st.one_of(st.none(), st.just(Duty(NOW, (manning,), away)))),
        village_officer=draw(st.one_of(st.none(), st.sampled_from(NAMES))),
    )


@given(
    plan=plans(),
    roster=rosters(),
    step=st.integers(0, 6),
    round_=st.integers(0, 5),
    village=st.sampled_from(["dongcun", "xicun", None]),
    pending=st.one_of(st.none(), st.tuples(st.integers(0, 6), st.integers(-60, 3600))),
)
def test_what_a_life_may_hang_on_always_has_a_next_look_within_the_longest_gap(
    plan, roster, step, round_, village, pending
):
    later = None if pending is None else (pending[0], after(pending[1]))
    here = Standing(village, step, round_, later)
    verdict = decide(here, plan, roster, NOW)
    assert verdict.next is not None
    longest_s = min(LONGEST_GAP_S, max(3600.0, plan.repeat_s))
    assert NOW <= verdict.next.at <= after(longest_s)
    if plan.steps[verdict.step].call:
        assert bool(verdict.calls) == any(p.role is not Role.AUDITOR for p in roster.people)
    assert AUDITOR not in [c.person for c in verdict.calls]


@given(plan=plans(), roster=rosters(), village=st.sampled_from(["dongcun", None]))
def test_somebody_is_called_before_as_many_looks_have_passed_as_the_plan_has_steps(
    plan, roster, village
):
    standing, asked = Standing(village, 0), any(p.role is not Role.AUDITOR for p in roster.people)
    for _ in range(len(plan.steps)):
        verdict = decide(standing, plan, roster, NOW)
        if verdict.calls:
            return
        assert verdict.next is not None
        standing = Standing(village, verdict.next.step, verdict.next.round)
    assert not asked


@given(plan=plans(), roster=rosters(), step=st.integers(0, 6), round_=st.integers(0, 5))
def test_the_same_facts_give_the_same_verdict_and_never_a_look_in_the_past(
    plan, roster, step, round_
):
    here = Standing("dongcun", step, round_, may_wait=True)
    verdict = decide(here, plan, roster, NOW)
    assert verdict == decide(here, plan, roster, NOW)
    assert verdict.next is None or verdict.next.at >= NOW
