"""Whole detection on drawn streets: one default setting, only zone, dwell and hours are given."""

import datetime
from collections.abc import Sequence

import numpy as np
import pytest

from camerad.detection import DetectionSettings, Detector, mask_privacy
from camerad.model import ArmedHours, Detection, EventName, Zone, ZoneKind
from tests.camerad.drawn_scenes import Scene, Walker

MIDDLE = ((0.3, 0.55), (0.7, 0.55), (0.7, 0.95), (0.3, 0.95))
EVERYWHERE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
LINGERS = [(3.0, -30.0, 450.0), (8.0, 350.0, 450.0), (23.0, 350.0, 450.0), (28.0, 740.0, 450.0)]


def loiter(dwell_s: float = 8.0, armed: ArmedHours | None = None) -> Zone:
    return Zone("gate", ZoneKind.LOITER, MIDDLE, dwell_s=dwell_s, armed=armed)


def detect(
    scene: Scene, zones: Sequence[Zone] | None = None, local: datetime.time | None = None
) -> list[Detection]:
    detector = Detector([loiter()] if zones is None else zones)
    said: list[Detection] = []
    t_s = 0.0
    for luma, t_s in scene.frames():
        if detector.wants(t_s):
            said += detector.process(luma, t_s, local)
    return said + detector.finish(t_s)


def times(said: Sequence[Detection], name: EventName = EventName.LOITERING_STARTED) -> list[float]:
    return [d.t_s for d in said if d.name is name]


@pytest.mark.parametrize(
    "scene",
    [
        pytest.param(Scene([Walker(LINGERS)], 32), id="by day"),
        pytest.param(Scene([Walker(LINGERS)], 32, night=True, noise=4), id="at night"),
        pytest.param(Scene([Walker(LINGERS, high=60, wide=20)], 32), id="far off"),
        pytest.param(Scene([Walker(LINGERS, high=110, wide=40)], 32), id="near"),
        pytest.param(Scene([Walker(LINGERS, grey=235)], 32), id="brighter than the street"),
        pytest.param(Scene([Walker(LINGERS)], 32, fps=6), id="six frames a second"),
        pytest.param(Scene([Walker(LINGERS)], 32, fps=25), id="25 frames a second"),
        pytest.param(
            Scene([Walker(LINGERS)], 32, light=lambda t: 1 - 0.04 * min(max(t - 10, 0), 10)),
            id="while it grows dark",
        ),
    ],
)
def test_one_who_lingers_is_told_once_and_in_time(scene: Scene) -> None:
    said = detect(scene)
    (start_s,) = times(said)
    assert 13.0 <= start_s <= 16.0
    (end_s,) = times(said, EventName.LOITERING_ENDED)
    assert 23.0 <= end_s <= 32.0


def test_ten_seconds_of_dwell_take_two_more_than_eight() -> None:
    scene = Scene([Walker(LINGERS)], 30)
    said = detect(scene, [loiter(8.0), Zone("long", ZoneKind.LOITER, MIDDLE, dwell_s=10.0)])
    first, second = times(said)
    assert second - first == pytest.approx(2.0, abs=0.21)


def test_what_comes_by_itself_and_then_never_moves_at_all_is_a_thing() -> None:
    still = Walker([(3, -30, 450), (8, 350, 450), (50, 350, 450), (55, 740, 450)], plain=True)
    assert times(detect(Scene([still], 58, fps=10, flat=120, noise=0), [loiter(10.0)])) == []


def test_a_lingerer_is_told_once_though_others_pass_before_and_behind() -> None:
    others = [
        Walker([(10, -30, 470), (20, 740, 470)], grey=60),
        Walker([(12, 740, 440), (20, -30, 440)], grey=90),
    ]
    assert len(times(detect(Scene([Walker(LINGERS), *others], 30)))) == 1


