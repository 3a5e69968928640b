"""A camera worker: one process, many cameras, a thread each.

The main thread takes orders from the main process; one more thread reports, one sends events up.
The process ends when it is told to or when the pipe to the main process closes, whichever is first.
Killing and restarting it is the business of `fleet`.
"""

import os
import queue
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.connection import Connection
from types import FrameType
from typing import NoReturn

import structlog

from camerad.camera_watch import CameraWatch
from camerad.capture import StreamOpener, encode_jpeg, prepare_process
from camerad.errors import CameradError
from camerad.evidence.recordings import Recordings
from camerad.lag_watch import LagWatch
from camerad.live.lives import Lives
from camerad.live.model import CloseLive, LiveTaken, OpenLive
from camerad.looking import PictureReply
from camerad.model import Camera, CameraEvent
from camerad.refusals import Refusals
from camerad.wire import AskPicture, MakeClip, Message, Picture, Report, Stop, Watch, WorkerSettings

_log = structlog.get_logger()

_NOT_WATCHED = "该摄像机未被监看。 / This camera is not watched."
_FULL_WAIT_S = 0.5
# its turn, opening and reading may each take this share of the time; the rest is for a grey one
_COLOUR_SHARE = 0.28


class _ToldToEndError(Exception):
    """SIGTERM: the same as an order to stop."""


def _raise_told_to_end(_signal: int, _frame: FrameType | None) -> None:
    raise _ToldToEndError


def work(control: Connection, events: Connection, settings: WorkerSettings) -> NoReturn:
    """A worker's whole life; never returns."""
    # a Ctrl-C in the terminal reaches every process; the main one decides when a worker ends
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _raise_told_to_end)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM})
    prepare_process()
    try:
        Worker(control, events, settings).run()
    except _ToldToEndError:
        _log.info("worker.told_to_end_while_ending")
    sys.stdout.flush()
    sys.stderr.flush()
    # not a usual exit: that would tear Python down under threads still in native reads
    os._exit(0)


