"""What is done with the frames of one connection, with frames and time made up."""

import datetime
import queue
from dataclasses import dataclass, field
from datetime import UTC

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from camerad.errors import CameraUnreachable
from camerad.looking import Looking, Progress
from camerad.model import Camera, CameraEvent, Detection, EventName, Trouble
from camerad.picture_health import PictureHealth
from camerad.wire import Limits, WorkerSettings
from tests.camerad.fleet_fakes import no_mask

NOON_UTC = datetime.datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


class Time:
    """Stands still unless told."""

    def __init__(self) -> None:
        self.s = 1000.0

    def now(self) -> datetime.datetime:
        return NOON_UTC + datetime.timedelta(seconds=self.s - 1000.0)

    def monotonic(self) -> float:
        return self.s


@dataclass
class Frame:
    """Arrives `after_s` later than the one before, and was taken at `stream_s`."""

    after_s: float
    stream_s: float
    height: int = 48


class Stream:
    """Frames from a list; None is a grab that fails after the given time."""

    def __init__(self, time: Time, frames: list[Frame | float]) -> None:
        self._time = time
        self._frames = iter(frames)
        self._frame = Frame(0, 0)
        self.retrieved = 0

    def grab(self) -> bool:
        frame = next(self._frames, 0.0)
        if isinstance(frame, float):
            self._time.s += frame
            return False
        self._time.s += frame.after_s
        self._frame = frame
        return True

    def stream_s(self) -> float:
        return self._frame.stream_s

    def luma(self) -> NDArray[np.uint8]:
        self.retrieved += 1
        return np.full((self._frame.height, 64), 77, np.uint8)


@dataclass
class Wanting:
    """Wants a picture each `every_s`, tells of loitering at each, and keeps what it was given."""

    every_s: float = 0.2
    seen: list[tuple[float, datetime.time | None]] = field(default_factory=list)

    def wants(self, t_s: float) -> bool:
        return not self.seen or t_s - self.seen[-1][0] >= self.every_s - 1e-6

    def process(
        self, luma: NDArray[np.uint8], t_s: float, local_time: datetime.time | None
    ) -> list[Detection]:
        self.seen.append((t_s, local_time))
        return [Detection(EventName.LOITERING_STARTED, t_s, "gate")]

    def finish(self, t_s: float) -> list[Detection]:
        return [Detection(EventName.LOITERING_ENDED, t_s, "gate")]


class Watching:
    """One `Looking` and all it says."""

    def __init__(self, frames: list[Frame | float], **limits: float) -> None:
        self.time = Time()
        self.stream = Stream(self.time, frames)
        self.detector = Wanting()
        self.events: list[CameraEvent] = []
        self.health = PictureHealth()
        self.asked: queue.SimpleQueue = queue.SimpleQueue()
        self.progress = Progress()
        self.per_s = 5.0
        settings = WorkerSettings(self.time, Limits(**limits), lambda zones: self.detector, no_mask)
        self.looking = Looking(
            Camera("yard", "yard", "rtsp://x/y", time_zone="Asia/Shanghai"),
            self.stream,
            settings,
            picture_health=self.health,
            emit=self.events.append,
            asked=self.asked,
            per_s=lambda: self.per_s,
        )

    def look(self):
        def each(progress: Progress) -> bool:
            self.progress = progress
            return True

        return self.looking.until_it_ends(each_frame=each, still_waiting=lambda: None)


def steady(count: int, *, every_s: float = 0.04) -> list[Frame | float]:
    return [Frame(every_s, n * every_s) for n in range(count)]


def test_only_the_frames_the_detector_wants_are_retrieved() -> None:
    watching = Watching(steady(51))
    watching.look()
    assert watching.stream.retrieved == len(watching.detector.seen) == 11


def test_the_detector_is_told_the_time_at_the_camera() -> None:
    watching = Watching(steady(1))
    watching.look()
    assert watching.detector.seen[0][1] is not None
    assert watching.detector.seen[0][1].hour == 20


def test_dwell_is_measured_by_arrival_and_not_by_the_camera_s_clock() -> None:
    frames: list[Frame | float] = [Frame(0.2, n * 0.1) for n in range(11)]
    watching = Watching(frames)
    watching.look()
    assert watching.detector.seen[-1][0] == pytest.approx(2.0)


def test_of_frames_that_come_late_the_fewest_are_analysed_and_the_others_counted() -> None:
    # the network stalls for three seconds; what was held back then comes at once
    backlog = [Frame(0.0, 0.48 + n * 0.04) for n in range(40)]
    watching = Watching([*steady(11), Frame(3.0, 0.44), *backlog])
    watching.look()
    assert watching.progress.late_s > 1.0
    assert len(watching.detector.seen) == 4


