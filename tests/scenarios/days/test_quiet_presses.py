"""Presses that must not be seen at the household, claims to cancel, and tests."""

from tests.scenarios.days.day import Day
from tests.scenarios.days.hearing import page, reply


async def test_duress_then_cancel_looks_like_a_cancel_and_stays_an_emergency(day: Day) -> None:
    duty = await day.sits_down("duty")
    await day.sits_down("leader")
    alarm = await day.presses(0, "duress")
    await day.was_sent(reply(day.device(0)), page("duty"))
    await day.presses(0, "cancel")
    await day.was_sent(reply(day.device(0)))
    incident = await duty.incident_of(alarm)
    assert (incident["kind"], incident["priority"], incident["cancel_claimed"]) == (
        "duress",
        1,
        True,
    )
    await day.pass_time(30)
    await day.was_sent(page("leader"))
    assert await duty.step(await duty.incident_of(alarm), "acknowledge") == 200
    await day.was_sent()  # whoever holds the button must not see that somebody is coming


async def test_a_silent_press_tells_nobody_near_and_everybody_on_duty(day: Day) -> None:
    duty = await day.sits_down("duty")
    alarm = await day.presses(0, silent=True)
    await day.was_sent(reply(day.device(0)), page("duty"))
    assert (await duty.incident_of(alarm))["silent"] is True


async def test_a_cancel_is_a_claim_and_the_incident_still_waits_for_an_officer(day: Day) -> None:
    duty = await day.sits_down("duty")
    await day.sits_down("leader")
    alarm = await day.presses(0)
    await day.presses(0, "cancel")
    await day.was_sent([reply(day.device(0))] * 2, day.neighbours(0), page("duty"))
    await day.pass_time(30)
    await day.was_sent(page("leader"))
    incident = await duty.incident_of(alarm)
    assert (incident["stage"], incident["cancel_claimed"]) == ("reported", True)


async def test_a_press_after_a_cancel_rings_again(day: Day) -> None:
    await day.sits_down("duty")
    for kind in ("panic", "cancel", "panic"):
        await day.presses(0, kind)
    await day.was_sent([reply(day.device(0))] * 3, day.neighbours(0), page("duty", "duty"))


async def test_a_test_press_is_answered_and_rings_nobody(day: Day) -> None:
    duty = await day.sits_down("duty")
    await day.presses(0, "test")
    await day.was_sent(reply(day.device(0)))
    await day.pass_time(120)
    assert (await duty.get("/incidents"))["items"] == []
