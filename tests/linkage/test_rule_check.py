"""The proof that every alarm reaches a person; and which rules never match. Pure."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from alarms.model import LIFE_SAFETY_KINDS, AlarmKind, AlarmSource
from linkage.duty.model import Absence, DayHours, Pattern, Post, Rota
from linkage.escalation.plans import Callee, MoreThan, Plan, Plans, PlanStep, built_in_plans
from linkage.model.person import Person, Role
from linkage.rules.check import AHEAD, Spot, Town, Unknown, check
from linkage.rules.model import BUILT_IN, Layer, Match, Rule, Rules, SourceState

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 21, 4, 30, tzinfo=UTC)
"""Saturday, 12:30 in Shanghai."""
ALL = frozenset({"*"})
LOITERING = frozenset({AlarmKind.LOITERING})
PANIC = frozenset({AlarmKind.PANIC})


def person(name: str, role: Role, *places: str) -> Person:
    return Person(name, name, role, frozenset(places) or ALL)


DUTY = person("duty", Role.DUTY_OFFICER)
LEADER = person("leader", Role.SHIFT_LEADER)
TOWN = Town(
    people=(DUTY, LEADER),
    rota=Rota(SHANGHAI),
    spots=(
        Spot("dongcun"),
        Spot("xicun"),
        Spot("dongcun", "grid2"),
        Spot("dongcun", "grid2", "g3"),
        Spot("dongcun", "grid2", "g4"),
    ),
    officers={},
)


def rules(*own: Rule) -> Rules:
    return Rules((*own, BUILT_IN))


def plans(*own: Plan) -> Plans:
    return Plans({**built_in_plans().by_name, **{plan.name: plan for plan in own}})


def only(role: Role, **changes) -> Plan:
    return Plan("own", (PlanStep(0.0, (Callee(role=role),), **changes),), 60.0)


def test_with_a_duty_officer_for_all_places_everything_is_reached():
    report = check(rules(), built_in_plans(), TOWN, NOW)
    assert (report.gaps, report.unreachable) == ((), ())
    # nowhere, two villages, one grid: no rule tells its groups apart
    assert report.spots == 4


def test_without_accounts_every_kind_from_everywhere_is_a_gap_for_the_whole_week():
    report = check(rules(), built_in_plans(), replace(TOWN, people=()), NOW)
    assert {gap.kind for gap in report.gaps} == set(AlarmKind) - {
        AlarmKind.TEST,
        AlarmKind.CAMERA_FAULT,
    }
    assert {gap.source for gap in report.gaps} == set(AlarmSource)
    assert {(gap.begin, gap.end) for gap in report.gaps} == {(NOW, NOW + AHEAD)}
    assert {str(gap.spot) for gap in report.gaps} >= {"dongcun", "未登记地点 / nowhere known"}


def test_a_place_that_nobody_covers_is_named():
    people = (person("duty", Role.DUTY_OFFICER, "dongcun"), LEADER)
    drill_only = check(rules(), built_in_plans(), replace(TOWN, people=people), NOW)
    assert {(gap.spot, gap.plan) for gap in drill_only.gaps} == {
        (Spot("xicun"), "drill"),
        (Spot(), "drill"),
    }


def test_what_the_duty_room_raises_about_itself_needs_its_leader():
    report = check(rules(), built_in_plans(), replace(TOWN, people=(DUTY,)), NOW)
    assert {(gap.kind, gap.plan) for gap in report.gaps} == {
        (AlarmKind.UNATTENDED, "duty"),
        (AlarmKind.ROTA_GAP, "duty"),
    }


def test_a_rule_whose_hours_lead_nowhere_is_a_gap_at_those_hours_only():
    night = Rule("night", Match(kinds=PANIC, hours=DayHours(time(22), time(6))), plan="own")
    report = check(rules(night), plans(only(Role.PATROL)), TOWN, NOW)
    of_button = [
        gap
        for gap in report.gaps
        if gap.spot == Spot("dongcun") and gap.source is AlarmSource.BUTTON
    ]
    assert [(gap.begin.hour, gap.end.hour, gap.rule) for gap in of_button] == [
        (14, 22, "night")
    ] * 7
    assert {gap.kind for gap in report.gaps} == PANIC


def test_a_rule_of_a_weekday_is_a_gap_on_that_day_only():
    sunday = Rule("sunday", Match(kinds=PANIC, weekdays=frozenset({7})), plan="own")
    gaps = check(rules(sunday), plans(only(Role.PATROL)), TOWN, NOW).gaps
    local = {
        (gap.begin.astimezone(SHANGHAI).isoformat(), gap.end.astimezone(SHANGHAI).isoformat())
        for gap in gaps
    }
    assert local == {("2026-11-22T00:00:00+08:00", "2026-11-23T00:00:00+08:00")}


def test_somebody_who_is_away_reaches_nobody_while_away():
    rota = Rota(
        SHANGHAI,
        absences=(Absence("a1", "leader", NOW + timedelta(hours=2), NOW + timedelta(hours=5)),),
    )
    gaps = check(rules(), built_in_plans(), replace(TOWN, rota=rota), NOW).gaps
    assert {(gap.kind, gap.begin - NOW, gap.end - NOW) for gap in gaps} == {
        (kind, timedelta(hours=2), timedelta(hours=5))
        for kind in (AlarmKind.UNATTENDED, AlarmKind.ROTA_GAP)
    }


def test_a_post_that_nobody_holds_is_a_gap_between_its_shifts():
    post = Post("p1", "夜班", Role.PATROL)
    shift = Pattern("s1", "p1", time(20), timedelta(hours=12), (("duty",),), begins_on=NOW.date())
    plan = Plan("own", (PlanStep(0.0, (Callee(post="p1"),)),), 60.0)
    by_post = Rule("by-post", Match(kinds=PANIC), plan="own")
    town = replace(TOWN, rota=Rota(SHANGHAI, (post,), (shift,)))
    gaps = check(rules(by_post), plans(plan), town, NOW).gaps
    hours = {
        (gap.begin.astimezone(SHANGHAI).hour, gap.end.astimezone(SHANGHAI).hour) for gap in gaps
    }
    assert hours == {(12, 20), (8, 20), (8, 12)}


def test_a_villages_officer_reaches_only_that_village():
    plan = Plan("own", (PlanStep(0.0, (Callee(village_officer=True),)),), 60.0)
    by_officer = Rule("by-officer", Match(kinds=PANIC), plan="own")
    town = replace(TOWN, officers={"dongcun": "duty"})
    gaps = check(rules(by_officer), plans(plan), town, NOW).gaps
    assert {gap.spot for gap in gaps} == {Spot(), Spot("xicun")}


def test_an_account_or_a_post_that_is_not_there_is_named_with_its_plan_and_step():
    ghost, gate, known = Callee(username="ghost"), Callee(post="gate"), Callee(username="duty")
    plan = Plan(
        "own", (PlanStep(0.0, (known,), inform=(gate,)), PlanStep(30.0, (known, ghost))), 60.0
    )
    assert check(rules(), plans(plan), TOWN, NOW).unknown == (
        Unknown("own", 1, gate),
        Unknown("own", 2, ghost),
    )
    rota = Rota(SHANGHAI, (Post("p1", "gate", Role.PATROL),))
    found = check(rules(), plans(plan), replace(TOWN, rota=rota), NOW).unknown
    assert found == (Unknown("own", 2, ghost),)


def test_hours_and_counts_that_loitering_waits_for_are_no_gap_for_a_press():
    waits = replace(only(Role.DUTY_OFFICER), hours=DayHours(time(8), time(20)))
    few = only(Role.DUTY_OFFICER, if_more_than=MoreThan(3, 60.0))
    by_night = Rule("any", plan="own")
    assert check(rules(by_night), plans(waits), TOWN, NOW).gaps == ()
    gaps = check(rules(by_night), plans(few), TOWN, NOW).gaps
    assert {gap.kind for gap in gaps if gap.plan == "own"} == {
        AlarmKind.LOITERING,
        AlarmKind.CANCEL,
    }


def test_a_step_outside_its_hours_reaches_nobody():
    by_day = only(Role.DUTY_OFFICER, hours=DayHours(time(8), time(20)))
    gaps = check(rules(Rule("any", Match(kinds=PANIC), plan="own")), plans(by_day), TOWN, NOW).gaps
    assert {gap.begin.astimezone(SHANGHAI).hour for gap in gaps} == {20}


def test_what_is_set_aside_or_muted_is_no_gap():
    own = (
        Rule("aside", Match(kinds=LOITERING, layers=frozenset({Layer.AREA})), set_aside=True),
        Rule("mute", Match(kinds=LOITERING), mute=True, plan="own"),
    )
    report = check(rules(*own), plans(only(Role.PATROL)), TOWN, NOW)
    assert (report.gaps, report.unreachable) == ((), ())


def test_rules_that_tell_groups_grids_cameras_and_drills_apart_are_all_walked():
    own = (
        Rule("group", Match(groups=frozenset({"g3"}))),
        Rule("grid", Match(grids=frozenset({"grid2"}))),
        Rule("down", Match(source_states=frozenset({SourceState.DOWN}))),
        Rule("drill", Match(drill=True)),
        Rule("layer", Match(layers=frozenset({Layer.KEY_SITE}))),
    )
    report = check(rules(*own), built_in_plans(), TOWN, NOW)
    assert (report.gaps, report.unreachable) == ((), ())
    assert report.spots == 5


@pytest.mark.parametrize(
    ("first", "second", "shadowed_by"),
    [
        (Match(), Match(kinds=PANIC), "first"),
        (Match(kinds=LIFE_SAFETY_KINDS), Match(kinds=PANIC), "first"),
        (Match(drill=True), Match(drill=True, kinds=PANIC), "first"),
        (
            Match(hours=DayHours(time(8), time(20))),
            Match(hours=DayHours(time(8), time(20)), villages=frozenset({"xicun"})),
            "first",
        ),
        (Match(kinds=LOITERING), Match(villages=frozenset({"nowhere"})), None),
        (Match(drill=False), Match(drill=True, kinds=LOITERING), None),
        (
            Match(hours=DayHours(time(8), time(20))),
            Match(hours=DayHours(time(9), time(10))),
            None,
        ),
    ],
)
def test_a_rule_that_never_matches_is_named_with_the_one_before_it(first, second, shadowed_by):
    report = check(rules(Rule("first", first), Rule("second", second)), built_in_plans(), TOWN, NOW)
    assert [(one.rule, one.shadowed_by) for one in report.unreachable] == [("second", shadowed_by)]
