"""A worker's place behind the main process when both want the processor."""

import os
import threading
from pathlib import Path
from typing import Final

import structlog

_log = structlog.get_logger()

BEHIND: Final = 10
"""Steps of niceness: about a tenth of a processor that the main process wants for itself. Less
than that, and a long storm would starve workers until the fleet takes them for dead."""
_THREADS: Final = Path("/proc/self/task")
_LAST: Final = 19


def step_behind() -> None:
    """Lower the priority of this process: of the threads it has, which later ones inherit.

    The disk's priority follows by itself: Linux derives it from niceness where none is set.
    """
    try:
        niceness = os.nice(BEHIND)  # of this thread only, on Linux
        for thread in _THREADS.iterdir():
            os.setpriority(os.PRIO_PROCESS, int(thread.name), niceness)
    except OSError as refused:
        _log.warning("worker.priority_not_lowered", error=str(refused))


def step_further_behind() -> None:
    """Lower the priority of this thread as far as it goes: what it does can wait."""
    try:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LAST)
    except OSError as refused:
        _log.warning("worker.priority_not_lowered", error=str(refused))
