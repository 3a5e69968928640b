"""What holds of detection whatever is seen: dwell, time, rates, gaps, sizes of pictures."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camerad.detection import DetectionSettings, Detector
from camerad.detection.presence import Presence
from camerad.detection.stays import Stays
from camerad.model import Detection, EventName, Zone, ZoneKind

DEFAULTS = DetectionSettings()
EVERYWHERE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
LEFT_HALF = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
INSIDE, OUTSIDE = (0.25, 0.6), (0.8, 0.6)
DWELL_S = 5.0

Moment = tuple[float, bool, bool, bool, bool]
"""(seconds since the one before, seen, in the zone, upright, lively)."""
MOMENTS = st.lists(
    st.tuples(
        st.sampled_from([0.1, 0.2, 0.2, 0.2, 0.4, 1.0, 2.5]),
        st.sampled_from([True, True, True, False]),
        st.sampled_from([True, True, False]),
        st.sampled_from([True, True, True, False]),
        st.sampled_from([True, True, False]),
    ),
    max_size=120,
)


def presence(feet: tuple[float, float], *, upright: bool = True, lively: bool = True) -> Presence:
    x, y = feet
    box = (x - 0.05, y - 0.3, 0.1, 0.3)
    return Presence(
        1, box, feet, travelled=True, upright=upright, lively=lively, born_s=0.0, entered=False
    )


def stays() -> Stays:
    return Stays([Zone("half", ZoneKind.LOITER, LEFT_HALF, dwell_s=DWELL_S)], DEFAULTS)


def tell(moments: Sequence[Moment]) -> tuple[list[Detection], list[tuple[float, bool]]]:
    """All that is said, and (second, in the zone) of every moment somebody is seen."""
    watched, said, seen, t_s = stays(), [], [], 0.0
    for elapsed_s, visible, inside, upright, lively in moments:
        t_s += elapsed_s
        shown = [presence(INSIDE if inside else OUTSIDE, upright=upright, lively=lively)]
        said += watched.step(shown if visible else [], t_s, None, 1.5)
        if visible:
            seen.append((t_s, inside))
    return said + watched.finish(t_s), seen


@settings(deadline=None)
@given(MOMENTS)
def test_dwell_never_exceeds_presence(moments: list[Moment]) -> None:
    said, seen = tell(moments)
    for detection in said:
        first_s = next(t_s for t_s, inside in seen if inside)
        assert detection.dwell_s is not None
        assert detection.dwell_s <= detection.t_s - first_s + 1e-6


@settings(deadline=None)
@given(MOMENTS)
def test_what_is_said_is_in_the_order_of_time_and_ends_after_it_began(
    moments: list[Moment],
) -> None:
    said, _ = tell(moments)
    assert [d.t_s for d in said] == sorted(d.t_s for d in said)
    names = [d.name for d in said]
    expected = [EventName.LOITERING_STARTED, EventName.LOITERING_ENDED] * (len(names) // 2)
    assert names == expected


@settings(deadline=None)
@given(MOMENTS)
def test_nothing_is_told_before_the_dwell_is_over(moments: list[Moment]) -> None:
    said, seen = tell(moments)
    for detection in said:
        if detection.name is EventName.LOITERING_STARTED:
            first_s = next(t_s for t_s, inside in seen if inside)
            assert detection.t_s >= first_s + DWELL_S - 1e-6


@settings(deadline=None)
@given(
    comes_s=st.floats(0.0, 3.0),
    stays_s=st.floats(1.0, 12.0),
    rates=st.tuples(
        st.sampled_from([2.0, 3.0, 5.0, 8.0, 10.0]), st.sampled_from([5.0, 10.0, 25.0])
    ),
)
def test_the_frame_rate_does_not_change_the_answer(
    comes_s: float, stays_s: float, rates: tuple[float, float]
) -> None:
    told = [alert_at(comes_s, stays_s, [k / rate for k in range(int(20 * rate))]) for rate in rates]
    # coming and being told are each seen at the next picture only
    margin_s = 2.0 / min(rates) + 1e-6
    if abs(stays_s - DWELL_S) > margin_s:
        assert (told[0] is None) == (told[1] is None)
    if told[0] is not None and told[1] is not None:
        assert told[0] == pytest.approx(told[1], abs=margin_s)


@settings(deadline=None)
@given(
    hole_s=st.floats(0.3, DEFAULTS.leave_s - 0.5),
    hole_at_s=st.floats(1.5, 4.0),
    stays_s=st.sampled_from([3.0, 9.0]),
)
def test_a_hole_in_the_stream_does_not_change_the_answer(
    hole_s: float, hole_at_s: float, stays_s: float
) -> None:
    every = [k / 5 for k in range(80)]
    holed = [t_s for t_s in every if not hole_at_s < t_s < hole_at_s + hole_s]
    whole, with_hole = alert_at(1.0, stays_s, every), alert_at(1.0, stays_s, holed)
    assert (whole is None) == (with_hole is None)
    if whole is not None and with_hole is not None:
        assert with_hole == pytest.approx(whole, abs=hole_s + 0.2)


def alert_at(comes_s: float, stays_s: float, times_s: Sequence[float]) -> float | None:
    watched = stays()
    for t_s in times_s:
        inside = comes_s <= t_s <= comes_s + stays_s
        for detection in watched.step([presence(INSIDE if inside else OUTSIDE)], t_s, None, 1.5):
            if detection.name is EventName.LOITERING_STARTED:
                return detection.t_s
    return None


@settings(max_examples=25, deadline=None)
@given(width=st.integers(1, 420), height=st.integers(1, 420), grey=st.integers(0, 255))
def test_pictures_of_any_size_and_one_grey_say_nothing(width: int, height: int, grey: int) -> None:
    assert said_of([np.full((height, width), grey, np.uint8)] * 6, dwell_s=0.2) == []


@settings(max_examples=25, deadline=None)
@given(width=st.integers(1, 200), height=st.integers(1, 200), seed=st.integers(0, 9))
def test_pictures_of_any_size_and_any_content_are_survived(
    width: int, height: int, seed: int
) -> None:
    dice = np.random.default_rng(seed)
    shape = (height, width)
    pictures = [dice.integers(0, 256, shape).astype(np.uint8) for _ in range(2)]
    pictures += [np.full(shape, seed, np.uint8)] * 2
    body = np.full(shape, 200, np.uint8)
    body[height // 4 :, width // 3 : width // 2 + 1] = 30
    said = said_of([*pictures, *([body] * 3), *pictures], dwell_s=10.0)
    assert said == []


@settings(max_examples=10, deadline=None)
@given(grey=st.integers(0, 255), other=st.integers(0, 255))
def test_one_grey_that_becomes_another_is_light(grey: int, other: int) -> None:
    first, then = (np.full((72, 96), g, np.uint8) for g in (grey, other))
    assert said_of([first] * 5 + [then] * 10, dwell_s=0.5) == []


def said_of(pictures: Sequence[np.ndarray], dwell_s: float) -> list[Detection]:
    detector = Detector([Zone("all", ZoneKind.LOITER, EVERYWHERE, dwell_s=dwell_s)])
    said: list[Detection] = []
    for index, picture in enumerate(pictures):
        said += detector.process(picture, index / 5)
    return said + detector.finish(len(pictures) / 5)
