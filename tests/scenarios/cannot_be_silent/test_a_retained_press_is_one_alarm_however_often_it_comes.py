"""An adapter publishes its presses retained: the broker hands it out at every start."""

import asyncio
import json

import paho.mqtt.publish as publish

from alarms.signature import sign
from tests.scenarios.house import House, Officer
from tests.scenarios.nursery import Nursery


async def test_the_duty_officer_is_called_once_and_a_restart_brings_no_second_incident(
    site: House, duty: Officer, nursery: Nursery
) -> None:
    given = site.buttons[0].credentials
    mac = sign(given.key, given.device, 3, 1, "panic", silent=False, at_ms=None)
    press = {"v": 1, "boot": 3, "seq": 1, "kind": "panic", "silent": False, "mac": mac}
    await site.kill()
    topic = f"lianfang/button/{given.device}/press"
    await asyncio.to_thread(
        publish.single, topic, json.dumps(press), 1, True, "127.0.0.1", site.mqtt_port
    )
    for _ in range(2):
        await site.start_from(nursery)
        await duty.here()
        async with site.button(20) as other:  # what comes after it is behind it in the log
            await other.press(timeout_s=20)
        [kept] = [a for a in (await duty.get("/alarms"))["items"] if a["device"] == given.device]
        incident = await duty.incident_of(kept["id"])
        assert len(incident["alarms"]) == 1
        await duty.until(incident, lambda i: i["called"])
        await site.stop()
