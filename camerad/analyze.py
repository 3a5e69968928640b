"""Detection over a whole file or stream, as fast as it comes: the work of `lianfang analyze`.

Speaks in dictionaries of the contract (§2), one per event and a summary last. No command line, no
files of zones here.
"""

import datetime
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

import numpy as np
from numpy.typing import NDArray

from camerad.capture import LumaStream, open_luma, prepare_process
from camerad.clip import Clip
from camerad.detection import DetectionSettings, Detector
from camerad.model import Detection, Zone
from camerad.picture_health import PictureHealth
from camerad.render import Rendering
from camerad.second_look.asking import PersonFinder, SecondLook
from camerad.stream_address import without_login

Luma = NDArray[np.uint8]

_OPEN_TIMEOUT_S = 10.0
_READ_TIMEOUT_S = 10.0
_LIVE_FPS = 25.0


@dataclass(frozen=True)
class Summary:
    """What an analysis took."""

    frames: int
    """Frames read."""
    analysed: int
    """Frames that detection looked at."""
    cpu_s: float
    wall_s: float

    def as_line(self) -> dict[str, object]:
        """The contract's last line."""
        return {
            "event": "summary",
            "frames": self.frames,
            "analysed": self.analysed,
            "cpu_s": round(self.cpu_s, 3),
            "wall_s": round(self.wall_s, 3),
        }


def analyze(
    source: str,
    zones: Sequence[Zone],
    *,
    emit: Callable[[dict[str, object]], None],
    every: int | None = None,
    render: Path | None = None,
    progress: Callable[[int, int | None], None] | None = None,
    local_time: Callable[[float], datetime.time] | None = None,
    settings: DetectionSettings = DetectionSettings(),  # noqa: B008 - frozen
    second_look: PersonFinder | None = None,
) -> Summary:
    """Run detection over `source`, a file or an rtsp address, from its first frame to its last.

    `emit` gets every event and the summary as dictionaries for JSON. `every` = n looks at each
    n-th frame in place of `settings.analysed_per_s`. `render` writes an MP4 with what was seen.
    `progress` is told (frames so far, frames the file claims or None). `local_time` gives the time
    of day at a stream second; without it every zone is armed, because a file has no time of day.

    The same source, zones and settings give the same events on every run.
    `second_look` is asked about whoever is about to loiter.
    Raises BadVerifier, SourceUnreadable, CameraUnreachable, CameraTalksNonsense, RenderFailed.
    """
    began_wall, began_cpu = time.perf_counter(), time.process_time()
    plain, health = Detector(zones, settings=settings), PictureHealth(zones)
    detector = plain if second_look is None else SecondLook(plain, second_look)
    frames = analysed = 0
    t_s = 0.0
    with ExitStack() as stack:
        pictures = _open(source, stack)
        count, fps = pictures.frames_expected, pictures.fps
        seconds = None if count is None else count / fps
        rendering = None if render is None else Rendering(render, zones, fps, seconds)
        if rendering is not None:
            stack.enter_context(rendering)
        for t_s in pictures.times():
            due = detector.wants(t_s) if every is None else frames % max(1, every) == 0
            frames += 1
            if progress is not None:
                progress(frames, pictures.frames_expected)
            # most frames are only decoded: copying each costs as much as looking at some
            if not (due or rendering is not None or health.wants(t_s)):
                continue
            luma = pictures.luma()
            if luma is None:
                continue
            said: list[Detection] = []
            if due:
                moment = None if local_time is None else local_time(t_s)
                said += detector.process(luma, t_s, moment)
                analysed += 1
            if health.wants(t_s):
                said += health.process(luma, t_s)
            for detection in said:
                emit(as_line(detection))
            if rendering is not None:
                tracks, dwells = detector.tracks, detector.dwells()
                rendering.write(
                    luma, t_s, tracks, dwells, detector.alerting(), said, health.trouble
                )
    for detection in (*detector.finish(t_s), *health.finish(t_s)):
        emit(as_line(detection))
    summary = Summary(
        frames,
        analysed,
        cpu_s=time.process_time() - began_cpu,
        wall_s=time.perf_counter() - began_wall,
    )
    emit(summary.as_line())
    return summary


def as_line(detection: Detection) -> dict[str, object]:
    """A detection as the contract's JSON object; what an event has not is left out."""
    line: dict[str, object] = {
        "event": str(detection.name),
        "t": round(detection.t_s, 3),
    }
    if detection.zone:
        line["zone"] = detection.zone
    if detection.trouble is not None:
        line["what"] = detection.trouble.value
    if detection.track is not None:
        line["track"] = detection.track
    if detection.dwell_s is not None:
        line["dwell_s"] = round(detection.dwell_s, 2)
    if detection.box is not None:
        line["box"] = [round(value, 4) for value in detection.box]
    return line


class _Pictures(Protocol):
    """Frames one after another; `luma` is of the one whose time came last."""

    fps: float
    frames_expected: int | None

    def times(self) -> Iterator[float]: ...

    def luma(self) -> Luma | None: ...


def _open(source: str, stack: ExitStack) -> _Pictures:
    prepare_process()
    if "://" not in source:
        return stack.enter_context(Clip(source))
    parts = urlsplit(source)
    stream = open_luma(
        without_login(source),
        unquote(parts.username) if parts.username else None,
        unquote(parts.password) if parts.password else None,
        open_timeout_s=_OPEN_TIMEOUT_S,
        read_timeout_s=_READ_TIMEOUT_S,
    )
    return _Live(stack.enter_context(stream))


class _Live:
    """A stream in seconds since its first frame, by the camera's own count."""

    fps = _LIVE_FPS
    frames_expected: int | None = None

    def __init__(self, stream: LumaStream) -> None:
        self._stream = stream

    def times(self) -> Iterator[float]:
        first_s: float | None = None
        last_s = -1.0 / _LIVE_FPS
        while self._stream.grab():
            stamp_s = self._stream.stream_s()
            first_s = stamp_s if first_s is None else first_s
            t_s = stamp_s - first_s
            # a camera that sets its clock back must not stop our time
            last_s = t_s if t_s > last_s else last_s + 1.0 / _LIVE_FPS
            yield last_s

    def luma(self) -> Luma | None:
        return self._stream.luma()
