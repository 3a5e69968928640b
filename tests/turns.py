"""Turns between tests that run side by side (`make test`): a test marked `alone` has the machine to
itself, because it measures time.

A fair lock between the workers of one run: many ordinary tests at once, or one that is alone.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path


class Turns:
    """Two lock files in a folder that all workers know."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._gate, self._room = folder / "gate", folder / "room"

    @contextmanager
    def taken(self, *, alone: bool) -> Iterator[None]:
        """Inside, either nobody who is alone runs, or nobody else does."""
        with ExitStack() as room:
            # who wants to be alone waits here at the gate, so that nobody slips in meanwhile
            with _locked(self._gate, fcntl.LOCK_EX):
                room.enter_context(_locked(self._room, fcntl.LOCK_EX if alone else fcntl.LOCK_SH))
            yield


@contextmanager
def _locked(file: Path, how: int) -> Iterator[None]:
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(descriptor, how)
        yield
    finally:
        # closing would not be enough: a process that the test forked may have it too
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


def shared_folder() -> tempfile.TemporaryDirectory[str]:
    """Where a run keeps its lock files; gone when it is cleaned up."""
    return tempfile.TemporaryDirectory(prefix="lianfang-turns-")