def test_a_camera_that_stays_late_is_still_looked_at_once_a_second() -> None:
    watching = Watching([Frame(0.04, 0.0), *[Frame(0.04, n * 0.04 - 2.0) for n in range(250)]])
    watching.look()
    assert watching.progress.late_s > 1.0
    assert 10 <= len(watching.detector.seen) <= 11
    assert watching.progress.frames_shed == pytest.approx(40, abs=3)


@pytest.mark.parametrize(("per_s", "looks"), [(5.0, 51), (2.0, 21), (1.0, 11)])
def test_what_the_worker_can_afford_is_looked_at_and_the_rest_counted(
    per_s: float, looks: int
) -> None:
    watching = Watching(steady(251))
    watching.per_s = per_s
    watching.look()
    assert len(watching.detector.seen) == looks
    assert looks + watching.progress.frames_shed == pytest.approx(51, abs=1)
    assert watching.progress.analysed_per_s == pytest.approx(per_s, rel=0.1)


def test_a_finished_stream_is_an_outage_and_ends_what_was_going_on() -> None:
    watching = Watching(steady(5))
    outage = watching.look()
    assert outage.reason == "no-frames"
    assert watching.events[-1].detection.name is EventName.LOITERING_ENDED
    assert [event.seq for event in watching.events] == list(range(1, len(watching.events) + 1))


def test_another_picture_size_ends_the_connection() -> None:
    frames: list[Frame | float] = [Frame(0.2, 0.0), Frame(0.2, 0.2, height=96)]
    watching = Watching(frames)
    with pytest.raises(CameraUnreachable):
        watching.look()
    assert watching.events[-1].detection.name is EventName.LOITERING_ENDED


def test_a_keyframe_may_be_longer_away_than_one_read() -> None:
    watching = Watching([5.0, *steady(3)], read_timeout_s=5.0, first_frame_s=10.0)
    watching.look()
    assert watching.progress.frames == 3


def test_a_stream_that_ends_before_its_first_frame_is_not_waited_for() -> None:
    watching = Watching([0.1, *steady(3)], read_timeout_s=5.0, first_frame_s=10.0)
    assert watching.look().reason == "no-frames"
    assert watching.progress.frames == 0
    assert watching.time.s < 1001


def test_a_stream_without_a_first_frame_is_given_up() -> None:
    watching = Watching([5.0, 5.0, 5.0, *steady(3)], read_timeout_s=5.0, first_frame_s=10.0)
    assert watching.look().reason == "no-frames"
    assert watching.time.s == pytest.approx(1010)


def test_a_picture_that_is_asked_for_is_taken_from_the_next_frame() -> None:
    watching = Watching(steady(2))
    answers: list[tuple[bytes | None, str]] = []
    watching.asked.put(lambda jpeg, why_not: answers.append((jpeg, why_not)))
    watching.look()
    jpeg, why_not = answers[0]
    assert why_not == ""
    assert jpeg is not None
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert image is not None
    assert image.shape == (48, 64)


class Street(Stream):
    """A street until `covered_at`, then a hand before the lens."""

    covered_from = 20

    def luma(self) -> NDArray[np.uint8]:
        street = np.random.default_rng(3).integers(30, 220, (12, 16), np.uint8)
        picture = cv2.resize(street, (160, 120), interpolation=cv2.INTER_NEAREST)
        return np.full_like(picture, 60) if self.retrieved_s() >= self.covered_from else picture

    def retrieved_s(self) -> float:
        return self._frame.stream_s


def on_a_street(seconds: int) -> Watching:
    frames = [Frame(1.0, float(n)) for n in range(seconds)]
    watching = Watching(frames)
    watching.stream.__class__ = Street
    watching.detector.every_s = 1e9
    return watching


def test_a_covered_lens_is_told_with_a_picture_and_stands_in_the_progress() -> None:
    watching = on_a_street(40)
    watching.look()
    (told,) = [e for e in watching.events if e.detection.name is EventName.TAMPER_STARTED]
    assert told.picture_jpeg is not None
    assert watching.progress.trouble is told.detection.trouble is Trouble.SIGNAL_LOST
    assert watching.progress.newest_frame_at_s == pytest.approx(1040.0)


def test_the_end_of_a_connection_does_not_end_the_trouble() -> None:
    watching = on_a_street(40)
    watching.look()
    names = [e.detection.name for e in watching.events]
    assert EventName.TAMPER_ENDED not in names
    assert watching.health.trouble is Trouble.SIGNAL_LOST
