"""The service dies; the broker publishes its last will."""

from pathlib import Path

from alarms.button import Face
from tests.scenarios.house import House, house
from tests.scenarios.nursery import Nursery


async def test_every_button_says_so_until_the_service_is_back(
    site: House, nursery: Nursery
) -> None:
    async with site.button(0) as one, site.button(15) as other:
        for button in (one, other):
            await button.wait_for_service(online=True)
            assert button.face is Face.READY
        await site.kill()
        for button in (one, other):
            await button.wait_for_service(online=False)
            assert button.face is Face.RING_110
        await site.start_from(nursery)
        for button in (one, other):
            await button.wait_for_service(online=True)
            assert button.face is Face.READY


async def test_a_button_that_comes_later_says_so_too(site: House) -> None:
    async with site.button(0) as one:
        await one.wait_for_service(online=True)
        await site.kill()
        await one.wait_for_service(online=False)
    async with site.button(15) as later:
        await later.wait_for_service(online=False)
        assert later.face is Face.RING_110


async def test_a_stopped_service_says_goodbye(site: House) -> None:
    async with site.button(0) as button:
        await button.wait_for_service(online=True)
        assert await site.stop() == 0
        await button.wait_for_service(online=False)
        assert button.face is Face.RING_110


async def test_with_its_embedded_broker_dead_too_a_press_is_undelivered_and_arrives_later(
    tmp_path: Path, nursery: Nursery
) -> None:
    async with house(tmp_path, broker="embedded") as site:
        await site.start_from(nursery)
        async with site.button() as button:
            await button.wait_connected()
            await site.kill()
            outcome = await button.press()
            assert (outcome.state, button.face) == ("undelivered", Face.UNDELIVERED)
            assert outcome.waited_s < 12  # 10, and a busy machine
            await site.start_from(nursery)
            reply = await button.wait_for("received", timeout_s=30)
        async with site.client() as officer:
            await officer.sign_in()
            incident = await officer.incident_of(reply.alarm)
            await officer.until(incident, lambda i: i["called"])
