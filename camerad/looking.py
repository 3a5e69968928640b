"""Looking at one connection's frames: detect, tell, take pictures.

It ends when the stream does. Connecting, waiting and threads are the business of `camera_watch`.
"""

import queue
import random
from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from camerad.capture import Image, LumaStream, encode_jpeg
from camerad.errors import CameradError, CameraUnreachable
from camerad.lateness import Lateness
from camerad.model import Camera, CameraEvent, Detection, EventName, Trouble
from camerad.picture_health import PictureHealth
from camerad.rtsp_probe import Outage
from camerad.shedding import Pace
from camerad.wire import WorkerSettings
from camerad.working_days import LocalTime

_RATE_WINDOW_S = 2.0
_WHOLE = 0.9
"""A grab that took this share of its time limit has used it up."""
_SHOWN = frozenset({EventName.LOITERING_STARTED, EventName.TAMPER_STARTED})
"""Events that go with a picture of the moment."""

PictureReply = Callable[[bytes | None, str], None]
"""Called with a JPEG, or with None and the reason."""


@dataclass
class Progress:
    """How one connection is going; the times are the clock's monotonic seconds."""

    frames: int = 0
    frames_per_s: float = 0.0
    newest_frame_at_s: float = 0.0
    late_s: float = 0.0
    """The worst of late, forgotten at a second a second: who looks too long is late only at the
    moment after it, when everything that came meanwhile is read at once."""
    analysed_per_s: float = 0.0
    frames_shed: int = 0
    trouble: Trouble | None = None


