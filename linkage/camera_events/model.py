"""The words of wired buttons. Only the standard library and the words of others."""

from dataclasses import dataclass
from enum import StrEnum

from alarms.model import AlarmKind
from camerad.device_events.inputs import Known

WIRED_KINDS = frozenset(
    {AlarmKind.PANIC, AlarmKind.FIRE, AlarmKind.MEDICAL, AlarmKind.OTHER, AlarmKind.DURESS}
)
"""What may hang on an input."""


_UNHEARD = Known()


@dataclass(frozen=True)
class WiredInput:
    """A button on a camera's digital input."""

    camera_id: str
    token: str
    button: str
    """The device in the registry: whose household's or group's it is stands there."""
    wired_at_ms: int
    """Names, with the number of a press, that press for ever."""
    kind: AlarmKind = AlarmKind.PANIC
    silent: bool = False
    normally_closed: bool = False
    known: Known = _UNHEARD
    changed_ms: int | None = None
    """Since when it stands as it does, by our clock."""
    test_until_ms: int | None = None

    def pressed(self, *, active: bool) -> bool:
        """Whether it is pressed when the camera says that the input is active, or not."""
        return active is not self.normally_closed


class WhyDead(StrEnum):
    """Why a press of a wired button would not be heard."""

    UNHEARD = "unheard"
    """Its camera's events do not reach us."""
    STUCK = "stuck"
    """It stands pressed: nobody could press it again."""
    NO_CAMERA = "no-camera"
    """Its camera is out of service."""

    @property
    def label(self) -> tuple[str, str]:
        """In Chinese and in English."""
        return _WHY[self]


_WHY = {
    WhyDead.UNHEARD: ("收不到摄像机的事件", "its camera's events do not reach us"),
    WhyDead.STUCK: ("一直处于按下状态", "it stands pressed"),
    WhyDead.NO_CAMERA: ("所接摄像机已停用", "its camera is out of service"),
}


@dataclass(frozen=True)
class DeadButton:
    """A wired button whose press would not be heard, and since when (Unix ms)."""

    wired: WiredInput
    why: WhyDead
    since_ms: int
