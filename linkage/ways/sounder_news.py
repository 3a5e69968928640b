"""What sirens and loudspeakers say they do: an order that a device obeys has been delivered."""

import json
from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, select

from alarms.model import SounderStatus
from alarms.store import Database
from lianfang_timing import Clock, unix_ms
from linkage.changes import Changes
from linkage.model.action import ActionKind, ActionState
from linkage.model.event import EventType
from linkage.schema import actions, incident_events
from linkage.timeline import Entry, NewEvent, record_all
from linkage.ways.port import Reached

# the lane first: it is what there is an index for
_LAST_ORDER = (
    select(actions.c.id, actions.c.incident_id, actions.c.payload)
    .where(
        actions.c.state == ActionState.SENT.value,
        actions.c.lane == bindparam("of_lane"),
        actions.c.target == bindparam("device"),
        actions.c.deadline_ms > bindparam("now_ms"),
    )
    .order_by(actions.c.done_at_ms.desc(), actions.c.id)
    .limit(1)
)
_TOLD = select(incident_events.c.data).where(
    incident_events.c.incident_id == bindparam("incident"),
    incident_events.c.type == EventType.TOLD.value,
)


class SounderNews:
    """Notes it in the timeline, once an order."""

    def __init__(self, database: Database, clock: Clock, changes: Changes, *, writer: str) -> None:
        self._database = database
        self._clock = clock
        self._changes = changes
        self._writer = writer

    async def __call__(self, said: Sequence[SounderStatus]) -> None:
        """Raises StoreBusy: then nothing was noted."""
        now_ms = unix_ms(self._clock.now())

        def write(conn: Connection) -> int:
            entries = [e for one in said for e in _delivered(conn, one, now_ms)]
            return record_all(conn, entries, writer=self._writer, at_ms=now_ms)

        self._changes.notify(await self._database.write(write))


def _delivered(conn: Connection, said: SounderStatus, now_ms: int) -> list[Entry]:
    kind = ActionKind(said.kind)
    asked = {"of_lane": kind.value, "device": said.device, "now_ms": now_ms}
    order = conn.execute(_LAST_ORDER, asked).first()
    if order is None:
        return []
    told = json.loads(order.payload)
    if said.sounding is not told.get("on", True):
        # it says something older, or does not obey
        return []
    known = [json.loads(data) for data in conn.scalars(_TOLD, {"incident": order.incident_id})]
    if any(d["action"] == order.id and d["state"] == Reached.DELIVERED.value for d in known):
        return []
    data: dict[str, object] = {
        "way": "mqtt",
        "kind": kind.value,
        "target": said.device,
        "state": Reached.DELIVERED.value,
        "action": order.id,
    }
    if kind is ActionKind.SIREN:
        data["on"] = told["on"]
    event = NewEvent(EventType.TOLD, data)
    return [Entry(order.incident_id, [event], new_version=False)]
