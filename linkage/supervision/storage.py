"""Supervision's rows: the devices as registered, what is remembered of them, what was pressed."""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from alarms.log import cursor
from alarms.model import AlarmSource, DeviceState, Flag
from alarms.store.tables import alarms, cursors, devices
from linkage.bulk import execute_many
from linkage.quiet.model import WindowSort
from linkage.quiet.storage import windows
from linkage.schema import grids, households, mutual_aid_groups
from linkage.supervision.changes import Maintained, Registered
from linkage.supervision.deciding import Streak, Watched
from linkage.supervision.schema import supervised_devices, supervision_listening

READER = "supervision"
_ROW = "watch"
_AT_ONCE = 500

_STATES = {state.value: state for state in DeviceState}
_h, _g = households.c, mutual_aid_groups.c
_GROUP = func.coalesce(_h.group_id, devices.c.group_id)
_REGISTERED = (
    select(
        devices.c.id,
        devices.c.state,
        devices.c.household_id,
        _GROUP.label("group_id"),
        grids.c.village_id,
        _h.left_at_ms,
    )
    .join_from(devices, households, _h.id == devices.c.household_id, isouter=True)
    .join(mutual_aid_groups, _g.id == _GROUP, isouter=True)
    .join(grids, grids.c.id == _g.grid_id, isouter=True)
)
_PRESSES = (
    select(alarms.c.position, alarms.c.device, alarms.c.source, alarms.c.flags, alarms.c.at_ms)
    .where(alarms.c.position > bindparam("after"))
    .order_by(alarms.c.position)
    .limit(_AT_ONCE)
)
_BEGIN = insert(supervised_devices)
_KEEP = (
    update(supervised_devices)
    .where(supervised_devices.c.device_id == bindparam("device"))
    .values(
        heard_listened=bindparam("heard"),
        excused_listened=bindparam("excused"),
        memory=bindparam("said"),
    )
)


@dataclass(frozen=True)
class Pressed:
    """A press in the log, as far as it is a sign of life."""

    position: int
    device: str
    is_life: bool
    """False: no button, or the broker had it retained."""
    clock_suspect: bool
    told_time: bool


def registered(conn: Connection) -> list[Registered]:
    """Every device of the registry, with where it belongs."""
    return [
        Registered(device, _STATES[state], household, group, village, left_at_ms is None)
        for device, state, household, group, village, left_at_ms in conn.execute(_REGISTERED)
    ]


def remembered(conn: Connection) -> dict[str, Watched]:
    """What was remembered of each device."""
    found = {}
    for row in conn.execute(select(supervised_devices)):
        said = json.loads(row.memory)
        found[row.device_id] = Watched(
            id=row.device_id,
            state=DeviceState.PLANNED,  # the registry says it
            village_id=None,
            first=row.first_listened,
            heard=row.heard_listened,
            excused=row.excused_listened,
            every=said.get("every"),
            weak=Streak(*said.get("weak", ())),
            strong=Streak(*said.get("strong", ())),
            clock_off=said.get("clock_off", 0),
            clock_good=said.get("clock_good", 0),
            goings=said.get("goings", []),
            kept=True,
        )
    return found


def listened(conn: Connection) -> int:
    """How long was listened in all, ms, as far as it was noted."""
    c = supervision_listening.c
    return conn.scalar(select(c.listened_ms).where(c.name == _ROW)) or 0


def remember(conn: Connection, watched: Sequence[Watched], listened_ms: int) -> None:
    """Keep what must outlive a restart."""
    table = supervision_listening
    kept = conn.execute(
        update(table).where(table.c.name == _ROW).values(listened_ms=listened_ms)
    ).rowcount
    if not kept:
        conn.execute(insert(table).values(name=_ROW, listened_ms=listened_ms))
    if new := [_row(device) for device in watched if not device.kept]:
        execute_many(conn, _BEGIN, new)
    if old := [_changed(device) for device in watched if device.kept]:
        execute_many(conn, _KEEP, old)


def forget(conn: Connection, device_ids: Collection[str]) -> None:
    """Devices that are no longer in the registry."""
    if not device_ids:
        return
    conn.execute(delete(supervised_devices).where(supervised_devices.c.device_id.in_(device_ids)))


def excuse_devices(conn: Connection, device_ids: Iterable[str]) -> None:
    """Let the devices' time begin anew, in the transaction that says that somebody saw to them."""
    ids = list(device_ids)
    for start in range(0, len(ids), _AT_ONCE):
        conn.execute(
            update(supervised_devices)
            .where(supervised_devices.c.device_id.in_(ids[start : start + _AT_ONCE]))
            .values(excused_listened=listened(conn))
        )


def maintained(conn: Connection, now_ms: int) -> Maintained:
    """What the maintenance windows in force name."""
    found = [
        (window.cameras | window.devices, window.villages)
        for window in windows(conn, since_ms=now_ms)
        # a layer is of cameras only
        if window.sort is WindowSort.MAINTENANCE and window.holds_at(now_ms) and not window.layers
    ]
    return Maintained(tuple(found))


def presses_after(conn: Connection, position: int) -> list[Pressed]:
    """The next alarms of the log, oldest first; some hundreds at most."""
    return [
        Pressed(
            position=row.position,
            device=row.device,
            is_life=row.source == AlarmSource.BUTTON.value and Flag.RETAINED not in flags,
            clock_suspect=Flag.CLOCK_SUSPECT in flags,
            told_time=row.at_ms is not None,
        )
        for row in conn.execute(_PRESSES, {"after": position})
        for flags in [row.flags.split()]
    ]


def first_position(conn: Connection) -> int:
    """Where to go on reading the log: what was pressed before supervision began says nothing."""
    if conn.scalar(select(cursors.c.position).where(cursors.c.reader == READER)) is None:
        return conn.scalar(select(func.max(alarms.c.position))) or 0
    return cursor(conn, READER)


def note_heard(conn: Connection, device_ids: Collection[str], at_ms: int) -> None:
    """These have pressed, just now."""
    if device_ids:
        conn.execute(update(devices).where(devices.c.id.in_(device_ids)).values(heard_at_ms=at_ms))


def _row(device: Watched) -> dict[str, object]:
    return {
        "device_id": device.id,
        "first_listened": device.first,
        "heard_listened": device.heard,
        "excused_listened": device.excused,
        "memory": _memory(device),
    }


def _changed(device: Watched) -> dict[str, object]:
    return {
        "device": device.id,
        "heard": device.heard,
        "excused": device.excused,
        "said": _memory(device),
    }


def _memory(device: Watched) -> str:
    said: dict[str, object] = {}
    if device.every is not None:
        said["every"] = device.every
    for name in ("weak", "strong"):
        streak: Streak = getattr(device, name)
        if streak.count:
            said[name] = [streak.first, streak.last, streak.count]
    for name in ("clock_off", "clock_good", "goings"):
        if value := getattr(device, name):
            said[name] = value
    return json.dumps(said)
