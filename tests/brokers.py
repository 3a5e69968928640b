"""A real mosquitto for tests, on a port of its own."""

import asyncio
import functools
import itertools
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.external import program
from tests.polling import until


@dataclass
class Mosquitto:
    """A running mosquitto; `stop` and `start` keep its port and its persistence file."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        binary = program("mosquitto", package="mosquitto")
        config = self.folder / "mosquitto.conf"
        config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence true\n"
            f"persistence_location {self.folder}/\nautosave_interval 1\n"
            "max_inflight_messages 2000\nmax_queued_messages 100000\nset_tcp_nodelay true\n"
            "user root\n"
        )
        self.process = subprocess.Popen(
            [binary, "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        await listening(self.port)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)
            self.process = None

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
            self.process = None


@asynccontextmanager
async def mosquitto(folder: Path) -> AsyncIterator[Mosquitto]:
    broker = Mosquitto(free_port(), folder)
    await broker.start()
    try:
        yield broker
    finally:
        broker.stop()


def free_port() -> int:
    """A TCP port on loopback that nothing listens on, and that no other test run will take.

    It is below the ports that the kernel gives to clients: one of those may become some client's
    own end while the server that a test restarts is away.
    """
    ours = _own_ports()
    for port in itertools.islice(ours, _BLOCK):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("all ports of this test run are in use")


_FIRST, _BLOCK, _BLOCKS = 12_000, 200, 100


@functools.cache
def _own_ports() -> Iterator[int]:
    """A block of ports that is this process's as long as it lives, round and round."""
    for block in range(_BLOCKS):
        # a name that only one socket can have, and that goes with its process; no file
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            claim.bind(f"\0lianfang-test-ports-{block}")
        except OSError:
            claim.close()
        else:
            claim.detach()  # open to the end
            first = _FIRST + block * _BLOCK
            return itertools.cycle(range(first, first + _BLOCK))
    raise AssertionError("too many test runs on this machine")


async def listening(port: int, *, timeout_s: float = 15.0) -> None:
    """Return when something accepts connections on the port."""

    async def accepts() -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return False
        writer.close()
        await writer.wait_closed()
        return True

    await until(accepts, timeout_s=timeout_s, every_s=0.02)
