"""A film loaded into memory as H.264 packets, and where in the endless loop a moment falls.

No network here. Everything a live stream or a snapshot needs to know about the film.
"""

import math
from dataclasses import dataclass, field
from pathlib import Path

import av
import av.error
import cv2
import numpy as np

from camerad.errors import SourceUnreadable

_START_CODE = b"\x00\x00\x00\x01"
_SPS, _PPS, _IDR = 7, 8, 5
_JPEG_QUALITY = 88


@dataclass(frozen=True)
class Picture:
    """One coded picture: its NAL units without start codes."""

    units: tuple[bytes, ...] = field(repr=False)
    key: bool


@dataclass(frozen=True)
class Reel:
    """A whole film; picture n of the loop is `pictures[n % len(pictures)]`, at n / fps seconds."""

    pictures: tuple[Picture, ...]
    fps: float
    width: int
    height: int
    sps: bytes = field(repr=False)
    pps: bytes = field(repr=False)

    def number_at(self, elapsed_s: float) -> int:
        """The running number of the picture shown `elapsed_s` after the camera was switched on."""
        return max(0, math.floor(elapsed_s * self.fps + 1e-6))

    def jpeg(self, number: int) -> bytes:
        """Picture `number` of the loop as a JPEG. Decodes up to a second of film: use a thread."""
        last = number % len(self.pictures)
        first = next(i for i in range(last, -1, -1) if self.pictures[i].key)
        decoder = av.CodecContext.create("h264", "r")
        decoded: list[av.VideoFrame] = []
        for picture in self.pictures[first : last + 1]:
            units = ((self.sps, self.pps) if picture.key else ()) + picture.units
            packet = av.Packet(b"".join(_START_CODE + unit for unit in units))
            decoded += [f for f in decoder.decode(packet) if isinstance(f, av.VideoFrame)]
        decoded += [f for f in decoder.decode(None) if isinstance(f, av.VideoFrame)]
        image = np.asarray(decoded[-1].to_ndarray(format="bgr24"), np.uint8)
        done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
        if not done:
            raise SourceUnreadable("a picture of the film could not be coded as JPEG")
        return data.tobytes()


def load_reel(path: Path) -> Reel:
    """Read a film made by `camerad.simulator.film`. Blocking.

    Raises SourceUnreadable when it is not H.264 in MP4, begins without a keyframe, or is empty.
    """
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise SourceUnreadable(f"{path} has no video in it")
            stream = container.streams.video[0]
            context = stream.codec_context
            if context.name != "h264" or not context.extradata:
                raise SourceUnreadable(f"{path} is not H.264 in MP4: make a film of it first")
            length_size, sps, pps = _parameter_sets(bytes(context.extradata))
            pictures = tuple(
                picture
                for packet in container.demux(stream)
                if packet.size and (picture := _picture(bytes(packet), length_size)).units
            )
            fps = float(stream.average_rate or 0)
            width, height = context.width, context.height
    except av.error.FFmpegError as error:
        raise SourceUnreadable(f"{path} cannot be read as a film: {error.strerror}") from error
    if not pictures or not pictures[0].key or fps <= 0:
        raise SourceUnreadable(f"{path} does not begin with a keyframe: make a film of it first")
    return Reel(pictures, fps, width, height, sps, pps)


def _picture(payload: bytes, length_size: int) -> Picture:
    units = []
    at = 0
    while at + length_size <= len(payload):
        size = int.from_bytes(payload[at : at + length_size], "big")
        at += length_size
        unit = payload[at : at + size]
        at += size
        # parameter sets are sent before each keyframe anyway
        if unit and unit[0] & 31 not in (_SPS, _PPS):
            units.append(unit)
    return Picture(tuple(units), any(unit[0] & 31 == _IDR for unit in units))


def _parameter_sets(avcc: bytes) -> tuple[int, bytes, bytes]:
    """(size of a length field, SPS, PPS) out of the MP4's decoder configuration."""
    if len(avcc) < 9 or avcc[0] != 1:
        raise SourceUnreadable("the film's H.264 configuration is not the one MP4 uses")
    sps_size = int.from_bytes(avcc[6:8], "big")
    sps = avcc[8 : 8 + sps_size]
    at = 8 + sps_size + 1
    pps_size = int.from_bytes(avcc[at : at + 2], "big")
    return (avcc[4] & 3) + 1, sps, avcc[at + 2 : at + 2 + pps_size]
