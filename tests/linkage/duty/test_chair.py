"""When nobody sits at an attended console, and when that is an alarm."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.duty.chair import NOBODY, Chair, ChairPolicy, Look, decide, uncovered
from linkage.model.person import Person, Role

START = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
POLICY = ChairPolicy()
MANNED = Chair(manned_before=True)


def person(name: str, role: Role, *places: str) -> Person:
    return Person(name, name, role, frozenset(places))


OFFICER = person("duty", Role.DUTY_OFFICER, "*")
EAST = person("station", Role.DISPATCHER, "dongcun")
HEAD = person("head", Role.VILLAGE_HEAD, "*")


@pytest.mark.parametrize(
    ("attended", "without"),
    [
        ({"duty"}, set()),
        ({"station"}, {"xicun"}),
        ({"head"}, {"*"}),  # may look, but not sign
        (set(), {"*"}),
    ],
)
def test_chair_is_manned_for_the_villages_of_those_who_may_sign(attended, without):
    found = uncovered(frozenset(attended), [OFFICER, EAST, HEAD], ["dongcun", "xicun"])
    assert found == without


def look(seconds: float, empty=NOBODY, *, attended=None, silent=None, incident_open=False) -> Look:
    """A look so many seconds after the start; `attended` and `silent` likewise."""

    def moment(after):
        return None if after is None else START + timedelta(seconds=after)

    return Look(
        now=moment(seconds),
        started=START,
        uncovered=frozenset(empty),
        silent_since=moment(silent),
        attended_at=moment(attended),
        incident_open=incident_open,
    )


def test_somebody_who_hides_the_page_for_a_moment_raises_nothing():
    assert decide(MANNED, look(109, attended=100), POLICY) == MANNED


def test_page_that_stays_hidden_is_an_empty_chair():
    chair = decide(MANNED, look(110, attended=100), POLICY)
    assert (chair.raised, chair.empty_since) == (1, START + timedelta(seconds=110))
    assert chair.villages == NOBODY


def test_page_that_fell_silent_is_an_empty_chair_as_soon_as_it_counts_as_such():
    chair = decide(MANNED, look(131, attended=129, silent=100), POLICY)
    assert chair.raised == 1


def test_page_that_somebody_left_open_yesterday_takes_nobodys_moment_away():
    assert decide(MANNED, look(1009, attended=1000, silent=200), POLICY) == MANNED


def test_site_where_nobody_ever_sat_has_time_for_its_first_sign_in():
    assert decide(Chair(), look(599), POLICY) == Chair()
    assert decide(Chair(), look(600), POLICY).raised == 1


def test_site_that_was_manned_before_a_restart_has_one_minute():
    assert decide(MANNED, look(59), POLICY) == MANNED
    assert decide(MANNED, look(60), POLICY).raised == 1


def test_empty_chair_is_one_alarm_however_long_it_stays_empty():
    chair = decide(MANNED, look(60), POLICY)
    assert decide(chair, look(5000, incident_open=True), POLICY) == chair


def test_chair_whose_incident_a_person_closed_while_it_stays_empty_is_an_alarm_again():
    chair = decide(MANNED, look(60), POLICY)
    assert decide(chair, look(659), POLICY) == chair
    again = decide(chair, look(660), POLICY)
    assert (again.raised, again.empty_since) == (2, chair.empty_since)


def test_chair_that_becomes_empty_for_more_villages_is_an_alarm_again():
    chair = decide(MANNED, look(60, {"xicun"}), POLICY)
    more = decide(chair, look(70, incident_open=True), POLICY)
    assert (more.raised, more.villages) == (2, {"xicun", "*"})
    assert decide(more, look(80, {"dongcun"}, incident_open=True), POLICY) == more


def test_chair_that_is_manned_for_some_villages_only_was_manned():
    chair = decide(Chair(), look(5, {"xicun"}), POLICY)
    assert chair == MANNED


def test_somebody_who_sits_down_ends_it():
    chair = decide(MANNED, look(60), POLICY)
    assert decide(chair, look(70, ()), POLICY) == MANNED


villages = st.sampled_from([frozenset(), NOBODY, frozenset({"a"}), frozenset({"a", "b"})])
steps = st.lists(st.tuples(st.integers(1, 400), villages, st.booleans()), max_size=40)


@given(steps)
def test_alarms_only_grow_while_nobody_comes_and_an_empty_chair_is_never_forgotten(found):
    chair, seconds, attended, alarms = Chair(), 0, None, 0
    empty_s = 0
    for gap, empty, incident_open in found:
        seconds += gap
        empty_s = empty_s + gap if empty else 0
        after = decide(
            chair, look(seconds, empty, attended=attended, incident_open=incident_open), POLICY
        )
        if not empty:
            attended = seconds
            assert after == MANNED
        else:
            assert after.raised in (chair.raised, chair.raised + 1)
            assert after.villages >= chair.villages
            if attended is not None and empty_s > 400:
                assert after.raised >= 1
        alarms += after.raised > chair.raised
        chair = after
