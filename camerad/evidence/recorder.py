"""One camera's main stream, one thread: connect, keep the last half minute, connect again.

It stands apart from the watching of the same camera: its own connection, timeouts, heartbeat and
waits, and nothing of what goes wrong here reaches detection. A thread that native code never
gives back is left behind, and another takes its place.
"""

import threading
from collections.abc import Callable

import structlog

from camerad.errors import CameradError
from camerad.evidence.model import Chunk, RecordingSettings
from camerad.evidence.packets import MainStream, Packet, open_main
from camerad.evidence.ring import Ring
from camerad.model import Camera
from camerad.rtsp_probe import Outage, probe
from camerad.wire import Limits
from lianfang_timing import Backoff, Clock, unix_ms

_WAITING = -1.0
_LEFT_BEHIND_MOST = 3
_HELD_S = 1.0

Opening = Callable[[Camera, Limits], MainStream]


def open_camera(camera: Camera, limits: Limits) -> MainStream:
    """The camera's main stream. Raises CameraUnreachable and CameraTalksNonsense."""
    return open_main(
        camera.evidence_uri,
        camera.username,
        camera.password,
        open_timeout_s=limits.open_timeout_s,
        read_timeout_s=limits.read_timeout_s,
    )


class Recorder:
    """Fills one camera's ring. Any thread may call; the ring is used under `lock`."""

    def __init__(
        self,
        camera: Camera,
        settings: RecordingSettings,
        limits: Limits,
        clock: Clock,
        *,
        opening: Opening = open_camera,
        may_try: Callable[[], bool] = lambda: True,
    ) -> None:
        """`may_try`: False while somebody else's try at the same camera says that ours would harm:
        a refused login that is tried twice as often is locked twice as soon."""
        self.camera = camera
        self.lock = threading.Lock()
        self.more = threading.Condition(self.lock)
        """Told when something new is in the ring, and when the stream broke."""
        self.ring = Ring(before_s=settings.before_s, max_bytes=settings.camera_bytes)
        self._limits = limits
        self._clock = clock
        self._opening = opening
        self._may_try = may_try
        self._log = structlog.get_logger().bind(camera=camera.id)
        self._stopping = threading.Event()
        self._life = 0
        self._left_behind = 0
        self._beat_s = _WAITING
        self._number = 0
        self._outage = Outage("starting", "正在连接主码流。 / Connecting to the main stream.")
        self.is_recording = False

    def start(self) -> None:
        self._begin()

    def ask_stop(self) -> None:
        """Returns at once; a native read under way ends in its own time."""
        self._stopping.set()
        with self.lock:
            self.more.notify_all()

    @property
    def stopped(self) -> bool:
        return self._stopping.is_set()

    @property
    def why_not(self) -> str:
        """One sentence for a person: why nothing is being recorded now."""
        return "" if self.is_recording else self._outage.detail

    def allow(self, max_bytes: int) -> None:
        """How much the ring may hold from now on."""
        with self.lock:
            self.ring.max_bytes = max_bytes

    def tend(self) -> None:
        """To be called now and then: what is old goes, and a thread that hangs is left behind."""
        now_s = self._clock.monotonic()
        with self.lock:
            self.ring.forget_old(now_s)
        beat_s = self._beat_s
        if beat_s == _WAITING or now_s - beat_s <= self._limits.hung_s:
            return
        if self._left_behind >= _LEFT_BEHIND_MOST:
            return
        self._left_behind += 1
        self._outage = Outage("hung", "主码流卡住。 / The main stream hung.", stalled=True)
        self.is_recording = False
        self._log.error("recorder.hung", left_behind=self._left_behind)
        self._begin()

    # -- the recorder's own thread -------------------------------------------------------------

    def _begin(self) -> None:
        self._life += 1
        self._beat_s = _WAITING
        name = f"recorder-{self.camera.id}"
        threading.Thread(target=self._run, args=(self._life,), name=name, daemon=True).start()

    def _is_over(self, life: int) -> bool:
        return self._stopping.is_set() or life != self._life

    def _run(self, life: int) -> None:
        failures = 0
        while not self._is_over(life):
            if not self._may_try():
                self._stopping.wait(_HELD_S)
                continue
            began_s = self._clock.monotonic()
            outage = self._live_behind_bulkhead(life)
            if self._is_over(life):
                return
            if self._clock.monotonic() - began_s >= self._limits.good_life_s:
                failures = 0
            self._go_down(outage)
            self._stopping.wait(self._backoff(outage).delay_s(failures))
            failures += 1

    def _backoff(self, outage: Outage) -> Backoff:
        if outage.login_refused:
            return self._limits.retry_login
        return self._limits.retry_stalled if outage.stalled else self._limits.retry

    def _live_behind_bulkhead(self, life: int) -> Outage:
        try:
            return self._live(life)
        except CameradError as broken:
            return Outage("no-frames", str(broken))
        except Exception:  # noqa: BLE001 - bulkhead: evidence of one camera must not end the others'
            self._log.exception("recorder.broke")
            return Outage(
                "worker-lost",
                "留存主码流的程序内部出错，正在重新开始。 / "
                "Recording the main stream broke inside; it starts again.",
                stalled=True,
            )

    def _live(self, life: int) -> Outage:
        camera = self.camera
        outage = probe(
            camera.evidence_uri,
            camera.username,
            camera.password,
            timeout_s=self._limits.probe_timeout_s,
        )
        if outage is not None or self._is_over(life):
            return outage or self._outage
        self._beat(life)
        with self._opening(camera, self._limits) as stream:
            self._beat(life)
            for packet in stream.packets():
                self._beat(life)
                if self._is_over(life):
                    break
                self._keep(packet, stream)
        return Outage("no-frames", "主码流不再送来画面。 / The main stream stopped.")

    def _keep(self, packet: Packet, stream: MainStream) -> None:
        with self.lock:
            taken = self.ring.add(
                Chunk(
                    number=self._number + 1,
                    data=packet.data,
                    is_key=packet.is_key,
                    arrived_s=self._clock.monotonic(),
                    at_ms=unix_ms(self._clock.now()),
                    stamp_s=packet.stamp_s,
                    format=stream.format,
                    shown_after_s=packet.shown_after_s,
                )
            )
            # only what is held counts: a gap in the numbers is a loss
            self._number += taken
            self.more.notify_all()
        if not self.is_recording:
            self.is_recording = True
            self._log.info("recorder.recording", codec=stream.format.codec)

    def _beat(self, life: int) -> None:
        if life == self._life:
            self._beat_s = self._clock.monotonic()

    def _go_down(self, outage: Outage) -> None:
        self._beat_s = _WAITING
        if self.is_recording or outage.reason != self._outage.reason:
            self._log.warning("recorder.down", reason=outage.reason, detail=outage.detail)
        self._outage, self.is_recording = outage, False
        with self.lock:
            self.more.notify_all()
