"""config/escalation.toml: what it may say, and what is refused with one sentence."""

from datetime import time
from pathlib import Path

import pytest

from linkage.duty.model import DayHours
from linkage.errors import BadSettings
from linkage.escalation.plan_file import load_plans
from linkage.escalation.plans import (
    BUILT_IN,
    CONSOLE,
    DEFAULT_PLAN,
    LEVELS,
    Callee,
    Level,
    MoreThan,
    Plan,
    PlanStep,
    Signing,
    Until,
    Way,
    WayKind,
    unfit_for_life_safety,
)
from linkage.model.person import Role

SHIPPED = Path(__file__).parents[2] / "config" / "escalation.toml"
FULL = """
[levels]
county = ["user:county-duty", "post:县值班"]

[[plan]]
name = "market"
repeat = "2m"
repeats_at_most = 3
hours = "06:00-20:00"
until = "role:shift-leader"

[[plan.step]]
after = "0s"
call = ["role:duty-officer", "level:station", "officer:village"]
inform = ["level:county", "post:gate"]
until = "all"

[[plan.step]]
after = "30s"
ways = ["webhook:county", "siren", "loudspeaker"]
hours = "22:00-06:00"
if_more_than = { alarms = 3, within = "5m" }

[[plan.step]]
after = "60s"
call = ["level:town"]
ways = ["console", "webhook:county"]
until = "one"
"""


def plan_from(folder: Path, text: str, webhooks=("county", "station")) -> Plan:
    path = folder / "escalation.toml"
    path.write_text(text, encoding="utf-8")
    plans = load_plans(path, webhooks)
    return plans.by_name.get("market", plans.by_name[DEFAULT_PLAN])


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(BadSettings) as raised:
        plan_from(folder, text)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_the_shipped_plan_is_the_built_in_one():
    assert load_plans(SHIPPED).by_name[DEFAULT_PLAN] == BUILT_IN


def test_the_default_plan_still_calls_officer_leader_and_station_at_0_30_and_60_s():
    called = [(s.after_s, [str(c) for c in s.call]) for s in BUILT_IN.steps]
    assert called == [
        (0.0, ["role:duty-officer"]),
        (30.0, ["role:shift-leader"]),
        (60.0, ["role:dispatcher", "role:administrator"]),
    ]


def test_a_plan_says_who_how_when_and_until_whom(tmp_path):
    plan = plan_from(tmp_path, FULL)
    assert plan == Plan(
        name="market",
        steps=(
            PlanStep(
                0.0,
                (
                    Callee(role=Role.DUTY_OFFICER),
                    Callee(role=Role.DISPATCHER),
                    Callee(village_officer=True),
                ),
                inform=(
                    Callee(username="county-duty"),
                    Callee(post="县值班"),
                    Callee(post="gate"),
                ),
                until=Until(Signing.ALL),
            ),
            PlanStep(
                30.0,
                ways=(
                    Way(WayKind.WEBHOOK, "county"),
                    Way(WayKind.SIREN),
                    Way(WayKind.LOUDSPEAKER),
                ),
                hours=DayHours(time(22), time(6)),
                if_more_than=MoreThan(3, 300.0),
            ),
            PlanStep(
                60.0,
                LEVELS[Level.TOWN],
                ways=(CONSOLE, Way(WayKind.WEBHOOK, "county")),
                until=Until(),
            ),
        ),
        repeat_s=120.0,
        repeats_at_most=3,
        hours=DayHours(time(6), time(20)),
        until=Until(Signing.ROLE, Role.SHIFT_LEADER),
    )


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ('"webhook:county", "s', '"webhook:conty", "s', ["step 2, ways", "did you mean 'county'?"]),
        ('"siren"', '"sirene"', ["step 2, ways", "did you mean 'siren'?"]),
        ('"siren"', '"webhook"', ["step 2, ways", "no webhook named ''"]),
        ('"level:town"', '"level:tawn"', ["step 3, call", "did you mean 'town'?"]),
        ('"officer:village"', '"officer:town"', ["step 1, call", "officer:village"]),
        ('"post:gate"', '"post:"', ["step 1, inform", "level:"]),
        ('"user:county-duty"', '"level:town"', ["levels.county", "expected"]),
        ('["user:county-duty", "post:县值班"]', "[]", ["levels.county", "at least one"]),
        (
            '"role:shift-leader"',
            '"role:shift-leadr"',
            ['plan 1 "market", until', "'shift-leader'?"],
        ),
        ('"role:shift-leader"', '"both"', ['plan 1 "market", until', '"all"']),
        ('"22:00-06:00"', '"late"', ["step 2, hours", "22:00-06:00"]),
        ('within = "5m"', 'within = "500ms"', ["if_more_than.within", '"1s"']),
        ("alarms = 3", "alarms = 0", ["if_more_than.alarms"]),
        ("repeats_at_most = 3", "repeats_at_most = -1", ["repeats_at_most"]),
        ('call = ["level:town"]', "", ["step 3, call", "at least one role or user"]),
        ('["console", "webhook:county"]', '["siren"]', ["step 3, ways", "console"]),
        ('repeat = "2m"', 'repeat = "500ms"', ['plan 1 "market", repeat', '"1s"']),
    ],
)
def test_what_is_wrong_names_its_key_and_the_cure(tmp_path, right, wrong, says):
    assert right in FULL
    sentence = refusal(tmp_path, FULL.replace(right, wrong, 1))
    for part in ["escalation.toml", *says]:
        assert part in sentence


def test_a_last_step_that_calls_nobody_is_refused(tmp_path):
    text = FULL[: FULL.rindex("[[plan.step]]")]
    assert "step 2, call" in refusal(tmp_path, text)


def test_two_plans_of_one_name_are_refused(tmp_path):
    assert "two plans" in refusal(tmp_path, FULL + FULL[FULL.index("[[plan]]") :])


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('hours = "22:00-06:00"', "'hours'"),
        ("repeats_at_most = 5", "repeats_at_most"),
        ('repeat = "121s"', "waits longer"),
    ],
)
def test_a_default_plan_that_could_leave_a_life_waiting_is_refused(tmp_path, line, says):
    text = f'[[plan]]\nname = "default"\n{line}\n[[plan.step]]\nafter = "0s"\ncall = ["user:a"]\n'
    assert says in refusal(tmp_path, text)


# --- may a plan serve alarms on which a life may hang? ---

OFFICER = (Callee(role=Role.DUTY_OFFICER),)
NIGHT, DAY = DayHours(time(20), time(8)), DayHours(time(8), time(20))


def fits(*steps: PlanStep) -> bool:
    return unfit_for_life_safety(Plan("p", steps, 60.0)) is None


def test_steps_for_day_and_for_night_that_together_fill_the_day_are_fit():
    assert fits(PlanStep(0.0, OFFICER, hours=DAY), PlanStep(1.0, OFFICER, hours=NIGHT))


def test_an_hour_without_a_step_is_unfit():
    short = DayHours(time(20), time(7))
    assert not fits(PlanStep(0.0, OFFICER, hours=DAY), PlanStep(1.0, OFFICER, hours=short))


def test_a_first_step_that_calls_nobody_at_some_hour_is_unfit():
    assert not fits(PlanStep(0.0, ways=(Way(WayKind.SIREN),)), PlanStep(1.0, OFFICER))


def test_a_gap_that_opens_only_at_night_is_unfit():
    steps = [PlanStep(0.0, OFFICER), PlanStep(100.0, OFFICER, hours=DAY), PlanStep(200.0, OFFICER)]
    assert not fits(*steps)
    assert fits(steps[0], PlanStep(100.0, OFFICER), steps[2])
