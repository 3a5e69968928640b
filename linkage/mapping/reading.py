"""Reading what stands on the map: plain functions of a `Connection`.

Whoever asks passes the places that are theirs; what lies elsewhere is not in the answer. Cameras of
other villages still count where it is judged whether a household is seen, but are not named.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from math import cos, degrees, radians
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select, true

from linkage import schema as s
from linkage.accounts.rights import Places
from linkage.cells import EARTH_M
from linkage.mapping.sight import Eye, FieldOfView, GroupSight, Seen, by_group, looked_at
from linkage.model.incident import OPEN_STAGES

_V, _G, _T, _H, _C, _I = (
    s.villages.c,
    s.grids.c,
    s.mutual_aid_groups.c,
    s.households.c,
    s.cameras.c,
    s.incidents.c,
)


@dataclass(frozen=True)
class Home:
    """A household in the net; `seen` None where it was not surveyed, or the caller sees no
    cameras."""

    id: str
    label: str
    group_id: str
    latitude: float | None
    longitude: float | None
    seen: Seen | None = None


@dataclass(frozen=True)
class Camera:
    """A camera in use."""

    id: str
    name: str
    village_id: str
    legal_class: str
    latitude: float | None
    longitude: float | None
    view: FieldOfView | None

    @property
    def eye(self) -> Eye | None:
        """None where it was not surveyed."""
        if self.latitude is None or self.longitude is None:
            return None
        return Eye(self.id, self.latitude, self.longitude, self.view)


@dataclass(frozen=True)
class Spot:
    """Where an incident is; `of` says by what: household or camera."""

    incident_id: str
    latitude: float
    longitude: float
    of: str


def view_of(row: Row[Any]) -> FieldOfView | None:
    """Of a row of `cameras`; None where nobody wrote all of it down."""
    said = (row.view_bearing_deg, row.view_angle_deg, row.view_range_m)
    return None if None in said else FieldOfView(*said)


def view_columns(view: FieldOfView | None) -> dict[str, float | None]:
    """`view_of` undone."""
    if view is None:
        return dict.fromkeys(("view_bearing_deg", "view_angle_deg", "view_range_m"))
    return {
        "view_bearing_deg": view.bearing_deg % 360,
        "view_angle_deg": view.angle_deg,
        "view_range_m": view.range_m,
    }


def read_villages(conn: Connection, places: Places) -> Sequence[Any]:
    """Villages with their boundaries (GeoJSON text)."""
    query = select(_V.id, _V.name, _V.boundary).where(_inside(places, _V.id))
    return conn.execute(query.order_by(_V.name, _V.id)).all()


def read_grids(conn: Connection, places: Places) -> Sequence[Any]:
    query = select(_G.id, _G.village_id, _G.name, _G.boundary)
    return conn.execute(query.where(_inside(places, _G.village_id)).order_by(_G.id)).all()


def read_groups(conn: Connection, places: Places) -> Sequence[Any]:
    """Those that are not retired, with their village and grid."""
    return conn.execute(
        select(_T.id, _T.name, _T.grid_id, _G.village_id)
        .join(s.grids, _G.id == _T.grid_id)
        .where(_T.retired_at_ms.is_(None), _inside(places, _G.village_id))
        .order_by(_T.id)
    ).all()


def read_homes(conn: Connection, places: Places, *, group: str | None = None) -> list[Home]:
    """Households in the net, of one group or of all."""
    query = (
        select(_H.id, _H.label, _H.group_id, _H.latitude, _H.longitude)
        .join(s.mutual_aid_groups, _T.id == _H.group_id)
        .join(s.grids, _G.id == _T.grid_id)
        .where(_H.left_at_ms.is_(None), _inside(places, _G.village_id))
        .order_by(_H.id)
    )
    if group is not None:
        query = query.where(_H.group_id == group)
    return [Home(*row) for row in conn.execute(query)]


def read_cameras(
    conn: Connection, *, near: tuple[float, float] | None = None, within_m: float = 0.0
) -> list[Camera]:
    """All that are in use, in whatever village; `near`: only those surveyed in a box of so many
    metres on each side of this (latitude, longitude)."""
    query = select(s.cameras).where(_C.enabled)
    if near is not None:
        north = degrees(within_m / EARTH_M)
        east = north / max(cos(radians(near[0])), 0.01)
        query = query.where(
            _C.latitude.between(near[0] - north, near[0] + north),
            _C.longitude.between(near[1] - east, near[1] + east),
        )
    rows = conn.execute(query.order_by(_C.id))
    return [
        Camera(
            row.id,
            row.name,
            row.village_id,
            row.legal_class,
            row.latitude,
            row.longitude,
            view_of(row),
        )
        for row in rows
    ]


def with_sight(
    homes: Sequence[Home], cameras: Sequence[Camera], places: Places, *, usual_range_m: float
) -> list[Home]:
    """The households with how the cameras see them."""
    spots = {
        home.id: (home.latitude, home.longitude)
        for home in homes
        if home.latitude is not None and home.longitude is not None
    }
    eyes = [camera.eye for camera in cameras if camera.eye is not None]
    seen = looked_at(spots, eyes, usual_range_m=usual_range_m)
    mine = {camera.id for camera in cameras if places.covers(camera.village_id)}
    return [replace(home, seen=_named(seen.get(home.id), mine)) for home in homes]


def group_sights(homes: Sequence[Home]) -> dict[str, GroupSight]:
    """By group, how its households are seen."""
    return by_group(
        (home.group_id, None if home.seen is None else home.seen.sight) for home in homes
    )


def read_open_spots(conn: Connection, places: Places) -> list[Spot]:
    """Where the open incidents are, as far as anybody surveyed it."""
    opened = _I.stage.in_([stage.value for stage in OPEN_STAGES])
    inside = _inside(places, _I.village_id)
    at_home = (
        select(_I.id, _H.latitude, _H.longitude)
        .join(s.households, _H.id == _I.household_id)
        .where(opened, inside, _H.latitude.is_not(None), _H.longitude.is_not(None))
    )
    at_camera = (
        select(_I.id, _C.latitude, _C.longitude)
        .join(s.cameras, _C.id == _I.camera_id)
        .where(
            opened,
            inside,
            _I.household_id.is_(None),
            _C.latitude.is_not(None),
            _C.longitude.is_not(None),
        )
    )
    found = [Spot(*row, "household") for row in conn.execute(at_home)]
    return found + [Spot(*row, "camera") for row in conn.execute(at_camera)]


def _named(seen: Seen | None, mine: Collection[str]) -> Seen | None:
    if seen is None:
        return None
    return replace(seen, by=tuple(id_ for id_ in seen.by if id_ in mine))


def _inside(places: Places, village: ColumnElement[Any]) -> ColumnElement[bool]:
    return true() if places.villages is None else village.in_(sorted(places.villages))
