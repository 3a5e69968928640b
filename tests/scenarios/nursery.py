"""A process that has imported the product once and forks one of it whenever asked.

A hundred starts would otherwise spend minutes on imports. What is forked is a process like any
other: its own arguments, environment, streams, sockets, store and threads, ended by signals.

Run as a program it is the parent. On the socket whose number it is given, each message is an order
{"number", "argv", "folder", "environ", "point", "left"} that brings three open files: the child's
standard streams. It answers {"number", "pid"}, and {"pid", "status"} when that one has ended. It
ends when the socket closes.
"""

import asyncio
import functools
import importlib
import json
import os
import random
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_MESSAGE_BYTES = 1 << 17


class Child:
    """One forked process, with the face of `asyncio.subprocess.Process`."""

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

    def wait_now(self, timeout_s: float) -> int:
        """As `wait`, for callers without an event loop. Raises TimeoutError."""
        return self._ended.result(timeout_s)


class Nursery:
    """The parent's other side: asks it for children. May be used from any thread."""

    def __init__(self) -> None:
        self._door, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._parent = subprocess.Popen(
                [sys.executable, "-m", "tests.scenarios.nursery", str(theirs.fileno())],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        self._lock = threading.Lock()
        self._number = 0
        self._asked: dict[int, Future[Child]] = {}
        self._living: dict[int, Future[int]] = {}
        threading.Thread(target=self._listen, name="nursery", daemon=True).start()

    def fork(self, config: Path, log: Path, *, point: str = "", left: int = 0) -> Child:
        """A new service; with a `point` it kills itself when it comes there the `left`-th time."""
        argv = ["run", "--config", str(config)]
        with log.open("ab") as written, Path(os.devnull).open("rb") as nothing:
            streams = (nothing.fileno(), written.fileno(), written.fileno())
            return self.run(argv, streams, environ=os.environ, point=point, left=left)

    def run(
        self,
        argv: Sequence[str],
        streams: Sequence[int],
        *,
        environ: Mapping[str, str],
        folder: Path | None = None,
        point: str = "",
        left: int = 0,
    ) -> Child:
        """`lianfang` with these arguments; `streams` are the open files for its 0, 1 and 2."""
        with self._lock:
            self._number += 1
            number, asked = self._number, Future[Child]()
            self._asked[number] = asked
            order = {
                "number": number,
                "argv": list(argv),
                "folder": str(folder or Path.cwd()),
                "environ": dict(environ),
                "point": point,
                "left": left,
            }
            socket.send_fds(self._door, [json.dumps(order).encode()], list(streams))
        # the first one also waits for the parent's imports
        return asked.result(60)

    def close(self) -> None:
        self._door.shutdown(socket.SHUT_RDWR)
        self._parent.wait(30)
        self._door.close()

    def _listen(self) -> None:
        while message := self._door.recv(_MESSAGE_BYTES):
            told = json.loads(message)
            if "number" in told:
                ended = self._living[told["pid"]] = Future()
                self._asked.pop(told["number"]).set_result(Child(told["pid"], ended))
            else:
                self._living.pop(told["pid"]).set_result(told["status"])


@functools.cache
def own_nursery() -> Nursery:
    """The one of this process; it ends with it."""
    return Nursery()


def main() -> None:
    for name in ("linkage.cli", "tests.scenarios.killable"):
        importlib.import_module(name)  # no child has to
    door = socket.socket(fileno=int(sys.argv[1]))
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    with selectors.DefaultSelector() as ready:
        ready.register(door, selectors.EVENT_READ)
        ready.register(woken, selectors.EVENT_READ)
        while True:
            for key, _ in ready.select():
                if key.fd == woken:
                    os.read(woken, 4096)
                    _tell_who_ended(door)
                    continue
                message, streams, *_ = socket.recv_fds(door, _MESSAGE_BYTES, 3)
                if not message:
                    return
                order = json.loads(message)
                pid = os.fork()
                if pid == 0:
                    signal.set_wakeup_fd(-1)
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    for mine in (woken, wake, door.detach()):
                        os.close(mine)
                    _be_born(order, streams)
                    sys.exit(_live(order))
                for stream in streams:
                    os.close(stream)
                door.send(json.dumps({"number": order["number"], "pid": pid}).encode())


def _tell_who_ended(door: socket.socket) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        told = {"pid": pid, "status": os.waitstatus_to_exitcode(status)}
        door.send(json.dumps(told).encode())


def _be_born(order: dict, streams: Sequence[int]) -> None:
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    for stream in streams:
        if stream > 2:
            os.close(stream)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", buffering=1, closefd=False)  # noqa: SIM115
    os.environ.clear()
    os.environ.update(order["environ"])
    time.tzset()
    os.chdir(order["folder"])
    random.seed()  # or all children would draw the same jitter


def _live(order: dict) -> int:
    from linkage import cli
    from tests.scenarios import killable

    if order["point"]:
        config = Path(order["argv"][-1])
        return killable.run(config, killable.Countdown(order["point"], order["left"]))
    return cli.main(order["argv"])


if __name__ == "__main__":
    main()
