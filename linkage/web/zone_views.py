"""The shapes of zones in the API. A zone says what a zones file says, key by key."""

from typing import Annotated

from msgspec import Meta, Struct

from camerad.model import ZoneKind
from linkage.zones.model import MOST_CORNERS, MOST_ZONES, KeptZone

_Hours = Annotated[str, Meta(max_length=40)]


class ZoneEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As in a zones file; what is left out or null holds as the site's defaults have it."""

    name: Annotated[str, Meta(max_length=200)]
    kind: ZoneKind
    polygon: Annotated[list[tuple[float, float]], Meta(max_length=10 * MOST_CORNERS)]
    """Corners in fractions of the picture, from the top left, in order around it."""
    dwell: Annotated[str, Meta(max_length=20)] | None = None
    """Of a loiter zone: how long somebody stays, such as 20s."""
    min_height: float | None = None
    armed: _Hours | None = None
    """Local hours, such as 22:00-06:00."""
    armed_days_off: _Hours | None = None
    """Instead, on weekends and holidays."""


class ZonesBody(Struct, forbid_unknown_fields=True):
    version: Annotated[int, Meta(ge=0)]
    """The one that was seen."""
    zones: Annotated[list[ZoneEntry], Meta(max_length=4 * MOST_ZONES)]
    reason: Annotated[str, Meta(max_length=200)] = ""
    uncovers: Annotated[list[str], Meta(max_length=4 * MOST_ZONES)] = []
    """The privacy zones that are known to hide otherwise than before."""


class ZonesFileBody(Struct, forbid_unknown_fields=True):
    toml: Annotated[str, Meta(max_length=60_000)]


class ZoneEntries(Struct, frozen=True, kw_only=True):
    zones: list[ZoneEntry]


class ZoneDefaultsView(Struct, frozen=True, kw_only=True):
    """What holds where a zone leaves something out (detection.toml)."""

    dwell: str
    min_height: float | None
    armed: str | None
    armed_days_off: str | None


class ZoneVersionView(Struct, frozen=True, kw_only=True):
    version: int
    at: str
    by: str
    by_name: str
    added: list[str]
    removed: list[str]
    changed: list[str]


class CameraZonesView(Struct, frozen=True, kw_only=True):
    camera: str
    name: str
    is_private: bool
    """A household's own camera: of it no motion of a night is shown."""
    version: int
    zones: list[ZoneEntry]
    defaults: ZoneDefaultsView
    in_force: bool | None
    """Whether the camera's worker hides and watches by them; null: nothing watches it now."""
    history: list[ZoneVersionView]
    """The newest first."""


class ActivitySpan(Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    from_: str
    to: str
    zone: str
    """The motion zone that it was seen in, as it was called then."""
    cells: str | None
    """Where it moved: 36 hexadecimal digits, a bit a cell of `grid`, row by row, the first cell the
    highest bit; null: not known."""
    minute: int
    """Of the local day on which it began, 0 to 1439 …"""
    off: bool
    """… whether that is a day off …"""
    was_off: bool
    """… and whether the day before was."""


class ActivityTold(Struct, frozen=True, kw_only=True):
    at: str
    zone: str


class CameraActivity(Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    camera: str
    night: str
    """The day on which it began."""
    from_: str
    to: str
    grid: tuple[int, int]
    """Columns and rows."""
    spans: list[ActivitySpan]
    """The earliest begun first."""
    more: bool
    """There was more than is told."""
    told: list[ActivityTold]
    """The loitering that was raised."""
    zones_then: bool
    """Whether its zones are as they were when the night began."""


def entry_view(zone: KeptZone) -> ZoneEntry:
    return ZoneEntry(
        name=zone.name,
        kind=zone.kind,
        polygon=list(zone.polygon),
        dwell=None if zone.dwell_s is None else f"{zone.dwell_s:g}s",
        min_height=zone.min_height,
        armed=zone.armed,
        armed_days_off=zone.armed_days_off,
    )


def entry_of(body: ZoneEntry) -> dict[str, object]:
    """As `camerad.zone_entries` judges it."""
    said: dict[str, object] = {
        "name": body.name,
        "kind": body.kind.value,
        "polygon": body.polygon,
        "dwell": body.dwell or None,
        "min_height": body.min_height,
        "armed": body.armed or None,
        "armed_days_off": body.armed_days_off or None,
    }
    return {key: value for key, value in said.items() if value is not None}
