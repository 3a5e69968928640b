"""Fetching what the pipeline's stages look at, for the alarms of one transaction at once.

What the registry says of their places is read before the engine's writing transaction, which
presses wait for. Incidents are read inside it, so that what is read still holds when the decision
is written; and what is decided about one alarm is there for the next.
"""

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import degrees, inf
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, func, literal_column, select

from alarms.model import LIFE_SAFETY_KINDS, AlarmKind, AlarmSource, LoggedAlarm
from alarms.store.prepared import PreparedIn
from lianfang_timing import from_unix_ms
from linkage import cells, places
from linkage.custody.model import ClipPolicy
from linkage.facts import Facts, LinkedAlarm, OpenIncident
from linkage.model.certainty import Certainty, usual_certainty
from linkage.model.incident import OPEN_STAGES
from linkage.model.person import EVERYWHERE
from linkage.model.place import NOWHERE, MemberDevice, NearCamera, Place, Sounder
from linkage.places import CameraSpot
from linkage.quiet.model import Drill, QuietWindow
from linkage.quiet.storage import camera_alarms_ms, drills_since, windows
from linkage.records import planned_steps
from linkage.rules.model import Rules, SourceState
from linkage.schema import incident_alarms, incident_cameras, incidents
from linkage.ways.settings import Ways

# Built once: making and hashing a statement costs more than running it.
_OPEN: list[ColumnElement[str]] = [literal_column(f"'{stage.value}'") for stage in OPEN_STAGES]
_LINKED = PreparedIn(
    lambda ids: select(incident_alarms.c.alarm_id).where(incident_alarms.c.alarm_id.in_(ids))
)


def _incidents_where(column: ColumnElement[Any], of: ColumnElement[Any]) -> PreparedIn:
    return PreparedIn(lambda names: select(of).where(column.in_(names)))


# one index each; those who share are found first, whether they are open then: without statistics
# SQLite would rather go through every open incident and all its alarms
_SHARING = {
    "device": _incidents_where(incident_alarms.c.device, incident_alarms.c.incident_id),
    "household": _incidents_where(incident_alarms.c.household_id, incident_alarms.c.incident_id),
    "group": _incidents_where(incidents.c.group_id, incidents.c.id),
    "camera": _incidents_where(incident_cameras.c.camera_id, incident_cameras.c.incident_id),
    "gate": _incidents_where(incidents.c.camera_id, incidents.c.id),
    "cell": _incidents_where(incidents.c.cell, incidents.c.id),
    "flood": _incidents_where(incidents.c.flood_village, incidents.c.id),
    # no index fits this, and few sites ask for it
    "village": _incidents_where(incidents.c.village_id, incidents.c.id),
}
"""By what it is that incidents and alarms share. A gate is a camera at which one began."""

_OPEN_OF_THESE = PreparedIn(
    lambda ids: (
        select(incidents)
        .where(incidents.c.id.in_(ids), incidents.c.stage.in_(_OPEN))
        .order_by(incidents.c.opened_at_ms, incidents.c.number)
    )
)
# a device that presses a thousand times must not make every later alarm dear: what tells its
# presses apart is their kind, so the newest of each is enough
_ALARMS = PreparedIn(
    lambda ids: (
        select(
            incident_alarms.c.incident_id,
            incident_alarms.c.kind,
            incident_alarms.c.silent,
            incident_alarms.c.device,
            incident_alarms.c.household_id,
            func.max(incident_alarms.c.received_at_ms).label("received_at_ms"),
        )
        .where(incident_alarms.c.incident_id.in_(ids))
        .group_by(
            incident_alarms.c.incident_id,
            incident_alarms.c.kind,
            incident_alarms.c.silent,
            incident_alarms.c.device,
            incident_alarms.c.household_id,
        )
        .order_by(func.min(incident_alarms.c.position))
    )
)
_CAMERAS = PreparedIn(
    lambda ids: select(incident_cameras.c.incident_id, incident_cameras.c.camera_id).where(
        incident_cameras.c.incident_id.in_(ids)
    )
)

