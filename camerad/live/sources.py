"""The streams that viewers are served from: the one kept for evidence where it will do, else one
connected for viewers alone, shared by all of a camera and closed with the last.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from camerad.evidence.model import MIB, RecordingSettings
from camerad.evidence.recorder import Recorder
from camerad.model import Camera, ZoneKind
from camerad.wire import Limits
from lianfang_timing import Clock

_ONLY_NOW = RecordingSettings(before_s=1.0, camera_bytes=16 * MIB)
"""A viewer needs the last group of pictures."""


@dataclass
class _Shared:
    recorder: Recorder
    viewers: int = 0


class LiveSources:
    """Of one worker; any thread may ask."""

    def __init__(
        self, limits: Limits, clock: Clock, kept: Callable[[str], Recorder | None]
    ) -> None:
        """`kept`: the recorder of a camera's main stream, if there is one."""
        self._limits = limits
        self._clock = clock
        self._kept = kept
        self._lock = threading.Lock()
        self._shared: dict[str, _Shared] = {}

    @contextmanager
    def source(self, camera: Camera, *, film: bool) -> Iterator[Recorder]:
        """The stream to serve a viewer from, as long as it is used."""
        kept = self._kept_for(camera, film=film)
        if kept is not None:
            yield kept
            return
        shared = self._take(camera)
        try:
            yield shared.recorder
        finally:
            self._give_back(camera.id, shared)

    def is_other_now(self, source: Recorder, camera: Camera, *, film: bool) -> bool:
        """Whether a viewer would now be served from another one than this."""
        with self._lock:
            shared = self._shared.get(camera.id)
        kept = self._kept_for(camera, film=film)
        best = kept or (None if shared is None else shared.recorder)
        return best is not source

    def tend(self) -> None:
        """To be called about once a second."""
        with self._lock:
            recorders = [shared.recorder for shared in self._shared.values()]
        for recorder in recorders:
            recorder.tend()

    def _kept_for(self, camera: Camera, *, film: bool) -> Recorder | None:
        kept = self._kept(camera.id)
        if kept is None or kept.camera != camera or not _will_do(kept, film=film):
            return None
        return kept

    def _take(self, camera: Camera) -> _Shared:
        watched = replace(camera, main_stream_uri=None)
        with self._lock:
            shared = self._shared.get(camera.id)
            if shared is None or shared.recorder.camera != watched:
                recorder = Recorder(watched, _ONLY_NOW, self._limits, self._clock)
                shared = self._shared[camera.id] = _Shared(recorder)
                recorder.start()
            shared.viewers += 1
            return shared

    def _give_back(self, camera_id: str, shared: _Shared) -> None:
        with self._lock:
            shared.viewers -= 1
            if shared.viewers == 0:
                shared.recorder.ask_stop()
                if self._shared.get(camera_id) is shared:
                    del self._shared[camera_id]


def _will_do(kept: Recorder, *, film: bool) -> bool:
    """Whether a viewer is served from the stream kept for evidence: where the camera has no other,
    or where it can be passed on as it is. To be decoded, it is too large."""
    camera = kept.camera
    if camera.evidence_uri == camera.stream_uri:
        return True
    masked = any(zone.kind is ZoneKind.PRIVACY for zone in camera.zones)
    with kept.lock:
        newest = next(iter(kept.ring), None)
    return film and not masked and newest is not None and newest.format.codec == "h264"
