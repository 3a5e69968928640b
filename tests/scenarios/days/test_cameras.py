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


async def test_loitering_then_a_press_beside_it_is_one_incident_and_more_certain(
    day: Day,
) -> None:
    duty = await day.sits_down("duty")
    seen = await day.loiters()
    await day.was_sent(page("duty"))
    assert (await duty.incident_of(seen))["certainty"] == "possible"
    pressed = await day.presses(0)
    await day.was_sent(reply(day.device(0)), day.neighbours(0), page("duty"))
    incident = await duty.incident_of(pressed)
    assert seen in {alarm["id"] for alarm in incident["alarms"]}
    assert (incident["kind"], incident["priority"], incident["certainty"]) == (
        "panic",
        1,
        "observed",
    )


async def test_a_silence_holds_back_its_camera_and_never_a_press(day: Day) -> None:
    duty, leader = await day.sits_down("duty"), await day.signs_in("leader")
    silence = {"cameras": [CAMERA], "reason": "枝叶晃动", "end": "2026-11-21T23:00:00+08:00"}
    async with leader.session.post("/api/v1/silences", json=silence) as answer:
        assert answer.status == 201, await answer.text()
    await day.loiters()
    await day.was_sent()
    assert (await duty.get("/incidents"))["items"] == []
    await day.presses(0)
    await day.was_sent(reply(day.device(0)), day.neighbours(0), page("duty"))


async def test_a_flood_of_camera_alarms_is_one_incident_and_hides_no_press(day: Day) -> None:
    duty = await day.sits_down("duty")
    for _ in range(14):
        await day.loiters()
        for incident in (await duty.get("/incidents?state=open"))["items"]:
            if incident["acknowledged"] is None:
                assert await duty.step(incident, "acknowledge") == 200
        day.clock.forward(20)
        await duty.here()
    assert (await duty.get("/system"))["flood"]["alarms"] >= 10
    await day.forget("page")
    await day.presses(0)
    await day.was_sent(reply(day.device(0)), day.neighbours(0), page("duty"))
