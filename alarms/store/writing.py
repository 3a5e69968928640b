"""The one thread that writes, and who goes first on it.

Nothing is interrupted: what is urgent is the next to run, so it waits for one piece of work at
most. The rest runs in the order it came.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


class WriterThread:
    """Two lanes into one thread. Unbounded: whoever writes waits for the end of what it asked."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store-writer")
        self._urgent: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self._usual: deque[tuple[Future[Any], Callable[[], Any]]] = deque()

    async def run(self, work: Callable[[], T], *, urgent: bool) -> T:
        """What `work` returns or raises. Cancelled before its turn, it does not run."""
        done: Future[T] = Future()
        (self._urgent if urgent else self._usual).append((done, work))
        # one turn for each piece of work; which piece a turn takes is seen when it comes
        self._thread.submit(self._take_turn)
        return await asyncio.wrap_future(done)

    @property
    def waiting(self) -> tuple[int, int]:
        """How much urgent and how much other work has not begun."""
        return len(self._urgent), len(self._usual)

    def shutdown(self) -> None:
        """Finish everything that was asked for."""
        self._thread.shutdown()

    def _take_turn(self) -> None:
        done, work = (self._urgent or self._usual).popleft()
        if not done.set_running_or_notify_cancel():
            return
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - handed to whoever awaits the work
            done.set_exception(error)
        else:
            done.set_result(result)
