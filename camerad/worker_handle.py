"""The main process's end of one worker: starting it, both pipes, and its death.

Which cameras it gets and what its reports mean is decided in `fleet`.
"""

import asyncio
import multiprocessing
import signal
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from typing import Any, NoReturn

import structlog

from camerad.model import CameraEvent
from camerad.priority import step_behind
from camerad.wire import Message, Order, Stop, WorkerSettings

_log = structlog.get_logger()

_AFTER_KILL_S = 2.0


def _enter_worker(control: Connection, events: Connection, settings: WorkerSettings) -> NoReturn:
    if settings.configure_logging is not None:
        settings.configure_logging()
    # before the import: loading OpenCV takes a second of a processor that a storm may need
    step_behind()
    from camerad.worker import work  # in the worker only: loads OpenCV

    work(control, events, settings)


class WorkerHandle:
    """One life of one worker process. Make it with `start`, end it with `stop`, both awaited."""

    def __init__(self, settings: WorkerSettings) -> None:
        context = multiprocessing.get_context("spawn")
        self._control, control_end = context.Pipe(duplex=True)
        self._events, events_end = context.Pipe(duplex=False)
        self._child_ends = (control_end, events_end)
        self._limits = settings.limits
        self._process = context.Process(
            target=_enter_worker,
            args=(control_end, events_end, settings),
            name="lianfang-cameras",
            daemon=True,
        )
        # two readers that block on the pipes, one writer that may block on a stuck worker
        self._threads = ThreadPoolExecutor(max_workers=3, thread_name_prefix="camera-worker")
        self._pumps: list[asyncio.Task[None]] = []

    @classmethod
    async def start(
        cls,
        settings: WorkerSettings,
        *,
        on_event: Callable[[CameraEvent], Awaitable[None]],
        on_message: Callable[[Message], None],
    ) -> "WorkerHandle":
        """A running worker that watches nothing yet."""
        handle = cls(settings)
        spawning = asyncio.get_running_loop().run_in_executor(handle._threads, handle._spawn)
        try:
            await asyncio.shield(spawning)
        except BaseException:  # no bulkhead: cleaned up and raised again
            await asyncio.wait([spawning])  # a process half started could not be killed
            await handle._die()
            raise

        async def message(received: Message) -> None:
            on_message(received)

        handle._pumps = [
            asyncio.create_task(handle._pump(handle._events, on_event)),
            asyncio.create_task(handle._pump(handle._control, message)),
        ]
        return handle

    @property
    def pid(self) -> int | None:
        return self._process.pid

    async def until_gone(self, timeout_s: float) -> bool:
        """Whether the process has ended, waiting for it up to `timeout_s`.

        An exception of `on_event` comes out here: it means that events are not being kept.
        """
        done, _ = await asyncio.wait(
            self._pumps, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED
        )
        for pump in done:
            pump.result()
        return bool(done)

    def send(self, order: Order) -> None:
        """Give an order, in turn; a worker that is gone or stuck is noticed by its silence."""
        self._threads.submit(self._send, order)

    async def stop(self, *, kindly: bool) -> None:
        """End the process within `Limits.stop_s` and two seconds, taking in what it has sent."""
        try:
            if kindly:
                self.send(Stop())
                await asyncio.wait(self._pumps, timeout=self._limits.stop_s)
        finally:
            await self._die()

    def _spawn(self) -> None:
        # first, because starting it unblocks the signals again
        resource_tracker.ensure_running()
        # inherited blocked: a Ctrl-C while the worker still imports must not print a traceback
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
        try:
            self._process.start()
        finally:
            for end in self._child_ends:
                end.close()

    async def _pump(self, pipe: Connection, take: Callable[[Any], Awaitable[None]]) -> None:
        """Hand on what comes, one by one, until the other end closes."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                received = await loop.run_in_executor(self._threads, pipe.recv)
            except (EOFError, OSError):
                return
            await take(received)

    def _send(self, order: Order) -> None:
        try:
            self._control.send(order)
        except OSError:
            _log.debug("worker.order_unsent", order=type(order).__name__)

    async def _die(self) -> None:
        """Kill what is left; what it had already sent is still taken in."""
        if self._process.pid is None:
            return
        self._process.kill()
        if self._pumps:
            # the pipes close with the process, and each pump ends after the last whole message
            _, stuck = await asyncio.wait(self._pumps, timeout=_AFTER_KILL_S)
            for pump in stuck:
                pump.cancel()
            for pump in set(self._pumps) - stuck:
                if (failure := pump.exception()) is not None:
                    _log.error("worker.events_not_kept", exc_info=failure)
        await asyncio.get_running_loop().run_in_executor(
            self._threads, self._process.join, _AFTER_KILL_S
        )
        self._threads.shutdown(wait=False)
