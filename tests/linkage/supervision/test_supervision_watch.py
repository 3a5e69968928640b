"""Devices that say nothing, or nothing good: one order each, at its time, with an owner."""

import pytest

from alarms.errors import StoreBusy
from linkage.supervision import orders
from linkage.supervision.owners import Owners
from linkage.supervision.roll import MOST_EARLY
from tests.linkage.supervision.room import DAY, HOUR, MINUTE, Room

SILENT = [("silent", "b1")]
TIME = 600 + 120  # its interval and the grace


async def a_button(room: Room, *ids: str) -> None:
    await room.place("dongcun")
    await room.register(ids or ("b1",), group="dongcun-g1")


# --- silence --------------------------------------------------------------------------------------


async def test_silent_button_is_found_when_its_interval_and_the_grace_are_over(either_room):
    room = either_room
    await a_button(room)
    room.say("b1")
    await room.look(TIME - 1)
    assert await room.orders() == []
    await room.look(1)
    assert await room.orders("kind", "device_id", "group_id", "village_id", "state") == [
        ("silent", "b1", "dongcun-g1", "dongcun", "open")
    ]
    assert await room.orders("raised_at_ms") == [room.ms(TIME)]


async def test_button_that_speaks_in_time_is_never_found(room):
    await a_button(room)
    for _ in range(50):
        room.say("b1")
        await room.look(TIME - 1)
    assert await room.orders() == []


async def test_daily_button_is_found_after_25_hours(room):
    await a_button(room)
    room.say("b1", every_s=24 * 3600)
    await room.look(24.9 * HOUR)
    assert await room.orders() == []
    await room.look(0.1 * HOUR)
    assert await room.open() == SILENT


async def test_button_that_never_said_its_interval_has_the_usual_one(room):
    await a_button(room)
    room.say("b1", every_s=None)
    await room.look(24.9 * HOUR)
    assert await room.orders() == []
    await room.look(0.1 * HOUR)
    assert await room.open() == SILENT


@pytest.mark.parametrize(("every_s", "found_after"), [(0.001, 30 + 120), (1e308, 7.28 * DAY)])
async def test_interval_is_believed_between_its_bounds(room, every_s, found_after):
    await a_button(room)
    room.say("b1", every_s=every_s)
    await room.look(found_after - 1)
    assert await room.orders() == []
    await room.look(1)
    assert await room.open() == SILENT


async def test_one_order_while_it_is_silent_and_a_word_of_it_closes_it(room):
    await a_button(room)
    room.say("b1")
    for _ in range(20):
        await room.look(TIME)
    assert await room.open() == SILENT
    room.say("b1")
    await room.look(1)
    assert await room.orders("state", "recovered_at_ms", "done_by") == [
        ("done", room.ms(20 * TIME + 1), None)
    ]
    await room.look(TIME)
    assert await room.orders("state") == ["done", "open"]


async def test_press_is_a_sign_of_life(room, press):
    await a_button(room)
    room.say("b1")
    await room.look(TIME - 60)
    await press("b1")
    await room.look(60)
    assert await room.orders() == []
    await room.look(TIME - 1)
    assert await room.orders() == []
    await room.look(61)
    assert await room.open() == SILENT


async def test_retained_press_and_retained_status_are_none(room, press):
    await a_button(room)
    room.say("b1")
    await room.look(TIME - 1)
    room.say("b1", live=False)
    await press("b1", "retained")
    await room.look(1)
    assert await room.open() == SILENT


async def test_last_will_is_an_early_word_of_silence(room):
    await a_button(room)
    room.say("b1", every_s=3600)
    await room.look(60)
    room.say("b1", online=False, every_s=3600)
    await room.look(15 * MINUTE - 1)
    assert await room.orders() == []
    await room.look(1)
    assert await room.open() == SILENT


async def test_blip_of_the_network_is_no_order(room):
    await a_button(room)
    room.say("b1", every_s=3600)
    await room.look(60)
    room.say("b1", online=False, every_s=3600)
    await room.look(14 * MINUTE)
    room.say("b1", every_s=3600)
    await room.look(30 * MINUTE)
    assert await room.orders() == []


# --- while we were deaf ---------------------------------------------------------------------------


