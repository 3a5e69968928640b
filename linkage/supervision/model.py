"""The words of supervision: faults, orders, and by what measures a device counts as well.

Only the standard library. Lengths of time are milliseconds; on which clock is said where they are
used (`deciding`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

_S, _H = 1000, 3600 * 1000


class Fault(StrEnum):
    """What is wrong with a device, or with all of a village's (`maintenance_orders.kind`)."""

    SILENT = "silent"
    NEVER = "never-enrolled"
    """Its label was made, and it was never heard."""
    REVOKED = "revoked"
    """It was revoked and speaks all the same."""
    TAMPERED = "tampered"
    FLAPPING = "flapping"
    """It comes and goes."""
    LOW = "low"
    """Its battery."""
    WEAK = "weak"
    """Its signal."""
    CLOCK = "clock"
    VILLAGE = "village"
    """The devices of a village fell silent together: its mast, its network."""

    OWN_CLOCK = "own-clock"
    """Most devices that tell the time tell another than we do: it is ours that is wrong."""

    @property
    def label(self) -> tuple[str, str]:
        """The fault in Chinese and in English."""
        return _FAULT_LABELS[self]

    @property
    def must_be_confirmed(self) -> bool:
        """Whether somebody has to have looked, though the device says that all is well again."""
        return self in (Fault.TAMPERED, Fault.REVOKED)


_FAULT_LABELS = {
    Fault.SILENT: ("失联", "Silent"),
    Fault.NEVER: ("发放后未启用", "Never heard since its label was made"),
    Fault.REVOKED: ("已吊销仍在发送", "Revoked and still speaking"),
    Fault.TAMPERED: ("被拆动", "Tampered with"),
    Fault.FLAPPING: ("时断时续", "Comes and goes"),
    Fault.LOW: ("电量低", "Battery low"),
    Fault.WEAK: ("信号弱", "Signal weak"),
    Fault.CLOCK: ("时钟不准", "Clock wrong"),
    Fault.VILLAGE: ("全村设备失联", "The village's devices are silent"),
    Fault.OWN_CLOCK: ("本系统时钟不准", "This system's own clock is wrong"),
}


class OrderState(StrEnum):
    """How far a maintenance order has come."""

    OPEN = "open"
    RECOVERED = "recovered"
    """The device is well again; its owner must say that somebody looked."""
    FOLDED = "folded"
    """The village's order stands for it."""
    DONE = "done"


def _due() -> Mapping[Fault, int]:
    return {
        Fault.SILENT: 24 * _H,
        Fault.NEVER: 7 * 24 * _H,
        Fault.REVOKED: 24 * _H,
        Fault.TAMPERED: 24 * _H,
        Fault.FLAPPING: 7 * 24 * _H,
        Fault.LOW: 7 * 24 * _H,
        Fault.WEAK: 14 * 24 * _H,
        Fault.CLOCK: 14 * 24 * _H,
        Fault.VILLAGE: 4 * _H,
        Fault.OWN_CLOCK: 4 * _H,
    }


@dataclass(frozen=True)
class Policy:
    """By what measures a device counts as well. Times in milliseconds."""

    usual_every: int = 24 * _H
    """Of a device that never said how often it speaks."""
    shortest_every: int = 30 * _S
    longest_every: int = 7 * 24 * _H
    """What a device says of itself is believed between these two."""
    grace: int = 120 * _S
    grace_share: float = 0.04
    """Of its own interval, where that is more than `grace`: 24 h are found after 25."""
    will_grace: int = 900 * _S
    """How long after its last will a device may be away; a blip is no order."""
    never_after: int = 14 * 24 * _H
    battery_low: float = 0.2
    battery_ok: float = 0.3
    rssi_weak: float = -95.0
    """dBm; well again at `rssi_ok`."""
    rssi_ok: float = -90.0
    sustained: int = 6 * _H
    """How long, and in `sustained_reports` reports at least, a signal must have been weak."""
    sustained_reports: int = 3
    clock_off: int = 600 * _S
    clock_reports: int = 3
    """So many statuses in a row must show it: one may have waited in a queue."""
    flaps: int = 6
    flaps_within: int = _H
    revoked_for: int = 24 * _H
    """So long after it spoke last, a revoked device has stopped speaking."""
    village_count: int = 5
    village_share: float = 0.5
    village_within: int = 2 * _H
    due: Mapping[Fault, int] = field(default_factory=_due)
    """By when its owner must have seen to it."""
