"""Which gaps are told, and when what was told is over."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from linkage.duty.model import Absence, Override
from linkage.duty.warning import Warned, due_gaps, filled
from tests.linkage.duty.rotas import DESK, SHANGHAI, at, pattern, rota

AHEAD = timedelta(hours=12)
DAYS_ONLY = rota(pattern("08:00", 12, "zhang"))


def begins(found, now: str) -> list[str]:
    return [
        g.begin.astimezone(SHANGHAI).strftime("%d %H:%M") for g in due_gaps(found, at(now), AHEAD)
    ]


def test_gap_is_told_twelve_hours_before_it_begins():
    assert begins(DAYS_ONLY, "23 07:59") == ["22 20:00"]  # the night that ends in a minute
    assert begins(DAYS_ONLY, "23 08:00") == ["23 20:00"]


def test_gap_is_told_with_its_own_end():
    (gap,) = due_gaps(DAYS_ONLY, at("23 08:00"), AHEAD)
    assert gap.end == at("24 08:00")


def test_gap_that_is_over_is_not_told():
    closed = Override("o", "desk", at("23 20:00"), at("30 20:00"), "li")
    assert begins(replace(DAYS_ONLY, overrides=(closed,)), "23 08:00") == []


def test_gap_that_began_with_a_sickness_just_now_is_told_at_once():
    sick = Absence("s", "zhang", at("23 10:00"), at("23 18:00"))
    assert begins(replace(DAYS_ONLY, absences=(sick,)), "23 10:01") == ["23 10:00", "23 20:00"]


def test_gap_without_end_has_one_beginning_for_a_week_and_another_in_the_next():
    nobody = rota()
    assert begins(nobody, "23 08:00") == ["16 00:00"]
    assert begins(nobody, "29 23:00") == ["16 00:00"]
    assert begins(nobody, "30 08:00") == ["23 00:00"]


@given(st.integers(0, 12 * 60 - 1))
def test_gap_has_the_same_beginning_at_every_look(minutes):
    now = at("23 08:00") + timedelta(minutes=minutes)
    assert {g.begin for g in due_gaps(DAYS_ONLY, now, AHEAD)} == {at("23 20:00")}


WARNED = Warned("desk", at("23 20:00"), at("24 08:00"))


def test_gap_is_filled_when_somebody_has_all_of_it():
    stand_in = Override("o", "desk", at("23 20:00"), at("24 08:00"), "li")
    found = replace(DAYS_ONLY, overrides=(stand_in,))
    assert filled(found, [WARNED], at("23 10:00"))
    assert not filled(DAYS_ONLY, [WARNED], at("23 10:00"))


def test_gap_is_filled_when_somebody_comes_for_the_rest_of_it():
    late = Override("o", "desk", at("23 23:00"), at("24 08:00"), "li")
    found = replace(DAYS_ONLY, overrides=(late,))
    assert not filled(found, [WARNED], at("23 22:00"))
    assert filled(found, [WARNED], at("23 23:30"))


def test_gap_that_went_by_with_nobody_there_is_not_filled():
    assert not filled(DAYS_ONLY, [WARNED], at("24 08:00"))


def test_gap_of_a_post_that_is_no_more_is_filled():
    assert filled(replace(DAYS_ONLY, posts=()), [WARNED], at("23 10:00"))


def test_gap_of_another_post_does_not_matter():
    gate = replace(DESK, id="gate")
    stand_in = Override("o", "desk", at("23 20:00"), at("24 08:00"), "li")
    found = replace(DAYS_ONLY, posts=(DESK, gate), overrides=(stand_in,))
    assert filled(found, [WARNED], at("23 10:00"))
