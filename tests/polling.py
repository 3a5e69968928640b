"""Asking again and again, of what tells nobody that it changed: another process, its figures.

In our own process there is an event to await; wait for that instead.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

_Answer = TypeVar("_Answer")


async def until(
    ask: Callable[[], Awaitable[_Answer | None]], *, timeout_s: float, every_s: float = 0.05
) -> _Answer:
    """The first answer that is something: true, or not empty. Raises TimeoutError."""
    async with asyncio.timeout(timeout_s):
        while not (answer := await ask()):  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(every_s)
    return answer