async def test_after_a_restart_everybody_has_his_time_to_speak_again(either_room):
    room = either_room
    await a_button(room)
    room.say("b1")
    await room.look(TIME - 1)
    await room.restart(away_s=5 * HOUR)
    await room.look(TIME - 1)
    assert await room.orders() == []
    await room.look(1)
    assert await room.open() == SILENT


async def test_link_that_was_down_counts_as_deaf(room):
    await a_button(room)
    room.say("b1")
    await room.look(TIME - 1)
    room.stretch = None
    await room.look(HOUR)
    assert await room.orders() == []
    room.stretch = 2
    await room.look(0)
    await room.look(TIME - 1)
    assert await room.orders() == []
    await room.look(1)
    assert await room.open() == SILENT


async def test_link_that_was_down_between_two_looks_counts_too(room):
    await a_button(room)
    room.say("b1")
    await room.look(TIME - 1)
    room.stretch = 2
    await room.look(1)
    await room.look(TIME - 1)
    assert await room.orders() == []


@pytest.mark.parametrize("by", [-3 * DAY, 3 * DAY])
async def test_wall_clock_that_is_set_makes_nobody_silent_and_hides_nobody(room, by):
    await a_button(room)
    room.say("b1")
    await room.look(TIME - 1)
    room.clock.set_by(by)
    await room.look(1)
    await room.look(TIME - 1)
    assert await room.orders() == []
    await room.look(1)
    assert await room.open() == SILENT


async def test_service_that_restarts_every_hour_finds_the_daily_button_all_the_same(room):
    await a_button(room)
    room.say("b1", every_s=24 * 3600)
    for _ in range(49):
        await room.look(HOUR)
        await room.look_anew()
        await room.restart()
    assert await room.orders() == []
    for _ in range(2):
        await room.look(HOUR)
        await room.look_anew()
        await room.restart()
    assert await room.open() == SILENT


async def test_restart_makes_nothing_and_ends_nothing(either_room):
    room = either_room
    await a_button(room)
    room.say("b1", battery=0.1, tamper=True)
    await room.look(TIME)
    before = await room.orders("id", "state")
    assert len(before) == 3
    await room.look_anew()
    await room.restart()
    await room.look(TIME)
    assert await room.orders("id", "state") == before


# --- what else is wrong ---------------------------------------------------------------------------


async def test_word_of_a_device_that_was_made_a_moment_ago_is_not_lost(room):
    await a_button(room, "b1")
    room.say("new", battery=0.1, every_s=24 * 3600)
    await room.register(["new"], group="dongcun-g1")
    assert await room.open() == [("low", "new")]


async def test_words_of_strangers_take_no_room_for_ever(room):
    await a_button(room, "b1")
    room.say("new", battery=0.1)
    room.say(*(f"stranger-{n}" for n in range(MOST_EARLY)))
    await room.register(["new"], group="dongcun-g1")
    assert await room.open() == []


async def test_battery_is_low_until_it_is_clearly_charged(room):
    await a_button(room)
    room.say("b1", battery=0.19)
    await room.look(1)
    assert await room.open() == [("low", "b1")]
    room.say("b1", battery=0.29)
    await room.look(1)
    assert await room.open() == [("low", "b1")]
    room.say("b1", battery=0.3)
    await room.look(1)
    room.say("b1", battery=0.21)
    await room.look(1)
    assert await room.orders("state") == ["done"]


async def test_signal_is_weak_when_it_stays_so(room):
    await a_button(room)
    for _ in range(36):
        room.say("b1", rssi=-97)
        await room.look(600)
    assert await room.open() == []
    room.say("b1", rssi=-97)
    await room.look(1)
    assert await room.open() == [("weak", "b1")]
    for _ in range(37):
        room.say("b1", rssi=-89)
        await room.look(600)
    assert await room.orders("state") == ["done"]


async def test_one_good_report_begins_the_weak_signal_anew(room):
    await a_button(room)
    for n in range(60):
        room.say("b1", rssi=-80 if n % 30 == 0 else -97)
        await room.look(600)
    assert await room.orders() == []


