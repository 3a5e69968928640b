"""Looking every few seconds behind a bulkhead: for what stands beside the way of a press.

A loop of the spine itself (engine, outbox, timekeeping) lets a bug end the process instead.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NoReturn

import structlog

from alarms.errors import StoreBusy
from lianfang_timing import Backoff

logger = structlog.get_logger()


@dataclass(frozen=True)
class Pace:
    """How long is waited after a look, in seconds."""

    every_s: float
    after_a_bug_s: float
    retry: Backoff
    """After a look that found somebody busy; it grows as long as each of them does."""


async def keep_watching(
    name: str,
    look: Callable[[], Awaitable[object]],
    wait: Callable[[float], Awaitable[object]],
    pace: Pace,
    *,
    busy: tuple[type[Exception], ...] = (StoreBusy,),
    after_a_bug: Callable[[], None] = lambda: None,
) -> NoReturn:
    """Look until cancelled. `busy` is what a look may raise to be tried again; of anything else it
    raises, `after_a_bug` clears away what it left half changed."""
    failures = 0
    while True:
        wait_s = pace.every_s
        try:
            await look()
            failures = 0
        except busy as error:
            wait_s = pace.retry.delay_s(failures)
            failures += 1
            logger.warning("watch.busy", watch=name, detail=str(error), again_in_s=round(wait_s, 2))
        except Exception:  # bulkhead: what a watch stumbles over must never stop a press
            wait_s = pace.after_a_bug_s
            after_a_bug()
            logger.exception("watch.failed", watch=name, again_in_s=wait_s)
        await wait(wait_s)
