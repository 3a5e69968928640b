"""The fleet: which worker watches which camera, and what happens when one stops answering.

It runs in the main process's event loop and never blocks it. It opens no stream and loads no
OpenCV; see `worker` for that.
"""

import asyncio
import itertools
import os
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import structlog

from camerad.errors import NoClip, NoLive, NoSnapshot
from camerad.evidence.desk import ClipDesk
from camerad.evidence.model import ClipFacts, ClipOrder, RecordingSettings
from camerad.live.desk import LiveDesk, LiveFeed
from camerad.live.model import LiveFormat, LiveOver, LivePart, LiveWaits
from camerad.model import Camera, CameraEvent, CameraHealth, CameraState
from camerad.restlessness import Restlessness
from camerad.wire import (
    AskPicture,
    ClipBegun,
    ClipDone,
    DetectorFactory,
    Limits,
    Message,
    Picture,
    PrivacyMask,
    Report,
    Watch,
    WorkerSettings,
    default_detector,
    default_mask,
)
from camerad.worker_handle import WorkerHandle
from camerad.working_days import PLAIN_WEEK, WorkingDays
from lianfang_timing import Clock

_log = structlog.get_logger()

_TICK_S = 0.5


@dataclass
class _Slot:
    """A place for a worker: it outlives the processes that fill it."""

    number: int
    cameras: dict[str, Camera] = field(default_factory=dict)
    taken: dict[str, Camera] = field(default_factory=dict)
    """The cameras as the worker has said that it watches them."""
    handle: WorkerHandle | None = None
    started_s: float = 0.0
    reported_s: float | None = None
    stuck: frozenset[str] = frozenset()
    order: int = 0
    wanted: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class _HeldBack:
    """A camera that hung its worker, and when it may go back to one."""

    times: int
    until_s: float


