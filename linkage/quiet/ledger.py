"""演练台账: what each device in a drill's scope did, and who answered it. Reading only."""

import csv
import io
import json
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from sqlalchemy import Connection, select

from alarms.model import Flag
from alarms.store.tables import alarms, devices
from lianfang_timing import from_unix_ms
from linkage.model.action import ActionKind
from linkage.model.event import EventType
from linkage.model.place import Place
from linkage.quiet.model import Drill
from linkage.schema import (
    actions,
    grids,
    households,
    incident_alarms,
    incident_events,
    incidents,
    mutual_aid_groups,
)

_Row = Any
_HEADING = ("设备", "户", "组", "按下", "应答", "签收", "签收人", "警情", "转为实警", "邻户通知")
_CLOCKS_APART_MS = 5 * 60 * 1000
"""A device's clock that is farther from ours says nothing of when it was pressed."""


@dataclass(frozen=True)
class LedgerLine:
    """One button of the drill's scope. Times are Unix milliseconds; None: it has not happened."""

    device: str
    household_id: str | None = None
    label: str | None = None
    group: str | None = None
    pressed_at_ms: int | None = None
    """By its own clock where that can be believed; its first press in the drill."""
    answered_at_ms: int | None = None
    """When the press was safe, and the button was told so."""
    acknowledged_at_ms: int | None = None
    acknowledged_by: str | None = None
    incident_id: str | None = None
    number: str | None = None
    became_real: bool = False
    notice: str | None = None
    """How far a neighbour's drill press came to this device, and what it answered."""


def ledger(conn: Connection, drill: Drill) -> list[LedgerLine]:
    """A line for each button in scope, and for each that pressed in the drill all the same."""
    pressed = _presses(conn, drill.id)
    notices = _notices(conn, drill.id)
    lines = []
    for row in _buttons(conn):
        place = Place(village_id=row.village_id, group_id=row.group_id)
        if drill.covers(place, row.device) or row.device in pressed:
            lines.append(_line(conn, row, pressed.get(row.device), notices.get(row.device)))
    return lines


def as_csv(lines: list[LedgerLine], zone: tzinfo) -> str:
    """For a spreadsheet: a heading in Chinese, local times."""

    def local(ms: int | None) -> str:
        at = None if ms is None else from_unix_ms(ms).astimezone(zone)
        return "" if at is None else at.isoformat(sep=" ", timespec="seconds")

    out = io.StringIO()
    sheet = csv.writer(out)
    sheet.writerow(_HEADING)
    for line in lines:
        sheet.writerow(
            [
                line.device,
                line.label or "",
                line.group or "",
                local(line.pressed_at_ms),
                local(line.answered_at_ms),
                local(line.acknowledged_at_ms),
                line.acknowledged_by or "",
                line.number or "",
                "是" if line.became_real else "",
                line.notice or "",
            ]
        )
    # a spreadsheet takes it for Chinese only with this mark
    return "\ufeff" + out.getvalue()


def _buttons(conn: Connection) -> list[_Row]:
    return list(
        conn.execute(
            select(
                devices.c.id.label("device"),
                households.c.id.label("household_id"),
                households.c.label,
                mutual_aid_groups.c.id.label("group_id"),
                mutual_aid_groups.c.name.label("group_name"),
                grids.c.village_id,
            )
            .join_from(devices, households, households.c.id == devices.c.household_id, isouter=True)
            .join(mutual_aid_groups, mutual_aid_groups.c.id == households.c.group_id, isouter=True)
            .join(grids, grids.c.id == mutual_aid_groups.c.grid_id, isouter=True)
            .where(devices.c.kind == "button")
            .order_by(mutual_aid_groups.c.name, devices.c.id)
        )
    )


def _presses(conn: Connection, drill_id: str) -> dict[str, _Row]:
    """The first press of each device in the drill's incidents."""
    a = incident_alarms.c
    rows = conn.execute(
        select(
            a.device,
            a.received_at_ms,
            a.flags,
            alarms.c.at_ms,
            incidents.c.id.label("incident_id"),
            incidents.c.number,
            incidents.c.drill,
        )
        .join(incidents, incidents.c.id == a.incident_id)
        .join(alarms, alarms.c.id == a.alarm_id, isouter=True)
        .where(incidents.c.drill_id == drill_id)
        .order_by(a.position)
    )
    found: dict[str, _Row] = {}
    for row in rows:
        found.setdefault(row.device, row)
    return found


def _notices(conn: Connection, drill_id: str) -> dict[str, str]:
    rows = conn.execute(
        select(actions.c.target, actions.c.state, actions.c.payload)
        .join(incidents, incidents.c.id == actions.c.incident_id)
        .where(incidents.c.drill_id == drill_id, actions.c.kind == ActionKind.NOTICE.value)
        .order_by(actions.c.planned_at_ms)
    )
    found = {}
    for row in rows:
        told = json.loads(row.payload)
        if "over" in told:
            continue
        seen = told.get("seen")
        found[row.target] = str(seen) if seen else str(row.state)
    return found


def _line(
    conn: Connection,
    button: _Row,
    press: _Row | None,
    notice: str | None,
) -> LedgerLine:
    line = LedgerLine(
        device=button.device,
        household_id=button.household_id,
        label=button.label,
        group=button.group_name,
        notice=notice,
    )
    if press is None:
        return line
    signed = conn.execute(
        select(incident_events.c.at_ms, incident_events.c.actor)
        .where(
            incident_events.c.incident_id == press.incident_id,
            incident_events.c.type == EventType.ACKNOWLEDGED.value,
            incident_events.c.at_ms >= press.received_at_ms,
        )
        .order_by(incident_events.c.position)
        .limit(1)
    ).first()
    return LedgerLine(
        device=line.device,
        household_id=line.household_id,
        label=line.label,
        group=line.group,
        notice=notice,
        pressed_at_ms=_pressed_at(press.at_ms, press.received_at_ms, press.flags),
        answered_at_ms=press.received_at_ms,
        acknowledged_at_ms=None if signed is None else signed.at_ms,
        acknowledged_by=None if signed is None else signed.actor,
        incident_id=press.incident_id,
        number=press.number,
        became_real=not press.drill,
    )


def _pressed_at(at_ms: int | None, received_at_ms: int, flags: str) -> int:
    if at_ms is None or Flag.CLOCK_SUSPECT.value in flags.split():
        return received_at_ms
    is_likely = 0 <= received_at_ms - at_ms <= _CLOCKS_APART_MS
    return at_ms if is_likely else received_at_ms
