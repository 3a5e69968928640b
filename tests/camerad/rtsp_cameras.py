"""Real servers for the tests of cameras: a good RTSP camera and the broken ones of this world."""

import asyncio
import contextlib
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import av
import numpy as np
from aio_rtsp_toolkit.server import RtspServer
from aio_sockets import TCPSocket

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
WIDTH, HEIGHT, RATE = 320, 240, 10


def draw_clip(
    path: Path,
    *,
    seconds: float = 60.0,
    pixel_format: str = "yuv420p",
    codec: str = "libx264",
    rate: int = RATE,
) -> Path:
    """A red scene with a white square that wanders, so that colour and motion can be told."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, pixel_format
        stream.options = {"g": str(rate), "bf": "0", "preset": "ultrafast"}
        if codec == "libx265":
            stream.options |= {"x265-params": "bframes=0:log-level=none:pools=none:frame-threads=1"}
        for n in range(int(seconds * rate)):
            image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
            image[:] = (40, 40, 200)
            left = (n * 4) % (WIDTH - 40)
            image[100:140, left : left + 40] = 255
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


class _Server(RtspServer):
    """The toolkit's server, which can also drop whom it serves."""

    def __init__(self, directory: str, port: int) -> None:
        super().__init__(directory, "127.0.0.1", port)
        self.logger = logging.getLogger("rtsp")
        self._peers: dict[asyncio.Task[None], TCPSocket] = {}

    async def _handle_client(self, sock: TCPSocket) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._peers[task] = sock
        try:
            await super()._handle_client(sock)
        finally:
            del self._peers[task]

    @property
    def port_in_use(self) -> int:
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def freeze(self) -> None:
        """Keep every connection, send nothing more."""
        for task in asyncio.all_tasks():
            if task.get_name().startswith("rtsp-stream-"):
                task.cancel()

    async def drop_all(self) -> None:
        serving = dict(self._peers)
        for peer in serving.values():
            with contextlib.suppress(ConnectionError):  # who left with frames unread resets
                await peer.close()
        if serving:
            await asyncio.wait(serving, timeout=5)
        await self.close()


class GoodCamera:
    """Plays a clip over RTSP/TCP from its start to whoever asks, and can be switched off and on."""

    def __init__(self, clip: Path) -> None:
        self._clip = clip
        self._server: _Server | None = None
        self._port = 0

    @property
    def uri(self) -> str:
        return f"rtsp://127.0.0.1:{self._port}/{self._clip.name}"

    async def switch_on(self) -> None:
        self._server = _Server(str(self._clip.parent), self._port)
        await self._server.start()
        self._port = self._server.port_in_use

    async def freeze(self) -> None:
        assert self._server is not None
        await self._server.freeze()

    async def switch_off(self) -> None:
        if self._server is not None:
            await self._server.drop_all()
            self._server = None


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
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
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
    """Random bytes without end, as fast as they are taken."""
    noise = random.Random(7).randbytes(1 << 16)
    while True:
        writer.write(noise)
        await writer.drain()


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


async def describe_only(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Describes a stream as any camera does, and takes everything after that without a word."""
    sdp = b"v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:track1\r\n"
    while request := await reader.readuntil(b"\r\n\r\n"):
        cseq = next(
            (line for line in request.split(b"\r\n") if line.startswith(b"CSeq")), b"CSeq: 1"
        )
        if request.startswith(b"DESCRIBE"):
            kind = b"Content-Type: application/sdp\r\nContent-Length: %d" % len(sdp)
            writer.write(b"RTSP/1.0 200 OK\r\n%s\r\n%s\r\n\r\n%s" % (cseq, kind, sdp))
        elif request.startswith(b"OPTIONS"):
            writer.write(b"RTSP/1.0 200 OK\r\n%s\r\nPublic: DESCRIBE\r\n\r\n" % cseq)
