"""Whose shift it was, who sat there, and whether it was too much."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from alarms.model import AlarmKind
from lianfang_timing import unix_ms
from linkage.appraisal.load import LoadSort, load_of, sort_of
from linkage.appraisal.shifts import (
    BIN_MS,
    at_the_desk,
    bins_between,
    officers_by_bin,
    shift_at,
)
from linkage.duty.model import Pattern, Post, Rota
from linkage.model.person import Role

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOV_1 = date(2026, 11, 1)


def pattern(start, hours, crew=("zhang",), post="desk", **facts):
    return Pattern(
        id=f"{post}-{start}",
        post_id=post,
        start=time(start),
        length=timedelta(hours=hours),
        crews=(tuple(crew),),
        begins_on=facts.pop("begins_on", NOV_1),
        **facts,
    )


def rota(*patterns, zone=SHANGHAI):
    posts = (Post("desk", "值班席", Role.DUTY_OFFICER), Post("chief", "带班", Role.SHIFT_LEADER))
    return at_the_desk(Rota(zone, posts, patterns))


def at(day, hour, minute=0, second=0, zone=SHANGHAI):
    return datetime(2026, 11, day, hour, minute, second, tzinfo=zone).astimezone(UTC)


TWO = rota(pattern(8, 12), pattern(20, 12, ("li", "wang")))


@pytest.mark.parametrize(
    ("moment", "hours"),
    [
        (at(2, 7, 59, 59), "20:00-08:00"),
        (at(2, 8), "08:00-20:00"),
        (at(2, 19, 59, 59), "08:00-20:00"),
        (at(2, 20), "20:00-08:00"),
        (at(3, 0), "20:00-08:00"),
        # the first night begins on the first evening
        (at(1, 7, 59), None),
    ],
)
def test_a_moment_belongs_to_the_shift_whose_hours_run_on_the_sites_own_clock(moment, hours):
    assert shift_at(TWO, moment) == hours


def test_a_shift_of_a_whole_day_and_other_posts_than_the_desk():
    desk = rota(pattern(8, 24), pattern(0, 24, post="chief"))
    assert shift_at(desk, at(2, 3)) == "08:00-08:00"
    assert [one.post_id for one in desk.patterns] == ["desk"]


def test_outside_of_its_weekdays_and_days_nobody_has_the_shift():
    # the 2nd is a Monday
    desk = rota(pattern(8, 12, weekdays=frozenset({1}), ends_on=date(2026, 11, 9)))
    found = {day: shift_at(desk, at(day, 9)) for day in (2, 3, 9, 16)}
    assert found == {2: "08:00-20:00", 3: None, 9: "08:00-20:00", 16: None}


def test_of_two_that_overlap_the_one_that_began_last():
    assert shift_at(rota(pattern(8, 12), pattern(18, 12)), at(2, 19)) == "18:00-06:00"


def test_on_a_day_whose_clocks_change_the_clock_on_the_wall_counts():
    berlin = ZoneInfo("Europe/Berlin")
    # on 25 October 2026 the hour from two to three comes twice
    days = rota(pattern(2, 1, begins_on=date(2026, 10, 1)), zone=berlin)
    twice = [datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1, 2)]
    assert [shift_at(days, moment) for moment in twice] == ["02:00-03:00", "02:00-03:00", None]


def test_who_sits_there_is_counted_every_ten_minutes():
    found = officers_by_bin(TWO, at(2, 7, 40), at(2, 8, 20))
    begins = [unix_ms(at(2, 7, 40)) // BIN_MS + n for n in range(4)]
    assert found == dict(zip(begins, (2, 2, 1, 1), strict=True))


def test_when_nobody_is_on_the_rota_those_minutes_are_left_out():
    assert officers_by_bin(rota(pattern(8, 1)), at(2, 9), at(2, 10)) == {}


def test_ten_minutes_belong_to_where_they_begin():
    assert bins_between(0, BIN_MS) == range(1)
    assert bins_between(1, BIN_MS + 1) == range(1, 2)
    assert list(bins_between(5, 5)) == []


def test_alarms_are_laid_against_the_officers_who_were_there():
    begin, end = unix_ms(at(2, 8)), unix_ms(at(2, 10))
    first = begin // BIN_MS
    alarms = {
        (first, AlarmKind.PANIC): 2,
        (first, AlarmKind.LOITERING): 9,
        (first + 7, AlarmKind.UNATTENDED): 2,
        # before and after: not of this time
        (first - 1, AlarmKind.PANIC): 50,
        (first + 12, AlarmKind.PANIC): 50,
    }
    officers = dict.fromkeys(range(first, first + 6), 1) | dict.fromkeys([first + 6, first + 7], 2)
    load = load_of(alarms, officers, begin, end, SHANGHAI)
    assert load.sorts == {LoadSort.HELP: 2, LoadSort.CAMERA: 9, LoadSort.TECHNICAL: 2}
    assert load.alarms == 13
    # one for six, two for two, one taken to be there for the four of nobody
    assert load.officer_hours == pytest.approx((6 + 4 + 4) / 6)
    assert load.unmanned_hours == pytest.approx(4 / 6)
    assert load.per_officer_hour == pytest.approx(13 / (14 / 6))
    assert (load.busy_bins, load.flood_bins, load.busiest) == (1, 1, 11)
    assert load.busiest_at_ms == begin
    assert load.hours[8].alarms == 11
    assert load.hours[9].per_officer_hour == pytest.approx(2 / (8 / 6))
    assert load.hours[7].per_officer_hour is None
    assert sum(hour.alarms for hour in load.hours) == load.alarms


def test_six_an_hour_are_bearable_and_more_are_not():
    begin = unix_ms(at(2, 8))
    for count, bearable in ((6, True), (7, False)):
        alarms = {(begin // BIN_MS, AlarmKind.PANIC): count}
        load = load_of(alarms, {}, begin, begin + 3_600_000, SHANGHAI)
        assert load.is_bearable is bearable


def test_a_time_that_has_not_begun_has_no_rate():
    load = load_of({}, {}, 0, 0, SHANGHAI)
    assert load.per_officer_hour is None
    assert load.is_bearable
    assert load.busiest_at_ms is None


def test_kinds_come_from_people_cameras_or_ourselves():
    assert sort_of(AlarmKind.DURESS) is LoadSort.HELP
    assert sort_of(AlarmKind.LOITERING) is LoadSort.CAMERA
    assert sort_of(AlarmKind.CAMERA_FAULT) is LoadSort.TECHNICAL
    assert all(zh and en for zh, en in (sort.label for sort in LoadSort))
