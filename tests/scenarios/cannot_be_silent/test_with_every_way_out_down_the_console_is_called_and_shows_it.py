"""No notice can leave the house: the officer is called all the same, and sees what was not sent."""

from tests.scenarios.house import House, Officer


async def test_the_duty_officer_is_called_and_the_notices_are_shown_as_not_sent(
    site: House, duty: Officer
) -> None:
    assert site.broker is not None
    site.broker.kill()
    await site.why_not_ready("MQTT broker is away")
    await duty.here()
    alarm = await duty.report(kind="panic", household=site.buttons[0].household)
    incident = await duty.incident_of(alarm)
    await duty.sees_called(incident, "duty")
    shown = await duty.until(
        incident,
        lambda i: [a["attempts"] > 0 for a in i["actions"] if a["kind"] == "notice"] == [True] * 9,
    )
    notices = [a for a in shown["actions"] if a["kind"] == "notice"]
    assert {(a["state"], a["done_at"]) for a in notices} == {("planned", None)}
    assert {a["error"].partition(":")[0] for a in notices} == {"the broker is away"}
    assert "notice_sent" not in [e["type"] for e in shown["timeline"]]


async def test_they_are_sent_when_the_way_is_open_again(site: House, duty: Officer) -> None:
    assert site.broker is not None
    site.broker.kill()
    await site.why_not_ready("MQTT broker is away")
    alarm = await duty.report(kind="panic", household=site.buttons[0].household)
    await duty.incident_of(alarm)
    await site.broker.start()
    async with site.button(1) as neighbour:
        notice = await neighbour.wait_for_notice(timeout_s=40)
        assert notice.from_ == site.buttons[0].household_label
