"""Which body is which: crossings, splits, ends."""

from collections.abc import Iterable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from camerad.detection.blobs import Blob
from camerad.detection.settings import DetectionSettings
from camerad.detection.tracker import Tracker
from camerad.detection.tracks import Track

Luma = NDArray[np.uint8]
Box = tuple[float, float, float, float]


def picture(boxes: Iterable[tuple[Box, int]]) -> Luma:
    frame = np.full((216, 384), 120, np.uint8)
    for (x, y, w, h), grey in boxes:
        frame[round(y) : round(y + h), max(0, round(x)) : round(x + w)] = grey
        frame[round(y) : round(y + h / 4), max(0, round(x)) : round(x + w)] = 255 - grey
    return frame


def blob(box: Box) -> Blob:
    x, y, w, h = box
    return Blob(x, y, w, h, round(w * h), cut_bottom=y + h >= 215, cut_side=x <= 1 or x + w >= 383)


def joined(boxes: Sequence[Box]) -> list[Blob]:
    """Blobs as the foreground would show them: what overlaps is one."""
    first, *rest = sorted(boxes)
    groups = [first]
    for box in rest:
        x, y, w, h = groups[-1]
        if box[0] <= x + w:
            right, foot = max(x + w, box[0] + box[2]), max(y + h, box[1] + box[3])
            groups[-1] = (x, min(y, box[1]), right - x, foot - min(y, box[1]))
        else:
            groups.append(box)
    return [blob(b) for b in groups]


def test_a_walker_is_one_track_that_has_travelled() -> None:
    tracker = Tracker(DetectionSettings())
    for step in range(20):
        box = (50.0 + 5 * step, 80.0, 14.0, 40.0)
        tracker.step(picture([(box, 30)]), [blob(box)], step * 0.2)
    (track,) = tracker.confirmed()
    assert track.travelled
    assert track.upright()


def test_what_stays_where_it_appeared_has_not_travelled() -> None:
    tracker = Tracker(DetectionSettings())
    for step in range(20):
        box = (50.0 + step % 2, 80.0, 14.0, 40.0)
        tracker.step(picture([(box, 30)]), [blob(box)], step * 0.2)
    (track,) = tracker.confirmed()
    assert not track.travelled


def test_who_grows_into_the_picture_over_its_lower_edge_has_travelled() -> None:
    tracker = Tracker(DetectionSettings())
    for step in range(15):
        top = 205.0 - 12 * step if step < 10 else 97.0
        box = (180.0, top, 50.0, min(110.0, 216.0 - top))
        tracker.step(picture([(box, 30)]), [blob(box)], step * 0.2)
    assert [t.travelled for t in tracker.confirmed()] == [True]


def test_two_who_cross_keep_their_numbers() -> None:
    tracker = Tracker(DetectionSettings())
    at: dict[int, float] = {}
    for step in range(45):
        left = (60.0 + 5 * step, 80.0, 14.0, 40.0)
        right = (280.0 - 5 * step, 84.0, 14.0, 40.0)
        frame = picture([(left, 30), (right, 200)])
        tracker.step(frame, joined([left, right]), step * 0.2)
        if step == 10:
            at = {t.number: t.vx for t in tracker.confirmed()}
    assert len(at) == 2
    for track in tracker.confirmed():
        # still going the way it went before they met
        assert track.vx * at[track.number] > 0


def test_a_standing_one_keeps_the_number_while_another_passes() -> None:
    tracker = Tracker(DetectionSettings())
    standing: Box = (180.0, 80.0, 14.0, 40.0)
    for step in range(60):
        come = (80.0 + 10 * min(step, 10), 80.0, 14.0, 40.0)
        walker = (-20.0 + 8 * (step - 15), 82.0, 14.0, 40.0)
        boxes = [come if step < 10 else standing]
        if 0 < walker[0] < 360:
            boxes.append(walker)
        frame = picture([(b, 30 if b[1] == 80.0 else 190) for b in boxes])
        tracker.step(frame, joined(boxes), step * 0.2)
        if step == 14:
            (before,) = tracker.confirmed()
    assert any(t is before and abs(t.x - 180) < 6 for t in tracker.confirmed())


def test_a_bag_put_down_has_neither_travelled_nor_come_alone() -> None:
    tracker = Tracker(DetectionSettings())
    bag: Box = (150.0, 108.0, 12.0, 14.0)
    for step in range(40):
        walker = (50.0 + 5 * step, 80.0, 14.0, 40.0)
        boxes = [walker, bag] if walker[0] > 140 else [walker]
        frame = picture([(b, 30) for b in boxes])
        tracker.step(frame, joined(boxes), step * 0.2)
    left = [t for t in tracker.confirmed() if abs(t.x - 150) < 8]
    assert [(t.travelled, t.alone) for t in left] == [(False, False)]


def test_one_of_two_who_came_as_one_has_travelled_too() -> None:
    tracker = Tracker(DetectionSettings())
    for step in range(40):
        first = (40.0 + 5 * min(step, 20), 80.0, 14.0, 40.0)
        second = (50.0 + 5 * step, 80.0, 14.0, 40.0)
        frame = picture([(first, 30), (second, 40)])
        tracker.step(frame, joined([first, second]), step * 0.2)
    assert [t.travelled for t in tracker.confirmed() if t.visible] == [True, True]


