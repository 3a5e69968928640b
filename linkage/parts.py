"""How each part of the system is, in one word a part, for whoever looks after it. Pure.

What is read to know it is in `linkage.web.parts_reading`; the words for people are the console's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

LATE_MS = 60_000
"""An action that should have been carried out so long ago is late."""
CAMERA_CLOCK_S = 30.0
"""A camera's clock may be so far off before somebody should set it."""
_GB = 1_000_000_000


class Level(StrEnum):
    OK = "ok"
    WARN = "warn"
    """Somebody should see to it today."""
    BAD = "bad"
    """Something that the town relies on does not work."""
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Part:
    name: str
    level: Level
    since_ms: int | None = None
    """Since when it is so, where that is known."""
    figures: Mapping[str, int] = field(default_factory=dict)
    detail: str = ""
    """What the part says of itself, Chinese first."""


@dataclass(frozen=True)
class Disk:
    free_bytes: int
    total_bytes: int
    keep_free_bytes: int
    """Below it nothing large is kept any more."""


@dataclass(frozen=True)
class Outbox:
    """What was decided and is to be carried out."""

    late: int
    oldest_due_ms: int | None
    failed: int
    """Given up within the last day."""


@dataclass(frozen=True)
class Cameras:
    watching: int
    down: int
    connecting: int
    down_since_ms: int | None
    """The one that has been down longest."""
    clocks_off: int
    """Whose clock is farther off than CAMERA_CLOCK_S."""


@dataclass(frozen=True)
class People:
    officers: int
    """Who sits at an attended console and may sign."""
    on_rota: int
    empty_since_ms: int | None


@dataclass(frozen=True)
class Upkeep:
    open: int
    overdue: int
    unowned: int


def link_part(name: str, *, up: bool, since_ms: int, detail: str) -> Part:
    """The intake, the store: up or down since."""
    return Part(name, Level.OK if up else Level.BAD, since_ms, detail=detail)


def broker_part(*, embedded: bool, up: bool, since_ms: int) -> Part:
    """The embedded broker is for trying out: a site that lives by it should know."""
    if not up:
        return Part("broker", Level.BAD, since_ms, {"embedded": int(embedded)})
    return Part("broker", Level.WARN if embedded else Level.OK, None, {"embedded": int(embedded)})


def outbox_part(outbox: Outbox) -> Part:
    level = Level.BAD if outbox.late else Level.WARN if outbox.failed else Level.OK
    since_ms = outbox.oldest_due_ms if outbox.late else None
    return Part("outbox", level, since_ms, {"late": outbox.late, "failed": outbox.failed})


def cameras_part(cameras: Cameras) -> Part:
    figures = {
        "watching": cameras.watching,
        "down": cameras.down,
        "connecting": cameras.connecting,
        "total": cameras.watching + cameras.down + cameras.connecting,
    }
    if cameras.down:
        return Part("cameras", Level.BAD, cameras.down_since_ms, figures)
    return Part("cameras", Level.WARN if cameras.connecting else Level.OK, None, figures)


def disk_part(disk: Disk | None) -> Part:
    """None: the folder cannot be looked at."""
    if disk is None:
        return Part("disk", Level.UNKNOWN)
    share = 100 * disk.free_bytes // max(1, disk.total_bytes)
    figures = {
        "free_gb": disk.free_bytes // _GB,
        "total_gb": disk.total_bytes // _GB,
        "free_percent": share,
    }
    if disk.free_bytes <= disk.keep_free_bytes:
        return Part("disk", Level.BAD, None, figures)
    is_low = disk.free_bytes <= 3 * disk.keep_free_bytes or share < 5
    return Part("disk", Level.WARN if is_low else Level.OK, None, figures)


def clock_part(*, own_wrong_since_ms: int | None, cameras_off: int) -> Part:
    """Ours, as most devices that tell the time tell it; and the cameras'."""
    figures = {"cameras_off": cameras_off}
    if own_wrong_since_ms is not None:
        return Part("clock", Level.BAD, own_wrong_since_ms, figures)
    return Part("clock", Level.WARN if cameras_off else Level.OK, None, figures)


def people_part(people: People) -> Part:
    figures = {"officers": people.officers, "on_rota": people.on_rota}
    if people.officers == 0:
        return Part("people", Level.BAD, people.empty_since_ms, figures)
    return Part("people", Level.OK if people.on_rota else Level.WARN, None, figures)


def upkeep_part(upkeep: Upkeep) -> Part:
    level = Level.BAD if upkeep.overdue else Level.WARN if upkeep.open else Level.OK
    return Part("devices", level, None, vars(upkeep))


def accounts_part(*, without_factor: int, ending_soon: int) -> Part:
    """Accounts that configure or take data out and have no second factor; and those that end
    within a week."""
    figures = {"without_factor": without_factor, "ending_soon": ending_soon}
    return Part("accounts", Level.WARN if any(figures.values()) else Level.OK, None, figures)
