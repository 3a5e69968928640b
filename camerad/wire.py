"""What goes between the main process and a camera worker, and the numbers both go by.

Plain picklable values only: importing this must not load OpenCV, which the main process never
needs. Two pipes join the two: events go up on one of their own, so that a slow main process holds
back events without silencing the health reports that keep the worker from being thought dead.
"""

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from camerad.evidence.model import ClipFacts, ClipOrder, RecordingSettings
from camerad.live.model import LiveMessage, LiveOrder
from camerad.model import Camera, CameraHealth, Detection, Zone
from camerad.shedding import SheddingRules
from camerad.working_days import PLAIN_WEEK, WorkingDays
from lianfang_timing import Backoff, Clock

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Detecting(Protocol):
    """What a worker needs of a detector; one lives as long as one connection to a camera."""

    def wants(self, t_s: float) -> bool:
        """Whether the frame at stream time `t_s` is worth decoding to a picture."""
        ...

    def process(
        self, luma: "NDArray[np.uint8]", t_s: float, local_time: datetime.time | None
    ) -> list[Detection]:
        """Look at one frame (height × width)."""
        ...

    def finish(self, t_s: float) -> list[Detection]:
        """End whatever is still going on."""
        ...


DetectorFactory = Callable[[tuple[Zone, ...]], Detecting]
PrivacyMask = Callable[["NDArray[np.uint8]", Sequence[Zone]], "NDArray[np.uint8]"]


def default_detector(zones: tuple[Zone, ...]) -> Detecting:
    """The product's own detector."""
    from camerad.detection import Detector  # in the worker only: loads OpenCV

    detector: Detecting = Detector(zones)
    return detector


def default_mask(image: "NDArray[np.uint8]", zones: Sequence[Zone]) -> "NDArray[np.uint8]":
    """The product's own privacy mask."""
    from camerad.detection import mask_privacy  # in the worker only: loads OpenCV

    return mask_privacy(image, zones)


@dataclass(frozen=True)
class Limits:
    """How long things may take, in seconds. The defaults add up to: gone is noticed within 15 s,
    back within 10 s of the camera being back.
    """

    open_timeout_s: float = 4.0
    read_timeout_s: float = 5.0
    probe_timeout_s: float = 1.5
    first_frame_s: float = 10.0
    """Smart codecs send a keyframe as rarely as this."""
    good_life_s: float = 30.0
    """A connection that lived this long starts the waits from the beginning."""
    late_s: float = 1.0
    """Of frames older than this only the fewest are analysed, to catch up."""
    shedding: SheddingRules = field(default=SheddingRules())
    report_s: float = 1.0
    hung_s: float = 10.0
    """A camera thread silent for this long is stuck in native code; its worker is killed."""
    silent_s: float = 6.0
    """A worker without a report for this long is lost."""
    start_s: float = 40.0
    """The first report may take this long: a busy small server imports slowly."""
    stop_s: float = 3.0
    retry: Backoff = field(default=Backoff(first_s=0.5, cap_s=2.5))
    # each try holds up the opening of the worker's other cameras for `open_timeout_s`
    retry_stalled: Backoff = field(default=Backoff(first_s=1.0, cap_s=5.0))
    # many cameras lock an account for half an hour after a handful of wrong passwords
    retry_login: Backoff = field(default=Backoff(first_s=30.0, cap_s=300.0))
    retry_worker: Backoff = field(default=Backoff(first_s=0.2, cap_s=5.0))
    # a camera that hangs its worker costs the neighbours a moment each time
    retry_hung: Backoff = field(default=Backoff(first_s=2.0, cap_s=300.0, growth=3.0))
    queued_events: int = 1000
    """Events waiting in a worker for the main process; when full, its cameras wait."""
    queued_pictures: int = 32
    """Pictures among them; when full, an event goes without its picture."""
    colour_at_once: int = 2
    """Colour pictures being fetched in a worker; beyond that a picture is grey, from the watch."""


@dataclass(frozen=True)
class WorkerSettings:
    """Everything a worker is told at its start. All of it must survive pickling."""

    clock: Clock
    limits: Limits
    detector_factory: DetectorFactory = default_detector
    mask: PrivacyMask = default_mask
    configure_logging: Callable[[], None] | None = None
    days: WorkingDays = PLAIN_WEEK
    """For zones that are armed otherwise on days off."""
    recording: RecordingSettings | None = None
    """How main streams are kept in memory for clips; None: they are not."""


@dataclass(frozen=True)
class Watch:
    """Down: the cameras this worker shall watch from now on, instead of those before."""

    order: int
    """Counts up; reports carry the last one obeyed, so that older ones can be told apart."""
    cameras: tuple[Camera, ...]


@dataclass(frozen=True)
class AskPicture:
    """Down: one JPEG of a camera, please, within `within_s`."""

    request: int
    camera_id: str
    within_s: float


@dataclass(frozen=True)
class MakeClip:
    """Down: one clip, please; answered by ClipBegun at once and by ClipDone when it is whole."""

    request: int
    order: ClipOrder


@dataclass(frozen=True)
class Stop:
    """Down: end what is going on, send what is queued, and exit."""


@dataclass(frozen=True)
class Picture:
    """Up: the answer to AskPicture; without `jpeg`, `why_not` says why."""

    request: int
    jpeg: bytes | None
    why_not: str = ""


@dataclass(frozen=True)
class ClipBegun:
    """Up: the answer to MakeClip; `why_not` says why it was not begun."""

    request: int
    why_not: str = ""


@dataclass(frozen=True)
class ClipDone:
    """Up: what became of a clip."""

    facts: ClipFacts


@dataclass(frozen=True)
class Report:
    """Up: how every camera of the worker is, and for how long each thread has been silent."""

    order: int
    healths: tuple[CameraHealth, ...]
    silent_s: dict[str, float]
    recording: dict[str, str] = field(default_factory=dict)
    """Why a camera's main stream is not being kept; empty while it is. Without those that have no
    recorder."""


Order = Watch | AskPicture | MakeClip | LiveOrder | Stop
Message = Report | Picture | ClipBegun | ClipDone | LiveMessage
