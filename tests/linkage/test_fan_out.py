"""In a burst the first messages are planned first, and the rest is noted: nothing is lost by it,
nothing doubled, whenever the process dies."""

import json
from collections.abc import AsyncIterator, Sequence

import pytest
from sqlalchemy import update

from alarms.errors import StoreBusy
from alarms.log import AlarmLog
from alarms.model import AlarmKind, NewAlarm
from alarms.store import Database
from linkage.carrier_port import CarryResult
from linkage.changes import Changes
from linkage.engine import BURST, Engine
from linkage.fan_out_carrier import FanOutCarrier
from linkage.model.action import Action, ActionKind
from linkage.outbox import Outbox
from linkage.records import cancel
from linkage.rules.model import Rules
from linkage.schema import actions, households
from linkage.ways.settings import Use, Ways, Webhook
from tests.linkage.town import (
    SHANGHAI,
    Crash,
    CrashingDatabase,
    HandClock,
    actions_of,
    open_town,
    press,
    rows,
)

REST = ("notice", "snapshot")
WAYS = Ways(webhooks={"w": Webhook("w", "http://[::1]/", bytes(32), frozenset({Use.STATION}))})


class Noting:
    """A carrier that notes what it carried, in one list with others."""

    def __init__(self, carried: list[Action]) -> None:
        self._carried = carried

    async def carry(self, action: Action) -> CarryResult:
        self._carried.append(action)
        return CarryResult()


class House:
    """Engine and outbox over a town's database; made anew, they are the next process."""

    def __init__(self, database: Database, *, burst: int) -> None:
        self.database, self.clock, changes = database, HandClock(), Changes()
        self.carried: list[Action] = []
        self.log = AlarmLog(database, self.clock, writer="intake")
        self.engine = Engine(
            database,
            self.log,
            self.clock,
            changes,
            rules=Rules(),
            time_zone=SHANGHAI,
            writer="linkage",
            ways=WAYS,
            burst=burst,
        )
        noting = Noting(self.carried)
        self.outbox = Outbox(
            database,
            self.clock,
            {
                ActionKind.WEBHOOK: noting,
                ActionKind.NOTICE: noting,
                ActionKind.SNAPSHOT: noting,
                ActionKind.FAN_OUT: FanOutCarrier(database, self.clock),
            },
            changes,
            writer="linkage",
            webhooks=["w"],
        )

    async def links(self, *alarms: NewAlarm) -> None:
        await self.log.append(alarms)
        while await self.engine.run_once():
            pass

    def carried_of(self, *kinds: str) -> list[str]:
        return sorted(one.id for one in self.carried if one.kind in kinds)


@pytest.fixture
async def database(tmp_path) -> AsyncIterator[CrashingDatabase]:
    opened = await open_town(tmp_path, CrashingDatabase)
    yield opened
    await opened.close()


def story() -> list[NewAlarm]:
    """A press, a silent one, a neighbour's that rings again, and another group's."""
    return [
        press("b1", 1),
        press("b2", 1, silent=True),
        press("b3", 1, AlarmKind.FIRE),
        press("b5", 1),
    ]


async def rest_of(database: Database) -> list[tuple[object, ...]]:
    """Every notice and snapshot, with the alarm's and the incident's own names replaced."""
    alarms = {r["id"]: f"alarm {n}" for n, r in enumerate(await rows(database, "alarms"))}
    named = {r["id"]: r["number"] for r in await rows(database, "incidents")} | alarms
    return sorted(
        (
            named[r["incident_id"]],
            r["kind"],
            r["target"],
            r["turn"],
            r["due_at_ms"],
            r["deadline_ms"],
            json.dumps(r["payload"], sort_keys=True),
        )
        for r in await rows(database, "actions")
        if r["kind"] in REST
    )


async def test_a_burst_leaves_the_first_messages_and_notes_of_the_rest(database):
    house = House(database, burst=1)
    await house.links(*story())
    kinds = [r["kind"] for r in await rows(database, "actions")]
    assert not set(REST) & set(kinds)
    assert kinds.count("webhook") == 4
    assert kinds.count("escalate") >= 2
    # the silent press tells nobody near, and its camera has been asked for the first
    assert kinds.count("fan-out") == 3
    opened = [r for r in await rows(database, "incident_events") if r["type"] == "opened"]
    reasons = [d["reason"] for d in opened[0]["data"]["decisions"]]
    assert any("notices to the group follow" in reason for reason in reasons)