def test_two_who_linger_are_two() -> None:
    other = Walker([(4, 740, 450), (9, 420, 450), (24, 420, 450), (29, 740, 450)], grey=80)
    first = Walker([(3, -30, 450), (8, 300, 450), (23, 300, 450), (28, -30, 450)])
    said = detect(Scene([first, other], 34))
    assert len({d.track for d in said if d.name is EventName.LOITERING_STARTED}) == 2


@pytest.mark.parametrize("night", [False, True])
def test_those_who_walk_through_raise_nothing(night: bool) -> None:
    walkers = [
        Walker([(2 + 3 * i, -30, 430 + 10 * i), (10 + 3 * i, 740, 430 + 10 * i)], grey=30 + 25 * i)
        for i in range(6)
    ]
    assert times(detect(Scene(walkers, 28, night=night, noise=4 if night else 2))) == []


def test_walkers_in_both_directions_raise_nothing() -> None:
    right = [Walker([(1 + 3 * i, -20, 450), (8 + 3 * i, 740, 450)]) for i in range(6)]
    left = [Walker([(2 + 3 * i, 740, 460), (9 + 3 * i, -20, 460)], grey=90) for i in range(6)]
    assert times(detect(Scene([*right, *left], 28))) == []


@pytest.mark.parametrize("noise", [0.0, 2.0])
def test_a_bag_left_behind_raises_nothing(noise: float) -> None:
    carrier = Walker([(3, -30, 450), (8, 350, 450), (10, 350, 450), (15, 740, 450)])
    bag = Walker([(9, 360, 452), (40, 360, 452)], high=32, wide=22, plain=True, grey=60)
    assert times(detect(Scene([carrier, bag], 40, noise=noise))) == []


def test_a_parked_car_raises_nothing() -> None:
    way = [(3.0, -100.0, 450.0), (6.0, 350.0, 450.0), (30.0, 350.0, 450.0), (33.0, 900.0, 450.0)]
    car = Walker(way, high=60, wide=150, plain=True)
    assert times(detect(Scene([car], 36))) == []


@pytest.mark.parametrize("night", [False, True])
def test_an_empty_street_raises_nothing(night: bool) -> None:
    zones = [loiter(2.0), Zone("all", ZoneKind.MOTION, EVERYWHERE)]
    assert detect(Scene([], 20, night=night, noise=5), zones) == []


def test_a_lamp_switched_off_raises_nothing() -> None:
    scene = Scene([], 30, light=lambda t: 1.0 if t < 10 else 0.6)
    assert detect(scene, [loiter(2.0), Zone("all", ZoneKind.MOTION, EVERYWHERE)]) == []


def test_the_hole_of_one_who_stood_there_when_the_stream_began_raises_nothing() -> None:
    leaves = Walker([(-1, 350, 450), (3, 350, 450), (7, 740, 450)])
    assert times(detect(Scene([leaves], 40))) == []


def test_a_stream_that_begins_with_somebody_in_view_still_finds_the_next() -> None:
    leaves = Walker([(-1, 350, 450), (3, 350, 450), (7, 740, 450)])
    later = Walker([(13, -30, 450), (18, 350, 450), (33, 350, 450), (38, 740, 450)])
    (start_s,) = times(detect(Scene([leaves, later], 42)))
    assert 24.0 <= start_s <= 26.5


def test_the_same_pictures_give_the_same_events() -> None:
    scene = Scene([Walker(LINGERS)], 20)
    assert detect(scene) == detect(scene)


def test_boxes_are_fractions_of_the_frame() -> None:
    (event, *_) = detect(Scene([Walker(LINGERS)], 20))
    assert event.box is not None
    x, y, w, h = event.box
    assert x + w / 2 == pytest.approx(350 / 704, abs=0.02)
    assert y + h == pytest.approx(450 / 576, abs=0.03)
    assert h == pytest.approx(90 / 576, abs=0.03)


