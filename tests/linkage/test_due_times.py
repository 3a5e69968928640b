"""By when each step is due: pure."""

from dataclasses import replace

import pytest

from linkage.errors import BadSettings
from linkage.escalation.plan_file import load_plans
from linkage.steps.due_times import Due, DueTimes, awaited, due_from
from linkage.steps.moves import Step
from linkage.strict_toml import Duration
from tests.linkage.cases import (
    CLOSED,
    DISPATCHED,
    HOUR,
    MINUTE,
    OPENED,
    RESPONDED,
    SIGNED,
    T0,
    TABLE,
    VERIFIED,
)

NOTHING = (Duration(0), Duration(0), Duration(0), Duration(0))


@pytest.mark.parametrize(
    ("incident", "step", "allowance_ms"),
    [
        (SIGNED, Step.VERIFY, MINUTE),
        (VERIFIED, Step.DISPATCH, MINUTE),
        (DISPATCHED, Step.SET_OUT, 5 * MINUTE),
        (replace(DISPATCHED, set_out_at_ms=T0), Step.ARRIVE, 10 * MINUTE),
        (replace(DISPATCHED, arrived_at_ms=T0), Step.RESPOND, 30 * MINUTE),
        (RESPONDED, Step.CLOSE, 4 * HOUR),
    ],
)
def test_each_step_is_due_in_its_own_time(incident, step, allowance_ms):
    assert due_from(incident, T0, TABLE) == Due(step, T0 + allowance_ms)


def test_a_lower_priority_has_more_time():
    dues = [due_from(replace(SIGNED, priority=p), T0, TABLE) for p in (1, 2, 3, 4)]
    assert [d.at_ms - T0 for d in dues if d] == [MINUTE, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE]


def test_a_priority_that_no_rule_gives_is_taken_for_the_nearest():
    assert TABLE.allowance_ms(Step.VERIFY, 0) == TABLE.allowance_ms(Step.VERIFY, 1)
    assert TABLE.again_ms(9) == TABLE.again_ms(4)
    assert TABLE.suspend_at_most_ms(1) == 4 * HOUR


def test_before_a_sign_for_and_after_the_end_nothing_is_due():
    assert due_from(OPENED, T0, TABLE) is None
    assert due_from(CLOSED, T0, TABLE) is None


def test_what_is_suspended_is_due_to_be_resumed():
    assert due_from(replace(SIGNED, suspended_until_ms=T0 + 7), T0, TABLE) == Due(
        Step.RESUME, T0 + 7
    )


def test_a_site_that_does_not_record_set_out_or_arrival_is_not_urged_about_them():
    no_set_out = DueTimes(set_out=NOTHING)
    assert awaited(DISPATCHED, no_set_out) is Step.ARRIVE
    neither = DueTimes(set_out=NOTHING, arrive=NOTHING)
    assert awaited(DISPATCHED, neither) is Step.RESPOND


def test_the_table_is_read_from_the_file(tmp_path):
    file = tmp_path / "escalation.toml"
    file.write_text('[due]\nverify = ["45s", "1m", "1m", "2m"]\n', encoding="utf-8")
    due = load_plans(file).due
    assert due.allowance_ms(Step.VERIFY, 1) == 45_000
    assert due.allowance_ms(Step.CLOSE, 1) == 4 * HOUR


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('verify = ["0s", "1m", "1m", "1m"]', "due.verify"),
        ('verify = ["45s", "1m"]', "due.verify"),
        ("verify = [60, 60, 60, 60]", "due.verify"),
        ('verfy = ["45s", "1m", "1m", "1m"]', "did you mean 'verify'"),
    ],
)
def test_a_mistake_in_the_table_is_one_sentence(tmp_path, line, said):
    file = tmp_path / "escalation.toml"
    file.write_text(f"[due]\n{line}\n", encoding="utf-8")
    with pytest.raises(BadSettings, match=said):
        load_plans(file)
