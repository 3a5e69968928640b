"""Reading places: where a device, a household or a camera stands, and what is near it.

Writing places is the registry's business. Distances are metres on the sphere; positions WGS-84.
"""

from dataclasses import dataclass
from math import asin, cos, degrees, radians, sin, sqrt

from sqlalchemy import Connection, select

from alarms.store.tables import devices
from linkage.model import NOWHERE, MemberDevice, NearCamera, Place
from linkage.schema import cameras, grids, households, mutual_aid_groups, villages

_EARTH_M = 6_371_000.0


@dataclass(frozen=True)
class PlaceNames:
    """What people call the places of an incident; None where unknown."""

    village: str | None = None
    grid: str | None = None
    group: str | None = None
    household: str | None = None


def distance_m(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Metres between two (latitude, longitude) in degrees, along the great circle."""
    (lat_a, lon_a), (lat_b, lon_b) = a, b
    half_lat = sin(radians(lat_b - lat_a) / 2)
    half_lon = sin(radians(lon_b - lon_a) / 2)
    h = half_lat**2 + cos(radians(lat_a)) * cos(radians(lat_b)) * half_lon**2
    return 2 * _EARTH_M * asin(min(1.0, sqrt(h)))


def place_of_device(conn: Connection, device: str) -> Place:
    """Where the device's household is; a group's device has only the group; else NOWHERE."""
    row = conn.execute(
        select(devices.c.household_id, devices.c.group_id).where(devices.c.id == device)
    ).first()
    if row is None:
        return NOWHERE
    if row.household_id is not None:
        return place_of_household(conn, row.household_id)
    return NOWHERE if row.group_id is None else _place_of_group(conn, row.group_id)


def place_of_household(conn: Connection, household_id: str) -> Place:
    """Group, grid and village of a household; NOWHERE when it is not registered."""
    row = conn.execute(
        select(
            households.c.label,
            households.c.latitude,
            households.c.longitude,
            households.c.group_id,
            mutual_aid_groups.c.grid_id,
            grids.c.village_id,
        )
        .join(mutual_aid_groups, mutual_aid_groups.c.id == households.c.group_id)
        .join(grids, grids.c.id == mutual_aid_groups.c.grid_id)
        .where(households.c.id == household_id)
    ).first()
    if row is None:
        return NOWHERE
    return Place(
        village_id=row.village_id,
        grid_id=row.grid_id,
        group_id=row.group_id,
        household_id=household_id,
        label=row.label,
        latitude=row.latitude,
        longitude=row.longitude,
    )


def place_of_camera(conn: Connection, camera_id: str) -> Place:
    """Village and position of a camera; the bare id when it is not registered."""
    row = conn.execute(select(cameras).where(cameras.c.id == camera_id)).first()
    if row is None:
        return Place(camera_id=camera_id)
    return Place(
        village_id=row.village_id,
        camera_id=camera_id,
        layer=row.layer,
        latitude=row.latitude,
        longitude=row.longitude,
    )


def place_of_village(conn: Connection, village_id: str) -> Place:
    """The village, or NOWHERE when it is not registered."""
    found = conn.scalar(select(villages.c.id).where(villages.c.id == village_id))
    return NOWHERE if found is None else Place(village_id=village_id)


def cameras_near(conn: Connection, place: Place, within_m: float) -> list[NearCamera]:
    """Enabled cameras within the distance, nearest first.

    A place that was not surveyed has the cameras of its village near it, at unknown distance.
    """
    if place.latitude is None or place.longitude is None:
        if place.village_id is None:
            return []
        ids = conn.scalars(
            select(cameras.c.id)
            .where(cameras.c.enabled, cameras.c.village_id == place.village_id)
            .order_by(cameras.c.id)
        )
        return [NearCamera(i, None) for i in ids]
    here = (place.latitude, place.longitude)
    # a band of latitude first: it needs no trigonometry, and leaves few rows
    band = degrees(within_m / _EARTH_M) * 1.01
    rows = conn.execute(
        select(cameras.c.id, cameras.c.latitude, cameras.c.longitude).where(
            cameras.c.enabled,
            cameras.c.latitude.between(here[0] - band, here[0] + band),
            cameras.c.longitude.is_not(None),
        )
    )
    near = [NearCamera(r.id, distance_m(here, (r.latitude, r.longitude))) for r in rows]
    found = [c for c in near if c.distance_m is not None and c.distance_m <= within_m]
    return sorted(found, key=lambda c: (c.distance_m, c.camera_id))


def member_devices(conn: Connection, group_id: str) -> list[MemberDevice]:
    """The buttons of all households of a group, in a steady order."""
    rows = conn.execute(
        select(devices.c.id, households.c.id.label("household_id"), households.c.wants_notices)
        .join(households, households.c.id == devices.c.household_id)
        .where(households.c.group_id == group_id, devices.c.kind == "button")
        .order_by(devices.c.id)
    )
    return [MemberDevice(r.id, r.household_id, r.wants_notices) for r in rows]


def place_names(
    conn: Connection,
    *,
    village_id: str | None,
    grid_id: str | None,
    group_id: str | None,
    household_id: str | None,
) -> PlaceNames:
    """The names of these places, for people."""

    def named(column: object, table_id: object, wanted: str | None) -> str | None:
        if wanted is None:
            return None
        name = conn.scalar(select(column).where(table_id == wanted))  # type: ignore[call-overload]
        return None if name is None else str(name)

    return PlaceNames(
        village=named(villages.c.name, villages.c.id, village_id),
        grid=named(grids.c.name, grids.c.id, grid_id),
        group=named(mutual_aid_groups.c.name, mutual_aid_groups.c.id, group_id),
        household=named(households.c.label, households.c.id, household_id),
    )


def _place_of_group(conn: Connection, group_id: str) -> Place:
    row = conn.execute(
        select(mutual_aid_groups.c.grid_id, grids.c.village_id)
        .join(grids, grids.c.id == mutual_aid_groups.c.grid_id)
        .where(mutual_aid_groups.c.id == group_id)
    ).first()
    if row is None:
        return NOWHERE
    return Place(village_id=row.village_id, grid_id=row.grid_id, group_id=group_id)