def test_motion_begins_and_ends_with_the_walker() -> None:
    walker = Walker([(3, -30, 450), (13, 740, 450)])
    said = detect(Scene([walker], 22), [Zone("path", ZoneKind.MOTION, MIDDLE)])
    (start_s,) = times(said, EventName.MOTION_STARTED)
    (end_s,) = times(said, EventName.MOTION_ENDED)
    assert 5.5 <= start_s <= 7.0
    assert 9.5 <= end_s <= 13.0


def test_without_a_motion_zone_there_are_no_motion_events() -> None:
    said = detect(Scene([Walker([(3, -30, 450), (13, 740, 450)])], 15))
    assert said == []


def test_an_ignore_zone_hides_what_is_in_it() -> None:
    ignore = Zone("tree", ZoneKind.IGNORE, MIDDLE)
    walker = Walker([(3, 250, 450), (8, 350, 450), (23, 350, 450), (26, 450, 450)])
    motion = Zone("all", ZoneKind.MOTION, MIDDLE)
    assert detect(Scene([walker], 26), [loiter(), ignore, motion]) == []


def test_a_privacy_zone_is_not_seen_into() -> None:
    zones = [
        Zone("window", ZoneKind.PRIVACY, EVERYWHERE),
        loiter(),
        Zone("m", ZoneKind.MOTION, MIDDLE),
    ]
    assert detect(Scene([Walker(LINGERS)], 20), zones) == []


def test_mask_privacy_blackens_the_polygon_and_nothing_else() -> None:
    image = np.full((100, 200, 3), 90, np.uint8)
    hidden = mask_privacy(
        image, [Zone("w", ZoneKind.PRIVACY, ((0, 0), (0.5, 0), (0.5, 1), (0, 1)))]
    )
    assert not hidden[:, :100].any()
    assert (hidden[:, 102:] == 90).all()
    assert (image == 90).all()


def test_min_height_leaves_the_small_out() -> None:
    low = Zone("gate", ZoneKind.LOITER, MIDDLE, dwell_s=8.0, min_height=0.25)
    assert times(detect(Scene([Walker(LINGERS)], 26), [low])) == []


def test_outside_armed_hours_nothing_is_told() -> None:
    night = ArmedHours(datetime.time(22), datetime.time(6))
    zones = [loiter(armed=night), Zone("m", ZoneKind.MOTION, MIDDLE, armed=night)]
    scene = Scene([Walker(LINGERS)], 28)
    assert detect(scene, zones, datetime.time(12)) == []
    assert len(times(detect(scene, zones, datetime.time(23)))) == 1


def test_a_hole_in_the_stream_ends_what_was_open() -> None:
    detector = Detector([loiter()])
    said: list[Detection] = []
    for luma, t_s in Scene([Walker(LINGERS)], 20).frames():
        if detector.wants(t_s):
            said += detector.process(luma, t_s)
    said += detector.process(luma, 60.0)
    assert [d.name for d in said] == [EventName.LOITERING_STARTED, EventName.LOITERING_ENDED]


def test_pictures_of_another_size_begin_anew() -> None:
    detector = Detector([loiter()])
    detector.process(np.full((240, 320), 90, np.uint8), 0.0)
    detector.process(np.full((240, 320), 90, np.uint8), 0.2)
    assert detector.process(np.full((480, 704), 90, np.uint8), 0.4) == []


def test_about_five_frames_a_second_are_wanted_at_any_rate() -> None:
    for fps in (10.0, 12.5, 25.0, 30.0):
        detector = Detector([])
        picture = np.zeros((48, 64), np.uint8)
        wanted = 0
        for index in range(round(20 * fps)):
            if detector.wants(index / fps):
                detector.process(picture, index / fps)
                wanted += 1
        assert 4.5 <= wanted / 20 <= 5.5, fps


def test_a_still_street_is_cheap() -> None:
    detector = Detector([loiter()], settings=DetectionSettings())
    for luma, t_s in Scene([], 20, noise=1.0).frames():
        if detector.wants(t_s):
            detector.process(luma, t_s)
    assert detector.skipped > 80
