"""The broker dies under everybody."""

import asyncio

from alarms.button import ButtonTiming, Face
from lianfang_timing import Backoff
from tests.scenarios.house import House, Officer

AS_THE_CONTRACT_SAYS = ButtonTiming(reconnect=Backoff(first_s=0.1, cap_s=0.5))


async def test_the_button_says_so_in_10_s_and_the_press_arrives_when_the_broker_is_back(
    site: House, duty: Officer
) -> None:
    assert site.broker is not None
    async with site.button(timing=AS_THE_CONTRACT_SAYS) as button:
        await button.wait_connected()
        site.broker.kill()
        outcome = await button.press()
        assert outcome.state == "undelivered"
        assert outcome.waited_s < 12  # 10, and a busy machine
        assert button.face is Face.UNDELIVERED
        await site.why_not_ready("MQTT broker is away")
        intake = (await duty.get("/system"))["intake"]
        assert (intake["state"], bool(intake["since"])) == ("down", True)
        await duty.here()
        await site.broker.start()
        reply = await button.wait_for("received", timeout_s=40)
        assert button.face is Face.RECEIVED
    await duty.sees_called(await duty.incident_of(reply.alarm), "duty")
    async with asyncio.timeout(10):
        await site.ready()
