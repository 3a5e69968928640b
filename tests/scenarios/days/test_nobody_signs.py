"""Nobody signs for a press: who is called, and exactly when."""

from tests.scenarios.days.day import Day
from tests.scenarios.days.hearing import page, reply


async def test_nobody_signs_for_thirty_seconds_and_the_shift_leader_is_called(day: Day) -> None:
    await day.sits_down("duty")
    await day.sits_down("leader")
    await day.presses(0)
    await day.was_sent(reply(day.device(0)), day.neighbours(0), page("duty"))
    await day.pass_time(29)
    await day.was_sent()
    await day.pass_time(1)
    await day.was_sent(page("leader"))