async def test_tampering_is_found_at_once_and_must_be_confirmed(room):
    await a_button(room)
    room.say("b1", tamper=True)
    await room.look(1)
    assert await room.orders() == [("tampered", "b1", "open")]
    room.say("b1", tamper=False)
    await room.look(1)
    assert await room.orders() == [("tampered", "b1", "recovered")]
    room.say("b1", tamper=True)
    await room.look(1)
    assert await room.orders("kind", "state", "recovered_at_ms") == [("tampered", "open", None)]


async def test_press_with_a_clock_far_off_is_an_order_until_a_press_with_a_good_one(room, press):
    await a_button(room)
    room.say("b1")
    await press("b1", "clock_suspect")
    await room.look(1)
    assert await room.orders() == [("clock", "b1", "open")]
    await press("b1", at_ms=room.ms())
    await room.look(1)
    assert await room.orders() == [("clock", "b1", "done")]


async def test_clock_in_statuses_must_be_off_three_times_in_a_row(room):
    await a_button(room)
    for n in range(9):
        late = 3600_000 if n % 3 else 0
        room.say("b1", at_ms=room.ms(600 * n) - late)
        await room.look(600)
    assert await room.orders() == []
    for n in range(9, 12):
        room.say("b1", at_ms=room.ms(600 * n) - 3600_000)
        await room.look(600)
    assert await room.open() == [("clock", "b1")]


async def test_button_that_comes_and_goes_is_one_order(room):
    await a_button(room)
    for _ in range(40):
        room.say("b1")
        await room.look(60)
        room.say("b1", online=False)
        await room.look(60)
    assert await room.open() == [("flapping", "b1")]
    for _ in range(7):
        room.say("b1")
        await room.look(600)
    assert await room.orders() == [("flapping", "b1", "done")]


async def test_button_that_comes_and_goes_and_then_is_gone_is_silent_too(room):
    await a_button(room)
    for _ in range(10):
        room.say("b1")
        await room.look(30)
        room.say("b1", online=False)
        await room.look(30)
    await room.look(TIME - 60)
    assert sorted(await room.open()) == [("flapping", "b1"), ("silent", "b1")]


# --- whom it concerns -----------------------------------------------------------------------------


async def test_planned_revoked_and_left_devices_are_not_supervised(room):
    await a_button(room, "planned", "revoked")
    await room.change("planned", state="planned")
    room.say("revoked")
    await room.look(1)
    await room.change("revoked", state="revoked")
    await room.look(30 * DAY)
    assert await room.orders() == []
    assert room.watch.supervised == 0


async def test_revoked_device_that_speaks_is_found_at_once(room):
    await a_button(room)
    room.say("b1")
    await room.look(1)
    await room.change("b1", state="revoked")
    room.say("b1")
    await room.look(1)
    assert await room.orders() == [("revoked", "b1", "open")]
    await room.look(DAY)
    assert await room.orders() == [("revoked", "b1", "recovered")]


async def test_revoking_a_silent_device_ends_its_order(room):
    await a_button(room)
    room.say("b1")
    await room.look(TIME)
    await room.change("b1", state="revoked")
    assert await room.orders() == [("silent", "b1", "done")]


async def test_device_that_was_issued_and_never_heard_is_found_after_two_weeks(room):
    await room.place("dongcun")
    await room.register(["b1"], group="dongcun-g1", state="issued")
    await room.look(14 * DAY - 1)
    assert await room.orders() == []
    await room.look(1)
    assert await room.orders() == [("never-enrolled", "b1", "open")]
    room.say("b1")
    await room.look(1)
    assert await room.orders() == [("never-enrolled", "b1", "done")]


async def test_enrolled_device_that_was_never_heard_is_silent_after_its_time(room):
    await a_button(room)
    await room.look(25 * HOUR)
    assert await room.open() == SILENT


# --- who sees to it -------------------------------------------------------------------------------


async def test_owner_is_the_village_head_and_after_the_due_time_it_is_the_shift_leaders(room):
    await a_button(room)
    await room.person("admin", "administrator")
    await room.person("head", "village-head", "dongcun")
    await room.person("other-head", "village-head", "xicun")
    await room.person("leader", "shift-leader")
    room.say("b1")
    await room.look(TIME)
    assert await room.orders("owner", "due_at_ms", "overdue_at_ms", "handed_to") == [
        ("head", room.ms(TIME + DAY), None, None)
    ]
    await room.look(DAY - 1)
    assert await room.orders("handed_to") == [None]
    await room.look(1)
    await room.look(DAY)
    assert await room.orders("owner", "overdue_at_ms", "handed_to") == [
        ("head", room.ms(TIME + DAY), "leader")
    ]


