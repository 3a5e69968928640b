"""Where people write response plans and tick them off in an incident."""

from dataclasses import replace

from alarms.store import Database
from lianfang_timing import Clock, unix_ms
from linkage.changes import Changes
from linkage.model.person import Actor
from linkage.response_plans import storage
from linkage.response_plans.model import ResponsePlan


class ResponsePlanDesk:
    """Raises NoSuchPlan, StaleVersion or StoreBusy."""

    def __init__(self, database: Database, clock: Clock, changes: Changes, *, writer: str) -> None:
        self._database = database
        self._clock = clock
        self._changes = changes
        self._writer = writer

    async def keep(self, plan: ResponsePlan, *, seen: int, actor: Actor) -> ResponsePlan:
        """Write the plan as the version after `seen` (0: a new plan); the plan as it was kept."""
        kept = replace(
            plan,
            version=seen + 1,
            made_at_ms=unix_ms(self._clock.now()),
            made_by=actor.username,
        )
        await self._database.write(lambda conn: storage.keep(conn, kept, seen=seen))
        return kept

    async def tick(self, incident_id: str, item_id: str, *, done: bool, actor: Actor) -> None:
        """Tick an item of the incident's plan off, or take the tick back."""
        at_ms = unix_ms(self._clock.now())
        position = await self._database.write(
            lambda conn: storage.tick(
                conn, incident_id, item_id, done=done, by=actor, writer=self._writer, at_ms=at_ms
            )
        )
        self._changes.notify(position)
