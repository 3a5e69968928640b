"""The wall clock is set on and back; what is due is neither late, nor early, nor done twice."""

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from alarms.errors import StoreBusy
from alarms.store import Database
from lianfang_timing import SteadyClock, jump
from linkage import people
from linkage.escalation.timekeeping import Timekeeper
from linkage.schema import actions, incidents
from tests.linkage.escalation_room import DUTY, EscalationRoom, JumpClock
from tests.linkage.town import NOON, CrashingDatabase, actions_of, open_town, press, rows

HOUR_S = 3600.0


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = await open_town(tmp_path, CrashingDatabase)
    yield database
    await database.close()


@pytest.fixture
async def room(database: Database) -> EscalationRoom:
    room = EscalationRoom(database)
    await room.everyone_sits()
    return room


# --- the clock without jumps ---


@pytest.mark.parametrize(
    ("wall_s", "monotonic_s", "jumped_s"),
    [(10, 10, 0), (11, 10, 0), (9, 10, 0), (11.5, 10, 1.5), (8.5, 10, -1.5), (3610, 10, 3600)],
)
def test_a_jump_is_what_the_wall_clock_went_further_than_time(wall_s, monotonic_s, jumped_s):
    assert jump(timedelta(seconds=wall_s), monotonic_s, 1.0) == timedelta(seconds=jumped_s)


def test_a_steady_clock_goes_on_as_before_until_it_is_told_to_follow():
    clock = JumpClock()
    steady = SteadyClock(clock)
    clock.forward(10)
    clock.set_wall(-HOUR_S)
    assert steady.now() == NOON + timedelta(seconds=10)
    assert steady.since_followed_s() == 10
    steady.follow()
    assert steady.now() == clock.now()
    assert steady.jump() == timedelta()


def test_a_steady_clock_keeps_to_a_wall_clock_that_is_only_corrected():
    clock = JumpClock()
    steady = SteadyClock(clock)
    clock.set_wall(0.4)
    assert steady.now() == clock.now()


# --- an incident whose clock is running ---


@pytest.mark.parametrize("jump_s", [-HOUR_S, HOUR_S])
async def test_people_are_shown_the_moment_at_which_it_is_due_by_the_new_time(
    room: EscalationRoom, jump_s: float
):
    await room.happens(press("b1", 1))
    room.clock.set_wall(jump_s)
    await room.passes(1)
    (due,) = [a["due_at_ms"] for a in await actions_of(room.database, "escalate", "planned")]
    (shown,) = await room.database.read(
        lambda conn: conn.scalars(select(incidents.c.next_due_at_ms)).all()
    )
    assert shown == due


@pytest.mark.parametrize("jump_s", [-HOUR_S, HOUR_S, -40.0, 40.0])
async def test_a_clock_that_is_set_delays_hastens_and_repeats_no_call(
    room: EscalationRoom, jump_s: float
):
    await room.happens(press("b1", 1))
    room.clock.set_wall(jump_s)
    await room.passes(29)
    assert await room.called() == ["duty"]
    await room.passes(1)
    assert await room.called() == ["duty", "leader"]
    await room.passes(29)
    assert await room.called() == ["duty", "leader"]
    await room.passes(1)
    assert await room.called() == ["duty", "leader", "station"]


@pytest.mark.parametrize("jump_s", [-HOUR_S, HOUR_S])
async def test_until_what_is_planned_has_moved_nothing_is_done_too_soon_or_again(
    room: EscalationRoom, jump_s: float
):
    await room.happens(press("b1", 1))
    room.clock.set_wall(jump_s)
    await room.everyone_sits()
    for _ in range(3):
        await room.outbox.run_once()
    assert await room.called() == ["duty"]
    room.clock.forward(30)
    await room.everyone_sits()
    await room.outbox.run_once()
    await room.passes(0.5)
    assert await room.called() == ["duty", "leader"]


@pytest.mark.parametrize("jump_s", [-HOUR_S, HOUR_S])
async def test_a_press_right_after_the_clock_was_set_is_called_for_at_once(
    room: EscalationRoom, jump_s: float
):
    room.clock.set_wall(jump_s)
    await room.everyone_sits()
    await room.happens(press("b1", 1))
    await room.passes(0.5)
    assert await room.called() == ["duty"]
    await room.passes(30)
    assert (await room.called())[:2] == ["duty", "leader"]


@pytest.mark.parametrize("jump_s", [-HOUR_S, HOUR_S])
async def test_who_sat_there_before_the_clock_was_set_sits_there_still_and_no_longer_than_else(
    room: EscalationRoom, jump_s: float
):
    async def attended() -> set[str]:
        names = await room.database.read(
            lambda conn: people.attended_usernames(conn, room.clock.ms)
        )
        return set(names)

    room.clock.forward(10)
    room.clock.set_wall(jump_s)
    await room.timekeeper.look()
    room.clock.forward(20)
    assert "duty" in await attended()
    room.clock.forward(1)
    assert await attended() == set()