_Shared = tuple[str, str]
"""Something that incidents and alarms have in common: what it is, and its id."""


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


class FactReader:
    """The facts about each alarm of one batch. Lives as long as the transaction it reads in."""

    def __init__(
        self,
        conn: Connection,
        batch: Sequence[LoggedAlarm],
        around: Surroundings,
        known: Mapping[str, OpenIncident],
        *,
        rules: Rules,
        ways: Ways,
        now_ms: int,
        time_zone: ZoneInfo,
        clips: ClipPolicy | None = None,
        again: bool = False,
    ) -> None:
        """`around` holds the surroundings of the batch at least; `known` incidents by id, as the
        engine's last transactions left them. `again`: what is linked is looked at as if it were
        not (for explaining)."""
        self._rules = rules
        self._ways = ways
        self._clips = clips
        self._now_ms = now_ms
        self._time_zone = time_zone
        self._around = around
        ids = [] if again else [a.id for a in batch]
        self._linked = {found for (found,) in _LINKED.rows(conn, ids)}
        self.open: dict[str, OpenIncident] = {}
        """The open incidents that the batch may belong to, by id, as they stand now."""
        self._sharing: dict[_Shared, set[str]] = defaultdict(set)
        new = [a for a in batch if a.id not in self._linked]
        self._near = {a.id: around.cameras(around.places[a.id], rules.widest_m) for a in new}
        self._shared = {a.id: self._shared_by(a) for a in new}
        for incident in _open_incidents(conn, self._shared.values(), known):
            self.note(incident)
        by_camera = [a.received_at_ms for a in new if a.source is AlarmSource.CAMERA]
        since_ms = min(by_camera, default=now_ms) - round(rules.flood.within_s * 1000)
        self._of_cameras = camera_alarms_ms(conn, since_ms=since_ms) if by_camera else []

    def facts(self, alarm: LoggedAlarm) -> Facts:
        """The facts about one alarm of the batch, as they stand now."""
        local = from_unix_ms(alarm.received_at_ms).astimezone(self._time_zone)
        if alarm.id in self._linked:
            return Facts(alarm, self._now_ms, local, self._rules, linked=True)
        place = self._around.places[alarm.id]
        ids = set().union(*(self._sharing.get(s, ()) for s in self._shared[alarm.id]))
        sharing = [self.open[i] for i in ids]
        members = self._around.members
        of_cameras: tuple[int, ...] = ()
        if alarm.source is AlarmSource.CAMERA:
            of_cameras = (*self._of_cameras, alarm.received_at_ms)
        return Facts(
            alarm,
            self._now_ms,
            local,
            self._rules,
            place=place,
            incidents=tuple(
                sorted(sharing, key=lambda i: (i.opened_at_ms, i.number), reverse=True)
            ),
            cameras=tuple(self._near[alarm.id]),
            members=None if members is None else tuple(members.get(place.group_id or "", ())),
            sounders=tuple(self._around.sounders.get(place.group_id or "", ())),
            ways=self._ways,
            clips=self._clips,
            windows=self._around.windows,
            drills=self._around.drills,
            camera_states=self._around.camera_states,
            camera_alarms_ms=of_cameras,
        )

    def _shared_by(self, alarm: LoggedAlarm) -> list[_Shared]:
        """What would make an incident one that this alarm might belong to."""
        place, rules = self._around.places[alarm.id], self._rules
        found = [
            ("device", alarm.device),
            *(
                (what, name)
                for what, name in (
                    ("household", place.household_id),
                    ("group", place.group_id),
                    ("camera", place.camera_id),
                )
                if name is not None
            ),
        ]
        if rules.looks_to_villages and place.village_id is not None:
            found.append(("village", place.village_id))
        if alarm.source is AlarmSource.CAMERA:
            found.append(("flood", place.village_id or EVERYWHERE))
        elif alarm.kind in LIFE_SAFETY_KINDS:
            found += [
                ("gate", near.camera_id)
                for near in self._near[alarm.id]
                if near.distance_m is not None and near.distance_m <= rules.gate_m
            ]
        around = cells.cells_around(place.latitude, place.longitude, rules.near_m_of(alarm.kind))
        return [*found, *(("cell", cell) for cell in around)]

    def linked(self, alarm: LoggedAlarm, incident: OpenIncident) -> None:
        """An alarm of the batch has opened or changed this incident."""
        if alarm.source is AlarmSource.CAMERA:
            insort(self._of_cameras, alarm.received_at_ms)
        self.note(incident)

    def note(self, incident: OpenIncident) -> None:
        """This incident is open, and stands so now."""
        self.open[incident.id] = incident
        for shared in _shared_in(incident):
            self._sharing[shared].add(incident.id)


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


