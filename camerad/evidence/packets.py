"""The door of `camerad` to PyAV: a main stream's packets in, MP4 files and pictures out. What is
masked and encoded again is in `masked`, films for viewers in `camerad.live.film`.

Everything here blocks and belongs in a thread of its own. Nothing is decoded but what must be:
pictures that are asked for, and clips of cameras with a privacy zone. Audio never comes in: the
camera is asked for video only. Both libraries, this and OpenCV, carry an FFmpeg of their own.

Clips are written as fragments that a power cut leaves playable, and become an ordinary MP4, which a
browser can jump about in, at the end (FFmpeg's `hybrid_fragmented`).
"""

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final, Protocol, Self

import av
import av.error
import numpy as np
from numpy.typing import NDArray

from camerad.errors import CameraTalksNonsense, CameraUnreachable
from camerad.evidence.model import Chunk, StreamFormat
from camerad.stream_address import checked, with_login

_TICKS: Final = 90_000
TICK: Final = Fraction(1, _TICKS)
_CODECS: Final = frozenset({"h264", "hevc"})
_OPEN: Final = {
    "rtsp_transport": "tcp",
    "allowed_media_types": "video",
    "fpsprobesize": "0",
    "analyzeduration": "3000000",
}
MP4: Final = {"movflags": "+hybrid_fragmented+frag_keyframe"}

FREE_ENCODERS: Final = ("libopenh264", "libx264", "libvpx-vp9")
"""All free software; the first two make H.264, which any player of a court or a station plays."""


@dataclass(frozen=True)
class Packet:
    """One coded picture as it came; stamps in seconds of the camera's own count."""

    data: bytes
    is_key: bool
    stamp_s: float | None
    shown_after_s: float


class MainStream:
    """An open main stream; use as a context manager, in one thread."""

    def __init__(self, container: Any) -> None:
        self._container = container
        self._video = container.streams.video[0]
        self.format = _format_of(self._video)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._container.close()

    def packets(self) -> Iterator[Packet]:
        """Until the stream ends or falls silent. Raises CameraUnreachable."""
        tick = float(self.format.time_base)
        try:
            for packet in self._container.demux(self._video):
                if packet.size == 0:
                    continue
                decoded = packet.dts if packet.dts is not None else packet.pts
                ahead = 0 if packet.pts is None or decoded is None else packet.pts - decoded
                yield Packet(
                    bytes(packet),
                    packet.is_keyframe,
                    None if decoded is None else decoded * tick,
                    max(0.0, ahead * tick),
                )
        except (av.error.FFmpegError, ValueError):
            # not chained: the library's text may carry the address with its password
            raise CameraUnreachable(
                "主码流中断。 / The main stream broke off or fell silent."
            ) from None


def open_main(
    uri: str,
    username: str | None,
    password: str | None,
    *,
    open_timeout_s: float,
    read_timeout_s: float,
) -> MainStream:
    """Open a main stream. Raises CameraUnreachable and CameraTalksNonsense."""
    address = with_login(checked(uri), username, password)
    try:
        container = av.open(address, options=_OPEN, timeout=(open_timeout_s, read_timeout_s))
    except (av.error.FFmpegError, ValueError):
        raise CameraUnreachable("主码流无法打开。 / The main stream could not be opened.") from None
    try:
        return MainStream(container)
    except CameraTalksNonsense:
        container.close()
        raise


def _format_of(video: Any) -> StreamFormat:
    context = video.codec_context
    if context.name not in _CODECS or not context.width or not context.height:
        raise CameraTalksNonsense(
            "主码流不是 H.264 或 H.265，无法留存。 / "
            "The main stream is neither H.264 nor H.265: no clip can be kept of it."
        )
    # a stream of a file that is never written: it outlives the connection
    keeper = av.open(io.BytesIO(), "w", format="mp4")
    template = keeper.add_stream_from_template(video, opaque=True)
    return StreamFormat(
        codec=context.name,
        width=context.width,
        height=context.height,
        extradata=bytes(context.extradata or b""),
        time_base=video.time_base,
        template=(keeper, template),
    )


def decoder_of(form: StreamFormat) -> Any:
    """One that has seen nothing of the stream yet; `decode` takes its packets."""
    decoder = av.CodecContext.create(form.codec, "r")
    decoder.extradata = form.extradata
    decoder.thread_count = 1
    return decoder


def _coded(chunk: Chunk) -> Any:
    packet = av.Packet(chunk.data)
    packet.is_keyframe = chunk.is_key
    return packet


def packet_at(chunk: Chunk, time_s: float, stream: Any = None) -> Any:
    """As a decoder takes it, or `stream` of a file: decoded at `time_s`."""
    packet = _coded(chunk)
    packet.dts = round(time_s * _TICKS)
    packet.pts = round((time_s + chunk.shown_after_s) * _TICKS)
    packet.time_base = TICK
    if stream is not None:
        packet.stream = stream
    return packet


def picture_of(chunks: Sequence[Chunk]) -> NDArray[np.uint8] | None:
    """Height × width × 3 (blue, green, red): the picture of the last chunk, of which the first
    is a keyframe. None when none of them can be decoded."""
    if not chunks:
        return None
    decoder, last = decoder_of(chunks[0].format), None
    for packet in [*map(_coded, chunks), None]:
        try:
            for frame in decoder.decode(packet):
                last = frame
        except av.error.FFmpegError:
            # one damaged picture; those after it may be whole
            continue
    return None if last is None else np.asarray(last.to_ndarray(format="bgr24"), np.uint8)


class ClipWriter(Protocol):
    """A clip on its way to the disk. Any of it may raise OSError: the disk's word."""

    def add(self, chunk: Chunk, time_s: float) -> None: ...

    def close(self) -> None: ...


class CopiedClip:
    """The stream's own packets in a file."""

    def __init__(self, out: BinaryIO, form: StreamFormat) -> None:
        self._container = av.open(out, "w", format="mp4", options=MP4)
        template: Any = form.template
        self._stream = self._container.add_stream_from_template(template[1], opaque=True)

    def add(self, chunk: Chunk, time_s: float) -> None:
        self._container.mux_one(packet_at(chunk, time_s, self._stream))

    def close(self) -> None:
        self._container.close()


class PictureSeries:
    """Masked pictures, one a keyframe, where no encoder is at hand."""

    def __init__(self, take: Callable[[NDArray[np.uint8], Chunk], None]) -> None:
        """`take` masks and keeps a picture."""
        self._take = take

    def add(self, chunk: Chunk, time_s: float) -> None:
        if not chunk.is_key:
            return
        picture = picture_of([chunk])
        if picture is not None:
            self._take(picture, chunk)

    def close(self) -> None:
        return


def encoder_at_hand(wanted: Sequence[str] = FREE_ENCODERS) -> str | None:
    """The first of these encoders that this PyAV has."""
    for name in wanted:
        try:
            av.codec.Codec(name, "w")
        except (av.error.FFmpegError, ValueError):
            continue
        return name
    return None


def is_playable(path: Path) -> bool:
    """Whether the file holds at least one picture that a player would find."""
    try:
        with av.open(str(path)) as container:
            return any(packet.size for packet in container.demux(video=0))
    except (av.error.FFmpegError, ValueError, IndexError):
        return False
