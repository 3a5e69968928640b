"""The words of `alarms`: kinds, presses, alarms, refusals, replies.

Only the standard library; every other module of the package speaks these types.
"""

from dataclasses import dataclass, field
from enum import StrEnum

DEVICE_ID_PATTERN = r"[A-Za-z0-9._-]{1,64}"


class AlarmKind(StrEnum):
    """What an alarm says. The first eight come from buttons (contract §3)."""

    PANIC = "panic"
    FIRE = "fire"
    MEDICAL = "medical"
    MISSING = "missing"
    OTHER = "other"
    DURESS = "duress"
    CANCEL = "cancel"
    TEST = "test"
    LOITERING = "loitering"
    UNATTENDED = "unattended"
    """Nobody sits at an attended console."""
    ROTA_GAP = "rota_gap"
    """Nobody will hold a post that must be manned."""
    CAMERA_FAULT = "camera_fault"
    """A camera's picture is covered, turned, lost or otherwise of no use."""

    @property
    def label(self) -> tuple[str, str]:
        """The kind in Chinese and in English."""
        return _KIND_LABELS[self]


_KIND_LABELS = {
    AlarmKind.PANIC: ("紧急求助", "Panic"),
    AlarmKind.FIRE: ("火警", "Fire"),
    AlarmKind.MEDICAL: ("医疗救助", "Medical"),
    AlarmKind.MISSING: ("人员走失", "Missing person"),
    AlarmKind.OTHER: ("其他求助", "Other help"),
    AlarmKind.DURESS: ("胁迫报警", "Duress"),
    AlarmKind.CANCEL: ("取消声明", "Cancel claim"),
    AlarmKind.TEST: ("测试", "Test"),
    AlarmKind.LOITERING: ("徘徊", "Loitering"),
    AlarmKind.UNATTENDED: ("值守空缺", "Empty chair"),
    AlarmKind.ROTA_GAP: ("排班空缺", "Gap in the rota"),
    AlarmKind.CAMERA_FAULT: ("摄像机故障", "Camera fault"),
}

SYSTEM_KINDS = frozenset({AlarmKind.UNATTENDED, AlarmKind.ROTA_GAP, AlarmKind.CAMERA_FAULT})
"""What we raise ourselves, about ourselves; only these may be closed by the system."""

PRESS_KINDS = frozenset(AlarmKind) - {AlarmKind.LOITERING} - SYSTEM_KINDS

LIFE_SAFETY_KINDS = frozenset(
    {
        AlarmKind.PANIC,
        AlarmKind.FIRE,
        AlarmKind.MEDICAL,
        AlarmKind.MISSING,
        AlarmKind.OTHER,
        AlarmKind.DURESS,
    }
)
"""Kinds that ring until a named person has taken them, whatever any rule says."""


class AlarmSource(StrEnum):
    """Which net an alarm came through."""

    BUTTON = "button"
    CAMERA = "camera"
    REPORT = "report"
    SYSTEM = "system"


class Flag(StrEnum):
    """What is odd about an alarm that is an alarm all the same."""

    CLOCK_SUSPECT = "clock_suspect"
    SEQUENCE_SUSPECT = "sequence_suspect"
    RETAINED = "retained"
    UNSIGNED = "unsigned"


class RefusalReason(StrEnum):
    """Why a press was refused, as the device is told."""

    MALFORMED = "malformed"
    UNKNOWN_DEVICE = "unknown-device"
    BAD_SIGNATURE = "bad-signature"
    TOO_LARGE = "too-large"


class ReplyState(StrEnum):
    """What a device is told about its press."""

    RECEIVED = "received"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"
    ACKNOWLEDGED = "acknowledged"
    DISPATCHED = "dispatched"
    CLOSED = "closed"


@dataclass(frozen=True)
class Press:
    """A press that was decoded, not yet checked against the device's key."""

    device: str
    boot: int
    seq: int
    kind: AlarmKind
    silent: bool
    at_ms: int | None
    """The device's clock, Unix milliseconds; None when it sent none."""
    mac: str | None


