"""Durations counted by length."""

import math

from alarms.histogram import BOUNDS_S, Histogram


def test_a_duration_counts_in_every_bound_that_it_does_not_exceed() -> None:
    histogram = Histogram([0.1, 1.0])
    for seconds in (0.05, 0.1, 0.5, 7.0):
        histogram.observe(seconds)
    assert histogram.cumulative() == [(0.1, 2), (1.0, 3), (math.inf, 4)]
    assert histogram.total_s == 7.65


def test_a_batch_counts_as_many_times_as_it_has_members() -> None:
    histogram = Histogram([0.1])
    histogram.observe(0.05, times=3)
    assert histogram.cumulative() == [(0.1, 3), (math.inf, 3)]
    assert math.isclose(histogram.total_s, 0.15)


def test_a_clock_that_was_set_back_makes_no_negative_time() -> None:
    histogram = Histogram([0.1])
    histogram.observe(-5.0)
    assert (histogram.cumulative()[0], histogram.total_s) == ((0.1, 1), 0.0)


def test_the_usual_bounds_rise() -> None:
    assert list(BOUNDS_S) == sorted(set(BOUNDS_S))
