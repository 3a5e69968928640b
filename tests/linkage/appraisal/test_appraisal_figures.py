"""Buckets and their edges, medians and p90 by hand, and that the parts are the whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alarms.model import AlarmKind
from linkage.appraisal.figures import (
    counted_of,
    counts_of,
    grouped,
    median,
    p90,
    spread_of,
    spreads_of,
)
from linkage.appraisal.model import FEW, Measure, Part, part_of
from linkage.model.incident import Outcome, Stage
from tests.linkage.appraisal.appraisal_cases import case

S, M, H = 1000, 60_000, 3_600_000


def spread(measure, *times):
    return spread_of(measure, [case(took_ms={measure: ms}) for ms in times])


@pytest.mark.parametrize(
    ("measure", "times", "buckets"),
    [
        (
            Measure.SIGN_FOR,
            (0, 30 * S, 30 * S + 1, 60 * S, 60 * S + 1, 120 * S, 180 * S, 180 * S + 1, 999 * S),
            (2, 2, 2, 1, 2),
        ),
        (Measure.SET_OUT, (5 * M, 5 * M + 1, 10 * M, 15 * M, 30 * M, 30 * M + 1), (1, 2, 1, 1, 1)),
        (Measure.ARRIVAL, (5 * M, 10 * M, 10 * M + 1, 31 * M), (1, 1, 1, 0, 1)),
        (Measure.FEEDBACK, (30 * M, 60 * M, 60 * M + 1, 2 * H, 4 * H, 4 * H + 1), (1, 1, 2, 1, 1)),
    ],
)
def test_a_time_just_as_long_belongs_to_the_faster_bucket(measure, times, buckets):
    assert spread(measure, *times).buckets == buckets


@pytest.mark.parametrize("measure", Measure)
def test_each_bucket_has_a_name_in_both_languages(measure):
    assert len(measure.buckets) == len(measure.edges_ms) + 1
    assert all(zh and en for zh, en in (measure.label, measure.span, *measure.buckets))


def test_the_median_is_the_middle_one_or_between_the_two():
    assert median([]) is None
    assert median([7]) == 7
    assert median([1, 9, 100]) == 9
    assert median([1, 9, 20, 100]) == 14


def test_p90_is_the_fastest_that_nine_in_ten_do_not_exceed():
    assert p90([]) is None
    assert p90([7]) == 7
    assert p90(list(range(1, 11))) == 9
    assert p90(list(range(1, 12))) == 10
    assert p90(list(range(1, 21))) == 18
    assert p90(list(range(1, 101))) == 90


def test_of_few_no_share_is_told():
    few = spread(Measure.SIGN_FOR, *[10 * S] * (FEW - 1))
    enough = spread(Measure.SIGN_FOR, *[10 * S] * 9, 40 * S)
    assert few.is_few
    assert few.shares is None
    assert enough.shares == (0.9, 0.1, 0.0, 0.0, 0.0)


def test_what_is_not_known_or_not_clear_is_in_no_bucket():
    cases = [case(took_ms={Measure.SIGN_FOR: ms}) for ms in (5 * S, -1)] + [case()]
    found = spread_of(Measure.SIGN_FOR, cases)
    assert (found.measured, found.unclear, found.missing, found.not_sent) == (1, 1, 1, 0)
    assert found.median_ms == 5 * S


def test_where_nobody_had_to_go_no_arrival_is_missing():
    cases = [case(), case(sent_to="t1"), case(took_ms={Measure.ARRIVAL: 5 * M})]
    found = spread_of(Measure.ARRIVAL, cases)
    assert (found.measured, found.missing, found.not_sent) == (1, 1, 1)


@pytest.mark.parametrize(
    ("part", "facts"),
    [
        (Part.COUNTED, {}),
        (Part.OPEN, {"stage": Stage.DISPATCHED, "outcome": None}),
        (Part.COUNTED, {"stage": Stage.REVIEWED}),
        (Part.PRACTICE, {"drill": True, "stage": Stage.REPORTED, "outcome": None}),
        (Part.PRACTICE, {"outcome": Outcome.TEST}),
        (Part.PRACTICE, {"outcome": Outcome.DRILL, "is_merged": True}),
        (Part.PRACTICE, {"kind": AlarmKind.TEST}),
        (Part.FOLDED, {"is_merged": True, "outcome": Outcome.DUPLICATE}),
        (Part.FOLDED, {"outcome": Outcome.DUPLICATE}),
        (Part.TECHNICAL, {"kind": AlarmKind.UNATTENDED, "stage": Stage.REPORTED}),
    ],
)
def test_each_incident_goes_into_one_heap(part, facts):
    usual = {
        "kind": AlarmKind.PANIC,
        "stage": Stage.CLOSED,
        "outcome": Outcome.REAL,
        "drill": False,
        "is_merged": False,
    }
    assert part_of(**{**usual, **facts}) is part
    assert all(part.label)


def test_only_what_counts_is_counted():
    cases = [
        case(is_supervised=True, is_reopened=True),
        case(outcome=None),
        case(part=Part.PRACTICE, is_supervised=True),
        case(part=Part.OPEN, outcome=None),
    ]
    counts = counts_of(cases)
    assert (counts.total, counts.counted) == (4, 2)
    assert counts.outcomes == {Outcome.REAL: 1}
    assert (counts.supervised, counts.reopened) == (1, 1)
    assert counted_of(cases) == cases[:2]


def test_the_largest_group_stands_first():
    cases = [case(village_id=v) for v in ("a", "b", "b", "c")]
    assert list(grouped(cases, lambda one: one.village_id)) == ["b", "a", "c"]


TOOK = st.dictionaries(st.sampled_from(list(Measure)), st.integers(-5, 20_000 * S))
CASES = st.lists(
    st.builds(
        case,
        took_ms=TOOK,
        part=st.sampled_from(list(Part)),
        outcome=st.none() | st.sampled_from(list(Outcome)),
        sent_to=st.none() | st.just("t1"),
        village_id=st.none() | st.sampled_from(["a", "b", "c"]),
    ),
    max_size=20,
)


@given(CASES, st.randoms(use_true_random=False))
def test_the_parts_are_the_whole_whatever_their_order(cases, shuffler):
    counts, counted = counts_of(cases), counted_of(cases)
    assert counts.total == len(cases)
    groups = grouped(counted, lambda one: one.village_id)
    whole = spreads_of(counted)
    for index, measure in enumerate(Measure):
        parts = [spread_of(measure, group) for group in groups.values()]
        assert sum(p.measured for p in parts) == whole[index].measured
        assert sum(p.missing + p.not_sent + p.unclear + p.measured for p in parts) == len(counted)
        for bucket in range(5):
            assert sum(p.buckets[bucket] for p in parts) == whole[index].buckets[bucket]
    shuffled = list(cases)
    shuffler.shuffle(shuffled)
    assert counts_of(shuffled) == counts
    assert spreads_of(counted_of(shuffled)) == whole
    assert grouped(counted_of(shuffled), lambda one: one.village_id) == groups
