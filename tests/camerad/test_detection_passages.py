"""Who merely passes: one steady straight walk. No pictures, no zones but in the last tests."""

import math
from collections.abc import Callable, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from camerad.detection.passages import Passage
from camerad.detection.presence import Presence
from camerad.detection.settings import DetectionSettings
from camerad.detection.stays import Stays
from camerad.model import EventName, Point, Zone, ZoneKind

HIGH = 0.2
TOLD_S = 2.6
"""After so long whoever does not pass is known for it, beside one more picture."""

Way = Callable[[float], Point]
"""Where the feet are at a second; lengths in body heights."""

rates = st.sampled_from([2.0, 5.0, 7.0, 12.5, 25.0])
directions = st.floats(0.0, 2.0 * math.pi)
paces = st.floats(0.3, 1.5)


def straight(pace: float, direction: float = 0.0) -> Way:
    """A walk with the trembling of a box."""
    across, down = math.cos(direction), math.sin(direction)

    def at(t_s: float) -> Point:
        tremble = 0.03 * math.sin(7.0 * t_s)
        return pace * t_s * across - tremble * down, pace * t_s * down + tremble * across

    return at


def stopping(way: Way, from_s: float, to_s: float = math.inf) -> Way:
    """The way with a stand in it, swaying."""

    def at(t_s: float) -> Point:
        x, y = way(min(t_s, max(from_s, t_s - (to_s - from_s))))
        return (x + 0.03 * math.sin(t_s), y) if from_s <= t_s < to_s else (x, y)

    return at


def turning(way: Way, at_s: float) -> Way:
    """Back again on the same line."""
    return lambda t_s: way(t_s if t_s < at_s else 2.0 * at_s - t_s)


def every(rate: float, seconds: float) -> list[float]:
    return [index / rate for index in range(int(seconds * rate) + 1)]


def walked(way: Way, times_s: Sequence[float], high: float = HIGH) -> Passage:
    passage = Passage()
    for t_s in times_s:
        x, y = way(t_s)
        passage.note((x * high, y * high), high, t_s)
    return passage


@settings(deadline=None)
@given(rates, paces, directions, st.floats(3.2, 20.0))
def test_a_steady_straight_walk_is_passing(
    rate: float, pace: float, direction: float, seconds: float
) -> None:
    assert walked(straight(pace, direction), every(rate, seconds)).steady


@settings(deadline=None)
@given(rates, paces, st.floats(1.0, 6.0))
def test_who_stops_is_no_passer_by_any_more(rate: float, pace: float, from_s: float) -> None:
    way = stopping(straight(pace), from_s)
    assert not walked(way, every(rate, from_s + TOLD_S + 1.0 / rate)).steady


@settings(deadline=None)
@given(rates, paces)
def test_who_stood_and_walks_on_has_still_stood(rate: float, pace: float) -> None:
    way = stopping(straight(pace), 3.0, 3.0 + TOLD_S + 1.0 / rate)
    assert not walked(way, every(rate, 14.0)).steady


@settings(deadline=None)
@given(rates, paces, directions, st.floats(3.0, 8.0))
def test_who_turns_round_is_no_passer_by(
    rate: float, pace: float, direction: float, at_s: float
) -> None:
    way = turning(straight(pace, direction), at_s)
    assert not walked(way, every(rate, 1.5 * at_s + 2.0 / rate)).steady


@settings(deadline=None)
@given(rates, st.floats(0.0, 0.15))
def test_who_strolls_is_no_passer_by(rate: float, pace: float) -> None:
    assert not walked(straight(pace), every(rate, 4.0)).steady


@settings(deadline=None)
@given(rates, paces, st.floats(2.6, 6.0), st.floats(0.2, 5.0))
def test_a_hole_in_the_stream_makes_nobody_stand(
    rate: float, pace: float, hole_at_s: float, hole_s: float
) -> None:
    whole = every(rate, 12.0)
    holed = [t_s for t_s in whole if not hole_at_s < t_s < hole_at_s + hole_s]
    assert walked(straight(pace), holed).steady
    stopped = stopping(straight(pace), 2.0)
    assert not walked(stopped, holed).steady


@settings(deadline=None)
@given(rates, paces, st.sampled_from([0.05, 0.1, 0.5]))
def test_near_and_far_are_alike(rate: float, pace: float, high: float) -> None:
    for way in (straight(pace), stopping(straight(pace), 3.0), turning(straight(pace), 4.0)):
        far = walked(way, every(rate, 9.0), high)
        assert far.steady == walked(way, every(rate, 9.0)).steady


def test_a_way_too_short_to_tell_is_no_excuse() -> None:
    assert not Passage().steady
    assert not walked(straight(0.8), every(5.0, 2.2)).steady


def test_the_same_moment_twice_is_one() -> None:
    assert walked(straight(0.8), sorted(every(5.0, 6.0) * 2)).steady


PATH = ((0.1, 0.3), (0.9, 0.3), (0.9, 0.7), (0.1, 0.7))
ASPECT = 1.5


def told_at(way: Way, dwell_s: float, rate: float = 5.0, seconds: float = 60.0) -> float | None:
    """When whoever comes in at the left edge of the path is told as loitering."""
    stays = Stays([Zone("path", ZoneKind.LOITER, PATH, dwell_s=dwell_s)], DetectionSettings())
    for t_s in every(rate, seconds):
        x, y = way(t_s)
        feet = (0.1 + x * HIGH / ASPECT, 0.5 + y * HIGH)
        box = (feet[0] - 0.02, feet[1] - HIGH, 0.04, HIGH)
        seen = Presence(
            1, box, feet, travelled=True, upright=True, lively=True, born_s=0.0, entered=True
        )
        for one in stays.step([seen], t_s, None, ASPECT):
            if one.name is EventName.LOITERING_STARTED:
                return one.t_s
    return None


@settings(deadline=None)
@given(rates, st.floats(0.7, 1.4))
def test_who_walks_through_for_longer_than_a_short_dwell_is_not_told(
    rate: float, pace: float
) -> None:
    # the path is six body heights long
    assert told_at(straight(pace), dwell_s=5.0, rate=rate) is None


@settings(deadline=None)
@given(rates, st.floats(0.5, 4.5), st.sampled_from([5.0, 10.0]))
def test_who_comes_in_walking_and_stays_is_told_in_time(
    rate: float, walks_s: float, dwell_s: float
) -> None:
    t_s = told_at(stopping(straight(0.6), walks_s), dwell_s, rate)
    assert t_s is not None
    assert dwell_s - 1e-6 <= t_s <= dwell_s + 3.0


def test_who_crosses_a_huge_zone_for_long_is_told_after_a_little_longer() -> None:
    t_s = told_at(straight(0.3), dwell_s=12.0)
    assert t_s is not None
    assert 17.0 <= t_s <= 17.5
    assert told_at(straight(0.3), dwell_s=4.0) is not None


def test_who_wanders_up_and_down_is_told_in_time() -> None:
    def to_and_fro(t_s: float) -> Point:
        return 1.5 + 1.5 * math.sin(0.6 * t_s), 0.0

    assert told_at(to_and_fro, dwell_s=10.0) == 10.0
