"""The open incidents that share something with alarms: a device, a household, a place, a camera."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, literal_column, select

from alarms.model import AlarmKind
from alarms.store.prepared import PreparedIn
from linkage import cells
from linkage.facts import LinkedAlarm, OpenIncident
from linkage.model.certainty import Certainty, usual_certainty
from linkage.model.incident import OPEN_STAGES
from linkage.records import planned_steps
from linkage.schema import incident_alarms, incident_cameras, incidents

# Built once: making and hashing a statement costs more than running it.
_OPEN: list[ColumnElement[str]] = [literal_column(f"'{stage.value}'") for stage in OPEN_STAGES]


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

Shared = tuple[str, str]
"""Something that incidents and alarms have in common: what it is, and its id."""


def shared_in(incident: OpenIncident) -> Iterator[Shared]:
    """What alarms may have in common with this incident."""
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


def open_incidents(
    conn: Connection,
    shared: Iterable[Sequence[Shared]],
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
