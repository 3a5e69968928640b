"""The second look: who is asked about, what a yes and a no change, and networks that do not fit."""

import pickle
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.loitering_quality import DATA
from camerad.detection import Detector, TrackSnapshot
from camerad.errors import BadVerifier
from camerad.model import Detection, EventName
from camerad.second_look.asking import SecondLook, crop_around
from camerad.second_look.decoding import decoded, people_in
from camerad.second_look.factory import VerifiedDetectors
from camerad.second_look.model import Decoding, FoundPerson, VerifierSettings
from camerad.second_look.onnx import OnnxPersonFinder

MODEL = DATA / "yolox_nano.onnx"
needs_model = pytest.mark.skipif(
    not MODEL.exists(),
    reason="NO PERSON DETECTOR: ../shared/data is absent, so the second look is not checked on one",
)
PICTURE = np.full((480, 640), 90, np.uint8)
BOX = (0.45, 0.4, 0.05, 0.2)


@dataclass
class Says:
    """A detector that says what it is told to, of one track at `BOX`."""

    script: dict[float, list[Detection]]
    scene: np.ndarray | None = None
    track: int = 7
    loitering: bool = True

    @property
    def tracks(self) -> list[TrackSnapshot]:
        return [TrackSnapshot(self.track, BOX, (0.475, 0.6), travelled=True, upright=True)]

    @property
    def empty_scene(self) -> np.ndarray | None:
        return self.scene

    def alerting(self) -> frozenset[int]:
        return frozenset({self.track}) if self.loitering else frozenset()

    def dwells(self) -> dict[int, float]:
        return {self.track: 11.0}

    def wants(self, t_s: float) -> bool:
        return True

    def process(self, luma, t_s, local_time=None) -> list[Detection]:
        return self.script.get(t_s, [])

    def finish(self, t_s: float) -> list[Detection]:
        return [ended(t_s, self.track)]


@dataclass
class Knows:
    """A finder with its answers in a list; the last one stays. It keeps what it was shown."""

    answers: list[bool | BadVerifier]
    empty: bool = False
    """Whether it sees a person in the empty scene, which is as bright as 200."""
    shown: list[tuple[int, ...]] = field(default_factory=list)

    def people(self, picture) -> list[FoundPerson]:
        _, body = crop_around(BOX, 640, 480)
        if picture.mean() > 199:
            return [body] if self.empty else []
        self.shown.append(picture.shape)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, BadVerifier):
            raise answer
        return [body] if answer else []


def started(t_s: float, track: int = 7) -> Detection:
    return Detection(EventName.LOITERING_STARTED, t_s, "gate", track=track, dwell_s=10.0, box=BOX)


def ended(t_s: float, track: int = 7) -> Detection:
    return Detection(EventName.LOITERING_ENDED, t_s, "gate", track=track, dwell_s=12.0, box=BOX)


def told(look: SecondLook, until_s: float) -> list[tuple[str, float]]:
    times = [n / 5 for n in range(round(until_s * 5))]
    said = [d for t_s in times for d in look.process(PICTURE, t_s)]
    return [(d.name.value, d.t_s) for d in said]


def test_a_person_is_told_at_once() -> None:
    look = SecondLook(Says({1.0: [started(1.0)], 4.0: [ended(4.0)]}), Knows([True]))
    assert told(look, 6.0) == [("loitering.started", 1.0), ("loitering.ended", 4.0)]
    assert look.asked == 1


def test_a_no_is_asked_again_after_a_second_and_may_become_a_yes() -> None:
    finder = Knows([False, False, True])
    look = SecondLook(Says({1.0: [started(1.0)]}), finder)
    assert told(look, 6.0) == [("loitering.started", 3.0)]
    assert len(finder.shown) == 3


def test_what_is_never_a_person_is_never_told_nor_ended() -> None:
    look = SecondLook(Says({1.0: [started(1.0)], 4.0: [ended(4.0)]}), Knows([False]))
    assert told(look, 6.0) == []
    assert look.asked == 3
    assert look.alerting() == frozenset()


