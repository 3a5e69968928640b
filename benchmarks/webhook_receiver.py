"""A receiver of webhooks in a process of its own, which notes when each alarm arrived.

    python -m benchmarks.webhook_receiver      prints its port; serves until its input closes

It answers 200 at once and does as little as it can: what is measured are those who send.
`GET /seen` is what arrived, `{"alarm": [monotonic_ns, how often]}`.
"""

import asyncio
import json
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

_ALARM = re.compile(rb'"(?:OriginalNO|alarm)":\s*"([^"]+)"')
_LENGTH = re.compile(rb"content-length:\s*(\d+)", re.IGNORECASE)


class Receiver(asyncio.Protocol):
    """One kept-alive connection."""

    def __init__(self, seen: dict[str, list[int]]) -> None:
        self._seen = seen
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end]
            found = _LENGTH.search(head)
            length = int(found[1]) if found else 0
            if len(self._buffer) < end + 4 + length:
                if b"100-continue" in head:
                    self._write(b"HTTP/1.1 100 Continue\r\n\r\n")
                return
            body = self._buffer[end + 4 : end + 4 + length]
            self._buffer = self._buffer[end + 4 + length :]
            self._answer(head, body)

    def _answer(self, head: bytes, body: bytes) -> None:
        now = time.monotonic_ns()
        said = b"{}"
        if head.startswith(b"GET /seen"):
            said = json.dumps(self._seen).encode()
        else:
            for name in set(_ALARM.findall(body)):
                noted = self._seen.setdefault(name.decode(), [now, 0])
                noted[1] += 1
        self._write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
            % (len(said), said)
        )

    def _write(self, data: bytes) -> None:
        assert isinstance(self._transport, asyncio.WriteTransport)
        self._transport.write(data)


@contextmanager
def receiving() -> Iterator[str]:
    """The receiver's address; it is gone afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.webhook_receiver"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.terminate()
        process.communicate()


def seen(url: str) -> dict[str, tuple[int, int]]:
    """When each alarm arrived first (monotonic ns), and how often."""
    with urllib.request.urlopen(f"{url}/seen") as answer:
        return {alarm: (first, often) for alarm, (first, often) in json.load(answer).items()}


async def _serve() -> None:
    arrived: dict[str, list[int]] = {}
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Receiver(arrived), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.buffer.read)


if __name__ == "__main__":
    asyncio.run(_serve())
