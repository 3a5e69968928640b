"""Which patrol team is out, and which is proposed first."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.duty.model import Area, DayHours, Member, Slot, Team
from linkage.duty.teams import Fit, busy_teams, out_until, propose
from linkage.model.place import NOWHERE, Place
from tests.linkage.duty.rotas import NEW_YORK, SHANGHAI, at

ALWAYS = (Slot(DayHours(time(0), time(0))),)
HERE = Place(village_id="dongcun", grid_id="grid2", latitude=30.0, longitude=120.0)


def team(
    name: str, *, villages=("dongcun",), grids=(), slots=ALWAYS, base=None, members=()
) -> Team:
    area = Area(frozenset(villages), frozenset(grids))
    return Team(name, f"{name}队", area, slots, members, base)


def proposed(*teams: Team, place=HERE, busy=None, away=()):
    return propose(teams, place, at("21 21:00"), SHANGHAI, busy=busy or {}, away=frozenset(away))


def names(found) -> list[str]:
    return [p.team.id for p in found]


NIGHT = (Slot(DayHours(time(20), time(2)), frozenset({6})),)


@pytest.mark.parametrize(
    ("moment", "until"),
    [
        ("21 19:59", None),
        ("21 20:00", "22 02:00"),
        ("22 01:59", "22 02:00"),
        ("22 02:00", None),
        ("22 21:00", None),  # Sunday
    ],
)
def test_slot_of_saturday_night_ends_on_sunday(moment, until):
    found = out_until(team("a", slots=NIGHT), at(moment), SHANGHAI)
    assert found == (None if until is None else at(until))


@pytest.mark.parametrize(
    ("day", "out"),
    [
        (date(2026, 11, 21), True),  # Saturday of the week it began in
        (date(2026, 11, 28), False),
        (date(2026, 12, 5), False),
        (date(2026, 12, 12), True),
        (date(2026, 10, 31), True),  # and as well before
        (date(2027, 1, 2), True),  # over the new year
        (date(2026, 12, 13), False),  # Sunday of its week
    ],
)
def test_teams_take_turns_week_by_week(day, out):
    one = Slot(DayHours(time(20), time(2)), frozenset({6}), 3, date(2026, 11, 16))
    others = [replace(one, since=one.since + timedelta(weeks=n)) for n in (1, 2)]
    moment = datetime.combine(day, time(21), SHANGHAI)
    assert (out_until(team("a", slots=(one,)), moment, SHANGHAI) is not None) == out
    shared = [out_until(team("x", slots=(s,)), moment, SHANGHAI) for s in (one, *others)]
    assert len([end for end in shared if end is not None]) == (day.isoweekday() == 6)


def test_night_of_a_turn_goes_on_into_the_week_of_the_next():
    sunday = Slot(DayHours(time(20), time(2)), frozenset({7}), 2, date(2026, 11, 22))
    after_midnight = datetime(2026, 11, 23, 1, tzinfo=SHANGHAI)
    found = out_until(team("a", slots=(sunday,)), after_midnight, SHANGHAI)
    assert found == datetime(2026, 11, 23, 2, tzinfo=SHANGHAI)


def test_team_with_two_slots_is_out_until_the_later_ends():
    slots = (Slot(DayHours(time(20), time(23))), Slot(DayHours(time(21), time(1))))
    assert out_until(team("a", slots=slots), at("21 22:00"), SHANGHAI) == at("22 01:00")


def test_nearest_team_of_the_same_fit_comes_first():
    near, far = team("near", base=(30.001, 120.0)), team("far", base=(30.02, 120.0))
    unknown = team("unknown")
    found = proposed(unknown, far, near)
    assert names(found) == ["near", "far", "unknown"]
    assert found[0].distance_m == pytest.approx(111, abs=1)


def test_own_grid_goes_before_own_village_before_elsewhere():
    grid = team("grid", grids=("grid2",), base=(30.1, 120.0))
    village = team("village", base=(30.01, 120.0))
    other = team("other", villages=("xicun",), base=(30.0, 120.0))
    found = proposed(other, village, grid)
    assert names(found) == ["grid", "village", "other"]
    assert [p.fit for p in found] == [Fit.GRID, Fit.VILLAGE, Fit.ELSEWHERE]


def test_free_team_elsewhere_goes_before_a_busy_one_here():
    busy, free = team("busy"), team("free", villages=("xicun",))
    found = proposed(busy, free, busy={"busy": "20261121-0003"})
    assert names(found) == ["free", "busy"]
    assert not found[1].usable
    assert "正在处置 20261121-0003 / busy with 20261121-0003" in found[1].reasons(SHANGHAI)


def test_team_that_is_out_goes_before_one_that_is_not_even_when_busy():
    home, busy = team("home", slots=()), team("busy")
    assert names(proposed(home, busy, busy={"busy": "1"})) == ["busy", "home"]


def test_team_whose_members_are_all_away_cannot_come():
    sick = team("sick", members=(Member("li"), Member("wang")))
    (found,) = proposed(sick, away=("li", "wang"))
    assert not found.usable
    assert "队员均请假 / all its members are away" in found.reasons(SHANGHAI)
    (found,) = proposed(sick, away=("li",))
    assert found.usable


def test_member_without_an_account_is_never_known_to_be_away():
    mixed = team("mixed", members=(Member("li"), Member(name="老王", phone="1")))
    assert proposed(mixed, away=("li",))[0].usable


def test_place_that_is_not_known_has_teams_all_the_same():
    (found,) = proposed(team("a", base=(30.0, 120.0)), place=NOWHERE)
    assert (found.fit, found.distance_m) == (Fit.ELSEWHERE, None)
    assert found.reasons(SHANGHAI) == [
        "巡逻至 00:00 / on patrol until 00:00",
        "其他片区 / another area",
        "距离未知 / distance unknown",
    ]


def test_reasons_say_how_far_it_is_and_that_it_is_not_out():
    (found,) = proposed(team("a", slots=(), base=(30.001, 120.0)))
    assert found.reasons(SHANGHAI) == [
        "不在巡逻时段 / not on patrol now",
        "本村 / its own village",
        "距驻点 111 米 / 111 m from its base",
    ]


@pytest.mark.parametrize(
    ("named", "responders"),
    [("a", ()), ("a队", ()), ("li", ()), ("村民", ("li",))],
)
def test_team_is_busy_when_it_or_one_of_its_members_was_sent(named, responders):
    one = team("a", members=(Member("li"), Member(name="老王")))
    assert busy_teams([one, team("b")], [("7", frozenset({named}), frozenset(responders))]) == {
        "a": "7"
    }


def test_team_sent_to_two_incidents_is_busy_with_the_first():
    sent = [("7", frozenset("a"), frozenset()), ("8", frozenset("a"), frozenset())]
    assert busy_teams([team("a")], sent) == {"a": "7"}


@given(
    st.permutations(["a", "b", "c", "d"]),
    st.frozensets(st.sampled_from("abcd")),
    st.integers(0, 48 * 60),
)
def test_order_of_proposals_does_not_depend_on_the_order_of_teams(order, busy, minutes):
    slots = (Slot(DayHours(time(20), time(2))),)
    known = {
        "a": team("a", base=(30.01, 120.0)),
        "b": team("b", slots=slots),
        "c": team("c", villages=("xicun",)),
        "d": team("d", grids=("grid2",), slots=()),
    }
    moment = at("21 00:00") + timedelta(minutes=minutes)
    asked = {"busy": dict.fromkeys(busy, "1"), "away": frozenset()}
    found = propose([known[n] for n in order], HERE, moment, SHANGHAI, **asked)
    assert found == propose(known.values(), HERE, moment, SHANGHAI, **asked)
    usable = [p.usable for p in found]
    assert usable == sorted(usable, reverse=True)
    assert [p.team.id in busy for p in found] == [p.busy_with is not None for p in found]


def test_slot_on_the_night_of_changing_clocks_ends_by_the_clock_on_the_wall():
    one = replace(team("a"), slots=(Slot(DayHours(time(22), time(4))),))
    moment = at("2026-10-31T23:00", NEW_YORK)
    assert out_until(one, moment, NEW_YORK) == at("2026-11-01T04:00", NEW_YORK)
