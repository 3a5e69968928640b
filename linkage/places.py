"""Reading places: where a device, a household or a camera stands, and what is near it.

Writing places is the registry's business. Distances are metres on the sphere; positions WGS-84.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from math import degrees
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, literal_column, select

from alarms.model import DeviceState
from alarms.store.prepared import Prepared, PreparedIn
from alarms.store.tables import devices
from linkage.camera_events.schema import camera_inputs
from linkage.cells import EARTH_M, distance_m
from linkage.model.action import ActionKind
from linkage.model.place import NOWHERE, MemberDevice, NearCamera, Place, Sounder
from linkage.registry.model import ToldBy
from linkage.schema import cameras, grids, households, mutual_aid_groups, villages

# Built once: making and hashing a statement costs more than running it, and in a storm these are
# run for every few alarms.
_HOME_COLUMNS = (
    households.c.id.label("household_id"),
    households.c.label,
    households.c.latitude,
    households.c.longitude,
    households.c.group_id,
    mutual_aid_groups.c.grid_id,
    grids.c.village_id,
)
_IN_GROUP = mutual_aid_groups.c.id == households.c.group_id
_IN_GRID = grids.c.id == mutual_aid_groups.c.grid_id
_HOME = (
    select(*_HOME_COLUMNS)
    .join(mutual_aid_groups, _IN_GROUP)
    .join(grids, _IN_GRID)
    .where(households.c.id == bindparam("household"))
)
_HOMES_OF_DEVICES = PreparedIn(
    lambda ids: (
        select(devices.c.id.label("device"), *_HOME_COLUMNS)
        .join(households, households.c.id == devices.c.household_id)
        .join(mutual_aid_groups, _IN_GROUP)
        .join(grids, _IN_GRID)
        .where(devices.c.id.in_(ids))
    )
)
_GROUPS_OF_DEVICES = PreparedIn(
    lambda ids: (
        select(
            devices.c.id.label("device"),
            devices.c.group_id,
            mutual_aid_groups.c.grid_id,
            grids.c.village_id,
        )
        .join(mutual_aid_groups, mutual_aid_groups.c.id == devices.c.group_id)
        .join(grids, _IN_GRID)
        .where(devices.c.id.in_(ids), devices.c.household_id.is_(None))
    )
)
_CAMERAS_OF_WIRED = PreparedIn(
    lambda ids: select(camera_inputs.c.button, camera_inputs.c.camera_id).where(
        camera_inputs.c.button.in_(ids)
    )
)
_CAMERA_SPOTS = Prepared(
    select(cameras.c.id, cameras.c.village_id, cameras.c.latitude, cameras.c.longitude)
    .where(cameras.c.enabled)
    .order_by(cameras.c.id)
)
# nobody has a planned one yet, and nothing more is told to a revoked one
_IN_USE: list[ColumnElement[str]] = [
    literal_column(f"'{state.value}'") for state in (DeviceState.ISSUED, DeviceState.ENROLLED)
]
_MEMBERS = PreparedIn(
    lambda ids: (
        select(
            devices.c.id.label("device"),
            households.c.id.label("household_id"),
            households.c.group_id,
            households.c.wants_notices,
            households.c.told_by,
        )
        .join(households, households.c.id == devices.c.household_id)
        .where(
            households.c.group_id.in_(ids),
            # who has left the net calls for help still, and is told of nobody's
            households.c.left_at_ms.is_(None),
            devices.c.kind == literal_column("'button'"),
            devices.c.state.in_(_IN_USE),
            # a contact on a camera shows and says nothing
            devices.c.id.not_in(select(camera_inputs.c.button)),
        )
        .order_by(devices.c.id)
    )
)
_SOUNDING: list[ColumnElement[str]] = [
    literal_column(f"'{k.value}'") for k in (ActionKind.SIREN, ActionKind.LOUDSPEAKER)
]
_SOUNDERS = PreparedIn(
    lambda ids: (
        select(devices.c.id, devices.c.kind, devices.c.group_id)
        .where(
            devices.c.group_id.in_(ids), devices.c.kind.in_(_SOUNDING), devices.c.state.in_(_IN_USE)
        )
        .order_by(devices.c.id)
    )
)


@dataclass(frozen=True)
class CameraSpot:
    """Where a camera stands; latitude and longitude None when it was not surveyed."""

    id: str
    village_id: str
    latitude: float | None
    longitude: float | None


@dataclass(frozen=True)
class PlaceNames:
    """What people call the places of an incident; None where unknown."""

    village: str | None = None
    grid: str | None = None
    group: str | None = None
    household: str | None = None


def places_of_devices(conn: Connection, ids: Collection[str]) -> dict[str, Place]:
    """Where each device's household is; a group's device has only the group, a button that is wired
    to a camera and is nobody's stands where the camera does. Others without a registered place are
    not in it."""
    if not ids:
        return {}
    asked = list(ids)
    found = {r.device: _home(r) for r in _HOMES_OF_DEVICES.records(conn, asked)}
    for row in _GROUPS_OF_DEVICES.records(conn, asked):
        found[row.device] = Place(
            village_id=row.village_id, grid_id=row.grid_id, group_id=row.group_id
        )
    unplaced = [device for device in asked if device not in found]
    if unplaced:
        # a pillar on the square is nobody's: it stands where its camera does
        for button, camera in _CAMERAS_OF_WIRED.rows(conn, unplaced):
            found[button] = place_of_camera(conn, camera)
    return found


def place_of_household(conn: Connection, household_id: str) -> Place:
    """Group, grid and village of a household; NOWHERE when it is not registered."""
    row = conn.execute(_HOME, {"household": household_id}).first()
    return NOWHERE if row is None else _home(row)


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


def camera_spots(conn: Connection) -> list[CameraSpot]:
    """Where all enabled cameras stand, in a steady order."""
    return [CameraSpot(*row) for row in _CAMERA_SPOTS.rows(conn, {})]


def near(spots: Iterable[CameraSpot], place: Place, within_m: float) -> list[NearCamera]:
    """The cameras within the distance, nearest first.

    A place that was not surveyed has the cameras of its village near it, at unknown distance.
    """
    if place.latitude is None or place.longitude is None:
        if place.village_id is None:
            return []
        return [NearCamera(s.id, None) for s in spots if s.village_id == place.village_id]
    here = (place.latitude, place.longitude)
    # a band of latitude first: it needs no trigonometry, and leaves few
    band = degrees(within_m / EARTH_M) * 1.01
    found = [
        (distance_m(here, (spot.latitude, spot.longitude)), spot.id)
        for spot in spots
        if spot.latitude is not None
        and spot.longitude is not None
        and abs(spot.latitude - here[0]) <= band
    ]
    return [NearCamera(i, distance) for distance, i in sorted(found) if distance <= within_m]


def members_of_groups(conn: Connection, ids: Collection[str]) -> dict[str, list[MemberDevice]]:
    """The buttons of all households of each group, in a steady order."""
    found: dict[str, list[MemberDevice]] = {group: [] for group in ids}
    for device, household, group, wants, how in _MEMBERS.rows(conn, list(ids)):
        found[group].append(MemberDevice(device, household, bool(wants) and ToldBy(how).by_button))
    return found


def sounders_of_groups(conn: Connection, ids: Collection[str]) -> dict[str, list[Sounder]]:
    """Sirens and loudspeakers of each group that has any, in a steady order."""
    found: dict[str, list[Sounder]] = {}
    for device, kind, group in _SOUNDERS.rows(conn, list(ids)):
        found.setdefault(group, []).append(Sounder(device, ActionKind(kind)))
    return found


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


def _home(row: Any) -> Place:
    """From a row with the columns of `_HOME_COLUMNS`."""
    return Place(
        village_id=row.village_id,
        grid_id=row.grid_id,
        group_id=row.group_id,
        household_id=row.household_id,
        label=row.label,
        latitude=row.latitude,
        longitude=row.longitude,
    )
