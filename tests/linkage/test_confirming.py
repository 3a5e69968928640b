"""Who is asked on after the first sign-for."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from linkage.duty.rota import Duty
from linkage.escalation.callees import Roster
from linkage.escalation.confirming import rung_at, still_asked
from linkage.escalation.plans import BUILT_IN, Signing, Until
from linkage.model.person import Person, Role

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
    assert all(one.until == until for one in found)
    return [one.person.username for one in found]


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
    assert [one.person for one in found] == [LEADER]
    assert plan.asks_more_than_one
    assert not BUILT_IN.asks_more_than_one


def test_who_must_confirm_by_himself_is_asked_so_whatever_a_role_asks_besides():
    first, second, third = BUILT_IN.steps
    later = (replace(second, until=ALL), replace(third, until=A_LEADER))
    plan = replace(BUILT_IN, steps=(first, *later))
    roster = Roster(NOW.astimezone(ZoneInfo("Asia/Shanghai")), (DUTY, SECOND, LEADER))
    for called in ({1: {"leader"}, 2: {"duty"}}, {1: {"duty2"}, 2: {"duty"}}):
        found = still_asked(plan, called, {"duty"}, roster, village_id="dongcun")
        asked = {one.person.username: str(one.until) for one in found}
        assert asked == {next(iter(called[1])): "all", "leader": asked["leader"]}
        assert asked["leader"] == ("all" if called[1] == {"leader"} else "role:shift-leader")
    second_last = replace(plan, steps=(first, later[1], later[0]))
    found = still_asked(
        second_last, {1: {"duty"}, 2: {"leader"}}, {"duty"}, roster, village_id="dongcun"
    )
    assert [str(one.until) for one in found] == ["all"]


def test_whoever_was_called_is_rung_at_until_they_confirmed_or_somebody_of_the_role_did():
    roles = {"duty": "duty-officer", "leader": "shift-leader", "leader2": "shift-leader"}
    calls = [("duty2", "all"), ("leader", "role:shift-leader"), ("duty", "role:shift-leader")]
    calls += [("duty3", "role:shift-leader"), ("leader", "role:shift-leader")]
    assert rung_at(calls, {"duty"}, roles) == ("duty2", "leader")
    assert rung_at(calls, {"duty", "gone", "duty2"}, roles) == ("leader",)
    assert rung_at(calls, {"duty", "leader2"}, roles) == ("duty2",)
    assert rung_at([], {"duty"}, roles) == ()


def test_who_must_sign_is_written_as_in_the_file():
    assert [str(u) for u in (Until(), ALL, A_LEADER)] == ["one", "all", "role:shift-leader"]