def test_a_track_that_is_not_seen_ends() -> None:
    tracker = Tracker(DetectionSettings())
    box = (50.0, 80.0, 14.0, 40.0)
    for step in range(10):
        tracker.step(picture([(box, 30)]), [blob(box)], step * 0.2)
    for step in range(10, 30):
        tracker.step(picture([]), [], step * 0.2)
    assert tracker.tracks == []


def test_who_stops_at_once_is_not_lost() -> None:
    tracker = Tracker(DetectionSettings())
    for step in range(25):
        box = (30.0 + 28 * min(step, 6), 80.0, 14.0, 40.0)
        tracker.step(picture([(box, 30)]), [blob(box)], step * 0.2)
    (track,) = tracker.confirmed()
    assert track.travelled


def test_who_is_half_hidden_behind_a_board_is_still_upright() -> None:
    tracker = Tracker(DetectionSettings())
    for step in range(10):
        box = (50.0 + 5 * step, 80.0, 14.0, 40.0)
        tracker.step(picture([(box, 30)]), [blob(box)], step * 0.2)
    for step in range(10, 42):
        shown = box if step % 6 == 0 else (box[0], box[1], 14.0, 10.0)
        tracker.step(picture([(box, 30)]), [blob(shown)], step * 0.2)
    (track,) = tracker.confirmed()
    assert track.upright()


def test_who_walked_on_while_nothing_could_be_seen_keeps_the_number() -> None:
    tracker = Tracker(DetectionSettings())
    for step in range(12):
        box = (50.0 + 6 * step, 80.0, 14.0, 40.0)
        tracker.step(picture([(box, 30)]), [blob(box)], step * 0.2)
    (before,) = tracker.confirmed()
    for step in range(12, 22):
        tracker.wait(0.2, step * 0.2)
    for step in range(22, 30):
        box = (182.0, 80.0, 14.0, 40.0)
        tracker.step(picture([(box, 30)]), [blob(box)], step * 0.2)
    assert tracker.confirmed() == [before]
    assert abs(before.x - 182) < 3


def test_who_is_somewhere_else_after_nothing_could_be_seen_is_another() -> None:
    tracker = Tracker(DetectionSettings())
    for step in range(12):
        box = (50.0 + 6 * step, 80.0, 14.0, 40.0)
        tracker.step(picture([(box, 30)]), [blob(box)], step * 0.2)
    (before,) = tracker.confirmed()
    tracker.wait(0.2, 2.4)
    for step in range(13, 18):
        box = (260.0, 80.0, 14.0, 40.0)
        tracker.step(picture([(box, 30)]), [blob(box)], step * 0.2)
    assert abs(before.x - 260) > 50


def test_a_drop_that_creeps_down_the_glass_has_not_travelled() -> None:
    tracker = Tracker(DetectionSettings())
    for step in range(100):
        box = (180.0, 60.0 + 0.3 * step, 20.0, 30.0)
        tracker.step(picture([(box, 30)]), [blob(box)], step * 0.2)
    assert [t.travelled for t in tracker.confirmed()] == [False]


def test_in_rain_a_newcomer_takes_nothing_from_the_streak_beside_it() -> None:
    tracker = Tracker(DetectionSettings())
    streak, drop = (160.0, 60.0, 9.0, 30.0), (176.0, 80.0, 20.0, 30.0)
    for step in range(20):
        boxes = [streak] if step < 5 else [drop]
        frame = picture([(b, 30) for b in boxes])
        tracker.step(frame, [blob(b) for b in boxes], step * 0.2, falling=True)
    assert [t.travelled for t in tracker.confirmed() if t.visible] == [False]


@pytest.mark.parametrize(("foot", "told"), [(215.0, False), (208.0, False), (180.0, True)])
def test_what_fills_a_corner_of_the_picture_tells_nothing(foot: float, told: bool) -> None:
    # a shaken camera's lower edge comes and goes
    tracker = Tracker(DetectionSettings())
    for step in range(6):
        box = (376.0, foot - 18.0, 8.0, 18.0)
        tracker.step(picture([(box, 30)]), [blob(box)], step * 0.2)
    (track,) = tracker.confirmed()
    assert track.is_scrap(384, 216) is not told


@pytest.mark.parametrize(("reached_down_to", "there"), [(110.0, True), (130.0, False)])
def test_who_is_behind_leaves_is_there_while_their_legs_show(
    reached_down_to: float, there: bool
) -> None:
    walker, chance = (200.0, 60.0, 20.0, 70.0), np.random.default_rng(1)
    track = Track(1, blob(walker), 0.0)
    for step in range(1, 8):
        frame = picture([(walker, 30)])
        track.see(blob(walker), frame, step * 0.2, DetectionSettings(), whole=True)
    leaves_and_legs = blob((180.0, 10.0, 60.0, 120.0))
    for step in range(8, 40):
        frame = chance.integers(0, 255, (216, 384)).astype(np.uint8)
        track.visible = False
        track.hold(
            frame, step * 0.2, leaves_and_legs, DetectionSettings(), thing_foot=reached_down_to
        )
    assert track.visible is there
    if there:
        assert track.feet == (pytest.approx(210.0, abs=8.0), 130.0)
        gone = blob((180.0, 10.0, 60.0, 100.0))
        track.visible = False
        track.hold(frame, 8.0, gone, DetectionSettings(), thing_foot=reached_down_to)
        assert not track.visible
