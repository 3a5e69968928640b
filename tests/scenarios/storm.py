"""Many presses by devices that repeat as the contract says, and a service that keeps dying.

What must hold afterwards is read from the store: `assert_nothing_lost_nothing_doubled`.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from sqlalchemy import Connection, func, select

from alarms.button import Outcome
from alarms.simulator import SimulatedButton
from alarms.store import chain
from alarms.store.tables import alarm_identities, alarms
from lianfang_timing import SystemClock, unix_ms
from linkage.model.incident import OPEN_STAGES
from linkage.schema import actions, audit_entries, incident_alarms, incident_events, incidents
from tests.polling import until
from tests.scenarios.house import House

BUTTONS = 50
"""Five whole groups of ten."""
EACH = 10
PRESSES = BUTTONS * EACH
_ANSWERED_WITHIN_S = 90.0


@dataclass
class Storm:
    """500 presses by 50 buttons, each ten after one another, handed out bit by bit.

    Before the `deaths`-th death some presses are always still to come.
    """

    buttons: list[SimulatedButton]
    draw: random.Random
    deaths: int
    died: int = 0
    outcomes: list[Outcome] = field(default_factory=list)
    started: int = 0
    _wanted: bool = False
    """A death waits for a press to be under way."""
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def under_way(self) -> int:
        return self.started - len(self.outcomes)

    async def run(self) -> None:
        """Press all of them; returns when each has its answer, or has given up waiting."""
        # a button's presses lie together, so that households join from beginning to end
        order = sorted(range(PRESSES), key=lambda i: self.draw.random() + i / PRESSES)
        free = [asyncio.Semaphore(0) for _ in self.buttons]
        async with asyncio.TaskGroup() as group:
            for button, permits in zip(self.buttons, free, strict=True):
                group.create_task(self._press_ten(button, permits))
            for given, number in enumerate(order):
                await self._until(lambda given=given: self._may_give(given))
                free[number // EACH].release()
                await asyncio.sleep(self.draw.uniform(0, 0.02))

    async def kill_one(self, site: House, after: Callable[[], Awaitable[None]] | None) -> None:
        """Wait until the service is dead: by itself, or killed `after` that moment has come and
        with a press under way."""
        process = site.process
        assert process is not None
        self._wanted = after is None
        if after is not None:
            await after()
            self._wanted = True
            self._tell()
            await self._until(lambda: self.under_way > 0)
            await site.kill()
        else:
            async with asyncio.timeout(40):
                status = await process.wait()
            assert status == -9, f"it ended by itself: {site.log_file.read_text()[-3000:]}"
        assert self.started < PRESSES, "it died after the last press was sent"
        self.died += 1
        self._wanted = False
        self._tell()

    async def neighbours_told(self) -> None:
        """Return when every button was told of each of its nine neighbours, and of none twice as
        another notice."""

        async def all_have() -> bool:
            return all(len({n.id for n in b.notices}) >= 9 for b in self.buttons)

        await until(all_have, timeout_s=30)
        assert {len({n.id for n in b.notices}) for b in self.buttons} == {9}

    async def answered_again(self) -> None:
        """Return at the next answer that a button gets."""
        before = len(self.outcomes)
        await self._until(lambda: len(self.outcomes) > before or self.under_way == 0)

    def _may_give(self, given: int) -> bool:
        share = PRESSES * (self.died + 1) / (self.deaths + 1)
        # a quick service has answered its share before the moment of its death: only then one more,
        # or all would be given out before the last death
        return given < share or (self._wanted and self.under_way == 0 and given < PRESSES - 1)

    async def _press_ten(self, button: SimulatedButton, permits: asyncio.Semaphore) -> None:
        for _ in range(EACH):
            await permits.acquire()
            self.started += 1
            self._tell()
            self.outcomes.append(await button.press(timeout_s=_ANSWERED_WITHIN_S))
            self._tell()

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def _until(self, true: Callable[[], bool]) -> None:
        while not true():
            await self._news.wait()


@asynccontextmanager
async def storm_over(site: House, *, deaths: int) -> AsyncIterator[Storm]:
    """The storm, with its buttons connecting."""
    seed = random.randrange(2**32)
    print("storm seed", seed)  # noqa: T201 - pytest shows it when the test fails
    async with AsyncExitStack() as stack:
        buttons = [await stack.enter_async_context(site.button(i)) for i in range(BUTTONS)]
        yield Storm(buttons, random.Random(seed), deaths)


async def outbox_empty(site: House) -> None:
    """Return when everything that is due has been carried out."""
    database = site.database()

    def left(conn: Connection) -> int:
        # of the clock's looks only those that are due: each plans the next
        told = actions.c.kind.in_(("notice", "reply", "page", "escalate"))
        due = actions.c.due_at_ms <= unix_ms(SystemClock().now())
        waiting = (actions.c.state == "planned") & ((actions.c.kind != "escalate") | due)
        behind = select(func.max(alarms.c.position)).scalar_subquery()
        linked = select(func.max(incident_alarms.c.position)).scalar_subquery()
        if conn.scalar(select(behind)) != conn.scalar(select(linked)):
            return 1
        return conn.scalar(select(func.count()).select_from(actions).where(told, waiting)) or 0

    async def is_done() -> bool:
        return await database.read(left) == 0

    try:
        await until(is_done, timeout_s=60, every_s=0.1)
    finally:
        await database.close()


def assert_nothing_lost_nothing_doubled(site: House, storm: Storm) -> None:
    """Each press is in the log once, in one incident, and every group has one incident."""
    states = Counter(outcome.state for outcome in storm.outcomes)
    assert set(states) <= {"received", "duplicate"}, states
    assert len(storm.outcomes) == PRESSES
    database = site.database()
    try:
        database.read_now(lambda conn: _check(conn, site, storm))
    finally:
        database.close_now()


def _check(conn: Connection, site: House, storm: Storm) -> None:
    pressed = {(b.device, b.boot, s) for b in storm.buttons for s in range(1, EACH + 1)}
    logged = [tuple(r) for r in conn.execute(select(alarms.c.device, alarms.c.boot, alarms.c.seq))]
    assert Counter(logged) == Counter(pressed)
    # what a device was told is what the log holds
    told = {outcome.alarm for outcome in storm.outcomes}
    assert told == set(conn.scalars(select(alarms.c.id)))
    assert conn.scalar(select(func.count()).select_from(alarm_identities)) == PRESSES
    linked = list(conn.scalars(select(incident_alarms.c.alarm_id)))
    assert Counter(linked) == Counter(told)
    groups = {site.buttons[i].group for i in range(BUTTONS)}
    opened = conn.scalars(
        select(incidents.c.group_id).where(incidents.c.stage.in_([s.value for s in OPEN_STAGES]))
    )
    assert Counter(opened) == Counter(groups)
    _check_actions(conn)
    for table in (alarms, incident_events, audit_entries):
        assert list(chain.faults(conn, table)) == []


def _check_actions(conn: Connection) -> None:
    notices = conn.execute(
        select(actions.c.state, func.count())
        .where(actions.c.kind.in_(("notice", "reply")))
        .group_by(actions.c.state)
    )
    # every household rang once and told its nine neighbours
    assert {r[0]: r[1] for r in notices} == {"sent": BUTTONS * 9}
    events = conn.scalar(
        select(func.count())
        .select_from(incident_events)
        .where(incident_events.c.type == "notice_sent")
    )
    assert events == BUTTONS * 9
    pages = set(conn.scalars(select(actions.c.state).where(actions.c.kind == "page")))
    assert pages <= {"sent", "cancelled"}
    assert "sent" in pages
