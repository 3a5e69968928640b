"""A process that has imported the service once and forks one whenever asked. For scenarios.

Sixty restarts would otherwise spend minutes on imports. The forked service is a process like any
other: sockets, store and threads of its own, ended by signals. One lives at a time.

Run as a program it is the parent: each line on its standard input is {"config","point","left",
"log"}; it prints the child's pid, waits for its end and prints its status. It ends when the input
closes.
"""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Child:
    """One forked service, with the face of `asyncio.subprocess.Process`."""

    def __init__(self, pid: int, ended: "Future[int]") -> None:
        self.pid = pid
        self._ended = ended

    @property
    def returncode(self) -> int | None:
        return self._ended.result() if self._ended.done() else None

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    async def wait(self) -> int:
        """Return when it is gone: its exit status, or minus the signal that ended it."""
        return await asyncio.shield(asyncio.wrap_future(self._ended))


class Nursery:
    """The parent's other side: asks it for children."""

    def __init__(self) -> None:
        self._parent = subprocess.Popen(
            [sys.executable, "-m", "tests.scenarios.nursery"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="nursery")

    def fork(self, config: Path, log: Path, *, point: str = "", left: int = 0) -> Child:
        """A new service; with a `point` it kills itself when it comes there the `left`-th time."""
        assert self._parent.stdin is not None
        ordered = {"config": str(config), "log": str(log), "point": point, "left": left}
        self._parent.stdin.write(json.dumps(ordered) + "\n")
        self._parent.stdin.flush()
        # the first call also waits for the parent's imports
        pid = int(self._threads.submit(self._line).result(60))
        return Child(pid, self._threads.submit(lambda: int(self._line())))

    def close(self) -> None:
        assert self._parent.stdin is not None
        assert self._parent.stdout is not None
        self._parent.stdin.close()
        self._parent.wait(30)
        self._threads.shutdown()
        self._parent.stdout.close()

    def _line(self) -> str:
        assert self._parent.stdout is not None
        return self._parent.stdout.readline()


def main() -> None:
    from linkage.logs import configure_logs
    from linkage.main import serve
    from linkage.settings import load_settings
    from tests.scenarios.killable import Countdown, doors

    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _become_a_service(order["log"])
            configure_logs("warning")
            countdown = Countdown(order["point"], order["left"])
            settings = load_settings(Path(order["config"]))
            asyncio.run(serve(settings, doors=doors(countdown)))
            sys.exit(0)
        print(pid, flush=True)  # noqa: T201 - this is how it answers
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201


def _become_a_service(log: str) -> None:
    written = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(written, 1)
    os.dup2(written, 2)
    sys.stdin = open(os.devnull)  # noqa: SIM115, PTH123 - or it would read the parent's orders
    signal.set_wakeup_fd(-1)
    random.seed()  # or all children would draw the same jitter


if __name__ == "__main__":
    main()