@dataclass(frozen=True)
class NewAlarm:
    """An alarm on its way into the log.

    Its identity is (device, boot, seq, mac): the log keeps each identity once. For cameras
    `device` is the camera id, `boot` the run and `seq` the event's number in it.
    """

    source: AlarmSource
    device: str
    boot: int
    seq: int
    mac: str
    """Lower-case hex, or empty where the source does not sign."""
    kind: AlarmKind
    silent: bool = False
    at_ms: int | None = None
    mac_ok: bool = False
    flags: frozenset[Flag] = frozenset()
    detail: dict[str, object] = field(default_factory=dict)
    """Facts that only this source has (zone, dwell, text of a report); JSON values."""
    by_previous_key: bool = False
    """Signed with what the device had before its rotation: the new label is not scanned in yet."""

    @property
    def identity(self) -> tuple[str, int, int, str]:
        return (self.device, self.boot, self.seq, self.mac)


@dataclass(frozen=True)
class LoggedAlarm:
    """An alarm that is on disk. `position` orders the log; readers keep it as their cursor."""

    position: int
    id: str
    source: AlarmSource
    device: str
    boot: int
    seq: int
    kind: AlarmKind
    silent: bool
    at_ms: int | None
    received_at_ms: int
    mac_ok: bool
    flags: frozenset[Flag]
    detail: dict[str, object]
    chain: str
    """The hash that ties this row to all before it; 64 hex digits."""


@dataclass(frozen=True)
class Appended:
    """What the log answers: the first alarm with this identity, and whether it was there before."""

    alarm_id: str
    received_at_ms: int
    duplicate: bool


@dataclass(frozen=True)
class SeenNotice:
    """What a member's device says of a notice it was sent; `state` is whatever it sent."""

    device: str
    notice_id: str
    state: str


@dataclass(frozen=True)
class SounderStatus:
    """What a siren or a loudspeaker says it does."""

    device: str
    kind: str
    """`siren` or `loudspeaker`."""
    sounding: bool
    """A siren is on; a loudspeaker has said something."""


@dataclass(frozen=True)
class DeviceReport:
    """What a device's status says of itself; None where it says nothing of it."""

    device: str
    live: bool
    """It came as it was said; else the broker had retained it, and nobody knows since when."""
    online: bool
    """False: a goodbye, or the last will that the broker speaks for it."""
    every_s: float | None = None
    battery: float | None = None
    rssi: float | None = None
    tamper: bool | None = None
    at_ms: int | None = None
    """Its clock, Unix milliseconds."""


@dataclass(frozen=True)
class Refusal:
    """A message that was no acceptable press, kept with its reason."""

    device: str | None
    topic: str
    reason: RefusalReason
    detail: str
    size: int
    head: bytes
    """The first bytes of the payload, sealed, for whoever must find out why
    (`DeviceRegistry.open_head`)."""


class DeviceState(StrEnum):
    """How far a device has come."""

    PLANNED = "planned"
    """Registered; its label was never made, so nobody has its key."""
    ISSUED = "issued"
    """Its key and login were shown once; nothing shows yet that it works where it hangs."""
    ENROLLED = "enrolled"
    """Its first test press was heard."""
    REVOKED = "revoked"
    """Lost, stolen or taken down: heard no more."""


@dataclass(frozen=True)
class LoginOwner:
    """Whose a broker login is."""

    device: str
    kind: str


@dataclass(frozen=True)
class DeviceRecord:
    """What the door must know of a device."""

    id: str
    kind: str
    household_id: str | None
    key: bytes | None = field(repr=False)
    """The 32-byte signing key; None for devices registered as unsigned."""
    unsigned: bool = False
    last_boot: int | None = None
    last_seq: int | None = None
    state: DeviceState = DeviceState.ISSUED
    previous_key: bytes | None = field(default=None, repr=False)
    """What it signed with before its rotation; None: nothing else is accepted."""
    previous_until_ms: int = 0
    """Up to when `previous_key` is."""
