"""Everything that is kept of one household, to be handed to it: before erasing, or on its request.

Also what it was part of: incidents of its group where others called are theirs, not its own.
"""

import json
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, Table, or_, select

from alarms.store import SealedBox
from alarms.store.tables import alarms, devices
from linkage.accounts.rights import Places
from linkage.appraisal.schema import household_visits
from linkage.ledgers.schema import device_tests, group_test_members
from linkage.registry.history import HistoryEntry, history_of
from linkage.registry.model import Entity
from linkage.registry.reading import Home, read_home
from linkage.registry.texts import TextOpener
from linkage.schema import audit_entries, incident_alarms, incident_events, incidents
from linkage.supervision.schema import maintenance_orders

_DEVICE_COLUMNS = (
    "id",
    "kind",
    "state",
    "unsigned",
    "online",
    "status",
    "status_at_ms",
    "issued_at_ms",
    "enrolled_at_ms",
    "revoked_at_ms",
    "heard_at_ms",
    "tested_at_ms",
)
"""Not its key and login: who has them is the device."""

_CHAIN = frozenset({"writer", "number", "payload", "digest", "link"})


def read_everything(
    conn: Connection, places: Places, box: SealedBox, household_id: str
) -> dict[str, Any]:
    """JSON values; times are Unix ms UTC in keys that end in `_ms`. Raises NoSuchEntry."""
    home = read_home(conn, places, box, household_id)
    opener = TextOpener(conn, box)
    d, a = devices.c, audit_entries.c
    kept = select(*(d[name] for name in _DEVICE_COLUMNS)).where(d.household_id == household_id)
    return {
        "household": _home(home),
        "history": [_history(one, opener) for one in _all_history(conn, household_id)],
        "devices": [dict(row) for row in conn.execute(kept.order_by(d.id)).mappings()],
        "incidents": _incidents(conn, household_id, opener),
        "device_tests": _rows(conn, device_tests, household_id, opener),
        "group_tests": _rows(conn, group_test_members, household_id, opener),
        "maintenance": _rows(conn, maintenance_orders, household_id, opener),
        "visits": _rows(conn, household_visits, household_id, opener),
        "audit": [
            _plain(row, opener)
            for row in conn.execute(
                select(audit_entries)
                .where(a.object == f"household:{household_id}")
                .order_by(a.position)
            ).mappings()
        ],
    }


def _home(home: Home) -> dict[str, Any]:
    contact = home.contact
    return {
        "id": home.id,
        "label": home.label,
        "village": home.village_id,
        "grid": home.grid_id,
        "group": home.group_id,
        "estate": home.estate_id,
        "latitude": home.latitude,
        "longitude": home.longitude,
        "wants_notices": home.wants_notices,
        "told_by": home.told_by.value,
        "leader": home.leads,
        "left_at_ms": home.left_at_ms,
        "erased_at_ms": home.erased_at_ms,
        "name": None if contact is None else contact.name,
        "phone": None if contact is None else contact.phone,
        "address": None if contact is None else contact.address,
        "health": None if contact is None else contact.health,
        "further": [] if contact is None else [vars(one) for one in contact.further],
    }


def _all_history(conn: Connection, household_id: str) -> list[HistoryEntry]:
    return history_of(conn, Entity.HOUSEHOLD, household_id, limit=100_000)[::-1]


def _history(entry: HistoryEntry, opener: TextOpener) -> dict[str, Any]:
    return {
        "at_ms": entry.at_ms,
        "by": entry.actor,
        "change": entry.change.value,
        "data": opener.open_all(entry.data),
    }


def _incidents(conn: Connection, household_id: str, opener: TextOpener) -> list[dict[str, Any]]:
    """What others said of an incident that was opened for another household is that one's."""
    i, a = incidents.c, incident_alarms.c
    called = select(a.incident_id).where(a.household_id == household_id)
    rows = conn.execute(
        select(i.id, i.number, i.kind, i.stage, i.outcome, i.drill, i.opened_at_ms, i.closed_at_ms)
        .add_columns(i.household_id)
        .where(or_(i.household_id == household_id, i.id.in_(called)))
        .order_by(i.opened_at_ms, i.id)
    ).mappings()
    return [
        {
            **row,
            "presses": _presses(conn, row["id"], household_id, opener),
            "timeline": _timeline(conn, row["id"], opener)
            if row["household_id"] == household_id
            else [],
        }
        for row in rows.all()
    ]


def _presses(
    conn: Connection, incident_id: str, household_id: str, opener: TextOpener
) -> list[dict[str, Any]]:
    """With what was said, where it came by telephone and the log still has it."""
    a = incident_alarms.c
    rows = conn.execute(
        select(a.alarm_id, a.device, a.kind, a.silent, a.received_at_ms, alarms.c.payload)
        .join(alarms, alarms.c.id == a.alarm_id, isouter=True)
        .where(a.incident_id == incident_id, a.household_id == household_id)
        .order_by(a.position)
    ).mappings()
    found = []
    for row in rows:
        values = dict(row)
        payload = values.pop("payload")
        said = {} if payload is None else json.loads(payload).get("detail") or {}
        found.append({**values, "said": opener.open_all(said)})
    return found


def _timeline(conn: Connection, incident_id: str, opener: TextOpener) -> list[dict[str, Any]]:
    e = incident_events.c
    rows = conn.execute(
        select(incident_events).where(e.incident_id == incident_id).order_by(e.position)
    ).mappings()
    return [_plain(row, opener) for row in rows]


def _rows(
    conn: Connection, table: Table, household_id: str, opener: TextOpener
) -> list[dict[str, Any]]:
    query: Select[Any] = select(table).where(table.c.household_id == household_id)
    rows = conn.execute(query.order_by(*table.primary_key)).mappings()
    return [_plain(row, opener) for row in rows]


def _plain(row: RowMapping, opener: TextOpener) -> dict[str, Any]:
    """The row without its links; JSON texts as what they hold, sealed texts opened."""
    values = {name: value for name, value in row.items() if name not in _CHAIN}
    for name in ("data", "detail"):
        if isinstance(values.get(name), str):
            values[name] = json.loads(values[name])
    return opener.open_all(values)
