"""What changed among the incidents, read and encoded once for all consoles that ask.

In a storm hundreds of incidents change and every console wants each of them; what one has read,
the others take from here. Who may see what is decided by who sends it.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Connection, bindparam, select

from alarms.store import Database, SealedBox
from linkage.schema import incidents
from linkage.web.incident_reading import list_items
from linkage.web.incident_views import Incident

AT_ONCE = 50
_KEPT = 1000
"""Incidents, the ones asked for last; a few kB each."""

_CHANGED = (
    select(incidents.c.id, incidents.c.changed_position)
    .where(incidents.c.changed_position > bindparam("after"))
    .order_by(incidents.c.changed_position)
)
_THESE = select(incidents).where(incidents.c.id.in_(bindparam("ids", expanding=True)))


@dataclass(frozen=True)
class ChangedIncident:
    """An incident as it was after its last event, encoded for the wire (one line of JSON)."""

    position: int
    village_id: str | None
    data: bytes
    view: Incident


@dataclass(frozen=True)
class Changed:
    """The oldest changes after a position, at most AT_ONCE. `behind` counts all there are."""

    incidents: tuple[ChangedIncident, ...]
    behind: int


class ChangedIncidents:
    """One per application."""

    def __init__(self, database: Database, zone: ZoneInfo, box: SealedBox) -> None:
        self._box = box
        self._database = database
        self._zone = zone
        self._known: OrderedDict[str, ChangedIncident] = OrderedDict()
        # consoles that ask at once would all read the same: the second finds it read
        self._reading = asyncio.Lock()

    async def after(self, position: int, *, count_to: int) -> Changed:
        """What changed after this position; `behind` is counted up to `count_to`.

        Raises StoreBusy.
        """
        async with self._reading:
            return await self._database.read(lambda conn: self._read(conn, position, count_to))

    def _read(self, conn: Connection, position: int, count_to: int) -> Changed:
        changed = conn.execute(_CHANGED.limit(count_to), {"after": position}).all()
        batch = changed[:AT_ONCE]
        wanted = [
            row.id
            for row in batch
            if row.id not in self._known or self._known[row.id].position != row.changed_position
        ]
        rows = conn.execute(_THESE, {"ids": wanted}).all() if wanted else []
        views = list_items(conn, rows, self._zone, self._box) if rows else []
        for row, view in zip(rows, views, strict=True):
            encoded = msgspec.json.encode(view)  # holds no line break
            self._known[row.id] = ChangedIncident(
                row.changed_position, row.village_id, encoded, view
            )
        found = tuple(self._known[row.id] for row in batch)
        for row in batch:
            self._known.move_to_end(row.id)
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)
        return Changed(found, len(changed))
