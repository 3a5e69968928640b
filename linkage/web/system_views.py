"""The shapes that say how the program is."""

from msgspec import Struct


class Part(Struct, frozen=True, kw_only=True):
    state: str
    since: str
    detail: str


class Broker(Struct, frozen=True, kw_only=True):
    kind: str


class CameraCounts(Struct, frozen=True, kw_only=True):
    watching: int
    down: int
    connecting: int


class ConsoleState(Struct, frozen=True, kw_only=True):
    attended: bool
    officers: int


class Flood(Struct, frozen=True, kw_only=True):
    """Cameras raise so much that it is gathered."""

    since: str
    alarms: int


class Maintenance(Struct, frozen=True, kw_only=True):
    """How many devices' maintenance orders somebody must see to; never an alarm."""

    open: int
    overdue: int
    """Handed up to the shift leader."""
    unowned: int
    """Nobody could be found to see to them."""


class System(Struct, frozen=True, kw_only=True):
    intake: Part
    store: Part
    broker: Broker
    cameras: CameraCounts
    console: ConsoleState
    flood: Flood | None
    maintenance: Maintenance
    sse_position: int


class Alive(Struct, frozen=True, kw_only=True):
    alive: bool


class Ready(Struct, frozen=True, kw_only=True):
    ready: bool
    reasons: list[str]
