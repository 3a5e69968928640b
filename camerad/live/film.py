"""What a browser plays: fragments of MP4 for Media Source Extensions, with PyAV.

Copied packets where nothing is to be hidden; otherwise what `camerad.evidence.masked` lets be seen,
encoded again. A fragment holds one picture and is whole when the next picture comes.
"""

from collections.abc import Sequence
from typing import Any, Final, Protocol

import av

from camerad.evidence.masked import MaskedFrames, add_encoder
from camerad.evidence.model import Chunk, StreamFormat
from camerad.evidence.packets import packet_at
from camerad.live.codec import codec_name
from camerad.model import Zone
from camerad.wire import PrivacyMask

_FRAGMENTS: Final = {
    "movflags": "+empty_moov+default_base_moof+frag_every_frame+skip_trailer",
}
H264_ENCODERS: Final = ("libopenh264", "libx264")
"""Free ones that a browser's player understands without asking."""
_AT_ONCE: Final = {"libx264": {"tune": "zerolatency"}}


class LiveFilm(Protocol):
    """A film for one viewer."""

    codec: str | None
    """For the browser, by RFC 6381; None: it cannot be said, so nobody can be asked to play it."""
    width: int
    height: int
    init: bytes
    """What goes before all fragments."""

    def add(self, chunk: Chunk, time_s: float, *, worth: bool = True) -> bytes:
        """The fragments that this chunk makes whole; mostly that of the picture before. `worth`:
        whether it is encoded, where that is needed at all."""
        ...

    def close(self) -> None: ...


class _Pieces:
    """What a muxer has written since it was asked last."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


class CopiedFilm:
    """The stream's own packets."""

    def __init__(self, form: StreamFormat) -> None:
        self._out = _Pieces()
        self._container = _container(self._out)
        template: Any = form.template
        self._stream = self._container.add_stream_from_template(template[1], opaque=True)
        self._container.start_encoding()
        self.codec = codec_name(form.codec, form.extradata)
        self.width, self.height = form.width, form.height
        self.init = self._out.take()

    def add(self, chunk: Chunk, time_s: float, *, worth: bool = True) -> bytes:
        self._container.mux_one(packet_at(chunk, time_s, self._stream))
        return self._out.take()

    def close(self) -> None:
        self._container.close()


class MaskedFilm:
    """Decoded, masked, encoded again: the packets of the camera stay where they are."""

    def __init__(
        self, form: StreamFormat, *, encoder: str, mask: PrivacyMask, zones: Sequence[Zone]
    ) -> None:
        self._frames = MaskedFrames(form, mask, zones)
        self._out = _Pieces()
        self._container = _container(self._out)
        more = _AT_ONCE.get(encoder, {})
        self._stream = add_encoder(self._container, encoder, self._frames, **more)
        self._container.start_encoding()
        self.codec = codec_name("h264", bytes(self._stream.codec_context.extradata or b""))
        self.width, self.height = self._frames.width, self._frames.height
        self.init = self._out.take()

    def add(self, chunk: Chunk, time_s: float, *, worth: bool = True) -> bytes:
        for shown in self._frames.of(chunk, time_s, masked=worth):
            self._container.mux(self._stream.encode(shown))
        return self._out.take()

    def close(self) -> None:
        self._container.close()


def _container(out: _Pieces) -> Any:
    return av.open(out, "w", format="mp4", options=_FRAGMENTS)
