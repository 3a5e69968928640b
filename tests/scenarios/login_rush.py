"""Devices that all come back together, as after a power cut, while somebody presses."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from alarms.simulator import SimulatedButton
from tests.scenarios.house import House
from tests.scenarios.load import Load

PRESSERS = 4
"""The site's last buttons; no device that comes back is one of them."""


@dataclass(frozen=True)
class Rush:
    """How long presses waited for `received`, in seconds."""

    before_s: Sequence[float]
    meanwhile_s: Sequence[float]
    logins: int
    took_s: float
    repeated: int
    """How many of the presses meanwhile were sent more than once."""


async def rush(site: House, load: Load, *, calm_presses: int = 20) -> Rush:
    """Presses one after another without and with the rush. Every press must be received."""
    async with AsyncExitStack() as stack:
        last = range(len(site.buttons) - PRESSERS, len(site.buttons))
        buttons = [await stack.enter_async_context(site.button(n)) for n in last]
        for button in buttons:
            await button.wait_connected()
        before = [(await _press(buttons, n))[0] for n in range(calm_presses)]
        begun = time.monotonic()
        connecting = asyncio.create_task(load.connect())
        meanwhile: list[tuple[float, int]] = []
        while not connecting.done():
            meanwhile.append(await _press(buttons, len(meanwhile)))
            await asyncio.sleep(0.02)  # people's pace, many times over
        logins, took_s = await connecting, time.monotonic() - begun
    return Rush(
        before,
        [waited_s for waited_s, _ in meanwhile],
        logins,
        took_s,
        sum(sendings > 1 for _, sendings in meanwhile),
    )


async def _press(buttons: Sequence[SimulatedButton], number: int) -> tuple[float, int]:
    outcome = await buttons[number % len(buttons)].press(timeout_s=60)
    assert outcome.state == "received", outcome
    return outcome.waited_s, outcome.sendings
