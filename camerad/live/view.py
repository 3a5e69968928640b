"""One viewer of one camera, one thread: from the ring to parts on their way, until nobody looks.

It reads what is in memory anyhow, or a stream that `sources` connects for viewers only. Whatever is
slow here costs this viewer alone: the ring forgets by itself, and nothing is queued (`pacing`).
"""

import queue
import threading
from collections.abc import Callable, Sequence

import structlog

from camerad.evidence.model import Chunk, StreamFormat
from camerad.evidence.packets import encoder_at_hand
from camerad.evidence.recorder import Recorder
from camerad.live.film import H264_ENCODERS, CopiedFilm, LiveFilm, MaskedFilm
from camerad.live.line import Line
from camerad.live.model import LiveMessage, LiveOver, OpenLive, Over, PartKind, Via, Waiting
from camerad.live.pacing import as_parts, due, newest_key
from camerad.live.pictures import LivePictures
from camerad.live.showing import Showing, ShowingFilm, ShowingPictures
from camerad.live.sources import LiveSources
from camerad.looking import PictureReply
from camerad.model import Camera, ZoneKind
from camerad.wire import PrivacyMask
from lianfang_timing import Clock, unix_ms

_WAIT_S = 0.5
_PACE_S = 0.08
"""A part no sooner than this after the last: a dozen a second are smooth, and cheap to carry."""
_NOTHING_S = 3.0
"""Without a picture for so long another way is tried, and the viewer told."""
_GLANCE_S = 2.0

AskPicture = Callable[[PictureReply], None]
"""For a picture of the stream that is watched."""


def h264_encoder() -> str | None:
    """The encoder of masked films that this PyAV has."""
    return encoder_at_hand(H264_ENCODERS)


class LiveView:
    """Serves one viewer and tells `done` when it is over."""

    def __init__(
        self,
        order: OpenLive,
        camera: Camera,
        sources: LiveSources,
        clock: Clock,
        *,
        mask: PrivacyMask,
        ask_picture: AskPicture,
        send: Callable[[LiveMessage], None],
        done: Callable[[int], None],
        encoder: Callable[[], str | None],
    ) -> None:
        self.camera = camera
        self._order = order
        self._sources = sources
        self._clock = clock
        self._mask = mask
        self._ask_picture = ask_picture
        self._send = send
        self._done = done
        self._encoder = encoder
        self._is_masked = any(zone.kind is ZoneKind.PRIVACY for zone in camera.zones)
        self._closing = threading.Event()
        self._over: Over | None = None
        self._line = Line(order.view, send)
        self._showing: Showing | None = None
        self._glances = False
        self._log = structlog.get_logger().bind(camera=camera.id, view=order.view)

    # -- any thread ----------------------------------------------------------------------------

    def start(self) -> None:
        threading.Thread(target=self.run, name=f"live-{self._order.view}", daemon=True).start()

    def taken(self, number: int) -> None:
        """The viewer has everything up to this part."""
        self._line.taken(number)

    def close(self, why: Over | None = None) -> None:
        """Returns at once. `why`: said to the viewer; None: there is nobody to say it to."""
        self._over = why
        self._closing.set()
        self._line.let_go()

    # -- the viewer's own thread ---------------------------------------------------------------

    def run(self) -> None:
        """The whole of it; never raises."""
        self._log.info("live.begun", film=self._order.film)
        self._line.waits(Waiting.STARTING, "正在取画面。 / The picture is being fetched.")
        try:
            while not self._closing.is_set():
                with self._sources.source(self.camera, film=self._order.film) as source:
                    self._follow(source)
                self._closing.wait(_PACE_S)
        except Exception:  # noqa: BLE001 - bulkhead: costs this viewer only
            self._log.exception("live.broke")
            self._over = Over.BROKEN
        finally:
            self._done(self._order.view)
            self._show_no_more()
            if self._over is not None:
                self._send(LiveOver(self._order.view, self._over))
            self._log.info("live.ended", parts=self._line.parts)

    def _follow(self, source: Recorder) -> None:
        """Until it is over, or nothing came for a while: then there may be a better source."""
        with source.lock:
            key = newest_key(list(source.ring))
        expected = None if key is None else key.number
        new_s = self._clock.monotonic()
        while not (self._closing.is_set() or source.stopped):
            chunks: Sequence[Chunk] = self._await_chunks(source, expected)
            now_s = self._clock.monotonic()
            if not chunks:
                if now_s - new_s > _NOTHING_S and self._is_in_vain(source):
                    return
                continue
            new_s = now_s
            if expected is None:
                expected = chunks[0].number
            chunks, left_out = due(chunks, now_s, expected=expected)
            showing = self._showing_of(chunks[0].format)
            if not showing.wants:
                self._line.wait_for_answer(_WAIT_S)
                continue
            part = as_parts(chunks)[0]
            showing.show(part, left_out=left_out)
            expected = part[-1].number + 1
            if len(part) == len(chunks):
                self._closing.wait(_PACE_S)

    def _await_chunks(self, source: Recorder, expected: int | None) -> list[Chunk]:
        with source.more:
            chunks = source.ring.since(expected or 0)
            if not chunks and not source.stopped:
                source.more.wait(_WAIT_S)
                chunks = source.ring.since(expected or 0)
        return chunks

    def _showing_of(self, form: StreamFormat) -> Showing:
        if self._showing is None or not self._showing.fits(form):
            self._show_no_more()
            self._showing = self._begin(form)
        return self._showing

    def _begin(self, form: StreamFormat) -> Showing:
        film = self._film(form) if self._order.film else None
        if film is not None:
            return ShowingFilm(self._line, film, form, masked=self._is_masked)
        pictures = LivePictures(form, self._mask, self.camera.zones)
        return ShowingPictures(self._line, pictures, self._clock, masked=self._is_masked)

    def _film(self, form: StreamFormat) -> LiveFilm | None:
        """What the viewer's browser may be able to play; None: there is no such thing of it."""
        film: LiveFilm | None = None
        if self._is_masked:
            encoder = self._encoder()
            if encoder is not None:
                film = MaskedFilm(form, encoder=encoder, mask=self._mask, zones=self.camera.zones)
        elif form.codec == "h264":
            film = CopiedFilm(form)
        if film is not None and film.codec is None:
            film.close()
            return None
        return film

    def _show_no_more(self) -> None:
        if self._showing is not None:
            self._showing.close()
            self._showing = None

    # -- where the stream gives nothing --------------------------------------------------------

    def _is_in_vain(self, source: Recorder) -> bool:
        """Whether nothing is to be had of this source, and something may be of another."""
        if self._glance(source):
            return False
        return self._sources.is_other_now(source, self.camera, film=self._order.film)

    def _glance(self, source: Recorder) -> bool:
        """One picture of the stream that is watched, whether there was one. For cameras that
        serve one connection only, or nothing that could be passed on: small and grey, but now."""
        answer: queue.SimpleQueue[tuple[bytes | None, str]] = queue.SimpleQueue()
        self._ask_picture(lambda jpeg, why_not: answer.put((jpeg, why_not)))
        try:
            jpeg, why_not = answer.get(timeout=_GLANCE_S)
        except queue.Empty:
            jpeg, why_not = None, ""
        if jpeg is None:
            self._line.waits(Waiting.CAMERA, why_not or source.why_not)
            return False
        if self._line.is_open:
            if self._showing is not None or not self._glances:
                self._show_no_more()
                self._line.begin(Via.PICTURES, size=(0, 0), masked=self._is_masked)
            self._glances = True
            self._line.part(PartKind.PICTURE, jpeg, at_ms=unix_ms(self._clock.now()))
        return True
