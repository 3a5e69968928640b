"""One press, two presses, the same again: what is one incident, and what rings anew."""

from tests.scenarios.days.day import Day
from tests.scenarios.days.hearing import page, reply


async def test_two_neighbours_press_and_it_is_one_incident_that_rings_twice(day: Day) -> None:
    duty = await day.sits_down("duty")
    first = await day.presses(0)
    await day.was_sent(reply(day.device(0)), day.neighbours(0), page("duty"))
    await day.pass_time(5)
    second = await day.presses(1)
    await day.was_sent(reply(day.device(1)), day.neighbours(1), page("duty"))
    incident = await duty.incident_of(second)
    assert {alarm["id"] for alarm in incident["alarms"]} == {first, second}
    assert incident["ring"] == 2


async def test_a_second_household_after_the_sign_for_must_be_signed_for_anew(day: Day) -> None:
    duty = await day.sits_down("duty")
    await day.sits_down("leader")
    first = await day.presses(0)
    assert await duty.step(await duty.incident_of(first), "acknowledge") == 200
    sent = reply(day.device(0)), day.neighbours(0), page("duty")
    await day.was_sent(*sent, reply(day.device(0), "acknowledged"))
    second = await day.presses(1)
    await day.was_sent(reply(day.device(1)), day.neighbours(1), page("duty"))
    assert (await duty.incident_of(second))["acknowledged"] is None
    await day.pass_time(30)
    await day.was_sent(page("leader"))


async def test_the_same_household_again_is_heard_and_rings_nobody_twice(day: Day) -> None:
    duty = await day.sits_down("duty")
    first = await day.presses(0)
    await day.was_sent(reply(day.device(0)), day.neighbours(0), page("duty"))
    again = [await day.presses(0) for _ in range(3)]
    await day.was_sent([reply(day.device(0))] * 3)
    incident = await duty.incident_of(first)
    assert {alarm["id"] for alarm in incident["alarms"]} == {first, *again}


async def test_another_kind_from_the_same_household_rings_again(day: Day) -> None:
    await day.sits_down("duty")
    await day.presses(0, "medical")
    await day.was_sent(reply(day.device(0)), day.neighbours(0), page("duty"))
    await day.presses(0, "fire")
    await day.was_sent(reply(day.device(0)), day.neighbours(0), page("duty"))


async def test_a_press_in_another_group_far_away_is_another_incident(day: Day) -> None:
    duty = await day.sits_down("duty")
    near, far = await day.presses(0), await day.presses(45)
    sent = [reply(day.device(0)), reply(day.device(45)), *page("duty", "duty")]
    await day.was_sent(sent, day.neighbours(0), day.neighbours(45))
    ids = {(await duty.incident_of(alarm))["id"] for alarm in (near, far)}
    assert len(ids) == 2


async def test_a_report_by_telephone_joins_the_press_of_the_same_household(day: Day) -> None:
    duty = await day.sits_down("duty")
    pressed = await day.presses(0)
    await day.was_sent(reply(day.device(0)), day.neighbours(0), page("duty"))
    household = day.site.buttons[0].household
    told = await duty.report(kind="fire", household=household, text="冒烟")
    incident = await duty.incident_of(told)
    assert pressed in {alarm["id"] for alarm in incident["alarms"]}
    await day.was_sent(day.neighbours(0), page("duty"))  # fire is news to the neighbours too
