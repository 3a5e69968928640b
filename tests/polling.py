"""Asking again and again, of what tells nobody that it changed: another process, its figures.

In our own process there is an event to await; wait for that instead.
"""

import asyncio
from collections.abc import Awaitable, Callable


async def until(
    is_so: Callable[[], Awaitable[bool]], *, timeout_s: float, every_s: float = 0.05
) -> None:
    """Return when it is so. Raises TimeoutError."""
    async with asyncio.timeout(timeout_s):
        while not await is_so():  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(every_s)
