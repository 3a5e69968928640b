"""How long an incident took: worked by hand, a story a test."""

import random

from hypothesis import given
from hypothesis import strategies as st

from linkage.appraisal.model import Measure
from linkage.appraisal.times import MEASURED, Moment, took, was_reopened
from linkage.model.event import EventType as E

S, M = 1000, 60_000


def way(*events, opened=0):
    """What was measured of (type, at_ms, data?) in the order they happened."""
    return took(opened, moments(*events))


def moments(*events):
    return [
        Moment(position, one[0], one[1], one[2] if len(one) > 2 else {})
        for position, one in enumerate(events, 1)
    ]


USUAL = (
    (E.ACKNOWLEDGED, 20 * S),
    (E.DISPATCHED, 60 * S),
    (E.SET_OUT, 3 * M),
    (E.ARRIVED, 11 * M),
    (E.RESPONDED, 41 * M),
)


def test_each_time_runs_from_where_somebody_began_to_wait():
    assert way(*USUAL) == {
        Measure.SIGN_FOR: 20 * S,
        Measure.SET_OUT: 2 * M,
        Measure.ARRIVAL: 11 * M,
        Measure.FEEDBACK: 40 * M,
    }


def test_nothing_happened_nothing_is_measured():
    assert way() == {}


def test_set_out_without_an_order_is_not_measured():
    assert way((E.SET_OUT, M)) == {}


def test_the_first_who_signed_counts_not_the_last():
    signed = way((E.ACKNOWLEDGED, 20 * S), (E.ACKNOWLEDGED, 5 * M))
    assert signed[Measure.SIGN_FOR] == 20 * S


def test_given_to_somebody_by_name_it_is_signed_for():
    assert way((E.REASSIGNED, 40 * S, {"sign_for": True}))[Measure.SIGN_FOR] == 40 * S
    signed = way((E.ACKNOWLEDGED, 9 * S), (E.REASSIGNED, 40 * S, {"sign_for": True}))
    assert signed[Measure.SIGN_FOR] == 9 * S


def test_sending_more_people_does_not_begin_the_order_anew():
    found = way((E.DISPATCHED, M), (E.DISPATCHED, 9 * M), (E.SET_OUT, 10 * M))
    assert found[Measure.SET_OUT] == 9 * M


def test_reassigned_the_second_team_has_its_own_time():
    found = way((E.DISPATCHED, M), (E.REASSIGNED, 9 * M, {"sign_for": False}), (E.SET_OUT, 12 * M))
    assert found[Measure.SET_OUT] == 3 * M


def test_returned_to_be_sent_anew_the_new_order_counts_and_the_first_arrival():
    found = way(
        *USUAL[:4],
        (E.RETURNED, 15 * M, {"stage": "verified"}),
        (E.DISPATCHED, 20 * M),
        (E.SET_OUT, 24 * M),
        (E.ARRIVED, 30 * M),
        (E.RESPONDED, 50 * M),
    )
    assert found[Measure.SET_OUT] == 4 * M
    assert found[Measure.ARRIVAL] == 11 * M
    assert found[Measure.FEEDBACK] == 30 * M


def test_feedback_that_was_returned_counts_when_it_came_again():
    found = way(*USUAL, (E.RETURNED, 45 * M, {"stage": "dispatched"}), (E.RESPONDED, 61 * M))
    assert found[Measure.FEEDBACK] == 60 * M
    assert found[Measure.SET_OUT] == 2 * M


def test_a_drill_that_became_real_begins_then():
    found = way((E.ACKNOWLEDGED, 5 * M), (E.MADE_REAL, 10 * M), (E.ACKNOWLEDGED, 10 * M + 7 * S))
    assert found[Measure.SIGN_FOR] == 7 * S


def test_what_follows_opening_again_is_not_measured():
    again = ((E.REOPENED, 9_000 * M, {}), (E.RESPONDED, 9_900 * M))
    assert way(*USUAL, *again) == way(*USUAL)
    assert was_reopened(moments(*USUAL, *again))
    assert not was_reopened(moments(*USUAL))


def test_a_clock_that_was_set_back_gives_a_negative_time():
    assert way((E.ACKNOWLEDGED, 90 * S), opened=100 * S) == {Measure.SIGN_FOR: -10 * S}


def test_other_events_change_nothing():
    assert way(*USUAL, (E.NOTED, 60 * M)) == way(*USUAL)


EVENTS = st.tuples(
    st.sampled_from(sorted(MEASURED)),
    st.integers(1, 10**9),
    st.fixed_dictionaries(
        {"sign_for": st.booleans(), "stage": st.sampled_from(["reported", "dispatched"])}
    ),
)


@given(st.lists(EVENTS, max_size=12), st.randoms(use_true_random=False))
def test_the_order_they_are_given_in_says_nothing(events, shuffler: random.Random):
    told = moments(*events)
    shuffled = list(told)
    shuffler.shuffle(shuffled)
    assert took(0, shuffled) == took(0, told)