async def test_facts_carry_the_wall_clocks_time(room: EscalationRoom):
    incident = await room.happens(press("b1", 1))
    room.clock.set_wall(HOUR_S)
    await room.passes(1)
    await room.signs(incident, DUTY)
    [row] = await rows(room.database, "incidents")
    assert row["acknowledged_at_ms"] == room.clock.ms


async def test_a_clock_set_now_and_again_never_leaves_a_press_longer_than_its_own_time(
    room: EscalationRoom,
):
    dice = random.Random(7)
    await room.happens(press("b1", 1))
    since_s, calls = 0.0, 1
    for _ in range(120):
        if dice.random() < 0.2:
            room.clock.set_wall(dice.choice([-1, 1]) * dice.uniform(2, 2 * HOUR_S))
        await room.passes(5)
        since_s += 5
        found = len(await room.called())
        assert found - calls in (0, 1)
        if found > calls:
            assert since_s >= 30
            since_s, calls = 0.0, found
        assert since_s <= 65
    assert calls >= 10


# --- while we were not running ---


async def test_a_clock_set_back_while_we_were_away_costs_a_step_its_own_time_at_most(
    room: EscalationRoom,
):
    await room.happens(press("b1", 1))
    room.clock.set_wall(-HOUR_S)
    again = EscalationRoom(room.database, clock=room.clock)
    await again.timekeeper.begin()
    await again.passes(29)
    assert await again.called() == ["duty"]
    await again.passes(1)
    assert await again.called() == ["duty", "leader"]


async def test_what_was_to_be_tried_again_is_tried_at_once_after_such_a_start(
    room: EscalationRoom,
):
    await room.happens(press("b1", 1))
    [notice, *_] = await actions_of(room.database, "notice")
    later_ms = room.clock.ms + 10 * 60_000
    await room.database.write(
        lambda conn: conn.execute(
            update(actions)
            .where(actions.c.id == notice["id"])
            .values(attempts=3, due_at_ms=later_ms)
        )
    )
    await Timekeeper(room.database, room.clock).begin()
    due_ms = await room.database.read(
        lambda conn: conn.scalar(select(actions.c.due_at_ms).where(actions.c.id == notice["id"]))
    )
    assert due_ms == room.clock.ms


async def test_an_ordinary_start_moves_nothing(room: EscalationRoom):
    await room.happens(press("b1", 1))
    before = await rows(room.database, "actions")
    room.clock.forward(5)
    await Timekeeper(room.database, room.clock).begin()
    assert await rows(room.database, "actions") == before


async def test_deadlines_move_with_what_is_due(room: EscalationRoom):
    await room.happens(press("b1", 1))
    [notice, *_] = await actions_of(room.database, "notice")
    room.clock.set_wall(HOUR_S)
    await room.timekeeper.look()
    [moved, *_] = await actions_of(room.database, "notice")
    assert moved["deadline_ms"] == notice["deadline_ms"] + 3_600_000


# --- the loop ---


class Counting(JumpClock):
    """Lets the loop look as often as the test wants."""

    def __init__(self) -> None:
        super().__init__()
        self.looks = asyncio.Semaphore(0)
        self.asked = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        self.asked.set()
        await self.looks.acquire()


async def test_a_busy_store_is_asked_again_and_the_jump_is_not_forgotten(tmp_path: Path):
    database = await open_town(tmp_path, CrashingDatabase)
    clock = Counting()
    room = EscalationRoom(database, clock=clock)
    await room.everyone_sits()
    await room.happens(press("b1", 1))
    clock.set_wall(HOUR_S)
    await room.everyone_sits()
    database.crashes = ["busy"]
    with pytest.raises(StoreBusy):
        await room.timekeeper.look()
    await room.outbox.run_once()
    assert await room.called() == ["duty"]

    database.crashes = ["busy"]
    running = asyncio.create_task(room.timekeeper.run())
    await clock.asked.wait()  # the store was busy at the start
    clock.asked.clear()
    clock.looks.release()
    await clock.asked.wait()
    clock.asked.clear()
    clock.looks.release()
    await clock.asked.wait()  # and looks on
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    [look] = await actions_of(database, "escalate", "planned")
    assert look["due_at_ms"] == clock.ms + 30_000
    await room.passes(30)
    called = await room.called()
    await database.close()
    assert called == ["duty", "leader"]


async def test_what_is_planned_moves_on_postgresql_too(tmp_path: Path, postgres_url: str):
    database = await open_town(tmp_path, url=postgres_url)
    room = EscalationRoom(database)
    await room.everyone_sits()
    await room.happens(press("b1", 1))
    room.clock.set_wall(-HOUR_S)
    await room.passes(30)
    room.clock.set_wall(-HOUR_S)
    again = EscalationRoom(database, clock=room.clock)
    await again.timekeeper.begin()
    await again.passes(30)
    called = await again.called()
    await database.close()
    assert called == ["duty", "leader", "station"]