class Fleet:
    """Watches cameras in worker processes, keeps them alive, and hands their events on.

    `on_event` is awaited for each event of a worker in turn; while it takes its time, that
    worker's events wait (bound: `Limits.queued_events`, then its cameras wait). An exception from
    it ends `run`, because it means that events are not being kept.
    `clock`, `detector`, `mask`, `configure_logging` and `days` are sent to the workers, so they
    must survive pickling.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        on_event: Callable[[CameraEvent], Awaitable[None]],
        on_health: Callable[[CameraHealth], None] | None = None,
        workers: int | None = None,
        limits: Limits | None = None,
        detector: DetectorFactory = default_detector,
        mask: PrivacyMask = default_mask,
        configure_logging: Callable[[], None] | None = None,
        days: WorkingDays = PLAIN_WEEK,
        recording: RecordingSettings | None = None,
    ) -> None:
        """`on_health` is called in the event loop when a camera's state or reason changes.
        `recording`: how main streams are kept for clips; None: they are not."""
        self._clock = clock
        self._on_event = on_event
        self._on_health = on_health
        self._limits = limits or Limits()
        self._settings = WorkerSettings(
            clock, self._limits, detector, mask, configure_logging, days, recording
        )
        self._slots = [_Slot(n) for n in range(workers or os.cpu_count() or 1)]
        self._cameras: dict[str, Camera] = {}
        self._health: dict[str, CameraHealth] = {}
        self._restlessness = Restlessness()
        self._held_back: dict[str, _HeldBack] = {}
        self._requests = itertools.count(1)
        self._asked: dict[int, asyncio.Future[bytes]] = {}
        self._clips = ClipDesk()
        self._lives = LiveDesk()
        self._not_recording: dict[str, str] = {}

    async def run(self) -> None:
        """Watch until cancelled; then every worker is gone within `Limits.stop_s` + 2 s."""
        async with asyncio.TaskGroup() as keepers:
            for slot in self._slots:
                keepers.create_task(self._keep(slot))

    def watch(self, cameras: Sequence[Camera]) -> None:
        """Watch exactly these from now on; only cameras that changed are connected anew."""
        wanted = {camera.id: camera for camera in cameras}
        for camera_id in [known for known in self._cameras if known not in wanted]:
            self._health.pop(camera_id, None)
            self._restlessness.forget(camera_id)
            self._held_back.pop(camera_id, None)
        for camera in wanted.values():
            if self._cameras.get(camera.id) != camera:
                self._held_back.pop(camera.id, None)
                self._restlessness.expect(camera.id)
                self._note(self._starting(camera))
        self._cameras = wanted
        self._place()

    async def snapshot(self, camera_id: str, *, timeout_s: float = 5.0) -> bytes:
        """One JPEG of now, privacy zones masked. Raises NoSnapshot."""
        health = self._health.get(camera_id)
        slot = next((s for s in self._slots if camera_id in s.cameras), None)
        if health is None:
            raise NoSnapshot("该摄像机未被监看。 / This camera is not watched.")
        if slot is None or slot.handle is None or health.state is not CameraState.WATCHING:
            raise NoSnapshot(
                health.detail or "该摄像机目前没有画面。 / The camera is not being watched now."
            )
        request = next(self._requests)
        answer = self._asked[request] = asyncio.get_running_loop().create_future()
        try:
            slot.handle.send(AskPicture(request, camera_id, timeout_s))
            async with asyncio.timeout(timeout_s):
                jpeg: bytes = await answer
                return jpeg
        except TimeoutError:
            raise NoSnapshot(
                f"摄像机在 {timeout_s:g} 秒内没有给出画面。 / "
                f"The camera gave no picture within {timeout_s:g} s."
            ) from None
        finally:
            del self._asked[request]

    async def begin_clip(self, order: ClipOrder, *, timeout_s: float = 5.0) -> None:
        """Have a clip made, which goes on by itself. Beginning it again is harmless.

        Raises NoClip when it cannot be begun.
        """
        slot = next((s for s in self._slots if order.camera_id in s.cameras), None)
        if slot is None or slot.handle is None:
            raise NoClip("该摄像机未被监看。 / This camera is not watched.")
        await self._clips.begin(next(self._requests), order, slot.handle.send, timeout_s=timeout_s)

    def clip_done(self, clip_id: str) -> ClipFacts | None:
        """What became of a clip; None while it is being made, or where its worker was lost."""
        return self._clips.done(clip_id)

    def clip_runs(self, clip_id: str) -> bool:
        """Whether a worker is making this clip."""
        return self._clips.runs(clip_id)

    @contextmanager
    def live(self, camera_id: str, *, film: bool) -> Iterator[LiveFeed]:
        """Have a camera shown to one viewer, privacy zones masked. Raises NoLive."""
        slot = next((s for s in self._slots if camera_id in s.cameras), None)
        if slot is None or slot.handle is None:
            raise NoLive("该摄像机目前未被监看。 / The camera is not being watched now.")
        feed = self._lives.open(camera_id, film=film, send=slot.handle.send)
        try:
            yield feed
        finally:
            self._lives.close(feed)

    def taken_up(self, camera_id: str) -> Camera | None:
        """The camera as its worker watches and masks it now; None where no worker does."""
        for slot in self._slots:
            if camera_id in slot.cameras:
                return slot.taken.get(camera_id)
        return None

    def recording(self) -> dict[str, str]:
        """Of each camera whose main stream should be kept in memory: why it is not, or empty."""
        return {i: why for i, why in self._not_recording.items() if i in self._cameras}

    def health(self) -> dict[str, CameraHealth]:
        """How each watched camera is, by its id."""
        now_s = self._clock.monotonic()
        told = self._restlessness.told
        return {camera_id: told(health, now_s) for camera_id, health in self._health.items()}

    # -- who watches what ----------------------------------------------------------------------

    def _place(self) -> None:
        """Give every camera to a worker: the one it has, or the one with the fewest."""
        now_s = self._clock.monotonic()
        before = [dict(slot.cameras) for slot in self._slots]
        ready = {
            camera_id: camera
            for camera_id, camera in self._cameras.items()
            if (held := self._held_back.get(camera_id)) is None or held.until_s <= now_s
        }
        for slot in self._slots:
            slot.cameras = {i: ready.pop(i) for i in list(slot.cameras) if i in ready}
        for camera_id, camera in ready.items():
            min(self._slots, key=lambda slot: len(slot.cameras)).cameras[camera_id] = camera
        for slot, was in zip(self._slots, before, strict=True):
            if slot.cameras:
                slot.wanted.set()
            if slot.cameras != was:
                self._tell(slot)

    def _tell(self, slot: _Slot) -> None:
        slot.order += 1
        if slot.handle is not None:
            slot.handle.send(Watch(slot.order, tuple(slot.cameras.values())))

    # -- keeping workers alive -----------------------------------------------------------------

    async def _keep(self, slot: _Slot) -> None:
        failures = 0
        while True:
            if not slot.cameras:
                slot.wanted.clear()
            await slot.wanted.wait()
            began_s = self._clock.monotonic()
            await self._one_life(slot)
            if self._clock.monotonic() - began_s >= self._limits.good_life_s:
                failures = 0
            await asyncio.sleep(self._limits.retry_worker.delay_s(failures))
            failures += 1
            self._place()

    async def _one_life(self, slot: _Slot) -> None:
        """A worker process from its start to its end, whoever ends it."""

        def heard(message: Message) -> None:
            self._heard(slot, message)

        handle = await WorkerHandle.start(self._settings, on_event=self._on_event, on_message=heard)
        kindly = True
        try:
            slot.handle, slot.reported_s, slot.stuck = handle, None, frozenset()
            slot.taken = {}
            slot.started_s = self._clock.monotonic()
            self._tell(slot)
            _log.info("worker.started", worker=slot.number, pid=handle.pid)
            while not await handle.until_gone(_TICK_S):
                self._place()  # lets cameras that were held back return
                if trouble := self._trouble(slot):
                    kindly = False
                    _log.error("worker.killed", worker=slot.number, pid=handle.pid, why=trouble)
                    break
            else:
                kindly = False
                _log.error("worker.died", worker=slot.number, pid=handle.pid)
        finally:
            slot.handle = None
            await handle.stop(kindly=kindly)
        self._lose(slot)

    def _trouble(self, slot: _Slot) -> str | None:
        """Why this worker must be killed, or None."""
        now_s = self._clock.monotonic()
        if slot.stuck:
            return f"hung in native code: {', '.join(sorted(slot.stuck))}"
        if slot.reported_s is None:
            late = now_s - slot.started_s > self._limits.start_s
        else:
            late = now_s - slot.reported_s > self._limits.silent_s
        return "no report in time" if late else None

    def _lose(self, slot: _Slot) -> None:
        """After a worker's end: say so for its cameras, and hold back the one that hung it."""
        now_s = self._clock.monotonic()
        slot.taken = {}
        self._clips.lost(slot.cameras)
        self._lives.lost(slot.cameras)
        for camera_id in slot.cameras:
            if camera_id in slot.stuck:
                held = self._held_back.setdefault(camera_id, _HeldBack(0, now_s))
                held.until_s = now_s + self._limits.retry_hung.delay_s(held.times)
                held.times += 1
                detail = (
                    "码流卡住超时，正在重试。 / "
                    "The camera's stream hung beyond its time limit; it is tried again."
                )
                self._note_down(camera_id, "hung", detail)
            else:
                detail = (
                    "监看该摄像机的进程已退出，另一个接替。 / "
                    "The worker that watched this camera ended; another takes over."
                )
                self._note_down(camera_id, "worker-lost", detail)

    # -- what workers say ----------------------------------------------------------------------

    def _heard(self, slot: _Slot, message: Message) -> None:
        match message:
            case Picture(request, jpeg, why_not):
                answer = self._asked.get(request)
                if answer is None or answer.done():
                    return
                if jpeg is None:
                    answer.set_exception(NoSnapshot(why_not))
                else:
                    answer.set_result(jpeg)
            case ClipBegun() | ClipDone():
                self._clips.heard(message)
            case LiveFormat() | LivePart() | LiveWaits() | LiveOver():
                self._lives.heard(message)
            case Report(order, healths, silent_s, recording):
                slot.reported_s = self._clock.monotonic()
                if order != slot.order:
                    return  # it speaks of cameras as they were before the last order
                slot.taken = dict(slot.cameras)
                slot.stuck = frozenset(
                    camera_id
                    for camera_id, seconds in silent_s.items()
                    if seconds > self._limits.hung_s
                )
                for health in healths:
                    self._note_report(health)
                self._not_recording.update(recording)

    def _note_report(self, health: CameraHealth) -> None:
        known = self._health.get(health.camera_id)
        down = known is not None and known.state is CameraState.DOWN
        if down and health.state is CameraState.CONNECTING:
            # a new worker's first word about a camera that was down: it still is
            return
        self._note(health)

    def _note_down(self, camera_id: str, reason: str, detail: str) -> None:
        known = self._health[camera_id]
        was_down = known.state is CameraState.DOWN
        self._note(
            replace(
                known,
                state=CameraState.DOWN,
                reason=reason,
                detail=detail,
                since=known.since if was_down else self._clock.now(),
                frames_per_s=0.0,
                analysed_per_s=0.0,
                shedding=False,
            )
        )

    def _note(self, health: CameraHealth) -> None:
        known = self._health.get(health.camera_id)
        self._health[health.camera_id] = health
        self._restlessness.note(health, self._clock.monotonic())
        if self._on_health is not None and (
            known is None or (known.state, known.reason) != (health.state, health.reason)
        ):
            self._on_health(health)

    def _starting(self, camera: Camera) -> CameraHealth:
        detail = "正在连接摄像机。 / Connecting to the camera."
        now = self._clock.now()
        return CameraHealth(camera.id, CameraState.CONNECTING, "starting", detail, now)
