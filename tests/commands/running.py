"""Running `lianfang` as its users do: a process with arguments, an exit status and two streams.

In processes of their own, because logging is set up once a process and belongs to the command.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

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
    done = subprocess.run(
        command(*arguments),
        input=given,
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=folder,
        env=environment(),
        timeout=timeout_s,
        check=False,
    )
    return Finished(done.returncode, done.stdout, done.stderr)


def lines_of(finished: Finished) -> Sequence[str]:
    """What it printed, a line each; fails when the command did."""
    assert finished.status == 0, finished.err
    return finished.out.splitlines()