class Worker:
    """The cameras of this process and the two pipes to the main one."""

    def __init__(self, control: Connection, events: Connection, settings: WorkerSettings) -> None:
        self._control = control
        self._settings = settings
        self._limits = settings.limits
        self._watches: dict[str, CameraWatch] = {}
        self._opener = StreamOpener()
        self._refusals = Refusals()
        self._order = 0
        self._changed = threading.Event()
        self._colour_places = threading.Semaphore(settings.limits.colour_at_once)
        self._sending = threading.Lock()
        self._outbox = _Outbox(events, settings)
        self._recordings = Recordings(settings, self._send, is_refused=self._is_refused)
        self._lives = Lives(
            settings, kept=self._recordings.of, ask_picture=self._ask_watch, send=self._send
        )
        self._lag = LagWatch(
            settings.clock, settings.limits.shedding, late_s=self._late_s, changed=self._changed.set
        )

    def run(self) -> None:
        """Take orders until told to stop or until the main process is gone."""
        self._outbox.start()
        self._lag.start()
        threading.Thread(target=self._report_for_ever, name="reports", daemon=True).start()
        try:
            while self._obey(self._control.recv()):
                pass
        except _ToldToEndError:
            _log.info("worker.told_to_end")
        except (EOFError, OSError):
            _log.warning("worker.main_process_gone")
            return
        self._stop()

    def _obey(self, order: object) -> bool:
        match order:
            case Watch(order_number, cameras):
                self._watch(cameras)
                self._order = order_number
                self._changed.set()
            case AskPicture():
                self._ask_picture(order)
            case MakeClip():
                self._recordings.make_clip(order)
            case OpenLive() | LiveTaken() | CloseLive():
                self._lives.obey(order)
            case Stop():
                return False
        return True

    def _watch(self, cameras: tuple[Camera, ...]) -> None:
        wanted = {camera.id: camera for camera in cameras}
        kept: dict[str, CameraWatch] = {}
        for camera_id, watch in self._watches.items():
            if wanted.get(camera_id) == watch.camera:
                kept[camera_id] = watch
            else:
                watch.ask_stop()
        new = [
            CameraWatch(
                camera,
                self._settings,
                self._opener,
                emit=self._outbox.put,
                changed=self._changed.set,
                per_s=self._lag.per_s,
                refusals=self._refusals,
            )
            for camera in cameras
            if camera.id not in kept
        ]
        # replaced as a whole: the reporting thread must never see a dict change under it
        self._watches = kept | {watch.camera.id: watch for watch in new}
        for watch in new:
            watch.start()
        # first: nobody may be shown what a new privacy zone hides
        self._lives.watch(cameras)
        self._recordings.record(cameras)

    def _ask_picture(self, order: AskPicture) -> None:
        def reply(jpeg: bytes | None, why_not: str) -> None:
            self._send(Picture(order.request, jpeg, why_not))

        watch = self._watches.get(order.camera_id)
        if watch is None:
            reply(None, _NOT_WATCHED)
        elif watch.is_watching and self._colour_places.acquire(blocking=False):
            threading.Thread(
                target=self._fetch_colour, args=(watch, order.within_s, reply), daemon=True
            ).start()
        else:
            watch.ask_picture(reply)

    def _ask_watch(self, camera_id: str, reply: PictureReply) -> None:
        """A picture of the stream that is watched."""
        watch = self._watches.get(camera_id)
        if watch is None:
            reply(None, _NOT_WATCHED)
        else:
            watch.ask_picture(reply)

    def _fetch_colour(self, watch: CameraWatch, within_s: float, reply: PictureReply) -> None:
        """A colour picture if the camera gives one in time, else the watched luma."""
        camera = watch.camera
        try:
            image = self._opener.read_colour(
                camera.stream_uri,
                camera.username,
                camera.password,
                timeout_s=within_s * _COLOUR_SHARE,
            )
            # a zone may have been drawn while it was fetched
            now = self._watches.get(camera.id)
            if now is None:
                reply(None, _NOT_WATCHED)
                return
            jpeg = encode_jpeg(self._settings.mask(image, now.camera.zones))
        except CameradError as failed:
            _log.info("camera.no_colour", camera=camera.id, detail=str(failed))
            watch.ask_picture(reply)
        else:
            reply(jpeg, "")
        finally:
            self._colour_places.release()

    def _is_refused(self, camera_id: str) -> bool:
        watch = self._watches.get(camera_id)
        return watch is not None and watch.is_login_refused

    def _late_s(self) -> list[float]:
        lates = (watch.late_s() for watch in self._watches.values())
        return [late_s for late_s in lates if late_s is not None]

    def _stop(self) -> None:
        watches = self._watches.values()
        for watch in watches:
            watch.ask_stop()
        self._lives.stop()
        self._recordings.stop()
        clock = self._settings.clock
        deadline = clock.monotonic() + self._limits.stop_s / 2
        for watch in watches:
            watch.join(deadline - clock.monotonic())
        self._recordings.wait(self._limits.stop_s / 4)
        self._outbox.drain(self._limits.stop_s / 4)

    def _report_for_ever(self) -> None:
        while True:
            self._changed.wait(self._limits.report_s)
            self._changed.clear()
            self._recordings.tend()
            self._lives.tend()
            # the order first: a report must not claim an order newer than its cameras
            order, watches = self._order, self._watches.values()
            self._send(
                Report(
                    order=order,
                    healths=tuple(watch.health() for watch in watches),
                    silent_s={watch.camera.id: watch.silent_s() for watch in watches},
                    recording=self._recordings.why_not(),
                )
            )

    def _send(self, message: Message) -> None:
        with self._sending:
            try:
                self._control.send(message)
            except OSError:
                # the main thread notices the same and ends the process
                _log.debug("worker.main_process_gone")


class _Outbox:
    """Events on their way up. Bound and policy: `Limits.queued_events`, `queued_pictures`."""

    def __init__(self, events: Connection, settings: WorkerSettings) -> None:
        self._events = events
        self._limits = settings.limits
        self._queue: queue.Queue[CameraEvent] = queue.Queue(self._limits.queued_events)
        self._pictures = 0
        self._counting = threading.Lock()
        self._idle = threading.Condition()

    def start(self) -> None:
        threading.Thread(target=self._send_for_ever, name="events", daemon=True).start()

    def put(self, event: CameraEvent, still_waiting: Callable[[], None]) -> None:
        """Queue `event`; while the queue is full, wait and call `still_waiting`."""
        if event.picture_jpeg is not None and not self._take_picture_place():
            _log.warning("worker.picture_dropped", camera=event.camera_id, seq=event.seq)
            event = replace(event, picture_jpeg=None)
        while True:
            try:
                return self._queue.put(event, timeout=_FULL_WAIT_S)
            except queue.Full:
                still_waiting()

    def drain(self, within_s: float) -> None:
        """Wait until everything has been sent, but no longer than `within_s`."""
        with self._idle:
            self._idle.wait_for(lambda: self._queue.unfinished_tasks == 0, within_s)

    def _take_picture_place(self) -> bool:
        with self._counting:
            if self._pictures >= self._limits.queued_pictures:
                return False
            self._pictures += 1
            return True

    def _send_for_ever(self) -> None:
        while True:
            event = self._queue.get()
            try:
                self._events.send(event)
            except OSError:
                _log.warning("worker.event_unsent", camera=event.camera_id, seq=event.seq)
            if event.picture_jpeg is not None:
                with self._counting:
                    self._pictures -= 1
            with self._idle:
                self._queue.task_done()
                self._idle.notify_all()
