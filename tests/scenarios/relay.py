"""A TCP relay before a camera, as a bridge, a switch or a cable is: it can be cut, stall and drop,
and counts who comes and when.
"""

import asyncio
import contextlib
from collections.abc import Iterable
from enum import StrEnum
from typing import Self


class Mode(StrEnum):
    FORWARD = "forward"
    STALL = "stall"
    """Takes connections and lets nothing through, either way."""
    CUT = "cut"
    """Ends every connection that comes."""


class Relay:
    """Before `port` of the loopback interface while entered."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._may_flow = asyncio.Event()
        self._may_flow.set()
        self._mode = Mode.FORWARD
        self._writers: set[asyncio.StreamWriter] = set()
        self._talks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.came_at_s: list[float] = []
        """The loop's time of every connection."""

    @property
    def port(self) -> int:
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *exc: object) -> None:
        assert self._server is not None
        self._server.close()
        for talk in tuple(self._talks):
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    def set(self, mode: Mode) -> None:
        """`CUT` ends what goes on; the others leave it, and it flows or not."""
        self._mode = mode
        if mode is Mode.STALL:
            self._may_flow.clear()
        else:
            self._may_flow.set()
        if mode is Mode.CUT:
            for writer in self._writers:
                writer.transport.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.came_at_s.append(asyncio.get_running_loop().time())
        task = asyncio.current_task()
        assert task is not None
        self._talks.add(task)
        task.add_done_callback(self._talks.discard)
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await self._talk(reader, writer)
        writer.transport.abort()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._mode is Mode.CUT:
            return
        there, answering = await asyncio.open_connection("127.0.0.1", self._target)
        both = {writer, answering}
        self._writers |= both
        try:
            ways = [
                asyncio.create_task(self._flow(reader, answering)),
                asyncio.create_task(self._flow(there, writer)),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
        finally:
            self._writers -= both
            answering.transport.abort()

    async def _flow(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1 << 16):
            await self._may_flow.wait()
            writer.write(data)
            await writer.drain()


def busiest_second(came_at_s: Iterable[float]) -> int:
    """The most that came within any one second."""
    times = sorted(came_at_s)
    most, first = 0, 0
    for last, at_s in enumerate(times):
        while at_s - times[first] >= 1.0:
            first += 1
        most = max(most, last - first + 1)
    return most