async def test_what_is_told_is_the_same_in_a_burst_and_out_of_it(tmp_path):
    ended = []
    for burst in (1, BURST):
        folder = tmp_path / str(burst)
        folder.mkdir()
        database = await open_town(folder)
        house = House(database, burst=burst)
        await house.links(*story())
        await house.outbox.run_once()
        ended.append(await rest_of(database))
        states = {r["state"] for r in await rows(database, "actions") if r["kind"] in REST}
        assert states == {"sent"}
        await database.close()
    assert ended[0] == ended[1]
    assert len(ended[0]) > 4


async def test_few_alarms_are_no_burst(database):
    house = House(database, burst=len(story()) + 1)
    await house.links(*story())
    assert await actions_of(database, "fan-out") == []
    assert await actions_of(database, "notice") != []


@pytest.mark.parametrize("point", ["before", "inside", "after"])
async def test_killed_between_the_first_messages_and_the_rest_everyone_is_told_once(
    database, point: str
):
    dying = House(database, burst=1)
    await dying.links(*story())
    notes = [_read(r) for r in await actions_of(database, "fan-out")]
    database.crashes = [point]
    with pytest.raises(Crash):
        await FanOutCarrier(database, dying.clock).carry(notes[0])
    # the next process, on what that one left
    living = House(database, burst=1)
    await living.outbox.run_once()
    planned = sorted(r["id"] for r in await rows(database, "actions") if r["kind"] in REST)
    assert living.carried_of(*REST) == planned
    assert len(planned) == len(set(planned)) > 4
    assert {r["state"] for r in await actions_of(database, "fan-out")} == {"sent"}


async def test_a_note_that_is_carried_again_plans_nothing_anew(database):
    house = House(database, burst=1)
    await house.links(*story())
    notes = [_read(r) for r in await actions_of(database, "fan-out")]
    await house.outbox.run_once()
    sent = house.carried_of(*REST)
    for note in notes:
        await FanOutCarrier(database, house.clock).carry(note)
    await house.outbox.run_once()
    assert house.carried_of(*REST) == sent


async def test_a_busy_store_leaves_the_notes_for_later(database):
    house = House(database, burst=1)
    await house.links(*story())
    notes = [_read(r) for r in await actions_of(database, "fan-out")]
    database.crashes = ["busy"]
    with pytest.raises(StoreBusy):
        await FanOutCarrier(database, house.clock).carry(notes[0])
    await house.outbox.run_once()
    assert {r["state"] for r in await actions_of(database, "fan-out")} == {"sent"}
    assert len(house.carried_of(*REST)) == len(set(house.carried_of(*REST))) > 4


async def test_what_is_closed_before_its_rest_is_planned_tells_nobody_near(database):
    house = House(database, burst=1)
    await house.links(press("b1", 1))
    [incident] = await rows(database, "incidents")
    await database.write(
        lambda conn: cancel(conn, str(incident["id"]), [ActionKind.FAN_OUT], now_ms=house.clock.ms)
    )
    note = _read((await actions_of(database, "fan-out"))[0])
    await FanOutCarrier(database, house.clock).carry(note)
    assert await actions_of(database, "notice") == []


async def test_what_is_merged_before_its_rest_is_planned_takes_it_along(database):
    house = House(database, burst=1)
    await house.links(press("b1", 1), press("b5", 1))
    first, second = [str(r["id"]) for r in await rows(database, "incidents")]
    notes = [_read(r) for r in await actions_of(database, "fan-out")]
    moved = update(actions).where(actions.c.incident_id == second).values(incident_id=first)
    await database.write(lambda conn: conn.execute(moved))
    for note in notes:
        await FanOutCarrier(database, house.clock).carry(note)
    assert {r["incident_id"] for r in await rows(database, "actions")} == {first}


async def test_who_has_left_the_group_meanwhile_is_not_told(database):
    house = House(database, burst=1)
    await house.links(press("b1", 1))
    left = update(households).where(households.c.id == "h2").values(left_at_ms=house.clock.ms)
    await database.write(lambda conn: conn.execute(left))
    await house.outbox.run_once()
    assert {one.target for one in house.carried if one.kind is ActionKind.NOTICE} == {"b3"}


def _read(row: dict[str, object]) -> Action:
    """As the outbox reads it."""
    names: Sequence[str] = (
        "id",
        "incident_id",
        "target",
        "payload",
        "attempts",
        "due_at_ms",
        "deadline_ms",
    )
    return Action(kind=ActionKind(str(row["kind"])), **{n: row[n] for n in names})
