"""Whom to call next: pure, on a clock that is a number."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.escalation import Standing, decide
from linkage.model import Person, Role
from linkage.plans import BUILT_IN, Callee, Plan, PlanStep

NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)


def person(name: str, role: Role, *places: str) -> Person:
    return Person(name, name, role, frozenset(places or ("*",)))


DUTY = person("duty", Role.DUTY_OFFICER)
LEADER = person("leader", Role.SHIFT_LEADER)
STATION = person("station", Role.DISPATCHER, "dongcun")
HEAD = person("head", Role.VILLAGE_HEAD, "xicun")
AUDITOR = person("audit", Role.AUDITOR)
ALL = [DUTY, LEADER, STATION, HEAD, AUDITOR]


def look(step: int = 0, attended: tuple[str, ...] = ("duty", "leader"), people=ALL, **standing):
    here = Standing("dongcun", step, **standing)
    return decide(here, BUILT_IN, people, frozenset(attended), NOW)


def called(verdict) -> list[str]:
    return [c.person.username for c in verdict.calls]


def test_the_first_step_calls_the_duty_officer_and_looks_again_after_30_s():
    verdict = look()
    assert called(verdict) == ["duty"]
    assert (verdict.next_step, verdict.next_at) == (1, NOW + timedelta(seconds=30))


def test_the_second_step_calls_the_shift_leader():
    verdict = look(1)
    assert called(verdict) == ["leader"]
    assert (verdict.next_step, verdict.next_at) == (2, NOW + timedelta(seconds=30))


def test_an_empty_chair_goes_to_the_next_step_at_once():
    verdict = look(attended=("leader",))
    assert (verdict.step, called(verdict)) == (1, ["leader"])
    assert [(s.step, [p.username for p in s.people]) for s in verdict.skipped] == [(0, ["duty"])]


def test_a_step_that_finds_no_account_says_so_and_moves_on():
    verdict = look(people=[LEADER, STATION])
    assert (verdict.step, verdict.skipped[0].people) == (1, ())


def test_the_last_step_calls_everyone_it_names_attended_or_not_and_repeats():
    verdict = look(2, attended=(), round=3)
    assert [(c.person.username, c.attended) for c in verdict.calls] == [("station", False)]
    assert (verdict.next_step, verdict.next_round) == (2, 4)
    assert verdict.next_at == NOW + timedelta(seconds=60)


def test_all_chairs_empty_reaches_the_last_step_at_once():
    verdict = look(attended=())
    assert (verdict.step, called(verdict)) == (2, ["station"])
    assert [s.step for s in verdict.skipped] == [0, 1]


def test_a_last_step_without_accounts_calls_the_empty_chairs_of_the_plan():
    verdict = look(attended=(), people=[DUTY, LEADER, AUDITOR])
    assert called(verdict) == ["duty", "leader"]


def test_a_plan_that_finds_nobody_calls_everyone_who_covers_the_place_but_auditors():
    patrol = person("patrol", Role.PATROL, "dongcun")
    verdict = look(people=[patrol, HEAD, AUDITOR], attended=())
    assert (called(verdict), verdict.everyone) == (["patrol"], True)


def test_somebody_elsewhere_is_called_rather_than_nobody():
    assert called(look(people=[HEAD, AUDITOR], attended=())) == ["head"]


def test_a_person_whose_places_do_not_cover_the_village_is_not_called():
    elsewhere = person("duty2", Role.DUTY_OFFICER, "xicun")
    assert called(look(people=[*ALL, elsewhere], attended=("duty", "duty2"))) == ["duty"]


def test_a_named_user_is_called():
    plan = Plan("p", (PlanStep(0.0, (Callee(username="leader"),)),), 60.0)
    verdict = decide(Standing("dongcun", 0), plan, ALL, frozenset(), NOW)
    assert called(verdict) == ["leader"]


def test_ringing_again_does_not_put_off_what_was_due():
    soon = NOW + timedelta(seconds=5)
    verdict = look(pending=(2, soon))
    assert (verdict.next_step, verdict.next_at) == (2, soon)


def test_a_clock_due_later_gives_way_to_the_new_one():
    verdict = look(pending=(2, NOW + timedelta(seconds=50)))
    assert (verdict.next_step, verdict.next_at) == (1, NOW + timedelta(seconds=30))


@given(
    people=st.lists(st.sampled_from(ALL), unique=True),
    attended=st.frozensets(st.sampled_from([p.username for p in ALL])),
    step=st.integers(0, 5),
)
def test_somebody_is_called_whenever_there_is_anybody_to_call(people, attended, step):
    verdict = decide(Standing("dongcun", step), BUILT_IN, people, attended, NOW)
    callable_people = [p for p in people if p.role is not Role.AUDITOR]
    assert bool(verdict.calls) == bool(callable_people)
    assert verdict.next_at > NOW
    assert AUDITOR not in [c.person for c in verdict.calls]


@pytest.mark.parametrize("step", [0, 1])
def test_a_step_before_the_last_is_never_taken_for_empty_chairs_alone(step):
    verdict = look(step, attended=())
    assert verdict.step == BUILT_IN.last
