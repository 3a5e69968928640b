"""A button whose counters went back to their beginning."""

from tests.scenarios.house import House, Officer


async def test_its_press_is_marked_and_the_duty_officer_is_called(
    site: House, duty: Officer
) -> None:
    async with site.button(boot=7) as button:
        await button.press(timeout_s=20)
        before = await button.press(timeout_s=20)
    incident = await duty.incident_of(before.alarm)
    async with site.button(boot=1) as reset:
        outcome = await reset.press(timeout_s=20)
    assert outcome.state == "received"
    shown = await duty.until(incident, lambda i: len(i["alarms"]) == 3)
    [marked] = [a for a in shown["alarms"] if a["id"] == outcome.alarm]
    assert marked["flags"] == ["sequence_suspect"]
    await duty.sees_called(incident, "duty")
