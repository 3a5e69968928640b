"""All simulated cameras of a demo, in one process of their own.

The parent's side (`SimulatedCameraSite`) and the child's (`serve`). The child reads what to play
from its standard input, passwords never appear among its arguments, and it ends when that input
closes: also when the parent was killed.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TypedDict

import msgspec

import camerad
from camerad.errors import CameradError, SourceUnreadable

_START_S = 30.0
_STOP_S = 5.0


class CameraSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One camera of the site; the fields are those of `SimulatedCamera`."""

    id: str
    endpoint_reference: str
    name: str
    film: str
    username: str
    password: str
    onvif_port: int = 0
    rtsp_port: int = 0
    location: str = "town"
    model: str = "Simulated Camera"
    channels: int = 1
    separate_users: bool = False
    clock_off_s: float = 0.0

    def __repr__(self) -> str:
        return f"CameraSpec(id={self.id!r}, name={self.name!r}, film={self.film!r})"


class Address(TypedDict):
    """Where one camera of the site is served."""

    id: str
    onvif: str
    rtsp: str


class _Started(msgspec.Struct):
    cameras: list[Address]
    error: str | None = None


class SimulatedCameraSite:
    """Runs `cameras` in a child process from `start` to `stop`; also an async context manager."""

    def __init__(self, cameras: Sequence[CameraSpec], *, discoverable: bool = True) -> None:
        self._cameras = list(cameras)
        self._discoverable = discoverable
        self._child: asyncio.subprocess.Process | None = None

    async def start(self) -> list[Address]:
        """Start the child and wait until every camera is served.

        Raises SourceUnreadable for a bad film and CameradError when the child does not come up.
        """
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "camerad.simulator",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": _import_path()},
        )
        self._child = child
        assert child.stdin is not None
        assert child.stdout is not None
        order = msgspec.json.encode({"cameras": self._cameras, "discoverable": self._discoverable})
        child.stdin.write(order + b"\n")
        try:
            await child.stdin.drain()
            async with asyncio.timeout(_START_S):
                line = await child.stdout.readline()
        except (TimeoutError, ConnectionError) as error:
            await self.stop()
            raise CameradError("the simulated cameras did not start") from error
        if not line:
            await self.stop()
            raise CameradError("the simulated cameras did not start; see the lines above")
        started = msgspec.json.decode(line, type=_Started)
        if started.error is not None:
            await self.stop()
            raise SourceUnreadable(started.error)
        return started.cameras

    async def stop(self) -> None:
        """End the child; does nothing when there is none."""
        child, self._child = self._child, None
        if child is None:
            return
        if child.stdin is not None:
            child.stdin.close()
        try:
            async with asyncio.timeout(_STOP_S):
                await child.wait()
        except TimeoutError:
            child.kill()
            await child.wait()

    async def __aenter__(self) -> list[Address]:
        return await self.start()

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()


class _Order(msgspec.Struct):
    cameras: list[CameraSpec]
    discoverable: bool


async def serve() -> int:
    """The child: serve what standard input orders until it closes; the exit status."""
    # imported here: the parent needs neither PyAV nor a second copy of it in memory
    from camerad.simulator.camera import SimulatedCamera
    from camerad.simulator.discovery import DiscoveryResponder

    loop = asyncio.get_running_loop()
    # Ctrl-C reaches the whole group of processes; the parent decides when we stop
    loop.add_signal_handler(signal.SIGINT, lambda: None)
    lines = asyncio.StreamReader(limit=4 * 1024 * 1024)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    order = msgspec.json.decode(await lines.readline(), type=_Order)
    async with AsyncExitStack() as exits:
        cameras = []
        try:
            for spec in order.cameras:
                fields = {k: v for k, v in msgspec.structs.asdict(spec).items() if k != "id"}
                fields["film"] = Path(spec.film)
                cameras.append(await exits.enter_async_context(SimulatedCamera(**fields)))
            if order.discoverable:
                await exits.enter_async_context(
                    DiscoveryResponder([camera.announcement for camera in cameras])
                )
        except (CameradError, OSError) as error:
            _tell(_Started([], str(error)))
            return 1
        _tell(
            _Started(
                [
                    Address(id=spec.id, onvif=camera.onvif_url, rtsp=camera.rtsp_url)
                    for spec, camera in zip(order.cameras, cameras, strict=True)
                ]
            )
        )
        stopped = asyncio.Event()
        loop.add_signal_handler(signal.SIGTERM, stopped.set)
        over = asyncio.create_task(lines.read())  # returns at end of input: the parent is gone
        asked = asyncio.create_task(stopped.wait())
        await asyncio.wait({over, asked}, return_when=asyncio.FIRST_COMPLETED)
        for task in (over, asked):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
    return 0


def _import_path() -> str:
    # the child must find the same code, wherever the parent was started from
    mine = str(Path(camerad.__file__).parent.parent)
    given = os.environ.get("PYTHONPATH")
    return os.pathsep.join([mine, given] if given else [mine])


def _tell(started: _Started) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(started) + b"\n")
    sys.stdout.buffer.flush()