def test_what_the_empty_scene_shows_too_is_no_person() -> None:
    scene = np.full((240, 320), 200, np.uint8)
    look = SecondLook(Says({1.0: [started(1.0)]}, scene), Knows([True], empty=True))
    assert told(look, 6.0) == []
    look = SecondLook(Says({1.0: [started(1.0)]}, scene), Knows([True]))
    assert told(look, 6.0) == [("loitering.started", 1.0)]


def test_the_stay_that_another_track_takes_over_ends_as_it_began() -> None:
    detector = Says({1.0: [started(1.0)], 4.0: [ended(4.0, track=9)]})
    look = SecondLook(detector, Knows([True]))
    first = [d for t in (0.8, 1.0, 1.2) for d in look.process(PICTURE, t)]
    detector.track = 9
    last = [d for t in (1.4, 4.0) for d in look.process(PICTURE, t)]
    assert [(d.name.value, d.track) for d in first + last] == [
        ("loitering.started", 7),
        ("loitering.ended", 7),
    ]


def test_an_end_that_comes_with_the_change_of_tracks_is_of_the_only_stay_there() -> None:
    look = SecondLook(Says({1.0: [started(1.0)], 1.2: [ended(1.2, track=9)]}), Knows([True]))
    assert told(look, 2.0) == [("loitering.started", 1.0), ("loitering.ended", 1.2)]


def test_motion_passes_by() -> None:
    motion = Detection(EventName.MOTION_STARTED, 1.0, "yard")
    stray = ended(2.0)
    look = SecondLook(Says({1.0: [motion], 2.0: [stray]}), Knows([False]))
    assert told(look, 3.0) == [("motion.started", 1.0), ("loitering.ended", 2.0)]


def test_the_end_of_the_film_ends_only_what_was_told() -> None:
    look = SecondLook(Says({1.0: [started(1.0)]}), Knows([False]))
    told(look, 3.0)
    assert look.finish(3.0) == []
    look = SecondLook(Says({1.0: [started(1.0)]}), Knows([True]))
    told(look, 3.0)
    assert [d.name for d in look.finish(3.0)] == [EventName.LOITERING_ENDED]


def test_a_network_that_breaks_leaves_the_detector_alone() -> None:
    said: list[BadVerifier] = []
    finder = Knows([BadVerifier("gone")])
    look = SecondLook(Says({1.0: [started(1.0)]}), finder, broke=said.append)
    assert told(look, 3.0) == [("loitering.started", 1.0)]
    assert [str(error) for error in said] == ["gone"]
    with pytest.raises(BadVerifier):
        told(SecondLook(Says({1.0: [started(1.0)]}), finder), 3.0)


@pytest.mark.parametrize(
    ("box", "size", "shape"),
    [
        ((0.45, 0.4, 0.05, 0.2), (1280, 720), (230, 230)),
        ((0.0, 0.0, 0.02, 0.1), (704, 576), (208, 208)),
        ((0.9, 0.7, 0.1, 0.3), (704, 576), (276, 276)),
        ((0.1, 0.1, 0.2, 0.5), (160, 120), (120, 160)),
    ],
)
def test_the_crop_is_of_208_px_or_more_and_inside_the_picture(box, size, shape) -> None:
    (rows, columns), body = crop_around(box, *size)
    assert (rows.stop - rows.start, columns.stop - columns.start) == shape
    assert 0 <= rows.start <= rows.stop <= size[1]
    assert 0 <= columns.start <= columns.stop <= size[0]
    assert body.x + columns.start == pytest.approx(box[0] * size[0])
    assert body.y + rows.start == pytest.approx(box[1] * size[1])


# -- networks --------------------------------------------------------------------------------------


def settings(**said) -> VerifierSettings:
    return VerifierSettings(**{"model": MODEL, "input_width": 64, "input_height": 64, **said})


