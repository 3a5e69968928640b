"""What is to be sent at the same moment goes out together, and each sender gets its own answer.

Nobody waits for company: what was begun together goes, whatever is under way. One event loop's own.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Sent = TypeVar("Sent")
Got = TypeVar("Got")

SendAll = Callable[[Sequence[Sent]], Awaitable[Sequence[Got | Exception]]]
"""Sends one bundle; for each of it, in order, what it got or why not."""


class Gathering(Generic[Sent, Got]):
    """Bundles of at most so many. Who gives up takes nothing from the others of its bundle."""

    def __init__(self, send_all: SendAll[Sent, Got], *, most: int) -> None:
        self._send_all = send_all
        self._most = most
        self._waiting: list[tuple[Sent, asyncio.Future[Got]]] = []
        self._bundles: set[asyncio.Task[None]] = set()

    async def send(self, one: Sent) -> Got:
        """What `one` got. Raises what was said to be wrong with it."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            # whoever was started together with the first is here before this runs
            loop.call_soon(self._start_all)
        answer: asyncio.Future[Got] = loop.create_future()
        self._waiting.append((one, answer))
        return await answer

    async def aclose(self) -> None:
        """Give up what is under way."""
        bundles = list(self._bundles)
        for bundle in bundles:
            bundle.cancel()
        await asyncio.gather(*bundles, return_exceptions=True)

    def _start_all(self) -> None:
        waiting, self._waiting = self._waiting, []
        for first in range(0, len(waiting), self._most):
            task = asyncio.create_task(self._send(waiting[first : first + self._most]))
            self._bundles.add(task)
            task.add_done_callback(self._bundles.discard)

    async def _send(self, bundle: list[tuple[Sent, asyncio.Future[Got]]]) -> None:
        try:
            found: Sequence[Got | Exception] = await self._send_all([one for one, _ in bundle])
        except BaseException as error:
            # each is waited for by a task of its own, which ends as it would have alone
            for _, answer in bundle:
                if not answer.done():
                    answer.set_exception(error) if isinstance(error, Exception) else answer.cancel()
            if not isinstance(error, Exception):
                raise
            return
        for (_, answer), got in zip(bundle, found, strict=True):
            if answer.done():
                continue
            if isinstance(got, Exception):
                answer.set_exception(got)
            else:
                answer.set_result(got)
