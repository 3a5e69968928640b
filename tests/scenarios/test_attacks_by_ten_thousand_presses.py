"""One device presses ten thousand times at once; its neighbours press meanwhile.

All of its presses are genuine, so each is kept; they fold into its one open incident.
"""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.scenarios.attacker import assert_still_answers, counted
from tests.scenarios.load import load_on, watching_readyz
from tests.scenarios.load_clients import Flow
from tests.scenarios.load_site import load_site

PRESSES = 10_000
NEIGHBOURS = range(1, 9)
ANSWERED_WITHIN_S = 1.0
REPEATED_AFTER_S = 2.0
"""Nobody has to press twice, even on a machine that has other work."""


@pytest.mark.alone
@pytest.mark.timeout(240)
async def test_they_hold_up_only_their_sender(tmp_path: Path) -> None:
    async with load_site(tmp_path, devices=20) as site, load_on(site, devices=1) as hostile:
        await site.start()
        await hostile.connect()
        async with watching_readyz(site) as watch:
            flow = Flow(pause_s=0.0, at_once=PRESSES, presses_each=1, give_up_s=200)
            flooding = asyncio.create_task(hostile.flow(flow))
            waited: list[float] = []
            async with AsyncExitStack() as stack:
                neighbours = [await stack.enter_async_context(site.button(n)) for n in NEIGHBOURS]
                for button in neighbours:
                    await button.wait_connected()
                while not flooding.done():
                    button = neighbours[len(waited) % len(neighbours)]
                    outcome = await button.press(timeout_s=60)
                    assert outcome.state == "received", outcome
                    waited.append(outcome.waited_s)
                    await asyncio.sleep(0.1)  # a neighbour's pace; the flood gives no rhythm
            told = await flooding
        print("neighbours waited", [round(w, 2) for w in waited])  # noqa: T201
        assert len(waited) >= len(neighbours)
        assert sorted(waited)[len(waited) * 9 // 10] < ANSWERED_WITHIN_S
        assert max(waited) < REPEATED_AFTER_S
        assert watch.worst_s < ANSWERED_WITHIN_S
        assert set(Counter(p.state for p in told)) <= {"received", "duplicate"}
        assert counted(site, site.buttons[0].credentials.device)["alarms"] == PRESSES
        await assert_still_answers(site, 19)
        assert await site.stop() == 0
