"""All viewers that a worker serves. Orders come from its main thread, `tend` from another."""

import threading
from collections.abc import Callable, Sequence

from camerad.evidence.recorder import Recorder
from camerad.live.model import (
    CloseLive,
    LiveMessage,
    LiveOrder,
    LiveOver,
    LiveTaken,
    OpenLive,
    Over,
)
from camerad.live.sources import LiveSources
from camerad.live.view import LiveView, h264_encoder
from camerad.looking import PictureReply
from camerad.model import Camera
from camerad.wire import WorkerSettings

_MOST = 64
"""In one worker; how many there may be in all is decided above."""


class Lives:
    """The viewers of one worker, each a thread."""

    def __init__(
        self,
        settings: WorkerSettings,
        *,
        kept: Callable[[str], Recorder | None],
        ask_picture: Callable[[str, PictureReply], None],
        send: Callable[[LiveMessage], None],
        encoder: Callable[[], str | None] = h264_encoder,
    ) -> None:
        """`kept`: the recorder of a camera's main stream, if there is one.
        `ask_picture`: for a picture of the stream that is watched, by the camera's id.
        `encoder`: of masked films; None: there is none, and pictures are sent."""
        self._encoder = encoder
        self._settings = settings
        self._ask_picture = ask_picture
        self._send = send
        self._sources = LiveSources(settings.limits, settings.clock, kept)
        self._lock = threading.Lock()
        self._views: dict[int, LiveView] = {}
        self._cameras: dict[str, Camera] = {}

    def watch(self, cameras: Sequence[Camera]) -> None:
        """These are the cameras now. Who looks at one that changed is told so: its privacy zones
        may be others."""
        self._cameras = {camera.id: camera for camera in cameras}
        with self._lock:
            views = list(self._views.values())
        for view in views:
            if self._cameras.get(view.camera.id) != view.camera:
                view.close(Over.CHANGED)

    def obey(self, order: LiveOrder) -> None:
        match order:
            case OpenLive():
                self._open(order)
            case LiveTaken(number, part):
                with self._lock:
                    view = self._views.get(number)
                if view is not None:
                    view.taken(part)
            case CloseLive(number):
                with self._lock:
                    view = self._views.pop(number, None)
                if view is not None:
                    view.close()

    def tend(self) -> None:
        """To be called about once a second."""
        self._sources.tend()

    def stop(self) -> None:
        """Returns at once."""
        with self._lock:
            views, self._views = list(self._views.values()), {}
        for view in views:
            view.close()

    def _open(self, order: OpenLive) -> None:
        camera = self._cameras.get(order.camera_id)
        if camera is None or len(self._views) >= _MOST:
            why = Over.NOT_WATCHED if camera is None else Over.TOO_MANY
            self._send(LiveOver(order.view, why))
            return

        def ask_picture(reply: PictureReply) -> None:
            self._ask_picture(order.camera_id, reply)

        view = LiveView(
            order,
            camera,
            self._sources,
            self._settings.clock,
            mask=self._settings.mask,
            ask_picture=ask_picture,
            send=self._send,
            done=self._forget,
            encoder=self._encoder,
        )
        with self._lock:
            self._views[order.view] = view
        view.start()

    def _forget(self, number: int) -> None:
        with self._lock:
            self._views.pop(number, None)
