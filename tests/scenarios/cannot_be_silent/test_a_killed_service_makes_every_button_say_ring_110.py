"""The service dies; the broker publishes its last will."""

from alarms.button import Face
from tests.scenarios.house import House
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