class Looking:
    """The frames of one connection, from the first to the last; used by one thread.

    Its random `run` number and its detector live exactly as long: after a gap nobody knows who
    left and who came, so nothing is carried over.
    """

    def __init__(
        self,
        camera: Camera,
        stream: LumaStream,
        settings: WorkerSettings,
        *,
        picture_health: PictureHealth,
        emit: Callable[[CameraEvent], None],
        asked: "queue.SimpleQueue[PictureReply]",
        per_s: Callable[[], float],
    ) -> None:
        """`picture_health` outlives the connection: one turned meanwhile is found.
        `per_s`: how many frames a second the worker can afford to look at."""
        self._camera = camera
        self._stream = stream
        self._mask = settings.mask
        self._clock = settings.clock
        self._limits = settings.limits
        self._days = settings.days
        self._detector = settings.detector_factory(camera.zones)
        self._picture_health = picture_health
        self._emit = emit
        self._asked = asked
        self._per_s = per_s
        self._pace = Pace(settings.limits.shedding.steps_per_s[0])
        self._analysed = _Rate()
        self._zone = ZoneInfo(camera.time_zone)
        self._run = random.getrandbits(53)
        self._seq = 0
        self._size: tuple[int, ...] | None = None

    def until_it_ends(
        self, *, each_frame: Callable[[Progress], bool], still_waiting: Callable[[], None]
    ) -> Outage:
        """Look until the stream ends or `each_frame` returns False.

        `still_waiting` is called now and then before the first frame.

        Raises CameraTalksNonsense when a frame cannot be decoded, CameraUnreachable when the
        picture changes its size.
        """
        progress = Progress(trouble=self._picture_health.trouble)
        lateness, rate = Lateness(), _Rate()
        if not self._first_frame(still_waiting):
            return Outage(
                "no-frames",
                "摄像机打开了码流，但不送画面。 / "
                "The camera opens its stream but sends no picture.",
            )
        start_s = self._clock.monotonic()
        try:
            while progress.frames == 0 or self._next_frame():
                now_s = self._clock.monotonic()
                progress.frames += 1
                progress.frames_per_s = rate.note(now_s)
                late_s = lateness.note(now_s, self._stream.stream_s())
                forgotten_s = now_s - progress.newest_frame_at_s
                progress.late_s = max(late_s, progress.late_s - forgotten_s)
                progress.newest_frame_at_s = now_s
                if not each_frame(progress):
                    break
                if self._look(now_s - start_s, late=late_s > self._limits.late_s):
                    self._pace.done(self._clock.monotonic() - start_s)
                progress.frames_shed = self._pace.shed
                progress.analysed_per_s = self._analysed.rate
                progress.trouble = self._picture_health.trouble
        finally:
            self._tell(self._detector.finish(self._clock.monotonic() - start_s), None)
        return Outage("no-frames", "摄像机不再送来画面。 / The camera stopped sending pictures.")

    def _next_frame(self) -> bool:
        """Grab one more; False when none came in time.

        When a read runs out of time FFmpeg still gives what waited in the decoder: an old picture,
        which is no sign of life, and waiting for the next would take the whole time again.
        """
        began_s = self._clock.monotonic()
        grabbed = self._stream.grab()
        took_s = self._clock.monotonic() - began_s
        return grabbed and took_s < self._limits.read_timeout_s * _WHOLE

    def _first_frame(self, still_waiting: Callable[[], None]) -> bool:
        """Grab the first frame, which may be a long keyframe interval away.

        A grab that takes its whole time limit may have read frames that cannot be decoded before
        a keyframe; one that fails earlier has met the end.
        """
        limits, clock = self._limits, self._clock
        give_up_s = clock.monotonic() + limits.first_frame_s
        while True:
            began_s = clock.monotonic()
            if self._stream.grab():
                return True
            still_waiting()
            now_s = clock.monotonic()
            if now_s >= give_up_s or now_s - began_s < limits.read_timeout_s * _WHOLE:
                return False

    def _look(self, t_s: float, *, late: bool) -> bool:
        """Decode the frame to a picture only when somebody wants it; whether it was analysed."""
        per_s = self._limits.shedding.steps_per_s[-1] if late else self._per_s()
        analyse = self._detector.wants(t_s) and self._pace.take(t_s, per_s)
        now_s = self._clock.monotonic()
        check = self._picture_health.wants(now_s)
        if not analyse and not check and self._asked.empty():
            return False
        luma = self._stream.luma()
        if self._size is None:
            self._size = luma.shape
        if luma.shape != self._size:
            # zones still hold, being fractions, but no background model does
            raise CameraUnreachable(
                "摄像机改变了画面尺寸。 / The camera changed the size of its picture."
            )
        if analyse:
            local_time = LocalTime.at(self._clock.now().astimezone(self._zone), self._days)
            self._tell(self._detector.process(luma, t_s, local_time), luma)
            self._analysed.note(t_s)
        if check:
            self._tell(self._picture_health.process(luma, now_s), luma)
        self._answer_asked(luma)
        return analyse

    def _tell(self, detections: list[Detection], luma: Image | None) -> None:
        for detection in detections:
            self._seq += 1
            shown = luma if detection.name in _SHOWN else None
            self._emit(
                CameraEvent(
                    camera_id=self._camera.id,
                    at=self._clock.now(),
                    run=self._run,
                    seq=self._seq,
                    detection=detection,
                    picture_jpeg=None if shown is None else self._picture(shown),
                )
            )

    def _answer_asked(self, luma: Image) -> None:
        while not self._asked.empty():
            reply = self._asked.get()
            try:
                reply(self._picture(luma), "")
            except CameradError as failed:
                reply(None, str(failed))

    def _picture(self, luma: Image) -> bytes:
        return encode_jpeg(self._mask(luma, self._camera.zones))


class _Rate:
    """Frames a second, over windows of a few seconds."""

    def __init__(self) -> None:
        self._from_s: float | None = None
        self._frames = 0
        self.rate = 0.0

    def note(self, now_s: float) -> float:
        if self._from_s is None:
            self._from_s = now_s
            return self.rate
        self._frames += 1
        if now_s - self._from_s >= _RATE_WINDOW_S:
            self.rate = self._frames / (now_s - self._from_s)
            self._from_s, self._frames = now_s, 0
        return self.rate
