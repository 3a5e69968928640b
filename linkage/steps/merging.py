"""Rows that follow when incidents are merged or one is split: alarms, evidence, cameras, actions.

Runs inside the desk's transaction. Timelines stay where they were written.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from alarms.model import AlarmKind
from linkage import places
from linkage.cells import cell_of
from linkage.custody.schema import evidence_gaps
from linkage.model.action import ActionKind
from linkage.model.event import EventType
from linkage.model.incident import Incident, Stage
from linkage.model.person import Actor
from linkage.model.place import NOWHERE, Place
from linkage.rules.model import PRIORITIES
from linkage.schema import actions, evidence, incident_alarms, incident_cameras, incidents
from linkage.steps.writing import columns
from linkage.timeline import NewEvent
from linkage.ways.station import StationState
from linkage.ways.station_reading import standings

_FOLLOW = (
    ActionKind.REPLY,
    ActionKind.NOTICE,
    ActionKind.SNAPSHOT,
    ActionKind.FAN_OUT,
    ActionKind.CLIP,
    ActionKind.CLIP_KEPT,
    ActionKind.SIREN,
    ActionKind.LOUDSPEAKER,
)
"""What we do for alarms; what calls people about an incident stays with it."""

_STATION = (ActionKind.WEBHOOK, ActionKind.STATION)

_STATION_HAS_IT = (StationState.CONFIRMED, StationState.TELEPHONED)


def alarm_ids(conn: Connection, incident_id: str) -> list[str]:
    """The ids of an incident's alarms, in their order."""
    a = incident_alarms.c
    rows = conn.scalars(select(a.alarm_id).where(a.incident_id == incident_id).order_by(a.position))
    return list(rows)


def move_all(conn: Connection, source: str, target: str) -> None:
    """Alarms, evidence and what is done for them belong to `target` from now on."""
    for table in (incident_alarms, evidence, evidence_gaps):
        conn.execute(update(table).where(table.c.incident_id == source).values(incident_id=target))
    station = standings(conn, [source]).get(source)
    # what the station has not confirmed yet is asked after in the incident that goes on
    asked = () if station is None or station.state in _STATION_HAS_IT else _STATION
    kinds = [kind.value for kind in (*_FOLLOW, *asked)]
    conn.execute(
        update(actions)
        .where(actions.c.incident_id == source, actions.c.kind.in_(kinds))
        .values(incident_id=target)
    )
    _copy_cameras(conn, source, target)
    _note_relinked(conn, target)


def open_split(
    conn: Connection,
    source: Incident,
    alarms: Collection[str],
    *,
    new_id: str,
    number: str,
    actor: Actor,
    reason: str | None,
    now_ms: int,
) -> tuple[Incident, NewEvent]:
    """A new incident, unsigned, with these alarms of `source`; and its first event, unwritten."""
    a = incident_alarms.c
    moved = conn.execute(
        select(incident_alarms).where(a.alarm_id.in_(alarms)).order_by(a.position)
    ).all()
    kinds = [AlarmKind(row.kind) for row in moved]
    place = _place_of(conn, moved, source)
    split = replace(
        source,
        **_ITS_OWN,
        id=new_id,
        number=number,
        stage=Stage.REPORTED,
        kind=min(kinds, key=lambda kind: (kind is not AlarmKind.DURESS, PRIORITIES[kind])),
        silent=any(row.silent for row in moved) or AlarmKind.DURESS in kinds,
        cancel_claimed=AlarmKind.CANCEL in kinds,
        opened_at_ms=now_ms,
        next_due_at_ms=now_ms,
        village_id=place.village_id,
        grid_id=place.grid_id,
        group_id=place.group_id,
        household_id=place.household_id,
        camera_id=place.camera_id,
        latitude=place.latitude,
        longitude=place.longitude,
        cell=cell_of(place.latitude, place.longitude),
        certainty=None,
        flood_village=None,
    )
    conn.execute(insert(incidents).values(**columns(split)))
    conn.execute(update(incident_alarms).where(a.alarm_id.in_(alarms)).values(incident_id=new_id))
    _copy_cameras(conn, source.id, new_id)
    _note_relinked(conn, source.id)
    told = {
        "by": actor.display_name,
        "reason": reason,
        "split_from": {"incident": source.id, "number": source.number},
        "alarms": [row.alarm_id for row in moved],
        "household": place.household_id,
        "decisions": [],
    }
    return split, NewEvent(EventType.OPENED, told, actor=actor.username)


_ITS_OWN: Mapping[str, Any] = {
    "closed_at_ms": None,
    "acknowledged_by": None,
    "acknowledged_at_ms": None,
    "outcome": None,
    "stepped_at_ms": None,
    "verified_at_ms": None,
    "dispatched_at_ms": None,
    "set_out_at_ms": None,
    "arrived_at_ms": None,
    "responded_at_ms": None,
    "reviewed_at_ms": None,
    "dispatched_to": None,
    "responders": (),
    "responded_by": None,
    "supervised_at_ms": None,
    "supervised_by": None,
    "suspended_until_ms": None,
    "merged_into": None,
    "due_step": None,
    "overdue": 0,
    "relinks": None,
    "ring": 1,
    "version": 0,
    "changed_position": 0,
}
"""What a new incident does not take from the one it was split off."""


def _place_of(conn: Connection, moved: Sequence[Any], source: Incident) -> Place:
    """Where the first of these alarms came from that came from somewhere known."""
    for row in moved:
        found = NOWHERE
        if row.household_id is not None:
            found = places.place_of_household(conn, row.household_id)
        elif row.kind == AlarmKind.LOITERING.value:
            found = places.place_of_camera(conn, row.device)
        if found != NOWHERE:
            return found
    return Place(village_id=source.village_id, grid_id=source.grid_id, group_id=source.group_id)


def _note_relinked(conn: Connection, incident_id: str) -> None:
    """The engine must look again which alarms are in it."""
    i = incidents.c
    conn.execute(
        update(incidents).where(i.id == incident_id).values(relinks=func.coalesce(i.relinks, 0) + 1)
    )


def _copy_cameras(conn: Connection, source: str, target: str) -> None:
    c = incident_cameras.c
    known = set(conn.scalars(select(c.camera_id).where(c.incident_id == target)))
    rows = conn.execute(select(incident_cameras).where(c.incident_id == source)).all()
    fresh = [
        {"incident_id": target, "camera_id": row.camera_id, "distance_m": row.distance_m}
        for row in rows
        if row.camera_id not in known
    ]
    if fresh:
        conn.execute(insert(incident_cameras), fresh)
