"""Rules and plans: what ships loads, what is wrong says so, what is dangerous is refused."""

from datetime import time
from pathlib import Path

import pytest

from alarms.model import AlarmKind, AlarmSource
from linkage.errors import BadSettings
from linkage.model import Role
from linkage.plan_file import load_plans
from linkage.plans import Callee, built_in_plans
from linkage.rule_file import load_rules
from linkage.rules import BUILT_IN, Hours, Question, matching
from linkage.strict_toml import parse_distance_m, parse_duration_s

CONFIG = Path(__file__).parents[2] / "config"


def rules_from(folder: Path, text: str):
    path = folder / "rules.toml"
    path.write_text(text, encoding="utf-8")
    return load_rules(path, built_in_plans())


def plans_from(folder: Path, text: str):
    path = folder / "escalation.toml"
    path.write_text(text, encoding="utf-8")
    return load_plans(path)


def test_the_shipped_files_load():
    plans = load_plans(CONFIG / "escalation.toml")
    rules = load_rules(CONFIG / "rules.toml", plans)
    assert rules.rules[-1] is BUILT_IN
    assert plans.get("default").steps[1].after_s == 30.0


def test_a_file_without_rules_leaves_the_built_in_one(tmp_path):
    assert rules_from(tmp_path, "").rules == (BUILT_IN,)


def test_the_first_matching_rule_wins(tmp_path):
    rules = rules_from(
        tmp_path,
        """
        [[rule]]
        name = "night"
        [rule.match]
        kinds = ["loitering"]
        armed = "22:00-06:00"
        [[rule]]
        name = "any"
        """,
    )
    asked = Question(AlarmKind.LOITERING, AlarmSource.CAMERA, "dongcun", "area", time(23, 0))
    assert matching(rules, asked).name == "night"
    by_day = Question(AlarmKind.LOITERING, AlarmSource.CAMERA, "dongcun", "area", time(12, 0))
    assert matching(rules, by_day).name == "any"


@pytest.mark.parametrize(
    ("moment", "inside"),
    [(time(21, 59), False), (time(22, 0), True), (time(0, 0), True), (time(6, 0), False)],
)
def test_hours_run_over_midnight(moment: time, inside: bool):
    assert (moment in Hours(time(22, 0), time(6, 0))) is inside


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[[rule]]\nname = "x"\nprioritty = 2', ["rule[0].prioritty", "did you mean 'priority'?"]),
        ('fold_whitin = "10m"', ["fold_whitin", "did you mean 'fold_within'?"]),
        ('[[rule]]\nname = "x"\n[rule.match]\nkind = []', ["rule[0].match.kind", "'kinds'"]),
        ('[[rule]]\nname = "x"\n[rule.match]\nkinds = ["panik"]', ["'panik'", "'panic'"]),
        ("[[rule]]\nname = 3", ["rule[0].name", "expected str, got int"]),
        ("[[rule]]\npriority = 1", ["rule[0].name", "is missing"]),
        ("fold_within = 600", ["fold_within", "with its unit"]),
        ('fold_within = "10 parsecs"', ["fold_within", "10 parsecs"]),
        ('[[rule]]\nname = "x"\nplan = "defualt"', ["rule[0].plan", "did you mean 'default'?"]),
        ('[[rule]]\nname = "x"\npriority = 9', ["rule[0].priority", "1 (highest) to 4"]),
        ('[[rule]]\nname = "x"\n[rule.match]\narmed = "late"', ["rule[0].match.armed", "late"]),
        ("[[rule", ["is not TOML"]),
    ],
)
def test_what_is_wrong_names_file_key_and_cure(tmp_path, text: str, says: list[str]):
    with pytest.raises(BadSettings) as raised:
        rules_from(tmp_path, text)
    for part in ["rules.toml", *says]:
        assert part in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_missing_file_is_one_clear_sentence(tmp_path):
    with pytest.raises(BadSettings, match=r"gone\.toml: cannot be read"):
        load_rules(tmp_path / "gone.toml", built_in_plans())


@pytest.mark.parametrize(
    "text",
    [
        '[[rule]]\nname = "x"\nset_aside = true',
        '[[rule]]\nname = "x"\nset_aside = true\n[rule.match]\nkinds = ["duress"]',
        '[[rule]]\nname = "x"\nset_aside = true\n[rule.match]\nkinds = ["cancel"]',
        '[[rule]]\nname = "x"\nset_aside = true\n[rule.match]\nsources = ["button"]',
        '[[rule]]\nname = "x"\npriority = 3',
        '[[rule]]\nname = "x"\npriority = 2\n[rule.match]\nkinds = ["panic"]',
    ],
)
def test_a_rule_that_would_drop_or_lower_a_life_safety_alarm_is_refused(tmp_path, text: str):
    with pytest.raises(BadSettings):
        rules_from(tmp_path, text)


def test_a_rule_that_would_delay_a_life_safety_alarm_is_refused(tmp_path):
    plans = plans_from(
        tmp_path,
        """
        [[plan]]
        name = "slow"
        [[plan.step]]
        after = "0s"
        call = ["role:duty-officer"]
        [[plan.step]]
        after = "10m"
        call = ["role:shift-leader"]
        """,
    )
    path = tmp_path / "rules.toml"
    path.write_text('[[rule]]\nname = "x"\nplan = "slow"\n[rule.match]\nkinds = ["fire"]')
    with pytest.raises(BadSettings, match="slow"):
        load_rules(path, plans)
    path.write_text('[[rule]]\nname = "x"\nplan = "slow"\n[rule.match]\nkinds = ["loitering"]')
    assert load_rules(path, plans).rules[0].plan == "slow"


def test_a_rule_may_set_loitering_aside(tmp_path):
    text = '[[rule]]\nname = "x"\nset_aside = true\n[rule.match]\nkinds = ["loitering"]'
    assert rules_from(tmp_path, text).rules[0].set_aside


STEP = '[[plan]]\nname = "p"\n[[plan.step]]\nafter = "{after}"\ncall = [{call}]'


def test_a_step_names_roles_and_users(tmp_path):
    plans = plans_from(tmp_path, STEP.format(after="0s", call='"role:patrol", "user:duty2"'))
    assert plans.get("p").steps[0].call == (Callee(role=Role.PATROL), Callee(username="duty2"))


@pytest.mark.parametrize(
    ("after", "call", "says"),
    [
        ("0s", "", "at least one role or user"),
        ("0s", '"role:duty-oficer"', "did you mean 'duty-officer'?"),
        ("0s", '"role:auditor"', "cannot be called"),
        ("0s", '"duty"', "expected"),
        ("10s", '"user:a"', 'first step is at "0s"'),
    ],
)
def test_a_plan_that_could_leave_nobody_called_is_refused(tmp_path, after, call, says):
    with pytest.raises(BadSettings) as raised:
        plans_from(tmp_path, STEP.format(after=after, call=call))
    assert says in str(raised.value)


def test_a_plan_that_is_gone_falls_back_to_the_default():
    assert built_in_plans().get("was-renamed").name == "default"


def test_units_are_read():
    assert [parse_duration_s(t) for t in ("500ms", "30s", "10m", "2h", "1d")] == [
        0.5,
        30.0,
        600.0,
        7200.0,
        86400.0,
    ]
    assert [parse_distance_m(t) for t in ("150m", "1.5km")] == [150.0, 1500.0]
