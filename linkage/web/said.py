"""What the timeline's events tell people, beside what they keep: what was said in the clear,
households by the label that they have now, and what a report said."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from alarms.model import AlarmSource
from alarms.store import SealedBox
from alarms.store.tables import alarms
from linkage.registry.texts import TextOpener
from linkage.schema import households

_REPORT = AlarmSource.REPORT.value
_SAID = ("text", "reporter")


def tell_all(
    conn: Connection, box: SealedBox, kept: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Each event's data as people may see it. Raises StoreUnusable."""
    opener = TextOpener(conn, box)
    labels = _labels(conn, {data["household"] for data in kept if data.get("household")})
    reports = _reports(conn, {data["alarm"] for data in kept if data.get("source") == _REPORT})
    told = []
    for data in kept:
        more: dict[str, Any] = {}
        home = data.get("household")
        if home in labels:
            more["label"] = labels[home]
        if data.get("alarm") in reports:
            more |= reports[data["alarm"]]
        told.append(opener.open_all({**data, **more}))
    return told


def _labels(conn: Connection, ids: set[str]) -> dict[str, str]:
    h = households.c
    rows = conn.execute(select(h.id, h.label).where(h.id.in_(ids)))
    return {row.id: row.label for row in rows}


def _reports(conn: Connection, ids: set[str]) -> dict[str, dict[str, Any]]:
    """What was said by telephone, as far as the log still has it."""
    rows = conn.execute(select(alarms.c.id, alarms.c.payload).where(alarms.c.id.in_(ids)))
    found = {}
    for row in rows:
        detail = json.loads(row.payload)["detail"]
        found[row.id] = {name: detail[name] for name in _SAID if detail.get(name)}
    return found
