"""What every part stands on."""

from collections.abc import Callable
from dataclasses import dataclass, field

from alarms.mqtt import MqttLink
from alarms.store import Database, SealedBox
from camerad.fleet import Fleet
from lianfang_timing import Clock, SystemClock
from linkage.carrier_port import Carrier
from linkage.changes import Changes
from linkage.model.action import ActionKind
from linkage.settings import Settings


@dataclass(frozen=True)
class Doors:
    """The makers of what touches the outside. Scenarios replace one to stop at a named point."""

    database: type[Database] = Database
    link: type[MqttLink] = MqttLink
    fleet: type[Fleet] = Fleet
    carrier: Callable[[ActionKind, Carrier], Carrier] = lambda _kind, carrier: carrier
    clock: Clock = SystemClock()  # noqa: RUF009 - it holds no state


REAL_DOORS = Doors()


@dataclass(frozen=True)
class Ground:
    """What every part stands on."""

    settings: Settings
    doors: Doors
    database: Database
    box: SealedBox
    changes: Changes = field(default_factory=Changes)

    @property
    def clock(self) -> Clock:
        return self.doors.clock

    @property
    def node(self) -> str:
        """The name of our chains in the log, the timeline and the audit."""
        return self.settings.file.site.node

    @property
    def prefix(self) -> str:
        """Of our topics."""
        return self.settings.file.mqtt.prefix
