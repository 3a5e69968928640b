"""The words of a camera's own events. Only the standard library.

Times that a camera says are by its own clock, which may be wrong; nobody decides by them alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from camerad.model import Trouble


class Operation(StrEnum):
    """What became of a property; an event that is no property has none of these."""

    INITIALIZED = "Initialized"
    """How it stands, said to whoever begins to listen: state, and no news."""
    CHANGED = "Changed"
    DELETED = "Deleted"


@dataclass(frozen=True)
class Notification:
    """One message of a camera, read and not yet understood."""

    topic: str
    """The path without prefixes: `Device/Trigger/DigitalInput`."""
    operation: Operation | None
    at: datetime | None
    """By the camera's clock; None when it says none that can be read."""
    source: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)


class SightingKind(StrEnum):
    """What a camera may say, in the field's words."""

    INPUT = "digital-input"
    MOTION = "motion"
    LOITERING = "loitering"
    LINE_CROSSED = "line-crossed"
    TAMPER = "tamper"
    STORAGE = "storage-failure"
    RELAY = "relay"


@dataclass(frozen=True)
class Sighting:
    """What one notification says."""

    kind: SightingKind
    token: str
    """Of the input, the relay, the video source or the storage; empty where it names none."""
    active: bool
    initial: bool
    """How it stands, not what just happened."""
    at: datetime | None
    """By the camera's clock."""
    rule: str = ""
    """The name of the camera's own rule, where it names one."""
    trouble: Trouble | None = None
    """Of tamper: what is wrong with the picture."""


class EventsState(StrEnum):
    """How it stands with listening to a camera's events."""

    BEGINNING = "beginning"
    LISTENING = "listening"
    LOST = "lost"
    """It does not answer."""
    REFUSED = "refused"
    FULL = "full"
    """Every pull point it has is taken by others."""
    UNSUPPORTED = "unsupported"
    NONSENSE = "nonsense"

    @property
    def label(self) -> tuple[str, str]:
        """The state in Chinese and in English."""
        return _STATE_LABELS[self]


_STATE_LABELS = {
    EventsState.BEGINNING: ("正在订阅事件", "Beginning to listen"),
    EventsState.LISTENING: ("正在接收事件", "Listening to its events"),
    EventsState.LOST: ("摄像机无应答，事件中断", "No answer: its events are lost"),
    EventsState.REFUSED: ("摄像机拒绝登录，收不到事件", "It refuses us: its events are lost"),
    EventsState.FULL: ("事件订阅数已满，收不到事件", "Its subscriptions are all taken"),
    EventsState.UNSUPPORTED: ("摄像机不支持事件订阅", "It offers no events"),
    EventsState.NONSENSE: ("事件应答不符合 ONVIF", "Its events do not follow ONVIF"),
}


@dataclass(frozen=True)
class EventsHealth:
    """How it stands with one device's events, for people and metrics."""

    state: EventsState
    since: datetime
    detail: str = ""
    """One sentence for a person; never a password."""
    subscriptions: int = 0
    """How many were made since we began."""
    heard: int = 0
    """Notifications."""
    unknown: int = 0
    """Of those, such as nobody here understands."""
