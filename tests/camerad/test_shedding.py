"""How many frames are looked at when a worker lags: steps, patience, evenness. No threads."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camerad.shedding import Pace, Shedder, SheddingRules, shared_lateness

RULES = SheddingRules()
EVERY_S = 0.5
LAGS = st.lists(
    st.sampled_from([0.0, RULES.calm_s, 0.3, RULES.lag_s, 3.0]), min_size=1, max_size=400
)


def fed(lags: Sequence[float], shedder: Shedder | None = None, from_s: float = 0.0) -> list[float]:
    """The rate after each of the lags, which are measured twice a second."""
    shedder = shedder or Shedder(RULES)
    return [shedder.note(from_s + n * EVERY_S, lag) for n, lag in enumerate(lags)]


def for_s(seconds: float, lag_s: float) -> list[float]:
    return [lag_s] * round(seconds / EVERY_S)


def test_without_lag_every_frame_that_detection_wants_is_looked_at() -> None:
    assert set(fed(for_s(600, 0.0))) == {RULES.steps_per_s[0]}


def test_lasting_lag_steps_down_to_the_fewest_and_no_further() -> None:
    rates = fed(for_s(60, 1.0))
    assert tuple(dict.fromkeys(rates)) == RULES.steps_per_s


def test_one_hiccup_changes_nothing() -> None:
    assert set(fed([0.0, 9.0, *for_s(30, 0.0)])) == {RULES.steps_per_s[0]}


def test_jams_with_lulls_between_them_are_one_lag() -> None:
    assert fed([1.0, 0.0, 0.0] * 20)[-1] == RULES.steps_per_s[-1]


def test_when_the_lag_has_gone_everything_is_looked_at_again() -> None:
    shedder = Shedder(RULES)
    fed(for_s(60, 1.0), shedder)
    rates = fed(for_s(120, 0.0), shedder, from_s=60.0)
    assert tuple(dict.fromkeys(rates)) == RULES.steps_per_s[::-1]


def test_between_lag_and_calm_nothing_changes() -> None:
    shedder = Shedder(RULES)
    fed(for_s(4, 1.0), shedder)
    between = (RULES.calm_s + RULES.lag_s) / 2
    rates = fed(for_s(600, between), shedder, from_s=4.0)[round(RULES.window_s / EVERY_S) + 1 :]
    assert len(set(rates)) == 1
    assert rates[0] < RULES.steps_per_s[0]


def test_a_machine_that_can_do_no_more_is_tried_ever_more_rarely() -> None:
    """The lag is there at the full rate and gone below it: going up is always too early."""
    shedder, ups = Shedder(RULES), []
    before = shedder.per_s
    for n in range(4000):
        rate = shedder.note(n * EVERY_S, 1.0 if before == RULES.steps_per_s[0] else 0.0)
        if rate > before:
            ups.append(n * EVERY_S)
        before = rate
    pauses = [later - earlier for earlier, later in pairwise(ups)]
    assert pauses[0] < 30 < 100 < pauses[-1] <= RULES.rise_cap_s + 20


@given(LAGS)
def test_the_rate_moves_by_one_step_and_never_below_the_fewest(lags: list[float]) -> None:
    shedder = Shedder(RULES)
    places = [RULES.steps_per_s.index(rate) for rate in [shedder.per_s, *fed(lags, shedder)]]
    assert all(abs(b - a) <= 1 for a, b in pairwise(places))


@given(LAGS)
def test_no_two_changes_follow_each_other_quickly(lags: list[float]) -> None:
    rates = fed(lags)
    changes = [n for n in range(1, len(rates)) if rates[n] != rates[n - 1]]
    for earlier, later in pairwise(changes):
        wait_s = RULES.fall_after_s if rates[later] < rates[earlier] else RULES.rise_after_s
        assert (later - earlier) * EVERY_S >= wait_s


@given(LAGS)
def test_the_rate_falls_only_in_lag_and_rises_only_in_calm(lags: list[float]) -> None:
    rates = fed(lags)
    window = round(RULES.window_s / EVERY_S)
    for n in range(1, len(rates)):
        worst = max(lags[max(0, n - window) : n + 1])
        if rates[n] < rates[n - 1]:
            assert worst >= RULES.lag_s
        if rates[n] > rates[n - 1]:
            assert worst <= RULES.calm_s


@given(LAGS)
def test_whatever_was_before_calm_brings_everything_back(lags: list[float]) -> None:
    shedder = Shedder(RULES)
    fed(lags, shedder)
    calm_s = RULES.window_s + len(RULES.steps_per_s) * (RULES.rise_cap_s + EVERY_S)
    assert fed(for_s(calm_s, 0.0), shedder, from_s=1000.0)[-1] == RULES.steps_per_s[0]


@given(
    fps=st.sampled_from([8.0, 10.0, 12.0, 15.0, 25.0, 30.0]),
    rates=st.lists(st.sampled_from(RULES.steps_per_s), min_size=1, max_size=12),
)
def test_no_camera_goes_unwatched_and_every_look_left_out_is_counted(
    fps: float, rates: list[float]
) -> None:
    pace, looked, seconds = Pace(RULES.steps_per_s[0]), [], 5
    for frame in range(int(len(rates) * seconds * fps)):
        t_s = frame / fps
        due = not looked or t_s - looked[-1] >= 0.18  # as the detector asks
        if due and pace.take(t_s, rates[int(t_s // seconds)]):
            looked.append(t_s)
    slowest_s = 1.0 / RULES.steps_per_s[-1]
    assert all(b - a <= slowest_s + 1 / fps for a, b in pairwise(looked))
    usual = len(rates) * seconds * RULES.steps_per_s[0]
    slowed = any(rate < RULES.steps_per_s[0] for rate in rates)
    assert (pace.shed > 0) == slowed
    if fps % RULES.steps_per_s[0] == 0:
        assert len(looked) + pace.shed == pytest.approx(usual, rel=0.1, abs=5)


def test_after_an_overlong_look_there_is_time_to_catch_up() -> None:
    pace = Pace(5.0)
    assert pace.take(0.0, 1.0)
    pace.done(2.0)
    assert not pace.take(2.1, 1.0)
    assert pace.take(3.0, 1.0)


@pytest.mark.parametrize(
    ("late_s", "shared_s"),
    [
        ([], 0.0),
        ([2.0], 2.0),
        ([0.0, 9.0], 0.0),
        ([0.0, 1.0, 9.0], 1.0),
        ([0.0, 0.0, 8.0, 9.0], 0.0),
    ],
)
def test_a_camera_on_a_bad_line_is_late_alone(late_s: list[float], shared_s: float) -> None:
    assert shared_lateness(late_s) == shared_s
