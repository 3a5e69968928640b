"""Drawn truths: what a person in a zone may do, and what must be said of it."""

from collections.abc import Iterable, Sequence

import numpy as np

from camerad.detection import Detector
from camerad.model import Detection, EventName, Zone, ZoneKind
from tests.camerad.drawn_scenes import Luma, Scene, Walker

SIZE = (352, 288)
ZONE = ((0.25, 0.5), (0.75, 0.5), (0.75, 0.95), (0.25, 0.95))
DWELL_S = 10.0
GROUND = 230.0
Film = Iterable[tuple[Luma, float]]


def person(*way: tuple[float, float], y: float = GROUND, grey: int = 40) -> Walker:
    """Along (second, x) on one line of the ground; stands where x stays the same."""
    return Walker([(t_s, x, y) for t_s, x in way], high=52, wide=17, grey=grey, swing=3.0, sway=1.0)


def street(walkers: Sequence[Walker], seconds: float) -> Scene:
    return Scene(walkers, seconds, size=SIZE, noise=1.5)


def detect(film: Scene | Film) -> list[Detection]:
    detector = Detector([Zone("gate", ZoneKind.LOITER, ZONE, dwell_s=DWELL_S)])
    said: list[Detection] = []
    t_s = 0.0
    for picture, t_s in film.frames() if isinstance(film, Scene) else film:
        if detector.wants(t_s):
            said += detector.process(picture, t_s)
    return said + detector.finish(t_s)


def started(said: Sequence[Detection]) -> list[float]:
    return [d.t_s for d in said if d.name is EventName.LOITERING_STARTED]


def ended(said: Sequence[Detection]) -> list[Detection]:
    return [d for d in said if d.name is EventName.LOITERING_ENDED]


def test_who_stands_still_for_ten_minutes_is_there_for_ten_minutes() -> None:
    stander = person((3, -10), (8, 176), (612, 176), (617, 362))
    whole = street([stander], 625)
    # looked at seldom while nothing happens, so that ten minutes need not be drawn whole
    seldom = [12.0 + index for index in range(598)]
    often = [index / 5 for index in range(60)], [610.0 + index / 5 for index in range(70)]
    said = detect(whole.at([*often[0], *seldom, *often[1]]))
    (start_s,) = started(said)
    assert 15.0 <= start_s <= 20.0
    (end,) = ended(said)
    assert 612.0 <= end.t_s <= 620.0
    assert end.dwell_s is not None
    assert 590.0 <= end.dwell_s <= 612.0


def test_two_who_cross_in_the_zone_are_two_who_pass() -> None:
    right = person((3, -10), (15, 362))
    left = person((3, 362), (15, -10), y=236, grey=210)
    assert started(detect(street([right, left], 20))) == []


def test_one_who_stands_is_told_though_two_cross_before_him() -> None:
    stander = person((3, 362), (8, 200), (30, 200), (35, 362))
    right = person((9, -10), (19, 362), y=242, grey=210)
    left = person((11, 362), (21, -10), y=236, grey=90)
    said = detect(street([stander, right, left], 40))
    assert len(started(said)) == 1
    assert 15.5 <= started(said)[0] <= 20.0


def test_five_seconds_behind_a_post_do_not_end_a_stay() -> None:
    walker = person((2, -10), (6, 130), (11, 130), (12, 176), (17, 176), (18, 222), (30, 222))
    said = detect(behind_a_post(street([walker], 32)))
    assert len(started(said)) == 1
    # in the zone from 5 s on; he is told when he can be seen again
    assert 14.0 <= started(said)[0] <= 20.0


def behind_a_post(film: Scene) -> Film:
    """The scene with a broad pillar in front of its middle."""
    for picture, t_s in film.frames():
        picture[100:260, 160:192] = 105 + (np.arange(32) % 5).astype(np.uint8)
        yield picture, t_s


def test_two_short_visits_are_not_one_long_one() -> None:
    walker = person(
        (3, -10), (6, 176), (11, 176), (13, 20), (19, 20), (21, 176), (26, 176), (29, 362)
    )
    assert started(detect(street([walker], 32))) == []


def test_two_long_visits_are_told_one_by_one() -> None:
    walker = person(
        (3, -10), (6, 176), (20, 176), (22, 20), (28, 20), (30, 176), (44, 176), (47, 362)
    )
    first, second = started(detect(street([walker], 50)))
    assert 14.0 <= first <= 18.0
    assert 38.0 <= second <= 42.0


def test_two_at_once_are_two() -> None:
    one = person((3, -10), (7, 130), (26, 130), (29, -10))
    other = person((5, 362), (9, 222), (24, 222), (28, 362), grey=205)
    said = detect(street([one, other], 34))
    first, second = started(said)
    assert 14.5 <= first <= 18.0
    assert 16.5 <= second <= 20.0
    assert len({d.track for d in said}) == 2


def test_one_who_slows_down_in_passing_is_not_loitering() -> None:
    walker = person((3, -10), (6, 110), (13, 190), (16, 362))
    assert started(detect(street([walker], 20))) == []


def test_a_box_that_comes_by_itself_and_then_stands_quite_still_is_none() -> None:
    box = Walker([(3, -20, GROUND), (8, 176, GROUND), (60, 176, GROUND)], 52, 24, plain=True)
    assert started(detect(street([box], 60))) == []


def test_one_who_sways_beside_a_parked_car_is_told() -> None:
    car = Walker([(2, -60, 225), (5, 150, 225), (50, 150, 225)], 45, 110, grey=90, plain=True)
    stander = person((14, 362), (18, 190), (40, 190), (44, 362), y=240)
    said = detect(street([car, stander], 46))
    assert [s for s in started(said) if not 25.0 <= s <= 31.0] == []
    assert started(said)
