"""Reading devices for people: lists with filters, one device with its history.

Plain functions of a `Connection`; what lies outside the caller's places is not there. How a device
fares is what supervision last wrote down of it; nothing is judged here.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, or_, select

from alarms.model import DeviceState
from alarms.store.tables import devices
from linkage.accounts.rights import Places
from linkage.registry.errors import NoSuchEntry
from linkage.schema import grids, households, mutual_aid_groups, villages
from linkage.supervision.schema import maintenance_orders

OK, NEVER_HEARD, UNSUPERVISED = "ok", "never-heard", "unsupervised"
_STANDING = ("open", "folded")
_WORST_FIRST = (
    "silent",
    "revoked",
    "tampered",
    "flapping",
    "low",
    "weak",
    "clock",
    "never-enrolled",
)

_d, _h, _g = devices.c, households.c, mutual_aid_groups.c
_GROUP = func.coalesce(_h.group_id, _d.group_id)
_COLUMNS = (
    devices,
    _GROUP.label("in_group"),
    _g.name.label("group_name"),
    _h.label.label("household_label"),
    villages.c.id.label("village_id"),
    villages.c.name.label("village_name"),
)
_IN_USE = _d.state.in_([DeviceState.ISSUED.value, DeviceState.ENROLLED.value])


@dataclass(frozen=True)
class Filters:
    """Which devices; None: any."""

    village: str | None = None
    group: str | None = None
    household: str | None = None
    kind: str | None = None
    state: str | None = None
    health: str | None = None
    search: str | None = None
    """Part of its id, its household's label, or its group's name."""


@dataclass(frozen=True)
class ShownDevice:
    """A device with its last words. Times are Unix milliseconds; None where nothing is known."""

    id: str
    kind: str
    state: str
    unsigned: bool
    village_id: str | None
    village: str | None
    group_id: str | None
    group: str | None
    household_id: str | None
    household: str | None
    """Its agreed label."""
    online: bool | None
    heard_at_ms: int | None
    tested_at_ms: int | None
    issued_at_ms: int | None
    enrolled_at_ms: int | None
    revoked_at_ms: int | None
    overlap_until_ms: int | None
    """It is being rotated: up to then what it had counts too."""
    health: str
    faults: tuple[str, ...]
    """All that stand, the worst first."""
    status: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class DevicePage:
    items: list[ShownDevice]
    total: int
    """Of all that the filters leave, on every page."""
    next: str | None
    """The id to ask for what comes after."""


def list_devices(
    conn: Connection, places: Places, wanted: Filters, *, after: str = "", limit: int = 100
) -> DevicePage:
    """Devices by id, one page of them."""
    conditions = [*_inside(places), *_conditions(wanted)]
    total = conn.scalar(_joined(select(func.count())).where(*conditions)) or 0
    statement = (
        _joined(select(*_COLUMNS))
        .where(*conditions, _d.id > after)
        .order_by(_d.id)
        .limit(limit + 1)
    )
    rows = conn.execute(statement).all()
    items = _shown(conn, rows[:limit])
    return DevicePage(items, total, items[-1].id if len(rows) > limit else None)


def one_device(conn: Connection, places: Places, device: str) -> ShownDevice:
    """Raises NoSuchEntry."""
    row = conn.execute(_joined(select(*_COLUMNS)).where(_d.id == device, *_inside(places))).first()
    if row is None:
        raise NoSuchEntry
    return _shown(conn, [row])[0]


def _joined(statement: Select[Any]) -> Select[Any]:
    return (
        statement.select_from(devices)
        .join(households, _h.id == _d.household_id, isouter=True)
        .join(mutual_aid_groups, _g.id == _GROUP, isouter=True)
        .join(grids, grids.c.id == _g.grid_id, isouter=True)
        .join(villages, villages.c.id == grids.c.village_id, isouter=True)
    )


def _inside(places: Places) -> list[ColumnElement[bool]]:
    return [] if places.villages is None else [villages.c.id.in_(sorted(places.villages))]


def _conditions(wanted: Filters) -> list[ColumnElement[bool]]:
    equal = (
        (villages.c.id, wanted.village),
        (_GROUP, wanted.group),
        (_d.household_id, wanted.household),
        (_d.kind, wanted.kind),
        (_d.state, wanted.state),
    )
    found = [column == value for column, value in equal if value is not None]
    if wanted.health is not None:
        found.append(_of_health(wanted.health))
    if wanted.search:
        part = f"%{_literally(wanted.search.strip())}%"
        texts = (_d.id, _h.label, _g.name)
        found.append(or_(*(column.ilike(part, escape="\\") for column in texts)))
    return found


def _of_health(health: str) -> ColumnElement[bool]:
    o = maintenance_orders.c
    faulty = select(o.device_id).where(o.device_id.is_not(None), o.state.in_(_STANDING))
    never = and_(_d.heard_at_ms.is_(None), _d.status_at_ms.is_(None), _d.tested_at_ms.is_(None))
    if health == UNSUPERVISED:
        return ~_IN_USE & _d.id.not_in(faulty)
    if health == NEVER_HEARD:
        return and_(_IN_USE, never, _d.id.not_in(faulty))
    if health == OK:
        return and_(_IN_USE, ~never, _d.id.not_in(faulty))
    return _d.id.in_(faulty.where(o.kind == health))


def _shown(conn: Connection, rows: Sequence[Row[Any]]) -> list[ShownDevice]:
    faults = _faults_of(conn, [row.id for row in rows])
    return [_device(row, faults.get(row.id, ())) for row in rows]


def _faults_of(conn: Connection, ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
    o = maintenance_orders.c
    found: dict[str, set[str]] = {}
    if ids:
        statement = select(o.device_id, o.kind).where(o.device_id.in_(ids), o.state.in_(_STANDING))
        for row in conn.execute(statement):
            found.setdefault(row.device_id, set()).add(row.kind)
    return {device: tuple(sorted(kinds, key=_badness)) for device, kinds in found.items()}


def _badness(fault: str) -> int:
    return _WORST_FIRST.index(fault) if fault in _WORST_FIRST else len(_WORST_FIRST)


def _device(row: Row[Any], faults: tuple[str, ...]) -> ShownDevice:
    return ShownDevice(
        id=row.id,
        kind=row.kind,
        state=row.state,
        unsigned=bool(row.unsigned),
        village_id=row.village_id,
        village=row.village_name,
        group_id=row.in_group,
        group=row.group_name,
        household_id=row.household_id,
        household=row.household_label,
        online=row.online,
        heard_at_ms=row.heard_at_ms,
        tested_at_ms=row.tested_at_ms,
        issued_at_ms=row.issued_at_ms,
        enrolled_at_ms=row.enrolled_at_ms,
        revoked_at_ms=row.revoked_at_ms,
        overlap_until_ms=row.previous_until_ms,
        health=_health(row, faults),
        faults=faults,
        status={} if row.status is None else json.loads(row.status),
    )


def _health(row: Row[Any], faults: tuple[str, ...]) -> str:
    if faults:
        return faults[0]
    if row.state not in (DeviceState.ISSUED.value, DeviceState.ENROLLED.value):
        return UNSUPERVISED
    heard = (row.heard_at_ms, row.status_at_ms, row.tested_at_ms)
    return NEVER_HEARD if all(at is None for at in heard) else OK


def _literally(text: str) -> str:
    for special in "\\%_":
        text = text.replace(special, f"\\{special}")
    return text
