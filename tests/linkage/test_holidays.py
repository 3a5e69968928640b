"""config/holidays.toml: days off and days worked; every mistake one sentence, Chinese first."""

import re
from datetime import date, time
from pathlib import Path

import pytest

from alarms.model import AlarmKind, AlarmSource
from camerad.working_days import PLAIN_WEEK
from linkage.errors import BadSettings
from linkage.escalation.plans import DEFAULT_PLAN
from linkage.holidays import load_holidays
from linkage.rules.check import _asks_no_more
from linkage.rules.model import BUILT_IN, Days, Match, Question, Rule, Rules, matching, tried

NATIONAL = """
[[holiday]]
name = "国庆节"
off = ["2026-10-01..2026-10-07", "2026-09-25 至 2026-09-27", "2026-01-01"]
worked = ["2026-09-20", "2026-10-10"]
"""


def file(folder: Path, text: str) -> Path:
    path = folder / "holidays.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_without_the_file_only_weekends_are_off(tmp_path: Path) -> None:
    assert load_holidays(tmp_path / "holidays.toml") is PLAIN_WEEK
    assert load_holidays(file(tmp_path, "")) == PLAIN_WEEK


def test_days_and_ranges_are_read_with_both_their_ends(tmp_path: Path) -> None:
    days = load_holidays(file(tmp_path, NATIONAL))
    assert len(days.days_off) == 7 + 3 + 1
    assert days.is_off(date(2026, 10, 7))
    assert not days.is_off(date(2026, 10, 8))
    assert days.days_worked == {date(2026, 9, 20), date(2026, 10, 10)}


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ('off = ["2026-02-30"]', "应为日期"),
        ('off = ["10月1日"]', 'expected a day such as "2026-10-01"'),
        ('off = ["2026-10-07..2026-10-01"]', "的结束早于开始 / "),
        ('off = ["2025-10-01..2026-10-07"]', "是否写错年份 / "),
        ('worked = ["2026-10-08"]', "2026-10-08 本来就是工作日"),
        ('off = ["2026-10-10"]\nworked = ["2026-10-10"]', "既放假（国庆节）又上班（国庆节）"),
        ("off = [2026-10-01]", "off"),
        ('of = ["2026-10-01"]', "did you mean 'off'?"),
    ],
)
def test_a_mistake_is_one_sentence_with_file_and_key(tmp_path: Path, entry: str, says: str) -> None:
    path = file(tmp_path, f'[[holiday]]\nname = "国庆节"\n{entry}\n')
    with pytest.raises(BadSettings, match=re.escape(says)) as raised:
        load_holidays(path)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


def asked(*, is_off: bool) -> Question:
    return Question(
        AlarmKind.LOITERING, AlarmSource.CAMERA, None, None, time(12), weekday=4, is_off=is_off
    )


def rule(name: str, days: Days | None) -> Rule:
    return Rule(name, Match(days=days), plan=DEFAULT_PLAN)


def test_a_rule_may_ask_for_days_off_or_for_days_worked() -> None:
    rules = Rules((rule("rest", Days.OFF), rule("work", Days.WORKED), BUILT_IN))
    assert matching(rules, asked(is_off=True)).name == "rest"
    assert matching(rules, asked(is_off=False)).name == "work"
    assert tried(rules, asked(is_off=False))[0].why_not == ("工作日或休息日", "days")


def test_a_rule_for_days_off_hides_no_rule_for_days_worked() -> None:
    off, worked, both = Match(days=Days.OFF), Match(days=Days.WORKED), Match()
    assert _asks_no_more(off, off)
    assert _asks_no_more(both, off)
    assert not _asks_no_more(off, worked)
    assert not _asks_no_more(off, both)
