"""Carrying out the note of a burst: the neighbours' notices and the pictures are planned now.

Many notes at once share a transaction, which plans what they stand for and marks them as done: a
crash before its commit leaves the notes, one after it leaves what they stood for.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, select

from alarms.store import Database
from alarms.store.prepared import PreparedIn
from lianfang_timing import Clock, unix_ms
from linkage import places
from linkage.carrier_port import CarryResult
from linkage.fanning_out import fanned_out, group_of
from linkage.model.action import Action, ActionKind, ActionState
from linkage.records import Attempt, note_attempts, plan_rows, planned_rows
from linkage.schema import actions
from linkage.ways.gathering import Gathering

TOGETHER = 64
"""Notes in one transaction; each stands for about ten actions."""

_RESULT = CarryResult(planned=frozenset({ActionKind.NOTICE, ActionKind.SNAPSHOT, ActionKind.CLIP}))
_WHOSE = PreparedIn(
    lambda ids: select(actions.c.id, actions.c.incident_id).where(actions.c.id.in_(ids))
)


class FanOutCarrier:
    """Plans what follows the first messages of a burst's alarms."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._gathering: Gathering[Action, CarryResult] = Gathering(self._carry_all, most=TOGETHER)

    async def carry(self, action: Action) -> CarryResult:
        """Plan what the note stands for. Raises StoreBusy."""
        return await self._gathering.send(action)

    async def _carry_all(self, notes: Sequence[Action]) -> Sequence[CarryResult]:
        now_ms = unix_ms(self._clock.now())
        await self._database.write(lambda conn: fan_out_now(conn, notes, now_ms=now_ms))
        return [_RESULT] * len(notes)


def fan_out_now(conn: Connection, notes: Sequence[Action], *, now_ms: int) -> None:
    """Plan what the notes stand for, unless they are carried out or cancelled already."""
    done = [Attempt(note, ActionState.SENT) for note in notes]
    taken = note_attempts(conn, done, now_ms=now_ms)
    mine = [note for note in notes if note.id in taken]
    groups = {group for note in mine if (group := group_of(note.payload)) is not None}
    members = places.members_of_groups(conn, groups)
    # a merge may have moved them to another incident since they were read
    incident_of: dict[str, str] = dict(_WHOSE.rows(conn, [note.id for note in mine]))
    rows: list[dict[str, object]] = []
    for note in mine:
        of_group = members.get(group_of(note.payload) or "", [])
        planned = fanned_out(note.payload, of_group, due_at_ms=note.due_at_ms)
        ring = note.payload["ring"]
        assert isinstance(ring, int), "as `fan_out` wrote it"
        rows += planned_rows(planned, incident_of[note.id], now_ms, ring=ring)
    plan_rows(conn, rows)
