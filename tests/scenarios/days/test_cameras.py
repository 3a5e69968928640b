"""Cameras and presses together: what is evidence, what is an alarm, what is never hidden."""

from tests.scenarios.days.day import CAMERA, Day
from tests.scenarios.days.hearing import page, reply


async def test_a_press_then_loitering_at_the_same_gate_is_one_incident(day: Day) -> None:
    duty = await day.sits_down("duty")
    pressed = await day.presses(0)
    await day.was_sent(reply(day.device(0)), day.neighbours(0), page("duty"))
    before = await duty.incident_of(pressed)
    seen = await day.loiters()
    incident = await duty.incident_of(seen)
    assert incident["id"] == before["id"]
    assert incident["kind"] == "panic"
    assert CAMERA in incident["cameras"]


async def test_loitering_by_itself_calls_the_duty_officer_and_no_neighbour(day: Day) -> None:
    duty = await day.sits_down("duty")
    alarm = await day.loiters()
    await day.was_sent(page("duty"))
    incident = await duty.incident_of(alarm)
    assert (incident["kind"], incident["priority"]) == ("loitering", 3)


async def test_the_same_camera_still_seeing_somebody_does_not_ring_again(day: Day) -> None:
    await day.sits_down("duty")
    await day.loiters()
    await day.pass_time(60)
    await day.loiters()
    await day.was_sent(page("duty", "police", "admin"))
