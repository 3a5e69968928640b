"""The words of `camerad`: cameras, zones, what was seen, how a camera is.

Only the standard library and working days; every other module of the package speaks these types.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from enum import StrEnum
from urllib.parse import unquote

from camerad.working_days import LocalTime

Point = tuple[float, float]
"""(x, y) as fractions of the frame, 0..1, origin top left."""

Box = tuple[float, float, float, float]
"""(x, y, width, height) as fractions of the frame, 0..1."""


class ZoneKind(StrEnum):
    MOTION = "motion"
    LOITER = "loiter"
    IGNORE = "ignore"
    PRIVACY = "privacy"


@dataclass(frozen=True)
class ArmedHours:
    """From `start` to `end`, local time; `start` later than `end` runs over midnight.

    Equal ends mean the whole day. Hours over midnight belong to the day on which they begin.
    """

    start: time
    end: time
    days_off: "ArmedHours | None" = None
    """The hours on days off (weekends, holidays) instead; None: the same."""

    def covers(self, moment: time) -> bool:
        """Whether local time `moment` is armed; the end itself is not. A plain time is of a
        working day after another."""
        if isinstance(moment, LocalTime):
            return self._of(off=moment.is_off).began_by(moment) or (
                self._of(off=moment.was_off).runs_into(moment)
            )
        return self.began_by(moment) or self.runs_into(moment)

    def _of(self, *, off: bool) -> "ArmedHours":
        return self.days_off if off and self.days_off is not None else self

    def began_by(self, moment: time) -> bool:
        """Whether what begins on this day has begun and lasts."""
        if self.start == self.end:
            return True
        return self.start <= moment and (moment < self.end or self.end < self.start)

    def runs_into(self, moment: time) -> bool:
        """Whether what began the day before still lasts."""
        return self.end < self.start and moment < self.end


@dataclass(frozen=True)
class Zone:
    """A polygon on the picture and what it is for.

    `dwell_s` is for LOITER only: how long a person must stay before loitering begins.
    `min_height` is a fraction of the frame; smaller things in the zone are ignored.
    `armed` None means always.
    """

    name: str
    kind: ZoneKind
    polygon: tuple[Point, ...]
    dwell_s: float | None = None
    min_height: float | None = None
    armed: ArmedHours | None = None


@dataclass(frozen=True)
class Camera:
    """A camera to watch: everything capture and detection need, and nothing more."""

    id: str
    name: str
    stream_uri: str
    """RTSP address of the sub-stream, without user name and password."""
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    zones: tuple[Zone, ...] = ()
    time_zone: str = "Asia/Shanghai"
    main_stream_uri: str | None = None
    """RTSP address of the stream with the most pixels, for evidence; None: the sub-stream is what
    there is."""

    keeps_evidence: bool = True
    """Whether its main stream may be kept in memory for clips; never of a household's camera."""

    @property
    def evidence_uri(self) -> str:
        """The address of the stream that evidence is kept of."""
        return self.main_stream_uri or self.stream_uri


class EventName(StrEnum):
    MOTION_STARTED = "motion.started"
    MOTION_ENDED = "motion.ended"
    LOITERING_STARTED = "loitering.started"
    LOITERING_ENDED = "loitering.ended"
    TAMPER_STARTED = "tamper.started"
    TAMPER_ENDED = "tamper.ended"


class Trouble(StrEnum):
    """What is wrong with a camera: with its picture, but for the last two."""

    COVERED = "covered"
    SPRAYED = "sprayed"
    TURNED = "turned"
    DEFOCUSED = "defocused"
    BLACK = "black"
    WASHED_OUT = "washed-out"
    SIGNAL_LOST = "signal-lost"
    FROZEN = "frozen"
    """The same picture again and again."""
    STORAGE_FAILED = "storage-failed"
    """Of the camera itself, or of its recorder."""
    BUTTON_DEAD = "button-dead"
    """A press of the button that is wired to it would not be heard."""

    @property
    def label(self) -> tuple[str, str]:
        """The trouble in Chinese and in English."""
        return _TROUBLE_LABELS[self]


_TROUBLE_LABELS = {
    Trouble.COVERED: ("镜头被遮挡", "Covered"),
    Trouble.SPRAYED: ("镜头被喷涂或弄脏", "Sprayed or dirty"),
    Trouble.TURNED: ("摄像机被转动", "Turned away"),
    Trouble.DEFOCUSED: ("画面失焦", "Out of focus"),
    Trouble.BLACK: ("画面全黑", "Black"),
    Trouble.WASHED_OUT: ("画面过曝发白", "Washed out"),
    Trouble.SIGNAL_LOST: ("视频信号丢失", "Signal lost"),
    Trouble.FROZEN: ("画面卡住不动", "Frozen"),
    Trouble.STORAGE_FAILED: ("机内存储故障", "Its storage has failed"),
    Trouble.BUTTON_DEAD: ("接线按钮失灵", "Its wired button is dead"),
}


