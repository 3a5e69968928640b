"""Armed hours on working days, weekends, holidays and weekends worked for them."""

from datetime import date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camerad.errors import BadZones
from camerad.model import ArmedHours
from camerad.working_days import PLAIN_WEEK, LocalTime, WorkingDays
from camerad.zones import parse_zones

NATIONAL = WorkingDays(
    frozenset(date(2026, 10, day) for day in range(1, 8)),
    frozenset({date(2026, 9, 20), date(2026, 10, 10)}),
)
NIGHT = ArmedHours(time(22), time(6))
SHOP = ArmedHours(time(22), time(6), days_off=ArmedHours(time(0), time(0)))


def at(text: str, days: WorkingDays = NATIONAL) -> LocalTime:
    return LocalTime.at(datetime.fromisoformat(text), days)


@pytest.mark.parametrize(
    ("day", "off"),
    [
        ("2026-09-30", False),
        ("2026-10-01", True),
        ("2026-10-03", True),
        ("2026-10-08", False),
        ("2026-10-10", False),
        ("2026-09-20", False),
        ("2026-10-11", True),
    ],
)
def test_a_holiday_is_off_and_a_weekend_worked_for_it_is_not(day: str, off: bool) -> None:
    assert NATIONAL.is_off(date.fromisoformat(day)) is off


def test_the_plain_week_has_weekends() -> None:
    assert [PLAIN_WEEK.is_off(date(2026, 11, day)) for day in range(16, 23)] == [False] * 5 + [
        True
    ] * 2


@pytest.mark.parametrize(
    ("moment", "armed"),
    [
        ("2026-09-30T12:00", False),  # Wednesday
        ("2026-09-30T23:00", True),
        ("2026-10-01T05:59", True),  # the night before lasts until 06:00, and the day is off anyway
        ("2026-10-01T12:00", True),
        ("2026-10-07T23:59", True),
        ("2026-10-08T00:00", False),  # the day off is over, and no night has begun on it
        ("2026-10-08T22:00", True),
        ("2026-10-09T05:00", True),
        ("2026-10-10T12:00", False),  # a Saturday that is worked
        ("2026-10-10T22:00", True),
        ("2026-10-11T12:00", True),
    ],
)
def test_hours_on_days_off_take_the_place_of_the_usual_ones(moment: str, armed: bool) -> None:
    assert SHOP.covers(at(moment)) is armed


def test_hours_over_midnight_belong_to_the_day_they_begin_on() -> None:
    party = ArmedHours(time(8), time(18), days_off=NIGHT)
    assert party.covers(at("2026-10-08T05:00"))  # the night that began on the last day off
    assert not party.covers(at("2026-10-08T06:00"))
    assert not party.covers(at("2026-10-01T05:00"))  # what began on a working day was over
    assert not party.covers(at("2026-10-01T12:00"))


def test_without_hours_of_their_own_days_off_are_like_any_other() -> None:
    assert NIGHT.covers(at("2026-10-02T23:00"))
    assert not NIGHT.covers(at("2026-10-02T12:00"))


@given(
    st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    st.times(),
    st.times(),
    st.times(),
)
def test_a_plain_time_means_the_same_as_an_ordinary_day(
    day: date, moment: time, start: time, end: time
) -> None:
    hours = ArmedHours(start, end)
    local = LocalTime.at(datetime.combine(day, moment), NATIONAL)
    assert hours.covers(local) is hours.covers(moment)


def zone(armed: str) -> ArmedHours | None:
    text = f'[[zone]]\nname="w"\nkind="motion"\npolygon=[[0,0],[1,0],[1,1],[0,1]]\n{armed}'
    return parse_zones(text, source="z")[0].armed


def test_a_zones_file_says_both() -> None:
    assert zone('armed="22:00-06:00"\narmed_days_off="00:00-24:00"') == SHOP


def test_hours_of_days_off_alone_leave_other_days_always_armed() -> None:
    found = zone('armed_days_off="22:00-06:00"')
    assert found is not None
    assert found.covers(at("2026-10-08T12:00"))
    assert not found.covers(at("2026-10-01T12:00"))


def test_wrong_hours_are_named_by_their_key() -> None:
    with pytest.raises(BadZones, match=r"key 'armed_days_off': .*25:00-06:00|25:00 is no time"):
        zone('armed_days_off="25:00-06:00"')
