"""What is due stays due when the wall clock is set: neither an hour late, nor twice, nor too soon.

Due times are wall-clock moments in the store. When the wall clock jumps, every planned action is
moved by the jump in one transaction, half a second later at the most, and who sat at a console
still does; until then nothing is due that is not due by both times (`due_ms`), the one that was and
the one that is. What happened while we were not running cannot be measured; then what was planned
in the future waits its own time anew, and no longer.
"""

from datetime import timedelta

import structlog
from sqlalchemy import Connection, bindparam, exists, func, select, update

from alarms.errors import StoreBusy
from alarms.store import Database
from lianfang_timing import Clock, SteadyClock, unix_ms
from linkage.model.action import ActionKind, ActionState
from linkage.schema import actions, incidents, sessions

LOOK_EVERY_S = 0.5

LONGEST_RETRY_MS = 60_000
"""No lane waits longer before it tries again."""

_a = actions.c
_presence = sessions.c.presence_at_ms
_PLANNED = _a.state == ActionState.PLANNED.value
_MOVE = (
    update(actions)
    # what was planned since the jump carries the new time already
    .where(_PLANNED, ~_a.planned_at_ms.between(bindparam("since_ms"), bindparam("now_ms")))
    .values(
        due_at_ms=_a.due_at_ms + bindparam("by_ms"),
        planned_at_ms=_a.planned_at_ms + bindparam("by_ms"),
        deadline_ms=_a.deadline_ms + bindparam("by_ms"),
    )
)
# whoever sat there a moment ago still does
_MOVE_PRESENCE = (
    update(sessions)
    .where(~_presence.between(bindparam("since_ms"), bindparam("now_ms")))
    .values(presence_at_ms=_presence + bindparam("by_ms"))
)
# what people are shown is when its next action is due
_CLOCKS = (
    _PLANNED,
    _a.incident_id == incidents.c.id,
    _a.kind.in_((ActionKind.ESCALATE.value, ActionKind.DUE.value)),
)
_SHOW_DUE = (
    update(incidents)
    .where(incidents.c.next_due_at_ms.is_not(None), exists().where(*_CLOCKS))
    .values(next_due_at_ms=select(func.min(_a.due_at_ms)).where(*_CLOCKS).scalar_subquery())
)
_WAIT_ANEW = (
    update(actions)
    .where(_PLANNED, _a.planned_at_ms > bindparam("later_ms"))
    .values(
        due_at_ms=_a.due_at_ms - _a.planned_at_ms + bindparam("now_ms"),
        deadline_ms=_a.deadline_ms - _a.planned_at_ms + bindparam("now_ms"),
        planned_at_ms=bindparam("now_ms"),
    )
)
_TRY_NOW = (
    update(actions)
    .where(_PLANNED, _a.attempts > 0, _a.due_at_ms > bindparam("later_ms"))
    .values(due_at_ms=bindparam("now_ms"))
)

logger = structlog.get_logger()


class Timekeeper:
    """Says what time it is for what is due, and moves what is planned when the clock was set."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._steady = SteadyClock(clock)

    def due_ms(self) -> int:
        """Now, for due times as they are in the store."""
        # what was planned since a jump has the new time, all else the old one
        return unix_ms(min(self._clock.now(), self._steady.now()))

    async def run(self) -> None:
        """Watch the clock until cancelled."""
        began = False
        while True:
            try:
                if not began:
                    await self.begin()
                    began = True
                await self.look()
            except StoreBusy as error:
                logger.warning("timekeeping.store_busy", detail=str(error))
            await self._clock.sleep(LOOK_EVERY_S)

    async def begin(self) -> None:
        """After a start: what was planned in the future was planned before the clock was set back.

        Raises StoreBusy.
        """
        now_ms = unix_ms(self._clock.now())
        moved = await self._database.write(lambda conn: _wait_anew(conn, now_ms))
        if moved:
            logger.warning("timekeeping.planned_in_the_future", actions=moved)

    async def look(self) -> None:
        """Follow the wall clock; where it jumped, with all that is planned. Raises StoreBusy."""
        by = self._steady.jump()
        if by:
            window = timedelta(seconds=self._steady.since_followed_s())
            now = self._clock.now()
            asked = {
                "by_ms": round(by / timedelta(milliseconds=1)),
                "since_ms": unix_ms(now - window),
                "now_ms": unix_ms(now),
            }
            moved = await self._database.write(lambda conn: _move(conn, asked))
            logger.warning("timekeeping.clock_was_set", by_s=by.total_seconds(), actions=moved)
        self._steady.follow()


def _move(conn: Connection, asked: dict[str, int]) -> int:
    conn.execute(_MOVE_PRESENCE, asked)
    moved = conn.execute(_MOVE, asked).rowcount
    conn.execute(_SHOW_DUE)
    return moved


def _wait_anew(conn: Connection, now_ms: int) -> int:
    moved = conn.execute(_WAIT_ANEW, {"now_ms": now_ms, "later_ms": now_ms + 1000}).rowcount
    asked = {"now_ms": now_ms, "later_ms": now_ms + LONGEST_RETRY_MS}
    moved += conn.execute(_TRY_NOW, asked).rowcount
    if moved:
        conn.execute(_SHOW_DUE)
    return moved
