"""An empty chair and a gap in the rota: alarms that come once, and end by themselves."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import insert, update

from alarms.errors import StoreBusy
from alarms.model import AlarmKind
from linkage.duty import recovering, registry
from linkage.duty.model import Absence, Area, Post
from linkage.duty.watch import DutyWatch
from linkage.model.person import Role
from linkage.rules.model import Match, Rule, Rules
from linkage.schema import incident_alarms, incidents, sessions
from tests.linkage.duty.rotas import DESK, SATURDAY, pattern
from tests.linkage.town import actions_of, press

UNATTENDED, GAP = "unattended", "rota_gap"


# --- the empty chair ------------------------------------------------------------------------------


async def test_officer_who_walks_away_leaves_an_alarm_that_calls_leader_and_administrator(
    either_room,
):
    room = either_room
    await room.sit("duty")
    await room.look(29)
    assert await room.incidents("kind") == []
    await room.look(2)
    assert await room.incidents("kind", "plan", "priority", "stage") == [
        (UNATTENDED, "duty", 2, "reported")
    ]
    (alarm,) = await room.alarms()
    assert (alarm["source"], alarm["device"]) == ("system", "chair")
    assert len(await actions_of(room.database, "escalate", "planned")) == 1


async def test_muted_tab_is_an_empty_chair(room):
    await room.sit("duty")
    await room.write(lambda conn: conn.execute(update(sessions).values(sound_unlocked=False)))
    await room.look(9)
    assert await room.incidents("kind") == []
    await room.look(2)
    assert await room.incidents("kind") == [(UNATTENDED,)]


async def test_tab_out_of_sight_is_an_empty_chair(room):
    await room.sit("duty")
    await room.write(lambda conn: conn.execute(update(sessions).values(visible=False)))
    await room.look(11)
    assert await room.incidents("kind") == [(UNATTENDED,)]


async def test_auditor_who_is_there_fills_no_chair(room):
    await room.sit("duty")
    await room.sit("audit")
    await room.look(11)
    assert await room.incidents("kind") == [(UNATTENDED,)]


async def test_chair_that_stays_empty_is_one_incident(room):
    await room.sit("duty")
    for _ in range(40):
        await room.look(31)
    assert await room.incidents("kind", "ring") == [(UNATTENDED, 1)]
    assert len(await room.alarms()) == 1


async def test_somebody_who_sits_down_again_closes_it(either_room):
    room = either_room
    await room.sit("duty")
    await room.look(31)
    await room.sit("leader")
    assert await room.incidents("stage", "outcome", "next_due_at_ms") == [("closed", "real", None)]
    assert (await room.events())[-2:] == ["recovered", "closed"]
    assert await actions_of(room.database, "escalate", "planned") == []


async def test_chair_that_is_left_twice_is_two_incidents(room):
    await room.sit("duty")
    await room.look(31)
    await room.sit("duty")
    await room.look(31)
    assert await room.incidents("kind", "stage") == [
        (UNATTENDED, "closed"),
        (UNATTENDED, "reported"),
    ]


async def test_chair_manned_before_the_incident_was_opened_closes_it_when_it_is(room):
    await room.sit("duty")
    room.clock.forward(31)
    await room.watch.run_once()  # the alarm is in the log, the engine has not read it
    await room.sit("duty")
    assert await room.incidents("stage") == [("reported",)]
    await room.look()
    assert await room.incidents("stage") == [("closed",)]


async def test_dispatcher_of_one_village_leaves_the_other_without(room):
    await room.sit("duty", "station")
    await room.sit("station")
    await room.look(11)
    (alarm,) = await room.alarms()
    assert await room.incidents("kind", "village_id") == [(UNATTENDED, "xicun")]
    await room.sit("duty")
    assert await room.incidents("stage") == [("closed",)]
    assert alarm["seq"] == 0


async def test_more_villages_without_ring_the_same_incident_again_once_it_was_signed(room):
    await room.sit("station")
    room.clock.forward(61)
    await room.sit("station")
    assert await room.incidents("village_id") == [("xicun",)]
    await room.write(_sign)
    await room.look(40)
    assert await room.incidents("kind", "ring", "acknowledged_by") == [(UNATTENDED, 2, None)]


def _sign(conn):
    conn.execute(update(incidents).values(acknowledged_by="leader", acknowledged_at_ms=0))


async def test_new_site_has_ten_minutes_for_its_first_sign_in(room):
    await room.look(599)
    assert await room.incidents("kind") == []
    await room.look(1)
    assert await room.incidents("kind") == [(UNATTENDED,)]


async def test_restart_while_somebody_sits_there_counts_after_a_minute(room):
    await room.sit("duty")
    room.restarted()
    await room.look(59)
    assert await room.incidents("kind") == []
    await room.look(1)
    assert await room.incidents("kind") == [(UNATTENDED,)]


async def test_restart_with_an_empty_chair_raises_nothing_twice(room):
    await room.sit("duty")
    await room.look(31)
    room.restarted()
    await room.look(120)
    assert len(await room.alarms()) == 1


async def test_alarm_decided_on_before_a_crash_is_appended_at_the_next_start(room):
    await room.sit("duty")
    room.clock.forward(31)
    append = room.log.append

    async def busy(new, refused=()):
        raise StoreBusy("locked")

    room.log.append = busy
    with pytest.raises(StoreBusy):
        await room.watch.run_once()
    assert await room.alarms() == []
    room.log.append = append
    room.restarted()
    await room.look(1)
    assert await room.incidents("kind") == [(UNATTENDED,)]


async def test_incident_that_a_person_closed_comes_back_while_nobody_is_there(room):
    await room.sit("duty")
    await room.look(31)

    def close(conn):
        conn.execute(update(incidents).values(stage="closed", outcome="false"))

    await room.write(close)
    await room.look(300)
    assert len(await room.incidents("id")) == 1
    await room.look(301)
    assert await room.incidents("stage") == [("closed",), ("reported",)]


async def test_incident_that_holds_a_press_is_never_closed_by_the_system(room):
    await room.sit("duty")
    await room.look(31)
    ((incident,),) = await room.incidents("id")
    await room.log.append([press("b1", 1)])
    (_, alarm) = await room.alarms()
    row = {
        "alarm_id": alarm["id"],
        "incident_id": incident,
        "position": alarm["position"],
        "device": "b1",
        "kind": "panic",
        "silent": False,
        "received_at_ms": 0,
        "flags": "",
    }
    await room.write(lambda conn: conn.execute(insert(incident_alarms).values(**row)))
    await room.watch.run_once()
    await room.sit("duty")
    stages = dict(await room.incidents("id", "stage"))
    assert stages[incident] == "reported"


async def test_only_what_the_system_raised_itself_may_be_closed_by_it(room):
    with pytest.raises(ValueError, match="only people close it"):
        await room.write(
            lambda conn: recovering.close(conn, [], AlarmKind.PANIC, "", writer="w", now_ms=0)
        )


async def test_press_is_an_incident_of_its_own_beside_the_empty_chair(room):
    await room.sit("duty")
    await room.look(31)
    await room.log.append([press("b1", 1)])
    await room.look()
    assert [k for (k,) in await room.incidents("kind")] == [UNATTENDED, "panic"]


@pytest.mark.parametrize("by_s", [3600, -3600])
async def test_wall_clock_that_is_set_empties_no_chair(room, by_s):
    await room.sit("duty")
    room.clock.wall = timedelta(seconds=by_s)
    for _ in range(6):
        await room.look(2)
    await room.sit("duty")
    await room.look(25)
    await room.sit("duty")
    assert await room.incidents("kind") == []


@pytest.mark.parametrize("by_s", [3600, -3600])
async def test_chair_that_is_left_after_the_wall_clock_was_set_is_an_alarm_all_the_same(room, by_s):
    await room.sit("duty")
    room.clock.wall = timedelta(seconds=by_s)
    await room.look(2)
    await room.sit("duty")
    await room.look(40)
    assert await room.incidents("kind") == [(UNATTENDED,)]


# --- gaps in the rota -----------------------------------------------------------------------------


async def with_days_only(room):
    """A desk that must be manned, and a rota that has nobody for the nights."""
    await room.sit("duty")
    await room.write(registry.put_post, DESK, now_ms=room.clock.ms)
    await room.write(registry.put_pattern, pattern("08:00", 12, "duty"))


async def pass_time(room, minutes: int) -> None:
    """The officer stays, a look each ten minutes."""
    for _ in range(minutes // 10):
        room.clock.forward(600)
        await room.sit("duty")


async def test_gap_is_an_alarm_twelve_hours_before_it_begins_and_only_once(either_room):
    room = either_room
    await room.sit("duty")
    await room.write(registry.put_post, DESK, now_ms=room.clock.ms)
    await room.write(registry.put_pattern, pattern("08:00", 24, "duty", ends_on=SATURDAY))
    await pass_time(room, 7 * 60 + 50)  # 19:50; the gap begins at 08:00
    assert await room.incidents("kind") == []
    await pass_time(room, 10)
    assert await room.incidents("kind", "plan", "priority") == [(GAP, "duty", 3)]
    await pass_time(room, 60)
    assert len(await room.alarms()) == 1
    room.restarted()
    await pass_time(room, 60)
    assert len(await room.alarms()) == 1


async def test_gap_that_is_filled_closes_its_incident(room):
    await with_days_only(room)
    await pass_time(room, 10)
    assert await room.incidents("kind", "stage") == [(GAP, "reported")]
    await room.write(registry.put_pattern, pattern("20:00", 12, "leader"))
    await pass_time(room, 10)
    assert await room.incidents("stage") == [("closed",)]
    assert (await room.events())[-2:] == ["recovered", "closed"]


async def test_sickness_of_the_only_officer_is_a_gap_at_once(room):
    await room.sit("duty")
    await room.write(registry.put_post, DESK, now_ms=room.clock.ms)
    await room.write(registry.put_pattern, pattern("08:00", 24, "duty"))
    await pass_time(room, 10)
    assert await room.incidents("kind") == []
    now = room.clock.now()
    sick = Absence("s", "duty", now, now + timedelta(hours=3))
    await room.write(registry.put_absence, sick)
    await pass_time(room, 10)
    assert await room.incidents("kind", "village_id") == [(GAP, None)]


async def test_gap_at_a_village_post_is_the_villages(room):
    gate = Post("gate", "东村岗", Role.PATROL, Area(frozenset({"dongcun"})))
    await room.write(registry.put_post, gate, now_ms=room.clock.ms)
    await room.sit("duty")
    assert await room.incidents("kind", "village_id") == [(GAP, "dongcun")]


async def test_two_posts_have_an_incident_each(room):
    for name in ("desk", "gate"):
        await room.write(
            registry.put_post, Post(name, name, Role.DUTY_OFFICER), now_ms=room.clock.ms
        )
    await room.sit("duty")
    assert await room.incidents("kind") == [(GAP,), (GAP,)]


async def test_gap_that_went_by_stays_open_for_a_person(room):
    await with_days_only(room)
    await pass_time(room, 21 * 60)
    assert await room.incidents("kind", "stage") == [(GAP, "reported")]


# --- what rules may say of them ---


@pytest.mark.parametrize(
    ("kinds", "plan"), [(frozenset(), "duty"), ({AlarmKind.UNATTENDED}, "default")]
)
async def test_empty_chair_goes_by_the_plan_duty_where_no_rule_names_it(room, kinds, plan):
    everything = Rule(name="everything", match=Match(kinds=frozenset(kinds)), plan="default")
    room.engine = room.engine_with(Rules((everything,)))
    await room.sit("duty")
    await room.look(31)
    assert await room.incidents("kind", "plan") == [(UNATTENDED, plan)]


async def test_empty_chair_tells_no_neighbour_and_asks_no_camera(room):
    await room.sit("station")
    await room.look(2)
    room.clock.forward(60)
    await room.sit("station")  # 西村 is without, and has a camera
    assert await room.incidents("village_id") == [("xicun",)]
    assert await actions_of(room.database, "notice") == []
    assert await actions_of(room.database, "snapshot") == []


# --- the loop -------------------------------------------------------------------------------------


class Stumbling(DutyWatch):
    """Finds the store busy, then a rota that it cannot read, then all well."""

    stumbles: list[Exception]
    waits: list[float]

    async def run_once(self) -> None:
        if self.stumbles:
            raise self.stumbles.pop(0)

    async def _wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        if len(self.waits) == 3:
            raise asyncio.CancelledError


async def test_watch_that_meets_a_rota_it_cannot_read_goes_on(room):
    room.watch.__class__ = Stumbling
    room.watch.stumbles, room.watch.waits = [StoreBusy("locked"), ValueError("24:00")], []
    with pytest.raises(asyncio.CancelledError):
        await room.watch.run()
    assert room.watch.waits[0] <= 0.2
    assert room.watch.waits[1:] == [20.0, 2.0]
