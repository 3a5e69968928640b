"""The words of evidence: what is kept of a stream, what a clip shall hold, what became of it.

Plain picklable values; no decisions, no I/O.
"""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

MIB = 1024 * 1024


@dataclass(frozen=True)
class RecordingSettings:
    """How much of the main streams is kept in memory."""

    before_s: float = 30.0
    """At least so much, and beyond it up to one group of pictures."""
    camera_bytes: int = 64 * MIB
    worker_bytes: int = 1024 * MIB
    """Of all cameras of a worker; each has an equal share when it would be exceeded."""
    clips_at_once: int = 32
    """In a worker; each is a thread that sleeps most of the time."""
    masked_at_once: int = 1
    """Of them, those that are decoded, masked and encoded again; others wait for their turn."""

    def bytes_for_each(self, cameras: int) -> int:
        """What one of so many cameras of a worker may hold."""
        return min(self.camera_bytes, self.worker_bytes // max(1, cameras))


@dataclass(frozen=True, eq=False)
class StreamFormat:
    """What a decoder must know of a connection's packets."""

    codec: str
    """`h264` or `hevc`, as FFmpeg calls them."""
    width: int
    height: int
    extradata: bytes
    time_base: Fraction
    """Seconds of one tick of the packets' stamps."""
    template: object = None
    """The door's own: what a file's stream is made after."""

    def fits(self, other: "StreamFormat") -> bool:
        """Whether both streams may stand in one file, one after the other."""
        return (self.codec, self.width, self.height, self.extradata) == (
            other.codec, other.width, other.height, other.extradata,
        )  # fmt: skip


@dataclass(frozen=True)
class Chunk:
    """One packet of a main stream: a coded picture."""

    number: int
    """Counts the packets of a camera from 1, over all its connections."""
    data: bytes
    is_key: bool
    arrived_s: float
    """Of the monotonic clock."""
    at_ms: int
    """Unix milliseconds of the server's clock when it arrived."""
    stamp_s: float | None
    """The camera's own time of it, in the order of decoding."""
    format: StreamFormat
    shown_after_s: float = 0.0
    """So much later than decoded it is shown: above zero only where pictures point forward."""


class Cut(StrEnum):
    """Why a clip holds less than was asked for."""

    BEGINS_LATE = "begins-late"
    CAMERA_LOST = "camera-lost"
    STREAM_CHANGED = "stream-changed"
    TOO_SLOW = "too-slow"
    DISK = "disk"
    WORKER_LOST = "worker-lost"
    NO_ENCODER = "no-encoder"

    @property
    def label(self) -> tuple[str, str]:
        """In Chinese and in English."""
        return _CUT_LABELS[self]


_CUT_LABELS = {
    Cut.BEGINS_LATE: ("缓存不足，开头缺失", "begins late: the buffer did not reach back so far"),
    Cut.CAMERA_LOST: ("摄像机中断，画面有缺", "the camera was lost for a while"),
    Cut.STREAM_CHANGED: ("码流格式改变，到此为止", "ends early: the stream changed its format"),
    Cut.TOO_SLOW: ("处理不及，画面有缺", "pictures were lost: writing was too slow"),
    Cut.DISK: ("磁盘写入失败，到此为止", "ends early: the disk failed or was full"),
    Cut.WORKER_LOST: ("监看进程中断，到此为止", "ends early: the worker process was lost"),
    Cut.NO_ENCODER: (
        "没有编码器，改存图片",
        "pictures instead: there is no encoder for a masked clip",
    ),
}


@dataclass(frozen=True)
class ClipOrder:
    """A clip of a camera, please. Times are Unix milliseconds of the server's clock."""

    id: str
    camera_id: str
    from_ms: int
    press_ms: int
    until_ms: int
    base: str
    """Absolute path of its files without their ending; the folder is made where it is missing."""
    max_bytes: int
    """The clip ends before it is larger."""


@dataclass(frozen=True)
class ClipFile:
    """One file that was written for a clip."""

    name: str
    """Without its folder."""
    kind: str
    """`clip` or `snapshot`."""
    moment: str
    """`before`, `at` or `after` for a snapshot; empty for a clip."""
    from_ms: int
    until_ms: int


@dataclass(frozen=True)
class ClipFacts:
    """What became of a clip: written beside its files when all of them are whole."""

    id: str
    camera_id: str
    files: tuple[ClipFile, ...]
    cuts: tuple[str, ...] = ()
    """`Cut` words."""
    error: str = ""
    """What the disk said, or why there is nothing."""
    codec: str = ""
    masked: bool = False
    encoder: str = ""
    """Of a masked clip."""
    width: int = 0
    height: int = 0
