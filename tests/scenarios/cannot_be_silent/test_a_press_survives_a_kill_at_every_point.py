"""The service dies over one single press: before the commit, and at each point after it."""

import asyncio
from pathlib import Path

import pytest

from tests.scenarios.house import house
from tests.scenarios.killable import POINTS
from tests.scenarios.nursery import Nursery


@pytest.mark.parametrize("point", POINTS)
async def test_it_is_received_once_and_the_duty_officer_is_called(
    point: str, tmp_path: Path, nursery: Nursery
) -> None:
    async with house(tmp_path) as site:
        dying = site.fork(nursery, point=point, left=1)
        await site.ready()
        async with site.button(0) as button, site.button(1) as neighbour:
            await neighbour.wait_connected()
            pressing = asyncio.create_task(button.press(timeout_s=60))
            async with asyncio.timeout(20):
                assert await dying.wait() == -9
            await site.start_from(nursery)
            outcome = await pressing
            assert outcome.state in ("received", "duplicate")
            async with site.client() as officer:
                await officer.sign_in()
                await officer.here()
                incident = await officer.incident_of(outcome.alarm)
                assert len(incident["alarms"]) == 1
                assert len((await officer.get("/alarms"))["items"]) == 1
                # whoever was called while the service was dying: all who could hear of it then
                await officer.until(incident, lambda i: i["called"])
                assert await officer.step(await officer.detail(incident), "acknowledge") == 200
            await neighbour.wait_for_notice()
            await button.wait_for("acknowledged")
