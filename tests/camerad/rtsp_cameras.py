"""Real servers for the tests of cameras: a good RTSP camera and the broken ones of this world."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import av
import numpy as np
from aio_rtsp_toolkit.server import RtspServer

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
WIDTH, HEIGHT, RATE = 320, 240, 10


def draw_clip(path: Path, *, seconds: float = 60.0, pixel_format: str = "yuv420p") -> Path:
    """A red scene with a white square that wanders, so that colour and motion can be told."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, pixel_format
        stream.options = {"g": str(RATE), "bf": "0", "preset": "ultrafast"}
        for n in range(int(seconds * RATE)):
            image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
            image[:] = (40, 40, 200)
            left = (n * 4) % (WIDTH - 40)
            image[100:140, left : left + 40] = 255
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


class GoodCamera:
    """Plays a clip over RTSP/TCP from its start to whoever asks, and can be switched off and on."""

    def __init__(self, clip: Path) -> None:
        self._clip = clip
        self._server: RtspServer | None = None
        self._port = 0

    @property
    def uri(self) -> str:
        return f"rtsp://127.0.0.1:{self._port}/{self._clip.name}"

    async def switch_on(self) -> None:
        self._server = await RtspServer(str(self._clip.parent), "127.0.0.1", self._port).start()
        listener = self._server._server
        assert listener is not None
        self._port = listener.sockets[0].getsockname()[1]

    async def switch_off(self) -> None:
        if self._server is not None:
            await self._server.close()
            self._server = None
        for task in asyncio.all_tasks():
            # the toolkit keeps its sessions when it closes; a camera without power does not
            if "_handle_client" in repr(task.get_coro()) or "tcp_client_cb" in repr(task):
                task.cancel()


@asynccontextmanager
async def serving(handle: Handler) -> AsyncIterator[str]:
    """An RTSP address on loopback answered by `handle`, whose connections end with it."""
    tasks: set[asyncio.Task[None]] = set()

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await handle(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            tasks.discard(task)
            writer.close()

    server = await asyncio.start_server(behave, "127.0.0.1", 0)
    try:
        yield f"rtsp://127.0.0.1:{server.sockets[0].getsockname()[1]}/stream"
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Takes the connection and everything that is sent, and never answers."""
    while await reader.read(4096):
        pass


async def talk_garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Random bytes without end."""
    noise = random.Random(7)
    while True:
        writer.write(noise.randbytes(512))
        await writer.drain()
        await asyncio.sleep(0.01)


async def refuse_login(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers everything with 401, whatever the password."""
    while request := await reader.readuntil(b"\r\n\r\n"):
        lines = request.decode().split("\r\n")
        cseq = next((line for line in lines if line.lower().startswith("cseq")), "CSeq: 1")
        writer.write(
            f"RTSP/1.0 401 Unauthorized\r\n{cseq}\r\n"
            'WWW-Authenticate: Digest realm="cam", nonce="abc"\r\n\r\n'.encode()
        )
        await writer.drain()