@dataclass(frozen=True)
class Detection:
    """One thing detection has to say, in stream time (seconds from the stream's start).

    `track` tells apart things seen at the same time on one camera in one run. It is a counter,
    never an identity: it does not survive the run and means nothing on another camera.
    """

    name: EventName
    t_s: float
    zone: str
    """Empty for tamper, which is about the whole picture."""
    track: int | None = None
    dwell_s: float | None = None
    box: Box | None = None
    trouble: Trouble | None = None
    """What is wrong, for tamper only."""
    cells: str | None = None
    """Where it moved, when motion ends: a coarse grid (`camerad.detection.cells`)."""


@dataclass(frozen=True)
class CameraEvent:
    """A detection on a live camera, with the picture that shows it when there is one."""

    camera_id: str
    at: datetime
    """Aware UTC; the server's clock when the frame arrived."""
    run: int
    """Random number below 2**53 drawn when the watching of this camera (re)started."""
    seq: int
    """Counts the events of one run from 1; (camera_id, run, seq) names the event for ever."""
    detection: Detection
    picture_jpeg: bytes | None = None


class CameraState(StrEnum):
    CONNECTING = "connecting"
    WATCHING = "watching"
    DOWN = "down"


@dataclass(frozen=True)
class CameraHealth:
    """How a camera is, for people and metrics."""

    camera_id: str
    state: CameraState
    reason: str
    """Empty when watching; else one word: unreachable, refused, nonsense, no-frames, hung,
    worker-lost or starting."""
    detail: str
    """One sentence for a person; never a password."""
    since: datetime
    frames_per_s: float = 0.0
    newest_frame_age_s: float | None = None
    """Since it was read; how old it was by then is `late_s`. Of one that is gone: of its last."""
    late_s: float = 0.0
    """By how much lately a frame was read later than the promptest one: what waited in between."""
    reconnects: int = 0
    reconnects_per_hour: int = 0
    """How often it came back within the last hour, whoever watched it."""
    analysed_per_s: float = 0.0
    frames_shed: int = 0
    """Looks that were left out since the worker began, because it or the stream lagged."""
    shedding: bool = False
    """Whether fewer frames are looked at than detection asks for."""
    trouble: Trouble | None = None
    """What is wrong with its picture, while it is watched."""


@dataclass(frozen=True)
class StreamProfile:
    """One media profile of an ONVIF camera."""

    token: str
    name: str
    width: int
    height: int
    encoding: str
    frames_per_s: float | None
    stream_uri: str | None
    snapshot_uri: str | None
    source: str = ""
    """Token of its video source: the channel, where a recorder speaks for many cameras."""


@dataclass(frozen=True)
class Preset:
    """A place a camera can be turned to, as it was set there."""

    token: str
    name: str


@dataclass(frozen=True)
class Position:
    """Where a camera looks, in its own numbers; None where it does not say."""

    pan: float | None
    tilt: float | None
    zoom: float | None
    moving: bool = False


@dataclass(frozen=True)
class RelayOutput:
    """A relay of a camera, as it is set."""

    token: str
    monostable: bool
    """It goes back by itself after `lasts_s`; else it stays as it is switched."""
    lasts_s: float


@dataclass(frozen=True)
class Channel:
    """One camera of a device: a video source with the streams to use of it."""

    source: str
    number: int
    """Counts the device's sources from 1, in the order it names them."""
    detection: StreamProfile | None
    """What is watched: the smallest that fits; None when it has no stream with an address."""
    evidence: StreamProfile | None
    """What is kept of an incident: the largest."""


@dataclass(frozen=True)
class DiscoveredDevice:
    """An ONVIF device that answered a probe. `endpoint_reference` is its stable identity."""

    endpoint_reference: str
    xaddrs: tuple[str, ...]
    types: tuple[str, ...]
    scopes: tuple[str, ...]
    address: str
    """The IP address the answer came from."""

    @property
    def name(self) -> str:
        """The name in the device's scopes, or empty."""
        return _scope_value(self.scopes, "name")

    @property
    def hardware(self) -> str:
        """The hardware in the device's scopes, or empty."""
        return _scope_value(self.scopes, "hardware")


@dataclass(frozen=True)
class CameraDescription:
    """What an ONVIF camera says about itself after a login."""

    manufacturer: str
    model: str
    firmware: str
    serial: str
    profiles: tuple[StreamProfile, ...]
    clock_skew_s: float | None
    """The camera's clock minus ours, seconds; None when it would not tell."""


def _scope_value(scopes: Sequence[str], key: str) -> str:
    prefix = f"onvif://www.onvif.org/{key}/"
    return next((unquote(s[len(prefix) :]) for s in scopes if s.startswith(prefix)), "")
