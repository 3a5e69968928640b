"""What the engine has committed goes to the outbox without a look into the store; a hint only."""

import asyncio
from collections.abc import AsyncIterator
from zoneinfo import ZoneInfo

import pytest

from alarms.log import AlarmLog
from alarms.store import Database
from lianfang_timing import Backoff
from linkage import records
from linkage.carrier_port import CarryResult
from linkage.changes import Changes
from linkage.engine import Engine
from linkage.lanes import Lane
from linkage.model.action import ActionKind, PlannedAction
from linkage.outbox import AHEAD_S, Outbox
from linkage.records import Fresh
from linkage.right_of_way import HOLD_S, RightOfWay
from linkage.rules.model import Rules
from linkage.schema import incidents
from linkage.ways.settings import Use, Ways, Webhook
from tests.linkage.test_first_messages_first import incident_row
from tests.linkage.town import HandClock, open_town, press, rows

LATER_MS = 60_000
WEBHOOKS = Ways(webhooks={"w": Webhook("w", "http://[::1]/", bytes(32), frozenset({Use.STATION}))})


class Noting:
    """A carrier that notes what it carried; told to, it waits."""

    def __init__(self) -> None:
        self.carried: list[str] = []
        self.may_go = asyncio.Event()
        self.may_go.set()
        self.came = asyncio.Event()

    async def carry(self, action) -> CarryResult:
        self.carried.append(action.id)
        self.came.set()
        await self.may_go.wait()
        return CarryResult()


class Site:
    def __init__(self, database: Database) -> None:
        self.database, self.clock, self.changes = database, HandClock(), Changes()
        self.way = RightOfWay(self.clock)
        self.notices, self.webhooks = Noting(), Noting()
        narrow = Lane(1, 5.0, Backoff())
        self.outbox = Outbox(
            database,
            self.clock,
            {ActionKind.NOTICE: self.notices, ActionKind.WEBHOOK: self.webhooks},
            self.changes,
            writer="w",
            lanes={ActionKind.NOTICE: narrow, ActionKind.WEBHOOK: narrow},
            webhooks=["w"],
            right_of_way=self.way,
        )
        self.log = AlarmLog(database, self.clock, writer="intake")
        self.engine = Engine(
            database,
            self.log,
            self.clock,
            self.changes,
            rules=Rules(),
            time_zone=ZoneInfo("Asia/Shanghai"),
            writer="linkage",
            ways=WEBHOOKS,
        )

    def fresh(self, name: str, kind: ActionKind = ActionKind.WEBHOOK, turn: int = 0) -> Fresh:
        target = "w" if kind is ActionKind.WEBHOOK else "b1"
        return Fresh(PlannedAction(name, kind, target, self.clock.ms), "i0", turn)

    async def plan(self, *planned: Fresh) -> None:
        def work(conn) -> None:
            records.plan(conn, "i0", [one.planned for one in planned], now_ms=self.clock.ms)

        await self.database.write(work)


@pytest.fixture
async def site(tmp_path) -> AsyncIterator[Site]:
    database = await open_town(tmp_path)
    await database.write(lambda conn: conn.execute(incidents.insert(), [incident_row(0)]))
    yield Site(database)
    await database.close()


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_what_is_handed_over_is_carried_without_a_look(site: Site):
    # nothing of it is in the store: only who does not look can carry it
    site.outbox.hand_over([site.fresh("one")])
    await settled()
    assert site.webhooks.carried == ["one"]


async def test_what_is_handed_over_is_carried_once_although_the_store_has_it_too(site: Site):
    one = site.fresh("one")
    await site.plan(one)
    site.outbox.hand_over([one])
    assert await site.outbox.run_once() == 1
    assert site.webhooks.carried == ["one"]
    assert [r["state"] for r in await rows(site.database, "actions")] == ["sent"]


async def test_what_a_look_has_found_before_it_was_handed_over_is_carried_once(site: Site):
    one = site.fresh("one")
    await site.plan(one)
    site.webhooks.may_go.clear()
    running = asyncio.create_task(site.outbox.run())
    async with asyncio.timeout(20):
        await site.webhooks.came.wait()
    site.outbox.hand_over([one])
    site.webhooks.may_go.set()
    await settled()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert site.webhooks.carried == ["one"]


async def test_first_messages_are_begun_before_second_ones(site: Site):
    site.outbox.hand_over([site.fresh("second", turn=1), site.fresh("a"), site.fresh("b")])
    await settled()
    assert site.webhooks.carried == ["a", "b", "second"]


async def test_what_was_planned_with_a_first_message_begins_after_it(site: Site):
    site.outbox.hand_over([site.fresh("notice", ActionKind.NOTICE), site.fresh("first")])
    await settled()
    assert (site.webhooks.carried, site.notices.carried) == (["first"], [])
    async with asyncio.timeout(20):
        await site.notices.came.wait()
    assert site.notices.carried == ["notice"]


