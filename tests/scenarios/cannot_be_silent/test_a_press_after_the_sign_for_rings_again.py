"""Somebody has taken the incident, and then the household presses once more."""

from tests.scenarios.house import House, Officer


async def test_the_sign_for_no_longer_stands_and_the_duty_officer_is_called_anew(
    site: House, duty: Officer
) -> None:
    async with site.button() as button:
        first = await button.press(timeout_s=20)
        incident = await duty.incident_of(first.alarm)
        seen = await duty.sees_called(incident, "duty")
        assert await duty.step(seen, "acknowledge") == 200
        signed = await duty.detail(incident)
        assert signed["acknowledged"]["username"] == "duty"
        await duty.here()
        second = await button.press(timeout_s=20)
        assert second.state == "received"
    shown = await duty.until(
        incident, lambda i: len([c for c in i["called"] if c["username"] == "duty"]) == 2
    )
    assert shown["acknowledged"] is None
    assert shown["ring"] == signed["ring"] + 1
    assert shown["next"]["action"] == "acknowledge"
    assert shown["next"]["due_at"] is not None
    assert [a["id"] for a in shown["alarms"]] == [first.alarm, second.alarm]
    assert "rang_again" in [e["type"] for e in shown["timeline"]]
