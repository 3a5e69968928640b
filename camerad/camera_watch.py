"""One camera, one thread: connect, look, report, and connect again when it breaks.

How many of these share a process, and what happens when native code never comes back, is the
business of `worker` and `fleet`.
"""

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from camerad.capture import StreamOpener
from camerad.errors import CameradError, CameraTalksNonsense, CameraUnreachable
from camerad.looking import Looking, PictureReply, Progress
from camerad.model import Camera, CameraEvent, CameraHealth, CameraState, Trouble
from camerad.picture_health import PictureHealth
from camerad.refusals import Refusals
from camerad.retries import Retries
from camerad.rtsp_probe import REFUSED, Outage, probe
from camerad.stream_address import checked
from camerad.wire import WorkerSettings

_WAITING = -1.0
_STALE_S = 2.0


@dataclass(frozen=True)
class _Status:
    """What other threads may read; replaced as a whole by the camera's thread alone."""

    state: CameraState
    reason: str
    detail: str
    since: datetime
    frames_per_s: float = 0.0
    newest_frame_at_s: float | None = None
    reconnects: int = 0
    late_s: float = 0.0
    analysed_per_s: float = 0.0
    frames_shed: int = 0
    trouble: Trouble | None = None


class CameraWatch:
    """The watching of one camera. Everything but `_run` and below may be called by any thread."""

    def __init__(
        self,
        camera: Camera,
        settings: WorkerSettings,
        opener: StreamOpener,
        *,
        emit: Callable[[CameraEvent, Callable[[], None]], None],
        changed: Callable[[], None],
        per_s: Callable[[], float],
        refusals: Refusals,
    ) -> None:
        """`emit` hands an event on; it may block, and then calls its second argument now and then.

        `changed` is called when the state, not merely a number, is another. `per_s` tells how many
        frames a second the worker can afford to look at. `refusals` is the worker's.
        """
        self.camera = camera
        self._settings = settings
        self._opener = opener
        self._clock = settings.clock
        self._limits = settings.limits
        self._emit = emit
        self._changed = changed
        self._per_s = per_s
        self._refusals = refusals
        self._log = structlog.get_logger().bind(camera=camera.id)
        self._stopping = threading.Event()
        self._asked: queue.SimpleQueue[PictureReply] = queue.SimpleQueue()
        self._beat_s = _WAITING
        self._shed_before = 0
        self._ask_for_media = True
        self._media_came = False
        self._login_refused = False
        self._picture_health = PictureHealth(camera.zones)
        self._status = _Status(
            CameraState.CONNECTING,
            "starting",
            "正在连接摄像机。 / Connecting to the camera.",
            self._clock.now(),
        )
        self._thread = threading.Thread(target=self._run, name=f"camera-{camera.id}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def ask_stop(self) -> None:
        """Returns at once; a native read under way ends in its own time."""
        self._stopping.set()

    def join(self, timeout_s: float) -> bool:
        """Whether the thread has ended."""
        self._thread.join(max(0.0, timeout_s))
        return not self._thread.is_alive()

    @property
    def is_login_refused(self) -> bool:
        """Whether the last try ended so; a further one brings the account nearer to a lock."""
        return self._login_refused

    @property
    def is_watching(self) -> bool:
        return self._status.state is CameraState.WATCHING

    def ask_picture(self, reply: PictureReply) -> None:
        """The next frame, masked; answered at once when there are none."""
        if self.is_watching:
            self._asked.put(reply)
        else:
            reply(None, self._status.detail)

    def silent_s(self) -> float:
        """Seconds since this thread last showed life; 0 while it merely waits to try again."""
        beat_s = self._beat_s
        return 0.0 if beat_s == _WAITING else self._clock.monotonic() - beat_s

    def late_s(self) -> float | None:
        """How late the newest frame came; None when frames do not come at all."""
        status = self._status
        newest = status.newest_frame_at_s
        if status.state is not CameraState.WATCHING or newest is None:
            return None
        return status.late_s if self._clock.monotonic() - newest <= _STALE_S else None

    def health(self) -> CameraHealth:
        status = self._status
        slowed = self._per_s() < self._limits.shedding.steps_per_s[0]
        newest = status.newest_frame_at_s
        return CameraHealth(
            camera_id=self.camera.id,
            state=status.state,
            reason=status.reason,
            detail=status.detail,
            since=status.since,
            frames_per_s=status.frames_per_s,
            newest_frame_age_s=None if newest is None else self._clock.monotonic() - newest,
            late_s=status.late_s if status.state is CameraState.WATCHING else 0.0,
            reconnects=status.reconnects,
            analysed_per_s=status.analysed_per_s,
            frames_shed=status.frames_shed,
            trouble=status.trouble if status.state is CameraState.WATCHING else None,
            shedding=status.state is CameraState.WATCHING
            and (slowed or status.late_s > self._limits.late_s),
        )

    # -- the camera's own thread ---------------------------------------------------------------

    def _run(self) -> None:
        """The keeper: every connection ends in an outage, and every outage in a wait."""
        retries = Retries(self._limits)
        while not self._stopping.is_set():
            began_s = self._clock.monotonic()
            outage = self._live_behind_bulkhead()
            if self._stopping.is_set():
                break
            lived_s = self._clock.monotonic() - began_s
            # where something came and it could not be opened all the same, asking may be what is in
            # the way: there are cameras with one place, which they free slowly
            self._ask_for_media = not (outage.was_silent and self._media_came)
            self._login_refused = outage.login_refused
            self._go_down(outage)
            self._beat_s = _WAITING
            self._stopping.wait(retries.after(outage, lived_s))
        self._beat_s = _WAITING
        self._refuse_pictures("该摄像机已停止监看。 / The camera is no longer watched.")

    def _live_behind_bulkhead(self) -> Outage:
        try:
            return self._live()
        except CameraTalksNonsense as nonsense:
            return Outage("nonsense", str(nonsense))
        except CameradError as broken:
            return Outage("no-frames", str(broken))
        except Exception:  # noqa: BLE001 - bulkhead: one camera's fault must not end the others'
            self._log.exception("camera.watch_broke")
            return Outage(
                "worker-lost",
                "监看程序内部出错，正在重新开始。 / "
                "Watching this camera broke inside; it starts again.",
            )

    def _live(self) -> Outage:
        """One connection, from opening to outage."""
        self._shed_before = self._status.frames_shed
        camera, limits = self.camera, self._limits
        # the probe is our own code and keeps its time; only a slow name server can delay it, and
        # that is no reason to kill the worker
        self._beat_s = _WAITING
        self._media_came = False
        # asked first, and for media: OpenCV opens one stream at a time, and a camera that is dead
        # or sends nothing would hold up all
        outage = self._ask()
        if outage is not None:
            return outage
        self._media_came = self._ask_for_media
        self._beat()
        try:
            stream = self._opener.open_luma(
                camera.stream_uri,
                camera.username,
                camera.password,
                open_timeout_s=limits.open_timeout_s,
                read_timeout_s=limits.read_timeout_s,
                still_waiting=self._beat,
            )
        except CameraUnreachable:
            detail = (
                "摄像机给出了码流说明，但不发送画面。 / "
                "The camera describes its stream but does not send it."
            )
            return Outage("no-frames", detail, stalled=True)
        with stream:
            return Looking(
                camera,
                stream,
                self._settings,
                picture_health=self._picture_health,
                emit=self._hand_on,
                asked=self._asked,
                per_s=self._per_s,
            ).until_it_ends(each_frame=self._note_frame, still_waiting=self._beat)

    def _ask(self) -> Outage | None:
        """Raises CameraTalksNonsense for a bad address."""
        camera, limits = self.camera, self._limits
        checked(camera.stream_uri)
        seen_s = self._status.newest_frame_at_s
        if self._refusals.stands(camera, self._clock.monotonic(), seen_s=seen_s):
            return REFUSED
        outage = probe(
            camera.stream_uri,
            camera.username,
            camera.password,
            timeout_s=limits.probe_timeout_s,
            media_within_s=limits.open_timeout_s if self._ask_for_media else None,
        )
        if outage is None or outage.login_refused:
            now_s = self._clock.monotonic()
            self._refusals.note(camera, now_s, is_refused=outage is not None)
        return outage

    def _note_frame(self, progress: Progress) -> bool:
        """Whether to go on looking."""
        self._beat()
        trouble_changed = progress.trouble is not self._status.trouble
        self._status = replace(
            self._status,
            frames_per_s=progress.frames_per_s,
            newest_frame_at_s=progress.newest_frame_at_s,
            late_s=progress.late_s,
            analysed_per_s=progress.analysed_per_s,
            frames_shed=self._shed_before + progress.frames_shed,
            trouble=progress.trouble,
        )
        if trouble_changed:
            self._changed()
        if progress.frames == 1:
            self._come_up()
        return not self._stopping.is_set()

    def _hand_on(self, event: CameraEvent) -> None:
        self._emit(event, self._beat)

    def _beat(self) -> None:
        self._beat_s = self._clock.monotonic()

    def _go_down(self, outage: Outage) -> None:
        self._refuse_pictures(outage.detail)
        old = self._status
        same = old.state is CameraState.DOWN and old.reason == outage.reason
        self._status = replace(
            old,
            state=CameraState.DOWN,
            reason=outage.reason,
            detail=outage.detail,
            # since counts the outage, not the reason: it may be told more exactly later
            since=old.since if old.state is CameraState.DOWN else self._clock.now(),
            frames_per_s=0.0,
            analysed_per_s=0.0,
            reconnects=old.reconnects + 1,
        )
        if not same:
            self._log.warning("camera.down", reason=outage.reason, detail=outage.detail)
            self._changed()

    def _come_up(self) -> None:
        self._login_refused = self._media_came = False
        self._status = replace(
            self._status,
            state=CameraState.WATCHING,
            reason="",
            detail="",
            since=self._clock.now(),
        )
        self._log.info("camera.watching")
        self._changed()

    def _refuse_pictures(self, why: str) -> None:
        while not self._asked.empty():
            self._asked.get()(None, why)
