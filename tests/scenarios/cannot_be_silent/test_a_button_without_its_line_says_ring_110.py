"""Nobody presses yet, and nobody could hear it: the button says so before it is needed."""

from dataclasses import replace
from pathlib import Path

import pytest

from alarms.button import Face
from tests.scenarios.house import QUICK, House, house
from tests.scenarios.nursery import Nursery

SOON = replace(QUICK, link_down_for_s=1.0)


@pytest.mark.parametrize("broker", ["embedded", "mosquitto"])
async def test_it_says_so_when_service_and_broker_die_together_and_is_ready_when_they_are_back(
    tmp_path: Path, nursery: Nursery, broker: str
) -> None:
    async with house(tmp_path, broker=broker) as site:
        await site.start_from(nursery)
        async with site.button(timing=SOON) as button:
            await button.wait_for_service(online=True)
            assert button.face is Face.READY
            if site.broker is not None:
                site.broker.kill()  # before the service: it publishes no will
            await site.kill()
            await button.wait_for_face(Face.RING_110)
            if site.broker is not None:
                await site.broker.start()
            await site.start_from(nursery)
            await button.wait_for_face(Face.READY, timeout_s=20)


async def test_a_button_that_finds_no_broker_at_its_start_says_so(site: House) -> None:
    assert site.broker is not None
    site.broker.kill()
    async with site.button(timing=SOON) as button:
        await button.wait_for_face(Face.RING_110)
        outcome = await button.press(timeout_s=0.5)
        assert outcome.state == "undelivered"