def test_yolox_rows_are_powers_and_offsets_in_cells() -> None:
    answer = np.zeros((1, 64 + 16 + 4, 7), np.float32)
    # the second cell of the second row of stride 16: 64 cells of stride 8 come before
    answer[0, 64 + 5] = [0.5, 0.25, np.log(2.0), np.log(4.0), 0.9, 0.8, 0.1]
    rows = decoded(answer, settings())
    assert rows[69] == pytest.approx([24.0, 20.0, 32.0, 64.0, 0.72])


def test_boxes_with_objectness_and_boxes_with_classes_only_are_pixels() -> None:
    row = np.array([[20.0, 30.0, 10.0, 20.0, 0.5, 0.1, 0.8]], np.float32)
    with_objectness = settings(decoding=Decoding.BOXES_OBJECTNESS, person_class=1)
    assert decoded(row[None], with_objectness)[0] == pytest.approx([20, 30, 10, 20, 0.4])
    with_classes = settings(decoding=Decoding.BOXES_CLASSES, person_class=2)
    assert decoded(row.T[None], with_classes)[0] == pytest.approx([20, 30, 10, 20, 0.8])


@pytest.mark.parametrize("shape", [(1, 84, 5), (1, 83, 85), (1, 3, 8, 8), (1, 84)])
def test_an_answer_of_another_shape_is_refused_with_what_to_mend(shape) -> None:
    with pytest.raises(BadVerifier, match="verifier_decoding"):
        decoded(np.zeros(shape, np.float32), settings())


def test_boxes_of_one_person_are_one() -> None:
    rows = np.array([[20, 30, 10, 20, 0.9], [21, 30, 10, 20, 0.8], [50, 30, 10, 20, 0.7]])
    found = people_in(rows.astype(np.float32), 2.0)
    assert [(one.x, one.y, one.w, one.h) for one in found] == [(30, 40, 20, 40), (90, 40, 20, 40)]
    assert people_in(np.zeros((0, 5), np.float32), 1.0) == []


@pytest.mark.parametrize("text", [None, "", "this is no network"])
def test_a_missing_or_wrong_file_is_one_clear_error(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "model.onnx"
    if text is not None:
        path.write_text(text)
    with pytest.raises(BadVerifier, match=r"model\.onnx"):
        OnnxPersonFinder(VerifierSettings(path))


def test_a_worker_without_its_network_watches_without_a_second_look(tmp_path: Path) -> None:
    factory = pickle.loads(pickle.dumps(VerifiedDetectors(VerifierSettings(tmp_path / "x.onnx"))))
    assert isinstance(factory(()), Detector)


@needs_model
@pytest.mark.parametrize(
    "said",
    [
        {"decoding": Decoding.BOXES_CLASSES, "input_width": 416, "input_height": 416},
        {"person_class": 80, "input_width": 416, "input_height": 416},
        {"input_width": 100, "input_height": 100},
    ],
)
def test_a_network_that_answers_otherwise_than_set_is_refused(said) -> None:
    with pytest.raises(BadVerifier, match="verifier_"):
        OnnxPersonFinder(settings(**said))


@needs_model
def test_a_real_network_finds_a_man_and_no_man_in_an_empty_wall() -> None:
    finder = OnnxPersonFinder(VerifierSettings(MODEL))
    capture = cv2.VideoCapture(str(DATA / "one-by-one-person-detection.mp4"))
    capture.set(cv2.CAP_PROP_POS_FRAMES, 300)
    frame = cv2.cvtColor(capture.read()[1], cv2.COLOR_BGR2GRAY)
    (found,) = [one for one in finder.people(frame) if one.h > 100]
    assert found.h > found.w
    assert 0.4 < (found.x + found.w / 2) / frame.shape[1] < 0.8
    assert finder.people(PICTURE) == []


@needs_model
def test_a_worker_shares_one_network_among_its_cameras() -> None:
    factory = pickle.loads(pickle.dumps(VerifiedDetectors(VerifierSettings(MODEL))))
    one, other = factory(()), factory(())
    assert isinstance(one, SecondLook)
    assert one._finder is other._finder
