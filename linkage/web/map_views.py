"""The shapes of the map in the API. Coordinates are WGS-84 degrees everywhere."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

from msgspec import Meta, Struct

from linkage.mapping.reading import Camera, Home
from linkage.mapping.settings import Tiles
from linkage.mapping.sight import FARTHEST_M, WIDEST_DEG, FieldOfView, GroupSight


class MapTiles(Struct, frozen=True, kw_only=True):
    layers: list[str]
    """Addresses with {z}, {x}, {y} and perhaps {s}, the undermost first."""
    subdomains: str
    attribution: str
    system: str
    """wgs84 or gcj02: what is drawn over them is turned into it by the page."""
    deepest_zoom: int


class MapVillage(Struct, frozen=True, kw_only=True):
    id: str
    name: str
    boundary: Any
    """GeoJSON Polygon; null: not drawn."""


class MapGrid(Struct, frozen=True, kw_only=True):
    id: str
    village: str
    name: str
    boundary: Any


class MapGroup(Struct, frozen=True, kw_only=True):
    """A mutual-aid group and how many of its households the cameras see."""

    id: str
    name: str
    grid: str
    village: str
    seen: int
    near: int
    """Within reach of a camera of which nobody wrote down where it looks."""
    blind: int
    unplaced: int
    """Not surveyed."""


class MapHousehold(Struct, frozen=True, kw_only=True):
    id: str
    label: str
    """What neighbours see of it; never a name."""
    group: str
    latitude: float
    longitude: float
    sight: str | None
    """seen, near or blind; null for whoever may see no cameras."""
    seen_by: list[str]
    """The cameras that see it, else those near, as far as they are the caller's; nearest first."""


class MapView(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Where a camera looks."""

    bearing: Annotated[float, Meta(ge=0, le=360)]
    """Of its middle, degrees: 0 north, 90 east."""
    angle: Annotated[float, Meta(ge=1, le=WIDEST_DEG)]
    """From side to side, degrees; 360: all round."""
    range_m: Annotated[float, Meta(ge=1, le=FARTHEST_M)]


class MapCamera(Struct, frozen=True, kw_only=True):
    id: str
    name: str
    village: str
    legal_class: str
    latitude: float
    longitude: float
    view: MapView | None
    """Null: nobody wrote it down."""


class TownMap(Struct, frozen=True, kw_only=True):
    tiles: MapTiles | None
    """Null: nothing is asked of anybody."""
    camera_range_m: float
    """How far a camera without a field of view is taken to see."""
    villages: list[MapVillage]
    grids: list[MapGrid]
    groups: list[MapGroup] | None
    """Null, as the households are, for whoever may not read the registry."""
    households: list[MapHousehold] | None
    cameras: list[MapCamera] | None
    """Null for whoever may see no cameras."""
    cameras_unplaced: int


class MapSpot(Struct, frozen=True, kw_only=True):
    incident: str
    latitude: float
    longitude: float
    of: str
    """household or camera."""


class MapTeam(Struct, frozen=True, kw_only=True):
    """A patrol team that is out now, at its base."""

    id: str
    name: str
    latitude: float
    longitude: float
    until: str
    incident: str | None
    """Number of the open incident it was sent to."""


class MapNow(Struct, frozen=True, kw_only=True):
    incidents: list[MapSpot]
    """The open ones that somebody surveyed the place of."""
    teams: list[MapTeam] | None


class NearCamera(MapCamera, frozen=True, kw_only=True):
    distance_m: float
    sight: str
    """seen: the place is in its field of view; near; blind: it looks elsewhere."""


class IncidentMap(Struct, frozen=True, kw_only=True):
    """What lies around one incident."""

    tiles: MapTiles | None
    camera_range_m: float
    spot: MapSpot | None
    """Null: not surveyed, or not for this caller."""
    villages: list[MapVillage]
    grids: list[MapGrid]
    households: list[MapHousehold] | None
    """Of its group; those that called among them."""
    cameras: list[NearCamera] | None


def tiles(given: Tiles | None) -> MapTiles | None:
    if given is None:
        return None
    return MapTiles(
        layers=list(given.layers),
        subdomains=given.subdomains,
        attribution=given.attribution,
        system=given.system.value,
        deepest_zoom=given.deepest_zoom,
    )


def villages(rows: Iterable[Any]) -> list[MapVillage]:
    return [MapVillage(id=r.id, name=r.name, boundary=_boundary(r.boundary)) for r in rows]


def grids(rows: Iterable[Any]) -> list[MapGrid]:
    return [
        MapGrid(id=r.id, village=r.village_id, name=r.name, boundary=_boundary(r.boundary))
        for r in rows
    ]


def groups(rows: Iterable[Any], sights: Mapping[str, GroupSight]) -> list[MapGroup]:
    found = []
    for row in rows:
        sight = sights.get(row.id, GroupSight())
        found.append(
            MapGroup(
                id=row.id,
                name=row.name,
                grid=row.grid_id,
                village=row.village_id,
                seen=sight.seen,
                near=sight.near,
                blind=sight.blind,
                unplaced=sight.unplaced,
            )
        )
    return found


def households(homes: Sequence[Home]) -> list[MapHousehold]:
    """Those that were surveyed."""
    return [
        MapHousehold(
            id=home.id,
            label=home.label,
            group=home.group_id,
            latitude=home.latitude,
            longitude=home.longitude,
            sight=None if home.seen is None else home.seen.sight.value,
            seen_by=[] if home.seen is None else list(home.seen.by),
        )
        for home in homes
        if home.latitude is not None and home.longitude is not None
    ]


def view(given: FieldOfView | None) -> MapView | None:
    if given is None:
        return None
    return MapView(bearing=given.bearing_deg, angle=given.angle_deg, range_m=given.range_m)


def field_of(given: MapView | None) -> FieldOfView | None:
    """`view` undone."""
    return None if given is None else FieldOfView(given.bearing, given.angle, given.range_m)


def cameras(found: Iterable[Camera]) -> list[MapCamera]:
    """Those that were surveyed."""
    return [
        MapCamera(
            id=one.id,
            name=one.name,
            village=one.village_id,
            legal_class=one.legal_class,
            latitude=one.latitude,
            longitude=one.longitude,
            view=view(one.view),
        )
        for one in found
        if one.latitude is not None and one.longitude is not None
    ]


def _boundary(text: str | None) -> Any:
    return None if text is None else json.loads(text)
