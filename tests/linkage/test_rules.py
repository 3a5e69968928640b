"""Rules and plans: what ships loads, what is wrong says so, what is dangerous is refused."""

import re
from dataclasses import replace
from datetime import time
from pathlib import Path

import pytest

from alarms.model import AlarmKind, AlarmSource
from linkage.duty.model import DayHours
from linkage.errors import BadSettings
from linkage.escalation.plan_file import load_plans
from linkage.escalation.plans import Callee, built_in_plans
from linkage.model.person import Role
from linkage.rules.correlation import built_in
from linkage.rules.file import load_rules
from linkage.rules.model import (
    BUILT_IN,
    Layer,
    Match,
    Question,
    Rule,
    Rules,
    SourceState,
    Tried,
    matching,
    tried,
)
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
    assert (moment in DayHours(time(22, 0), time(6, 0))) is inside


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            '[[rule]]\nname = "x"\nprioritty = 2',
            ['rule 1 "x", prioritty', "did you mean 'priority'?"],
        ),
        ('fold_whitin = "10m"', ["fold_whitin", "did you mean 'fold_within'?"]),
        ('[[rule]]\nname = "x"\n[rule.match]\nkind = []', ['rule 1 "x", match.kind', "'kinds'"]),
        ('[[rule]]\nname = "x"\n[rule.match]\nkinds = ["panik"]', ["'panik'", "'panic'"]),
        ("[[rule]]\nname = 3", ["rule 1, name", "expected str, got int"]),
        ("[[rule]]\npriority = 1", ["rule 1, name", "缺少这个键 / this key is missing"]),
        ("fold_within = 600", ["fold_within", "with its unit"]),
        ("fold_within = 10", ["应为带单位的时长", '"10m", got 10']),
        ('[[rule]]\nname = "x"\npriority = "a"', ["应为 整数，写的是 文字 / expected int, got"]),
        ("fold_within = true", ["got true"]),
        ('[[rule]]\nname = "a"\n[[rule]]\nname = "b"\nplam = "x"', ['rule 2 "b", plam']),
        ('[[rule]]\nname = "x"\n[rule.match]\nkinds = ["panic", "x"]', ["match.kinds 2"]),
        ('fold_within = "10 parsecs"', ["fold_within", "10 parsecs"]),
        ('[[rule]]\nname = "x"\nplan = "defualt"', ['rule 1 "x", plan', "did you mean 'default'?"]),
        ('[[rule]]\nname = "x"\npriority = 9', ['rule 1 "x", priority', "1 (highest) to 4"]),
        ('[[rule]]\nname = "x"\n[rule.match]\narmed = "late"', ['rule 1 "x", match.armed', "late"]),
        ("[[rule", ["is not TOML"]),
    ],
)
def test_what_is_wrong_names_file_key_and_cure(tmp_path, text: str, says: list[str]):
    with pytest.raises(BadSettings) as raised:
        rules_from(tmp_path, text)
    for part in ["rules.toml", *says]:
        assert part in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_byte_order_mark_is_no_mistake(tmp_path):
    path = tmp_path / "rules.toml"
    path.write_text('fold_within = "5m"\r\n# 规则\r\n', encoding="utf-8-sig", newline="")
    assert load_rules(path, built_in_plans()).fold_within_s == 300.0


def test_text_in_another_encoding_names_the_line_and_how_to_mend_it(tmp_path):
    path = tmp_path / "rules.toml"
    path.write_text('fold_within = "5m"\n# 规则\n', encoding="gbk")
    with pytest.raises(BadSettings) as raised:
        load_rules(path, built_in_plans())
    for part in ("rules.toml: line 2", "GBK", "编码选 UTF-8", "save it again"):
        assert part in str(raised.value)


def test_a_missing_file_is_one_clear_sentence(tmp_path):
    with pytest.raises(BadSettings, match=r"gone\.toml: 读不到 / cannot be read"):
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


