"""Streams with a privacy zone: decoded, blackened and encoded again, with PyAV.

Which pixels are hidden says one function, the worker's `PrivacyMask`, as it does for single
pictures; here it is asked once and its answer put into the planes of every picture of a film.
"""

from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, Final

import av
import av.error
import numpy as np
from numpy.typing import NDArray

from camerad.evidence.model import Chunk, StreamFormat
from camerad.evidence.packets import MP4, TICK, decoder_of, packet_at
from camerad.model import Zone
from camerad.wire import PrivacyMask

FAST: Final[dict[str, dict[str, str]]] = {
    "libopenh264": {"allow_skip_frames": "1"},
    "libx264": {"preset": "ultrafast", "crf": "26", "threads": "1"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8", "crf": "36", "b": "0"},
}


class MaskedFrames:
    """A stream decoded, privacy zones blackened in the planes of its pictures: what a masked film
    is encoded from, be it kept or looked at live."""

    def __init__(self, form: StreamFormat, mask: PrivacyMask, zones: Sequence[Zone]) -> None:
        self._decoder = decoder_of(form)
        # halved colour planes want even sides
        self.width, self.height = form.width & ~1, form.height & ~1
        blank = np.full((self.height, self.width), 255, np.uint8)
        self._hidden = mask(blank, zones) != 255
        halves = self._hidden.reshape(self.height // 2, 2, self.width // 2, 2)
        self._hidden_colour = halves.any(axis=(1, 3))
        self._last = -1

    def of(self, chunk: Chunk | None, time_s: float = 0.0, *, masked: bool = True) -> Iterator[Any]:
        """The pictures that this chunk makes whole, in ticks of `TICK`; None: those that are left.
        Damaged ones are left out. Not `masked`: it is seen for the sake of those after it, and
        nothing comes of it."""
        packet = None if chunk is None else packet_at(chunk, time_s)
        try:
            frames = self._decoder.decode(packet)
        except av.error.InvalidDataError:
            return
        for frame in frames:
            if frame.pts is None or frame.pts <= self._last:
                continue
            self._last = frame.pts
            if not masked:
                continue
            shown = av.VideoFrame.from_ndarray(self._masked(frame), format="yuv420p")
            shown.pts, shown.time_base = frame.pts, TICK
            yield shown

    def _masked(self, frame: Any) -> NDArray[np.uint8]:
        height, width = self.height, self.width
        plain = frame.reformat(width=width, height=height, format="yuv420p")
        planes: NDArray[np.uint8] = plain.to_ndarray()
        planes[:height][self._hidden] = 16
        quarter = height * width // 4
        colours = planes.reshape(-1)[height * width :]
        for plane in (colours[:quarter], colours[quarter:]):
            plane.reshape(height // 2, width // 2)[self._hidden_colour] = 128
        return planes


class MaskedClip:
    """Masked and encoded again; what is hidden never reaches a disk."""

    def __init__(
        self,
        out: BinaryIO,
        form: StreamFormat,
        *,
        encoder: str,
        mask: PrivacyMask,
        zones: Sequence[Zone],
    ) -> None:
        self._frames = MaskedFrames(form, mask, zones)
        self._container = av.open(out, "w", format="mp4", options=MP4)
        self._stream = add_encoder(self._container, encoder, self._frames)

    def add(self, chunk: Chunk, time_s: float) -> None:
        self._encode(chunk, time_s)

    def close(self) -> None:
        self._encode(None, 0.0)
        self._container.mux(self._stream.encode(None))
        self._container.close()

    def _encode(self, chunk: Chunk | None, time_s: float) -> None:
        for shown in self._frames.of(chunk, time_s):
            self._container.mux(self._stream.encode(shown))


def add_encoder(container: Any, encoder: str, frames: MaskedFrames, **more: str) -> Any:
    """The stream of a file into which masked pictures are encoded; `more` are the encoder's own
    options."""
    options = FAST[encoder] | more
    stream: Any = container.add_stream(encoder, rate=25, options=options)
    stream.width, stream.height, stream.pix_fmt = frames.width, frames.height, "yuv420p"
    stream.codec_context.time_base = TICK
    stream.codec_context.gop_size = 50
    return stream
