"""What a person may have cameras do for an incident: turn to their preset and back, sound a siren.

Plain functions of a `Connection`. Turning is asked for in the camera's row and done by
`turning_watch` within two seconds; a siren goes the way of all sirens, through the outbox.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, select, update

from alarms.model import LIFE_SAFETY_KINDS, AlarmKind
from camerad.model import Position
from linkage import audit, records
from linkage.audit import AuditAction, AuditEntry
from linkage.camera_events import storage
from linkage.camera_events.schema import camera_presets
from linkage.camera_events.turning import ByHand, No, Turned, is_trying, no_sounding, no_turning
from linkage.consent.judging import PRIVATE
from linkage.model.event import EventType
from linkage.model.incident import OPEN_STAGES
from linkage.registry.errors import NoSuchEntry, NotPossible
from linkage.registry.history import Caller
from linkage.registry.model import Said
from linkage.schema import cameras, incident_cameras, incidents
from linkage.timeline import NewEvent, record
from linkage.ways.planning import siren_actions
from linkage.ways.settings import Ways
from linkage.ways.station_desk import holds_quiet

_OPEN: Final = frozenset(stage.value for stage in OPEN_STAGES)
_OF_HELP: Final = frozenset(kind.value for kind in LIFE_SAFETY_KINDS - {AlarmKind.DURESS})


@dataclass(frozen=True)
class Tools:
    """What one camera of an incident can do."""

    camera_id: str
    name: str
    preset: str | None
    """Where it is turned to; None: nobody has set it."""
    is_away: bool
    """It is turned for this incident now."""
    is_asked: bool
    """It was asked to turn for this incident, and has not yet."""
    sirens: tuple[tuple[str, str], ...]
    """(the relay's token, the siren's id)."""
    no_turning: No | None
    no_sounding: No | None


def tools(conn: Connection, caller: Caller, incident_id: str) -> list[Tools]:
    """Of the incident's cameras those that can do anything, the nearest first. Raises
    NoSuchEntry."""
    incident = _incident(conn, caller, incident_id)
    link, c = incident_cameras.c, cameras.c
    rows = conn.execute(
        select(cameras)
        .join_from(incident_cameras, cameras, c.id == link.camera_id)
        .where(link.incident_id == incident_id)
        .order_by(link.distance_m, c.id)
    ).all()
    found = [_tools(conn, caller, incident, row) for row in rows]
    return [one for one in found if one.preset is not None or one.sirens]


def turn(conn: Connection, caller: Caller, incident_id: str, camera_id: str) -> None:
    """Ask that it turns to its preset. Raises NoSuchEntry, NotPossible."""
    one = _of(conn, caller, incident_id, camera_id)
    if one.preset is None:
        raise NoSuchEntry
    _must(one.no_turning)
    if one.is_away:
        return
    _ask(
        conn,
        camera_id,
        {
            "incident_id": incident_id,
            "since_ms": caller.at_ms,
            "pan": None,
            "tilt": None,
            "zoom": None,
        },
    )
    _note(conn, caller, camera_id, {"change": "turn-asked", "incident": incident_id})


def give_back(conn: Connection, caller: Caller, incident_id: str, camera_id: str) -> None:
    """Ask that it is given back before its time. Raises NoSuchEntry, NotPossible."""
    one = _of(conn, caller, incident_id, camera_id)
    if not one.is_away:
        raise NotPossible(Said("它没有为这起警情转动", "it is not turned for this incident"))
    # its time is over now
    _ask(conn, camera_id, {"since_ms": 0})
    _note(conn, caller, camera_id, {"change": "give-back-asked", "incident": incident_id})


def sound(
    conn: Connection,
    caller: Caller,
    incident_id: str,
    camera_id: str,
    token: str,
    *,
    ways: Ways,
    display_name: str,
) -> int:
    """Have the siren on this relay sound for its time; how far the changes stand after it. 消音
    stops it as any other. Raises NoSuchEntry, NotPossible."""
    one = _of(conn, caller, incident_id, camera_id)
    siren = dict(one.sirens).get(token)
    if siren is None:
        raise NoSuchEntry
    _must(one.no_sounding)
    cause = f"by-hand|{caller.at_ms}"
    planned = siren_actions(ways, [siren], cause=cause, now_ms=caller.at_ms)
    records.plan(conn, incident_id, planned, now_ms=caller.at_ms)
    _note(conn, caller, camera_id, {"change": "siren", "siren": siren, "incident": incident_id})
    data = {"by": display_name, "device": siren, "camera": camera_id}
    return record(
        conn,
        incident_id,
        [NewEvent(EventType.SOUNDED, data, actor=caller.username)],
        writer=caller.writer,
        at_ms=caller.at_ms,
        new_version=False,
    )


def _of(conn: Connection, caller: Caller, incident_id: str, camera_id: str) -> Tools:
    found = tools(conn, caller, incident_id)
    one = next((tool for tool in found if tool.camera_id == camera_id), None)
    if one is None:
        raise NoSuchEntry
    return one


def _must(no: No | None) -> None:
    if no is not None:
        raise NotPossible(Said(*no.label))


def _incident(conn: Connection, caller: Caller, incident_id: str) -> Row[Any]:
    row = conn.execute(select(incidents).where(incidents.c.id == incident_id)).first()
    if row is None or not caller.places.covers(row.village_id):
        raise NoSuchEntry
    return row


def _tools(conn: Connection, caller: Caller, incident: Row[Any], camera: Row[Any]) -> Tools:
    preset = storage.preset(conn, camera.id)
    away_for = preset.incident_id if preset is not None and preset.away else None
    found = ByHand(
        is_open=incident.stage in _OPEN,
        is_quiet=bool(incident.silent) or holds_quiet(conn, incident.id),
        is_drill=bool(incident.drill),
        is_of_help=incident.kind in _OF_HELP,
        is_in_service=bool(camera.enabled) and camera.onvif_address is not None,
        is_private=camera.legal_class == PRIVATE,
        is_veiled=bool(storage.veiled(conn, [camera.id])),
        is_taken=away_for not in (None, incident.id),
    )
    sirens: Sequence[tuple[str, str]] = sorted(storage.relays(conn, camera.id).items())
    return Tools(
        camera.id,
        camera.name,
        None if preset is None else preset.preset,
        away_for == incident.id,
        preset is not None and _is_asked(preset, incident.id, caller.at_ms),
        tuple(sirens),
        no_turning(found),
        no_sounding(found),
    )


def _is_asked(preset: Row[Any], incident_id: str, now_ms: int) -> bool:
    knows = preset.pan is not None or preset.zoom is not None
    left = Position(preset.pan, preset.tilt, preset.zoom) if knows else None
    turned = Turned(preset.incident_id, preset.since_ms, bool(preset.away), left)
    return preset.incident_id == incident_id and is_trying(turned, now_ms)


def _ask(conn: Connection, camera_id: str, values: dict[str, object]) -> None:
    p = camera_presets.c
    conn.execute(update(camera_presets).where(p.camera_id == camera_id).values(values))


def _note(conn: Connection, caller: Caller, camera_id: str, said: dict[str, object]) -> None:
    facts = {"unit": caller.unit, **said}
    entry = AuditEntry(
        caller.username, AuditAction.CHANGE, f"camera:{camera_id}", caller.address, facts
    )
    audit.record(conn, caller.writer, [entry], at_ms=caller.at_ms)