def asked(**changes: object) -> Question:
    usual = Question(AlarmKind.LOITERING, AlarmSource.CAMERA, "dongcun", "area", time(12, 0))
    return replace(usual, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("match", "question", "key"),
    [
        (Match(kinds=frozenset({AlarmKind.PANIC})), asked(), "kinds"),
        (Match(sources=frozenset({AlarmSource.BUTTON})), asked(), "sources"),
        (Match(villages=frozenset({"xicun"})), asked(), "villages"),
        (Match(grids=frozenset({"g2"})), asked(grid_id="g1"), "grids"),
        (Match(groups=frozenset({"g3"})), asked(group_id=None), "groups"),
        (Match(layers=frozenset({Layer.KEY_SITE})), asked(), "layers"),
        (Match(hours=DayHours(time(22), time(6))), asked(), "armed"),
        (Match(weekdays=frozenset({6, 7})), asked(weekday=1), "weekdays"),
        (Match(drill=True), asked(), "drill"),
        (Match(drill=False), asked(drill=True), "drill"),
        (Match(source_states=frozenset({SourceState.DOWN})), asked(), "source_state"),
    ],
)
def test_a_rule_that_does_not_match_says_by_which_key(match: Match, question: Question, key: str):
    [own, last] = tried(Rules((Rule("own", match), BUILT_IN)), question)
    assert own.refused_by == (key,)
    assert last == Tried(BUILT_IN, ())


def test_a_rule_that_asks_much_matches_what_has_it_all(tmp_path):
    rules = rules_from(
        tmp_path,
        """
        [[rule]]
        name = "much"
        mute = true
        [rule.match]
        kinds = ["loitering"]
        sources = ["camera"]
        villages = ["dongcun"]
        grids = ["g1"]
        groups = ["g3"]
        layers = ["area"]
        armed = "08:00-20:00"
        weekdays = [1]
        drill = false
        source_state = ["connecting"]
        """,
    )
    question = asked(grid_id="g1", group_id="g3", source_state=SourceState.CONNECTING)
    assert matching(rules, question).name == "much"
    assert matching(rules, question).mute


def test_without_any_rule_the_built_in_one_matches():
    assert tried(Rules(()), asked()) == [Tried(BUILT_IN, ())]


def test_declared_correlations_come_before_the_built_in_ones(tmp_path):
    rules = rules_from(
        tmp_path,
        """
        [flood]
        alarms = 5
        within = "2m"

        [[correlate]]
        name = "by-night"
        same = "village"
        kinds = ["loitering"]
        with_kinds = ["loitering"]
        within = "5m"
        rings = true

        [[correlate]]
        name = "near-neighbour"
        same = "place"
        within_m = "40m"
        raises_priority_by = 1
        raises_certainty_to = "observed"
        """,
    )
    names = [one.name for one in rules.correlations]
    assert names == ["by-night", *(one.name for one in built_in())]
    near = next(one for one in rules.correlations if one.name == "near-neighbour")
    assert (near.within_m, near.joins_quiet, near.households_at_most) == (40.0, False, 3)
    assert AlarmKind.CANCEL not in near.kinds
    assert (rules.flood.alarms, rules.flood.within_s) == (5, 120.0)
    assert rules.looks_to_villages
    assert rules.near_m_of(AlarmKind.PANIC) == 40.0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[[correlate]]\nname = "x"\nsame = "cause"', 'correlate 1 "x", same'),
        ('[[correlate]]\nname = "x"\nsame = "place"\nwithin_m = "600m"', 'up to "500m"'),
        ('[[correlate]]\nname = "x"\nsame = "place"\nwithin = "2d"', 'up to "1d"'),
        ('[[correlate]]\nname = "x"\nsame = "group"\n' * 2, "another correlation named 'x'"),
        ('[[correlate]]\nname = "x"\nsame = "street"', "'street' is not known"),
        ('[flood]\nwithin = "2d"', "flood.within"),
        ('[[rule]]\nname = "x"\n' * 2, "another rule named 'x'"),
        ('[[rule]]\nname = "x"\ncameras_at_most = 17', "expected 0 to 16"),
        ("[flood]\nalarms = 1", "flood.alarms"),
        ('[[rule]]\nname = "x"\nmute = true', "不得静音 / these alarms are never muted"),
        ('[[rule]]\nname = "x"\n[rule.match]\nweekdays = [8]', "weekdays"),
    ],
)
def test_what_is_wrong_with_correlation_flood_and_mute_is_named(tmp_path, text: str, says: str):
    with pytest.raises(BadSettings, match=re.escape(says)):
        rules_from(tmp_path, text)


def test_a_rule_about_a_cameras_state_may_set_aside(tmp_path):
    text = '[[rule]]\nname = "x"\nset_aside = true\n[rule.match]\nsource_state = ["connecting"]'
    assert rules_from(tmp_path, text).rules[0].set_aside
