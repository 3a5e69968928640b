"""All main streams that a worker keeps, and the clips it is making of them.

Orders come from `worker`; when native code hangs, only the recorder concerned is left behind.
"""

import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from camerad.evidence.clip_maker import ClipMaker
from camerad.evidence.model import ClipFacts
from camerad.evidence.recorder import Recorder
from camerad.model import Camera
from camerad.wire import ClipBegun, ClipDone, MakeClip, WorkerSettings

_NOT_WATCHED = "该摄像机未被监看。 / This camera is not watched."
_NO_CLIPS = "本站点不留存主码流。 / This site keeps no main streams."
_TOO_MANY = "同时留存的录像过多。 / Too many clips are being made."


class Recordings:
    """The recorders of one worker. Orders come from its main thread, `tend` from another."""

    def __init__(
        self,
        settings: WorkerSettings,
        send: Callable[[ClipBegun | ClipDone], None],
        *,
        is_refused: Callable[[str], bool] = lambda _: False,
    ) -> None:
        """`is_refused`: whether a camera has just refused the login to whoever watches it."""
        self._settings = settings
        self._recording = settings.recording
        self._send = send
        self._is_refused = is_refused
        self._recorders: dict[str, Recorder] = {}
        self._running: set[str] = set()
        self._counting = threading.Condition()
        most = 1 if self._recording is None else self._recording.masked_at_once
        self._masked_turn = threading.Semaphore(most)

    def record(self, cameras: Sequence[Camera]) -> None:
        """Keep the main streams of exactly these; only those that changed are connected anew."""
        if self._recording is None:
            return
        cameras = [camera for camera in cameras if camera.keeps_evidence]
        kept = {
            camera.id: known
            for camera in cameras
            if (known := self._recorders.get(camera.id)) is not None and known.camera == camera
        }
        for camera_id, recorder in self._recorders.items():
            if camera_id not in kept:
                recorder.ask_stop()
        settings = self._settings
        new = {
            camera.id: Recorder(
                camera,
                self._recording,
                settings.limits,
                settings.clock,
                may_try=partial(self._may_try, camera.id),
            )
            for camera in cameras
            if camera.id not in kept
        }
        # replaced as a whole: another thread tends them
        self._recorders = kept | new
        each = self._recording.bytes_for_each(len(cameras))
        for recorder in self._recorders.values():
            recorder.allow(each)
        for recorder in new.values():
            recorder.start()

    def _may_try(self, camera_id: str) -> bool:
        return not self._is_refused(camera_id)

    def tend(self) -> None:
        """To be called about once a second."""
        for recorder in self._recorders.values():
            recorder.tend()

    def why_not(self) -> dict[str, str]:
        """By camera: why its main stream is not being kept now; empty while it is."""
        return {camera_id: r.why_not for camera_id, r in self._recorders.items()}

    def of(self, camera_id: str) -> Recorder | None:
        """The recorder of this camera, if its main stream is kept."""
        return self._recorders.get(camera_id)

    def make_clip(self, asked: MakeClip) -> None:
        """Begin one, unless it was begun before, and say so."""
        self._send(ClipBegun(asked.request, self._begin(asked)))

    def stop(self) -> None:
        """Returns at once; clips under way end with what they have."""
        for recorder in self._recorders.values():
            recorder.ask_stop()

    def wait(self, within_s: float) -> None:
        """Until every clip under way has ended, but no longer than that."""
        with self._counting:
            self._counting.wait_for(lambda: not self._running, within_s)

    def _begin(self, asked: MakeClip) -> str:
        order, recorder = asked.order, self._recorders.get(asked.order.camera_id)
        if self._recording is None:
            return _NO_CLIPS
        if recorder is None:
            return _NOT_WATCHED
        base = Path(order.base)
        with self._counting:
            if order.id in self._running:
                return ""
            if base.with_suffix(".part").exists() or base.with_suffix(".json").exists():
                # begun by a worker that is gone; whoever asks for it keeps what there is
                return ""
            if len(self._running) >= self._recording.clips_at_once:
                return _TOO_MANY
            self._running.add(order.id)

        def done(facts: ClipFacts) -> None:
            with self._counting:
                self._running.discard(order.id)
                self._counting.notify_all()
            self._send(ClipDone(facts))

        ClipMaker(
            order,
            recorder,
            self._settings.clock,
            mask=self._settings.mask,
            masked_turn=self._masked_turn,
            done=done,
        ).start()
        return ""
