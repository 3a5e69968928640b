"""Two households of one group press: one incident, and it sounds for each."""

from tests.scenarios.house import House, Officer


async def test_it_rings_with_its_own_address_and_the_duty_officer_is_called_anew(
    site: House, duty: Officer
) -> None:
    async with site.button(0) as one, site.button(1) as neighbour:
        first = await one.press(timeout_s=20)
        incident = await duty.incident_of(first.alarm)
        await duty.sees_called(incident, "duty")
        await duty.here()
        second = await neighbour.press(timeout_s=20)
        await one.wait_for_notice()
    shown = await duty.until(
        incident, lambda i: len([c for c in i["called"] if c["username"] == "duty"]) == 2
    )
    assert shown["ring"] == 2
    assert [(a["id"], a["household"]) for a in shown["alarms"]] == [
        (first.alarm, site.buttons[0].household_label),
        (second.alarm, site.buttons[1].household_label),
    ]


async def test_a_press_of_another_group_is_another_incident(site: House, duty: Officer) -> None:
    async with site.button(0) as one, site.button(10) as far:
        first, second = await one.press(timeout_s=20), await far.press(timeout_s=20)
    incidents = [await duty.incident_of(alarm) for alarm in (first.alarm, second.alarm)]
    assert incidents[0]["id"] != incidents[1]["id"]
    for incident in incidents:
        await duty.sees_called(incident, "duty")
