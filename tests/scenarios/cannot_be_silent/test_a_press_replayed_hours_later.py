"""Recorded on the line and sent again six hours later, when its incident is long closed."""

import asyncio

import paho.mqtt.publish as publish
from sqlalchemy import update

from linkage.schema import incidents
from tests.scenarios.attacker import signed
from tests.scenarios.house import House, Officer
from tests.scenarios.nursery import Nursery


async def test_it_rings_nobody_and_the_next_genuine_press_calls_a_person(
    site: House, duty: Officer, nursery: Nursery
) -> None:
    given = site.buttons[0].credentials
    recorded = signed(given, 7, 1)
    async with site.button(0, boot=6) as button:
        await button.wait_connected()
        await _publish(site, given.device, recorded)
        first = await button.wait_for("received")
    await duty.sees_called(await duty.incident_of(first.alarm), "duty")
    await site.stop()
    database = site.database()
    database.write_now(lambda conn: conn.execute(update(incidents).values(stage="closed")))
    database.close_now()
    await site.start("-m", "tests.scenarios.later", str(site.config), "6")
    async with site.button(0, boot=8) as button, site.client() as officer:
        await button.wait_connected()
        await _publish(site, given.device, recorded)
        again = await button.wait_for("duplicate")
        assert again.alarm == first.alarm
        await officer.sign_in()
        assert (await officer.get("/incidents?state=open"))["items"] == []
        outcome = await button.press(timeout_s=20)
        assert outcome.state == "received"
        incident = await officer.incident_of(outcome.alarm)
        await officer.until(incident, lambda i: i["called"])


async def _publish(site: House, device: str, payload: bytes) -> None:
    topic = f"lianfang/button/{device}/press"
    await asyncio.to_thread(publish.single, topic, payload, 1, False, "127.0.0.1", site.mqtt_port)
