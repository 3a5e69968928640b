"""A signed press: received, one incident, signed for, acknowledged. In real processes."""

from pathlib import Path

import pytest

from tests.scenarios.house import house


@pytest.mark.parametrize("broker", ["mosquitto", "embedded"])
async def test_a_press_is_received_and_then_acknowledged(broker: str, tmp_path: Path) -> None:
    async with house(tmp_path, broker=broker) as site:
        await site.start()
        async with site.button() as button, site.client() as officer:
            await officer.sign_in()
            await officer.here()
            outcome = await button.press(timeout_s=20)
            assert outcome.state == "received"
            incident = await officer.incident_of(outcome.alarm)
            assert len(incident["alarms"]) == 1
            assert await officer.step(incident, "acknowledge") == 200
            told = await button.wait_for("acknowledged", timeout_s=20)
            assert told.alarm == outcome.alarm
        assert await site.stop() == 0
