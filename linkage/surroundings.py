"""What the registry says of where alarms come from, and of what is around there.

Read before the engine's writing transaction, which presses wait for; nothing in it is decided by
the alarms before.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import degrees, inf

from sqlalchemy import Connection

from alarms.model import AlarmSource, LoggedAlarm
from linkage import cells, places
from linkage.model.place import NOWHERE, MemberDevice, NearCamera, Place, Sounder
from linkage.places import CameraSpot
from linkage.quiet.model import Drill, QuietWindow
from linkage.quiet.storage import drills_since, windows
from linkage.rules.model import SourceState


@dataclass(frozen=True)
class Surroundings:
    """What the registry says of where alarms come from, as it was a moment ago."""

    places: Mapping[str, Place]
    """By the alarms' ids."""
    members: Mapping[str, Sequence[MemberDevice]] | None
    """By group. None in a burst: they are looked up after the first messages."""
    spots: Sequence[CameraSpot]
    """From south to north; those not surveyed first."""
    sounders: Mapping[str, Sequence[Sounder]] = field(default_factory=dict)
    """Sirens and loudspeakers by group."""
    windows: tuple[QuietWindow, ...] = ()
    """Silences and maintenance windows that may concern them."""
    drills: tuple[Drill, ...] = ()
    camera_states: Mapping[str, tuple[SourceState, int]] = field(default_factory=dict)
    """How each camera is, and since when (Unix milliseconds)."""

    def cameras(self, place: Place, within_m: float) -> list[NearCamera]:
        """As `places.near`, without a look at every camera of the town."""
        if place.latitude is None:
            return places.near(self.spots, place, within_m)
        band = degrees(within_m / cells.EARTH_M) * 1.01
        first = bisect_left(self.spots, place.latitude - band, key=_latitude)
        last = bisect_right(self.spots, place.latitude + band, key=_latitude)
        return places.near(self.spots[first:last], place, within_m)


def _latitude(spot: CameraSpot) -> float:
    return -inf if spot.latitude is None else spot.latitude


def surroundings(
    conn: Connection, batch: Sequence[LoggedAlarm], *, is_burst: bool = False
) -> Surroundings:
    """The surroundings of these alarms; in a burst only what their first messages need."""
    found = _places(conn, batch)
    groups = {p.group_id for p in found.values() if p.group_id is not None}
    oldest_ms = min((a.received_at_ms for a in batch), default=0)
    has_camera = any(a.source is AlarmSource.CAMERA for a in batch)
    spots = sorted(places.camera_spots(conn), key=_latitude) if batch else []
    return Surroundings(
        found,
        None if is_burst else places.members_of_groups(conn, groups),
        spots,
        places.sounders_of_groups(conn, groups),
        # of each kind of alarm what may concern it: most looks find presses, or nothing
        windows(conn, since_ms=oldest_ms) if has_camera else (),
        drills_since(conn, since_ms=oldest_ms) if batch else (),
    )


def _places(conn: Connection, batch: Sequence[LoggedAlarm]) -> dict[str, Place]:
    """By the alarms' ids."""
    buttons = {a.device for a in batch if a.source is AlarmSource.BUTTON}
    of_device = places.places_of_devices(conn, buttons)
    found = {}
    for alarm in batch:
        match alarm.source:
            case AlarmSource.BUTTON:
                found[alarm.id] = of_device.get(alarm.device, NOWHERE)
            case AlarmSource.CAMERA:
                found[alarm.id] = places.place_of_camera(conn, alarm.device)
            case AlarmSource.REPORT | AlarmSource.SYSTEM:
                found[alarm.id] = _reported_place(conn, alarm.detail)
    return found


def _reported_place(conn: Connection, detail: dict[str, object]) -> Place:
    household, village = detail.get("household"), detail.get("village")
    camera = detail.get("camera")
    if isinstance(camera, str):
        return places.place_of_camera(conn, camera)
    if isinstance(household, str):
        found = places.place_of_household(conn, household)
        if found != NOWHERE:
            return found
    return places.place_of_village(conn, village) if isinstance(village, str) else NOWHERE
