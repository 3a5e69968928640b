"""The life of the running program: its spine, its signals, and closing part after part.

The spine (intake, engine, outbox, web) shares one life: an error in it ends the process, systemd
starts it again and the log replays. Cameras stand behind a bulkhead: they may fail and come back,
and the alarm path does not notice.
"""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

import structlog

from lianfang_timing import Backoff
from linkage.settings import Settings
from linkage.systemd import notify

_STOP_WITHIN_S = 15.0
_FLEET_RETRY = Backoff(first_s=1.0, cap_s=30.0)

log = structlog.get_logger()


@dataclass(frozen=True)
class Service:
    """The running program, as far as callers in the same process may know it."""

    settings: Settings
    url: str
    """The console's address."""
    spine: tuple[tuple[str, Callable[[], Awaitable[object]]], ...]
    """Named loops that run until the service stops."""
    stop_intake: Callable[[], None]


async def live(
    service: Service,
    stopping: asyncio.Event,
    ready: Callable[[Service], Awaitable[None]] | None,
) -> None:
    """Run the spine until `stopping` is set; intake ends first. Raises what stopped the spine."""
    async with asyncio.TaskGroup() as spine:
        running = {name: spine.create_task(_named(name, run)) for name, run in service.spine}
        notify("READY=1")
        log.info("service.ready", console=service.url)
        if ready is not None:
            running["ready"] = spine.create_task(_named("ready", partial(ready, service)))
        await stopping.wait()
        notify("STOPPING=1")
        service.stop_intake()
        await asyncio.wait({running["intake"]}, timeout=_STOP_WITHIN_S)
        for task in running.values():
            task.cancel()


async def behind_bulkhead(run: Callable[[], Awaitable[object]]) -> None:
    """Cameras may fail as a whole without the alarm path noticing: log it, wait, begin again."""
    attempt = 0
    while True:
        try:
            await run()
        except Exception:  # bulkhead: cameras must never take intake and console down with them
            log.exception("cameras.failed")
        await asyncio.sleep(_FLEET_RETRY.delay_s(attempt))
        attempt += 1


async def closing(name: str, close: Callable[[], Awaitable[object]]) -> None:
    """Close one part within a bounded time; a part that hangs must not keep the others open."""
    try:
        async with asyncio.timeout(_STOP_WITHIN_S):
            await close()
    except TimeoutError:
        log.error("service.did_not_close", part=name)
    else:
        log.info("service.closed", part=name)


def ask_to_stop(stopping: asyncio.Event, number: int) -> None:
    """For a signal's handler: stop in order; asked twice, stop now."""
    if stopping.is_set():
        # the second signal means now
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)
    log.info("service.stopping", signal=signal.Signals(number).name)
    stopping.set()


async def _named(name: str, run: Callable[[], Awaitable[object]]) -> None:
    try:
        await run()
    finally:
        log.info("service.stopped", part=name)