async def test_without_anybody_in_the_village_it_is_the_administrators(room):
    await a_button(room)
    await room.person("admin", "administrator")
    await room.person("other-head", "village-head", "xicun")
    room.say("b1")
    await room.look(TIME)
    assert await room.orders("owner") == ["admin"]


async def test_order_without_an_owner_gets_one_as_soon_as_there_is_one(room):
    await a_button(room)
    room.say("b1")
    await room.look(TIME)
    assert await room.orders("owner") == [None]
    counted = await room.database.read(orders.counts)
    assert counted["dongcun"] == orders.Counts(open=1, unowned=1)
    await room.person("head", "village-head", "dongcun")
    await room.look_anew()
    assert await room.orders("owner") == ["head"]


@pytest.mark.parametrize("by", [-3 * DAY, 3 * DAY])
async def test_due_time_moves_with_the_wall_clock(room, by):
    await a_button(room)
    room.say("b1")
    await room.look(TIME)
    room.clock.set_by(by)
    await room.look(DAY - 1)
    assert await room.orders("overdue_at_ms") == [None]
    await room.look(1)
    assert await room.orders("overdue_at_ms") == [room.ms(TIME + DAY + by)]


async def test_order_that_was_done_by_hand_comes_again_if_the_device_stays_silent(either_room):
    room = either_room
    await a_button(room)
    room.say("b1")
    await room.look(TIME)
    await finish(room)
    await room.look_anew()
    await room.restart()
    await room.look(TIME - 1)
    assert await room.orders("state", "done_by") == [("done", "head")]
    await room.look(1)
    assert await room.orders("state") == ["done", "open"]


async def finish(room: Room) -> None:
    (order_id,) = await room.orders("id")
    now_ms = int(room.clock.now().timestamp() * 1000)
    await room.database.write(
        lambda conn: orders.finish(conn, order_id, by="head", note="换电池", now_ms=now_ms)
    )


async def test_battery_that_was_seen_to_is_low_again_only_when_the_device_says_so(room):
    await a_button(room)
    room.say("b1", battery=0.1)
    await room.look(1)
    await finish(room)
    await room.look(1)
    assert await room.orders("state") == ["done"]
    room.say("b1", battery=0.1)
    await room.look(1)
    assert await room.orders("state") == ["done", "open"]


# --- when something goes wrong with us ------------------------------------------------------------


async def test_store_that_is_busy_loses_nothing(room, monkeypatch):
    await a_button(room)
    room.say("b1")
    room.clock.forward(TIME)
    refused = Refusing(room.database)
    room.watch._database = refused
    with pytest.raises(StoreBusy):
        await room.watch.run_once()
    room.watch._database = room.database
    await room.look(1)
    assert await room.open() == SILENT


class Refusing:
    """A store that reads and cannot commit."""

    def __init__(self, database):
        self.read = database.read

    async def write(self, work):
        raise StoreBusy("the disk is full")


async def test_word_that_comes_while_its_order_is_being_written_closes_it(room):
    await a_button(room)
    room.say("b1")
    room.clock.forward(TIME)
    real = room.database

    class Speaks:
        read = real.read

        async def write(self, work):
            room.say("b1")
            return await real.write(work)

    room.watch._database = Speaks()
    await room.watch.run_once()
    room.watch._database = real
    await room.look(5)
    assert await room.orders() == [("silent", "b1", "done")]


async def test_nonsense_of_one_device_does_not_deafen_us_to_the_others(room):
    await a_button(room, "b1", "b2")
    room.say("b1", every_s=float("inf"), battery=float("nan"), rssi=1e308, at_ms=-(10**30))
    room.say("b2")
    await room.look(TIME)
    assert ("silent", "b2") in await room.open()


async def test_owners_are_looked_up_for_places_that_are_unknown_too(room):
    owners = await room.database.read(
        lambda conn: Owners(conn, room.clock.now(), room.watch._time_zone).owner(None)
    )
    assert owners is None
