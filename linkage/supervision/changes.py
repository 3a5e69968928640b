"""What the roll is told of the registry and the store, and what it wants written.

What is decided of them is in `roll`; how they are written, in `orders`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from alarms.model import DeviceState
from linkage.supervision.deciding import Watched
from linkage.supervision.model import Fault, OrderState


class Registered(NamedTuple):
    """A device as the registry has it now."""

    id: str
    state: DeviceState
    household_id: str | None = None
    group_id: str | None = None
    village_id: str | None = None
    in_the_net: bool = True


@dataclass(frozen=True)
class StandingOrder:
    """A maintenance order that is not done."""

    id: str
    fault: Fault
    state: OrderState
    device_id: str | None
    village_id: str | None
    folded_into: str | None = None


@dataclass(frozen=True)
class Orders:
    """All that stand."""

    standing: Sequence[StandingOrder] = ()
    folded: Mapping[str, int] = field(default_factory=dict)
    """For how many devices each village's order stood, those that are back counted too."""


@dataclass(frozen=True)
class Raise:
    id: str
    fault: Fault
    device: Watched | None
    """None: the whole village."""
    village_id: str | None
    into: str | None = None
    """The village's order that stands for it."""


@dataclass(frozen=True)
class Recover:
    """The device is well again; `closes`: nobody has to confirm it."""

    order_id: str
    closes: bool


@dataclass(frozen=True)
class Reopen:
    """It was well again, and is not."""

    order_id: str


@dataclass(frozen=True)
class Fold:
    order_id: str
    into: str


@dataclass(frozen=True)
class Close:
    """Done without the device being well."""

    order_id: str
    why: str
    device_id: str | None = None
    anew: bool = False
    """The device's time begins anew."""
    fault: Fault = Fault.SILENT
    """What it was about."""


Change = Raise | Recover | Reopen | Fold | Close

NOT_SUPERVISED = "not-supervised"
VILLAGE_IS_BACK = "village-is-back"
CLOCK_IS_RIGHT = "clock-is-right"


def end_of_all(fault: Fault) -> str:
    """Why the orders end for which this common one stood, when it is over."""
    return CLOCK_IS_RIGHT if fault is Fault.OWN_CLOCK else VILLAGE_IS_BACK


@dataclass(frozen=True)
class Maintained:
    """What is being worked on at this moment."""

    windows: tuple[tuple[frozenset[str], frozenset[str]], ...] = ()
    """Of each, devices and villages; both must fit, and none named is any."""

    def covers(self, device_id: str, village_id: str | None) -> bool:
        return any(
            (not devices or device_id in devices) and (not villages or village_id in villages)
            for devices, villages in self.windows
        )
