"""Who is asked on after the first sign-for."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from linkage.duty.rota import Duty
from linkage.escalation.callees import Roster
from linkage.escalation.confirming import still_asked
from linkage.escalation.plans import BUILT_IN, Signing, Until
from linkage.model import Person, Role

NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
DUTY = Person("duty", "duty", Role.DUTY_OFFICER, frozenset({"*"}))
SECOND = Person("duty2", "duty2", Role.DUTY_OFFICER, frozenset({"*"}))
LEADER = Person("leader", "leader", Role.SHIFT_LEADER, frozenset({"*"}))
ALL = Until(Signing.ALL)
A_LEADER = Until(Signing.ROLE, Role.SHIFT_LEADER)


def asked(until: Until, called: dict[int, set[str]], *signed: str, away=()) -> list[str]:
    duty = Duty(NOW, (), frozenset(away))
    roster = Roster(NOW.astimezone(ZoneInfo("Asia/Shanghai")), (DUTY, SECOND, LEADER), duty=duty)
    plan = replace(BUILT_IN, until=until)
    found = still_asked(plan, called, signed, roster, village_id="dongcun")
    return [p.username for p in found]


def test_one_sign_for_is_enough_where_the_plan_says_no_more():
    assert asked(Until(), {0: {"duty", "duty2"}}, "duty") == []


def test_all_who_were_called_are_asked_until_they_have_confirmed():
    assert asked(ALL, {0: {"duty", "duty2"}}, "duty") == ["duty2"]
    assert asked(ALL, {0: {"duty", "duty2"}}, "duty", "duty2") == []


def test_nobody_who_was_not_called_is_asked():
    assert asked(ALL, {0: {"duty"}}, "duty") == []


def test_nobody_waits_for_who_is_away():
    assert asked(ALL, {0: {"duty", "duty2"}}, "duty", away=("duty2",)) == []


def test_an_account_that_is_gone_is_not_asked():
    assert asked(ALL, {0: {"duty", "gone"}}, "duty") == []


def test_a_role_is_asked_until_somebody_of_it_has_confirmed_called_before_or_not():
    assert asked(A_LEADER, {0: {"duty"}}, "duty") == ["leader"]
    assert asked(A_LEADER, {0: {"duty"}}, "duty", "leader") == []


def test_each_step_asks_as_it_says_itself():
    first, second, third = BUILT_IN.steps
    plan = replace(BUILT_IN, steps=(first, replace(second, until=ALL), third))
    roster = Roster(NOW.astimezone(ZoneInfo("Asia/Shanghai")), (DUTY, SECOND, LEADER))
    found = still_asked(plan, {0: {"duty2"}, 1: {"leader"}}, {"duty"}, roster, village_id="dongcun")
    assert found == (LEADER,)
    assert plan.asks_more_than_one
    assert not BUILT_IN.asks_more_than_one


def test_who_must_sign_is_written_as_in_the_file():
    assert [str(u) for u in (Until(), ALL, A_LEADER)] == ["one", "all", "role:shift-leader"]