async def test_what_a_look_found_while_first_messages_went_ahead_is_carried_once(site: Site):
    notice, first = site.fresh("notice", ActionKind.NOTICE), site.fresh("first")
    await site.plan(notice, first)
    site.outbox.hand_over([notice, first])
    assert await site.outbox.run_once() == 2
    # timers go off in the order of their times: what was to be handed over was, if at all
    await asyncio.sleep(AHEAD_S)
    await settled()
    assert (site.webhooks.carried, site.notices.carried) == (["first"], ["notice"])


async def test_what_there_is_no_room_for_is_found_in_the_store(site: Site):
    names = [site.fresh(f"n{n}", ActionKind.NOTICE) for n in range(3)]
    await site.plan(*names)
    site.notices.may_go.clear()
    site.outbox.hand_over(names)
    await settled()
    assert site.notices.carried == ["n0"]
    site.notices.may_go.set()
    assert await site.outbox.run_once() == 3
    assert site.notices.carried == ["n0", "n1", "n2"]


async def test_a_webhook_that_waits_in_memory_is_begun_when_there_is_room(site: Site):
    site.webhooks.may_go.clear()
    site.outbox.hand_over([site.fresh("one"), site.fresh("two")])
    await settled()
    assert site.webhooks.carried == ["one"]
    site.webhooks.may_go.set()
    await settled()
    assert site.webhooks.carried == ["one", "two"]


async def test_what_waits_in_the_store_is_not_overtaken(site: Site):
    for name in ("older", "old"):
        await site.plan(site.fresh(name))
    site.webhooks.may_go.clear()
    running = asyncio.create_task(site.outbox.run())
    async with asyncio.timeout(20):
        await site.webhooks.came.wait()
    # one is under way, the other waits in the store
    new = site.fresh("zz-new")
    await site.plan(new)
    site.outbox.hand_over([new])
    site.webhooks.may_go.set()
    async with asyncio.timeout(20):
        while len(site.webhooks.carried) < 3:
            site.webhooks.came.clear()
            await site.webhooks.came.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert site.webhooks.carried == ["old", "older", "zz-new"]


async def test_while_a_burst_is_linked_only_first_messages_are_taken(site: Site):
    site.way.take("engine")
    site.outbox.hand_over([site.fresh("n", ActionKind.NOTICE), site.fresh("one")])
    await settled()
    assert (site.notices.carried, site.webhooks.carried) == ([], ["one"])


async def test_the_way_is_free_when_the_first_messages_are_out(site: Site):
    site.webhooks.may_go.clear()
    site.way.take("engine")
    site.outbox.hand_over([site.fresh("one")])
    site.way.give("engine")
    assert site.way.held
    site.webhooks.may_go.set()
    await settled()
    assert not site.way.held


async def test_a_first_message_that_is_answered_shows_that_the_burst_goes_on(site: Site):
    site.way.take("engine")
    site.clock.forward(HOLD_S - 0.01)
    site.outbox.hand_over([site.fresh("one")])
    await settled()
    site.clock.forward(HOLD_S - 0.01)
    assert site.way.held


async def test_the_engine_hands_over_what_is_due_at_once(site: Site):
    taken: list[Fresh] = []
    site.engine.hands_over_to(taken.extend)
    await site.log.append([press("b1", 1)])
    await site.engine.run_once()
    planned = await rows(site.database, "actions")
    due = {r["id"] for r in planned if r["due_at_ms"] <= site.clock.ms}
    assert {one.planned.id for one in taken} == due
    assert len(due) < len(planned)
    assert {one.action.payload["event"] for one in taken if one.planned.target == "w"} == {"opened"}


async def test_who_was_handed_everything_need_not_look(site: Site):
    site.engine.hands_over_to(lambda _fresh: None)
    await site.log.append([press("b1", 1)])
    await site.engine.run_once()
    waiting = asyncio.create_task(site.changes.wait_planned_beyond(0))
    await settled()
    assert site.changes.position > 0
    assert not waiting.done()
    waiting.cancel()


async def test_a_clock_that_begins_anew_is_looked_for_in_the_store(site: Site):
    taken: list[Fresh] = []
    site.engine.hands_over_to(taken.extend)
    # the second household rings again and cancels the first one's look, in one transaction
    await site.log.append([press("b1", 1), press("b2", 1)])
    await site.engine.run_once()
    planned = {r["id"]: r["state"] for r in await rows(site.database, "actions")}
    assert "cancelled" in planned.values()
    assert {planned[one.planned.id] for one in taken} == {"planned"}
    assert await site.changes.wait_planned_beyond(0) == site.changes.position


async def test_more_presses_than_one_transaction_holds_are_all_linked(site: Site):
    running = asyncio.create_task(site.engine.run())
    async with asyncio.timeout(60):
        await site.log.append([press("b1", 1)])
        await site.changes.wait_beyond(0)
        await site.log.append([press("b2", n) for n in range(2, 80)])
        while len(await rows(site.database, "incident_alarms")) < 79:
            await site.changes.wait_beyond(site.changes.position)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