def _shared_in(incident: OpenIncident) -> Iterator[_Shared]:
    if incident.group_id is not None:
        yield "group", incident.group_id
    if incident.camera_id is not None:
        yield "gate", incident.camera_id
    if incident.village_id is not None:
        yield "village", incident.village_id
    if incident.flood_village is not None:
        yield "flood", incident.flood_village
    cell = cells.cell_of(incident.latitude, incident.longitude)
    if cell is not None:
        yield "cell", cell
    for camera in incident.camera_ids:
        yield "camera", camera
    for alarm in incident.alarms:
        yield "device", alarm.device
        if alarm.household_id is not None:
            yield "household", alarm.household_id


def _open_incidents(
    conn: Connection,
    shared: Iterable[Sequence[_Shared]],
    known: Mapping[str, OpenIncident],
) -> list[OpenIncident]:
    """Every open incident that shares something of this."""
    names: dict[str, set[str]] = defaultdict(set)
    for of_alarm in shared:
        for what, name in of_alarm:
            names[what].add(name)
    sharing = {
        incident
        for what, wanted in names.items()
        for (incident,) in _SHARING[what].rows(conn, sorted(wanted))
    }
    found = _OPEN_OF_THESE.records(conn, sorted(sharing))
    if not found:
        return []
    ids = [r.id for r in found]
    # only the engine links alarms and cameras, and people who merge and split: what it knows of
    # the others is not read again
    relinks = {r.id: r.relinks for r in found}
    known = {i: one for i, one in known.items() if relinks.get(i, -1) == one.relinks}
    asked = [i for i in ids if i not in known]
    linked: dict[str, list[LinkedAlarm]] = defaultdict(list)
    seen_by: dict[str, set[str]] = defaultdict(set)
    for incident, kind, silent, device, household, at_ms in _ALARMS.rows(conn, asked):
        one = LinkedAlarm(AlarmKind(kind), bool(silent), device, household, at_ms)
        linked[incident].append(one)
    for incident, camera in _CAMERAS.rows(conn, asked):
        seen_by[incident].add(camera)
    pending = planned_steps(conn, ids)
    return [
        OpenIncident(
            id=r.id,
            number=r.number,
            opened_at_ms=r.opened_at_ms,
            kind=AlarmKind(r.kind),
            priority=r.priority,
            plan=r.plan,
            silent=bool(r.silent),
            ring=r.ring,
            cancel_claimed=bool(r.cancel_claimed),
            acknowledged_by=r.acknowledged_by,
            group_id=r.group_id,
            camera_id=r.camera_id,
            alarms=known[r.id].alarms if r.id in known else tuple(linked[r.id]),
            camera_ids=known[r.id].camera_ids if r.id in known else frozenset(seen_by[r.id]),
            pending=pending.get(r.id),
            relinks=r.relinks,
            village_id=r.village_id,
            grid_id=r.grid_id,
            household_id=r.household_id,
            latitude=r.latitude,
            longitude=r.longitude,
            certainty=_certainty(r.certainty, r.kind),
            drill_id=r.drill_id,
            is_drill=bool(r.drill),
            flood_village=r.flood_village,
        )
        for r in found
    ]


def _certainty(word: str | None, kind: str) -> Certainty:
    return usual_certainty(AlarmKind(kind)) if word is None else Certainty(word)
