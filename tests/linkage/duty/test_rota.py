"""Who is on duty, and where nobody will be."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.duty.model import (
    Absence,
    AbsenceReason,
    Area,
    DayHours,
    Override,
    Pattern,
    Rota,
    Turn,
    hours_of,
    hours_text,
)
from linkage.duty.rota import Duty, gaps, on_duty, stretches
from tests.linkage.duty.rotas import DESK, NEW_YORK, SATURDAY, at, pattern, rota

DAY_AND_NIGHT = (pattern("08:00", 12, "zhang"), pattern("20:00", 12, "li"))


def present(found: Rota, moment: str, zone=None) -> tuple[str, ...]:
    return at_the_desk(on_duty(found, at(moment, zone or found.time_zone)))


def at_the_desk(duty: Duty) -> tuple[str, ...]:
    return tuple(name for m in duty.manning if m.post.id == DESK.id for name in m.present)


def spans(found) -> list[tuple[str, str]]:
    """Gaps or stretches as local "day hour:minute" texts."""
    return [
        tuple(m.astimezone(at("21 00:00").tzinfo).strftime("%d %H:%M") for m in (g.begin, g.end))
        for g in found
    ]


def test_night_shift_holds_the_post_over_midnight():
    found = rota(*DAY_AND_NIGHT)
    assert present(found, "21 08:00") == ("zhang",)
    assert present(found, "21 19:59") == ("zhang",)
    assert present(found, "21 20:00") == ("li",)
    assert present(found, "22 07:59") == ("li",)
    assert present(found, "22 08:00") == ("zhang",)


def test_nobody_is_there_before_the_pattern_begins_and_after_it_has_ended():
    found = rota(pattern("08:00", 24, "zhang", ends_on=SATURDAY))
    assert present(found, "21 07:59") == ()
    assert present(found, "22 07:59") == ("zhang",)
    assert present(found, "22 08:00") == ()


def test_four_crews_take_turns_of_a_day_each():
    found = rota(pattern("08:30", 24, "a1 a2", "b", "c", "d"))
    assert [present(found, f"{day} 12:00")[0] for day in range(21, 27)] == [
        "a1", "b", "c", "d", "a1", "b",
    ]  # fmt: skip
    assert present(found, "21 12:00") == ("a1", "a2")


def test_crews_of_a_weekend_take_turns_by_shift_and_not_by_day():
    found = rota(pattern("08:00", 12, "a", "b", "c", weekdays=frozenset({6, 7})))
    turns = {day: present(found, f"{day} 12:00") for day in (21, 22, 23, 28, 29)}
    assert turns == {21: ("a",), 22: ("b",), 23: (), 28: ("c",), 29: ("a",)}


def test_crews_may_take_turns_week_by_week():
    found = rota(pattern("00:00", 24, "a", "b", turn=Turn.WEEK))
    # the 21st is a Saturday: its week ends with the 22nd
    assert [present(found, f"{day} 12:00") for day in (21, 22, 23, 29, 30)] == [
        ("a",), ("a",), ("b",), ("b",), ("a",),
    ]  # fmt: skip


def test_shift_may_last_a_whole_week():
    found = rota(pattern("09:00", 168, "a", "b", weekdays=frozenset({6})))
    assert present(found, "28 08:59") == ("a",)
    assert present(found, "28 09:00") == ("b",)


def test_two_patterns_may_name_the_same_person_who_counts_once():
    found = rota(pattern("08:00", 12, "zhang"), pattern("10:00", 2, "zhang li"))
    assert present(found, "21 11:00") == ("zhang", "li")


def override(begin: str, end: str, username: str | None, replaces: str | None = None) -> Override:
    return Override(f"{begin}{username}", "desk", at(begin), at(end), username, replaces)


def test_stand_in_takes_the_place_of_the_other_for_that_time_only():
    found = rota(*DAY_AND_NIGHT, overrides=(override("21 12:00", "21 16:00", "wang", "zhang"),))
    assert present(found, "21 11:59") == ("zhang",)
    assert present(found, "21 12:00") == ("wang",)
    assert present(found, "21 16:00") == ("zhang",)


def test_later_override_is_laid_over_the_earlier_one():
    found = rota(
        *DAY_AND_NIGHT,
        overrides=(
            override("21 08:00", "21 20:00", "wang", "zhang"),
            override("21 10:00", "21 20:00", "zhao", "wang"),
        ),
    )
    assert present(found, "21 09:00") == ("wang",)
    assert present(found, "21 11:00") == ("zhao",)


def test_override_without_a_name_to_replace_adds_one_and_without_a_stand_in_takes_one_away():
    found = rota(
        *DAY_AND_NIGHT,
        overrides=(
            override("21 08:00", "21 20:00", "wang"),
            override("21 12:00", "21 20:00", None, "zhang"),
        ),
    )
    assert present(found, "21 09:00") == ("zhang", "wang")
    assert present(found, "21 13:00") == ("wang",)


def test_override_of_another_post_changes_nothing_here():
    elsewhere = replace(override("21 08:00", "21 20:00", "wang", "zhang"), post_id="gate")
    assert present(rota(*DAY_AND_NIGHT, overrides=(elsewhere,)), "21 09:00") == ("zhang",)


def test_who_is_absent_is_told_apart_and_is_not_on_duty():
    sick = Absence("s", "zhang", at("21 00:00"), at("22 00:00"))
    duty = on_duty(rota(*DAY_AND_NIGHT, absences=(sick,)), at("21 09:00"))
    (manning,) = duty.manning
    assert (manning.present, manning.absent) == ((), ("zhang",))
    assert duty.away == {"zhang"}
    assert on_duty(rota(*DAY_AND_NIGHT, absences=(sick,)), at("22 00:00")).away == frozenset()


def test_stretches_join_what_does_not_change():
    found = rota(pattern("08:00", 12, "zhang"), pattern("20:00", 12, "zhang"))
    (only,) = stretches(found, DESK, at("21 09:00"), at("23 09:00"))
    assert only.present == ("zhang",)


def test_there_is_no_stretch_in_no_time():
    assert stretches(rota(*DAY_AND_NIGHT), DESK, at("21 09:00"), at("21 09:00")) == []


def test_missing_night_is_a_gap():
    found = gaps(rota(pattern("08:00", 12, "zhang")), at("21 09:00"), at("23 09:00"))
    assert spans(found) == [("21 20:00", "22 08:00"), ("22 20:00", "23 08:00")]
    assert found[0].absent == ()


def test_post_whose_only_person_is_sick_is_a_gap_that_names_them():
    sick = Absence("s", "li", at("21 22:00"), at("22 06:00"))
    (gap,) = gaps(rota(*DAY_AND_NIGHT, absences=(sick,)), at("21 09:00"), at("23 09:00"))
    assert spans([gap]) == [("21 22:00", "22 06:00")]
    assert gap.absent == ("li",)


def test_gap_that_begins_with_sickness_and_goes_on_without_a_name_is_one():
    sick = Absence("s", "zhang", at("21 18:00"), at("21 20:00"))
    found = rota(pattern("08:00", 12, "zhang"), absences=(sick,))
    (gap,) = gaps(found, at("21 09:00"), at("22 09:00"))
    assert spans([gap]) == [("21 18:00", "22 08:00")]
    assert gap.absent == ("zhang",)


def test_post_that_need_not_be_manned_has_no_gap():
    free = replace(DESK, must_be_manned=False)
    assert gaps(rota(posts=(free,)), at("21 09:00"), at("22 09:00")) == []


def test_post_must_be_manned_only_in_its_hours():
    night_only = replace(DESK, hours=DayHours(time(22), time(6)))
    found = gaps(rota(posts=(night_only,)), at("21 23:00"), at("23 00:00"))
    assert spans(found) == [("21 23:00", "22 06:00"), ("22 22:00", "23 00:00")]


def test_hours_with_equal_ends_are_the_whole_day():
    whole = replace(DESK, hours=DayHours(time(8), time(8)))
    (gap,) = gaps(rota(posts=(whole,)), at("21 00:00"), at("23 00:00"))
    assert spans([gap]) == [("21 00:00", "23 00:00")]


@pytest.mark.parametrize("text", ["08:00-20:00", "22:30-06:15", "00:00-00:00"])
def test_hours_are_written_as_they_are_read(text):
    assert hours_text(hours_of(text)) == text


def test_every_reason_for_an_absence_has_a_word_in_both_languages():
    assert all(all(reason.label) for reason in AbsenceReason)


def test_post_has_no_gap_before_it_was_set_up():
    new = replace(DESK, since=at("22 00:00"))
    (gap,) = gaps(rota(posts=(new,)), at("21 00:00"), at("23 00:00"))
    assert spans([gap]) == [("22 00:00", "23 00:00")]


def test_earliest_gap_comes_first():
    gate = replace(DESK, id="gate")
    found = gaps(
        rota(pattern("08:00", 4, "zhang"), pattern("08:00", 2, "li", post_id="gate"),
             posts=(DESK, gate)),
        at("21 08:00"), at("21 20:00"),
    )  # fmt: skip
    assert [gap.post.id for gap in found] == ["gate", "desk"]


@pytest.mark.parametrize(
    ("villages", "inside"),
    [({"a"}, True), ({"b"}, False), ({"*"}, True), ({"a", "b"}, True)],
)
def test_area_covers_its_villages(villages, inside):
    assert Area(frozenset(villages)).covers("a") is inside
    assert Area(frozenset(villages)).touches(frozenset({"a"})) is inside


def test_area_lies_within_places_that_hold_all_of_it():
    area = Area(frozenset({"a", "b"}))
    assert area.within(None)
    assert area.touches(None)
    assert area.within(frozenset({"a", "b", "c"}))
    assert not area.within(frozenset({"a"}))
    assert not Area().within(frozenset({"a"}))


# --- clocks that change ---------------------------------------------------------------------------


def test_night_in_which_the_clocks_go_back_has_no_gap_and_lasts_an_hour_longer():
    found = rota(*DAY_AND_NIGHT, zone=NEW_YORK)
    begin, end = at("2026-10-31T20:00", NEW_YORK), at("2026-11-01T08:00", NEW_YORK)
    found = replace(
        found, patterns=tuple(replace(p, begins_on=begin.date()) for p in found.patterns)
    )
    (night,) = stretches(found, DESK, begin.astimezone(UTC), end.astimezone(UTC))
    assert night.present == ("li",)
    assert night.end - night.begin == timedelta(hours=13)


ZONES = st.sampled_from(
    [ZoneInfo(z) for z in ("Asia/Shanghai", "America/New_York", "Australia/Lord_Howe", "UTC")]
)
MOMENTS = st.integers(0, 2 * 365 * 24 * 3600).map(
    lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)


def round_the_clock(cuts: list[int], zone: ZoneInfo) -> Rota:
    """Shifts that follow one another round the clock, cut at these minutes of the day."""
    patterns = []
    for number, (start, end) in enumerate(zip(cuts, [*cuts[1:], cuts[0] + 24 * 60], strict=True)):
        patterns.append(
            Pattern(
                id=f"{number}",
                post_id="desk",
                start=time(start // 60, start % 60),
                length=timedelta(minutes=end - start),
                crews=((f"p{number}",),),
                begins_on=date(2025, 12, 1),
            )
        )
    return Rota(zone, (DESK,), tuple(patterns))


@given(
    st.lists(st.integers(0, 24 * 60 - 1), min_size=1, max_size=5, unique=True).map(sorted),
    ZONES,
    MOMENTS,
)
def test_shifts_round_the_clock_never_leave_a_gap_in_any_time_zone(cuts, zone, moment):
    found = round_the_clock(cuts, zone)
    assert gaps(found, moment, moment + timedelta(days=2)) == []
    assert at_the_desk(on_duty(found, moment))


crews = st.lists(st.sampled_from(["a", "a b", "c"]), min_size=1, max_size=3)
patterns = st.builds(
    lambda start, minutes, who, days, turn: pattern(
        f"{start // 60:02}:{start % 60:02}",
        minutes / 60,
        *who,
        id=f"{start}-{minutes}",
        weekdays=days,
        turn=turn,
    ),
    st.integers(0, 24 * 60 - 1),
    st.integers(30, 3 * 24 * 60),
    crews,
    st.frozensets(st.integers(1, 7), min_size=1),
    st.sampled_from(Turn),
)
times = st.tuples(st.integers(0, 14 * 24 * 60), st.integers(1, 3 * 24 * 60)).map(
    lambda t: (
        at("20 00:00") + timedelta(minutes=t[0]),
        at("20 00:00") + timedelta(minutes=t[0] + t[1]),
    )
)
overrides = st.builds(
    lambda when, name, other: Override("o", "desk", *when, name, other),
    times,
    st.sampled_from(["a", "b", "c", None]),
    st.sampled_from(["a", "b", "c", None]),
)
absences = st.builds(
    lambda when, name: Absence("x", name, *when), times, st.sampled_from(["a", "b", "c"])
)
rotas = st.builds(
    lambda zone, p, o, x, hours: Rota(
        zone, (replace(DESK, hours=hours),), tuple(p), tuple(o), tuple(x)
    ),
    ZONES,
    st.lists(patterns, max_size=3),
    st.lists(overrides, max_size=3),
    st.lists(absences, max_size=3),
    st.sampled_from([None, DayHours(time(8), time(20)), DayHours(time(20), time(8))]),
)


@given(rotas, times, st.integers(0, 999))
def test_stretches_and_single_moments_always_agree(found, window, share):
    begin, end = window
    pieces = stretches(found, found.posts[0], begin, end)
    assert [p.begin for p in pieces[1:]] == [p.end for p in pieces[:-1]]
    assert (pieces[0].begin, pieces[-1].end) == (begin, end)
    moment = begin + (end - begin) * share / 1000
    (here,) = (p for p in pieces if p.begin <= moment < p.end)
    (manning,) = on_duty(found, moment).manning
    assert (here.present, here.absent) == (manning.present, manning.absent)


@given(rotas, times, st.integers(0, 999))
def test_moment_is_in_a_gap_exactly_when_nobody_is_there_who_must_be(found, window, share):
    begin, end = window
    found_gaps = gaps(found, begin, end)
    assert all(a.end < b.begin for a, b in pairwise(found_gaps))
    moment = begin + (end - begin) * share / 1000
    in_gap = any(g.begin <= moment < g.end for g in found_gaps)
    local = moment.astimezone(found.time_zone)
    hours = found.posts[0].hours
    empty = not any(m.present for m in on_duty(found, moment).manning)
    if hours is None:
        asked = True
    elif hours.start < hours.end:
        asked = hours.start <= local.time() < hours.end
    else:
        asked = local.time() >= hours.start or local.time() < hours.end
    assert in_gap == (empty and asked)


@given(rotas, MOMENTS)
def test_nobody_who_is_away_is_on_duty(found, moment):
    duty = on_duty(found, moment)
    assert not any(duty.away & set(m.present) for m in duty.manning)
