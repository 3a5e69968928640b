"""The words of a button's own side: what it shows, how long it waits, what it hears.

Pure data; the button itself is `alarms.simulator`.
"""

from dataclasses import dataclass
from enum import StrEnum

import msgspec

from alarms.service_watch import DeviceTiming


class Face(StrEnum):
    """What the button shows its people."""

    READY = "ready"
    SENDING = "sending"
    RECEIVED = "received"
    ACKNOWLEDGED = "acknowledged"
    DISPATCHED = "dispatched"
    CLOSED = "closed"
    REJECTED = "rejected"
    UNDELIVERED = "undelivered"
    RING_110 = "ring-110"

    @property
    def label(self) -> tuple[str, str]:
        """The text in Chinese and in English."""
        return _LABELS[self]


_LABELS = {
    Face.READY: ("就绪", "Ready"),
    Face.SENDING: ("正在发送…", "Sending…"),
    Face.RECEIVED: ("值班室已收到", "The duty room has it"),
    Face.ACKNOWLEDGED: ("值班员已签收", "An officer has taken it"),
    Face.DISPATCHED: ("已派人前往", "Help is on the way"),
    Face.CLOSED: ("已办结", "Closed"),
    Face.REJECTED: ("未被受理，请拨打110", "Refused: ring 110"),
    Face.UNDELIVERED: ("未送达，请拨打110", "Not delivered: ring 110"),
    Face.RING_110: ("未联网，紧急情况请拨打110", "Not connected: in an emergency ring 110"),
}


@dataclass(frozen=True)
class ButtonTiming(DeviceTiming):
    """The waits of contract §3; shorter ones make a test quick."""

    first_repeat_s: float = 2.0
    repeat_cap_s: float = 30.0
    undelivered_after_s: float = 10.0

    def repeat_after_s(self, attempt: int) -> float:
        """How long to wait for the reply to sending number `attempt` (from 1) before the next."""
        return min(self.repeat_cap_s, self.first_repeat_s * 2.0 ** min(attempt - 1, 32))


class Reply(msgspec.Struct, frozen=True):
    """What the duty room said about a press; `undelivered` is the button's own word."""

    state: str
    boot: int | None = None
    seq: int | None = None
    alarm: str | None = None
    reason: str | None = None
    time_ms: int | None = None


class Notice(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """A neighbour needs help, or no longer does."""

    id: str
    state: str
    until_ms: int
    phrase: str | None = None
    from_: str | None = None
    drill: bool = False


@dataclass(frozen=True)
class Outcome:
    """How a press went: `state` is the first reply's, or `undelivered` when none came in time."""

    boot: int
    seq: int
    state: str
    alarm: str | None
    reason: str | None
    sendings: int
    waited_s: float
