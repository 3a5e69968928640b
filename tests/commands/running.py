"""Running `lianfang` as its users do: a process with arguments, an exit status and two streams.

In processes of their own, because logging is set up once a process and belongs to the command.
They are forked from one that has imported everything.
"""

import os
import signal
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

from tests.scenarios.nursery import own_nursery

CHECKOUT = Path(__file__).resolve().parents[2]
CLEAN = {"NO_COLOR": "1", "COLUMNS": "100", "LIANFANG_LOG": "warning"}


@dataclass(frozen=True)
class Finished:
    """A command that has ended."""

    status: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """The one sentence on stderr. Fails when there is none, more than one, or a traceback."""
        assert "Traceback" not in self.err, self.err
        lines = [line for line in self.err.splitlines() if line.startswith("lianfang: ")]
        assert len(lines) == 1, self.err
        return lines[0].removeprefix("lianfang: ")


def command(*arguments: str | Path) -> list[str]:
    """The command line of `lianfang` with these arguments."""
    return [sys.executable, "-m", "linkage.cli", *map(str, arguments)]


def environment() -> dict[str, str]:
    """This one's, with plain output, and with compiled files kept: each command is a process."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | CLEAN | {"PYTHONPATH": str(CHECKOUT)}


def lianfang(
    *arguments: str | Path, given: str = "", folder: Path | None = None, timeout_s: float = 60
) -> Finished:
    """Run to the end; `given` is its standard input, `folder` its working folder."""
    with ExitStack() as stack:
        streams = [stack.enter_context(TemporaryFile("w+", encoding="utf-8")) for _ in range(3)]
        read, out, err = streams
        read.write(given)
        for stream in streams:
            stream.seek(0)
        child = own_nursery().run(
            [str(argument) for argument in arguments],
            [stream.fileno() for stream in streams],
            environ=environment(),
            folder=folder,
        )
        try:
            status = child.wait_now(timeout_s)
        except TimeoutError:
            child.send_signal(signal.SIGKILL)
            raise
        out.seek(0)  # its place in the file was the command's too
        err.seek(0)
        return Finished(status, out.read(), err.read())


def lines_of(finished: Finished) -> Sequence[str]:
    """What it printed, a line each; fails when the command did."""
    assert finished.status == 0, finished.err
    return finished.out.splitlines()
