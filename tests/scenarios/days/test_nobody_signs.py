"""Nobody signs for a press: who is called, and exactly when."""

import pytest

from tests.scenarios.days.day import Day
from tests.scenarios.days.hearing import page, reply


async def test_nobody_signs_for_30_s_and_the_shift_leader_is_called(day: Day) -> None:
    await day.sits_down("duty")
    await day.sits_down("leader")
    await day.presses(0)
    await day.was_sent(reply(day.device(0)), day.neighbours(0), page("duty"))
    await day.pass_time(29)
    await day.was_sent()
    await day.pass_time(1)
    await day.was_sent(page("leader"))


async def test_nobody_signs_for_60_s_and_the_station_and_the_administrator_are_called(
    day: Day,
) -> None:
    for username in ("duty", "leader", "police"):
        await day.sits_down(username)
    await day.presses(0)
    await day.pass_time(59)
    await day.was_sent(reply(day.device(0)), day.neighbours(0), page("duty", "leader"))
    await day.pass_time(1)
    await day.was_sent(page("police", "admin"))
    await day.pass_time(59)
    await day.was_sent()
    await day.pass_time(1)  # and again each minute, until somebody has signed
    await day.was_sent(page("police", "admin"))


async def test_who_signs_in_time_keeps_everybody_else_from_being_called(day: Day) -> None:
    duty = await day.sits_down("duty")
    await day.sits_down("leader")
    alarm = await day.presses(0)
    await day.pass_time(20)
    assert await duty.step(await duty.incident_of(alarm), "acknowledge") == 200
    await day.pass_time(30)
    sent = reply(day.device(0)), day.neighbours(0), page("duty")
    await day.was_sent(*sent, reply(day.device(0), "acknowledged"))


async def test_a_restart_fires_what_became_due_while_it_was_away_and_fires_it_once(
    day: Day,
) -> None:
    await day.sits_down("leader")
    await day.presses(0)
    await day.was_sent(reply(day.device(0)), day.neighbours(0), page("leader"))
    await day.crash()
    day.clock.forward(600)  # ten repetitions of the last step were missed
    await day.start()
    await day.settle()
    await day.was_sent(page("police", "admin"))


@pytest.mark.parametrize("jump_s", [-3600, 3600])
async def test_a_wall_clock_that_is_set_an_hour_on_or_back_delays_and_repeats_no_call(
    day: Day, jump_s: float
) -> None:
    for username in ("duty", "leader", "police"):
        await day.sits_down(username)
    await day.presses(0)
    await day.was_sent(reply(day.device(0)), day.neighbours(0), page("duty"))
    day.clock.set_wall(jump_s)
    for officer in day.at_console.values():
        await officer.here()
    await day.pass_time(31)
    await day.was_sent(page("leader"))
