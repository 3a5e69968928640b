"""A small RTSP 1.0 server that plays one reel live, in a loop, over TCP, behind a Digest login.

Live means one clock for all: whoever connects sees the present picture, as with a real camera, and
time stamps run on through the end of the film. Nothing is decoded or encoded here. UDP is refused
(461), and players then ask for TCP. (`aio_rtsp_toolkit`, considered, starts the file anew for each
client and knows no login.)
"""

import asyncio
import contextlib
import math
import secrets
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

import structlog

from camerad.simulator import digest, rtp
from camerad.simulator.reel import Reel

_REALM = "simulated camera"
SUB, MAIN = "/sub", "/main"  # both play the same reel: a film has one size
_LARGEST_REQUEST = 16 * 1024
# a client this far behind gets no pictures until it has caught up, then begins at a keyframe
_BACKLOG_BYTES = 1_500_000
_METHODS = "OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, TEARDOWN, GET_PARAMETER, SET_PARAMETER"

log = structlog.get_logger()


@dataclass
class Whims:
    """What is wrong with a camera's stream on purpose; may be changed while it plays."""

    per_s: float | None = None
    """Pictures a second in place of the film's; each comes, later, with its right time."""
    is_mute: bool = False
    """Everything is answered, and no picture follows."""
    is_still: bool = False
    """The same keyframe again and again, as of a sensor that has stopped."""
    is_noise: bool = False
    """Random bytes in place of pictures."""


@dataclass(eq=False)
class _Client:
    """One connection. It gets pictures while `playing`; after a gap, from a keyframe on."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    nonce: str = field(default_factory=lambda: secrets.token_hex(16))
    session: str = field(default_factory=lambda: secrets.token_hex(8))
    channel: int | None = None
    playing: bool = False
    in_step: bool = False


class RtspServer:
    """Serves `reel` at rtsp_url; use as an async context manager."""

    def __init__(
        self,
        reel: Reel,
        *,
        username: str,
        password: str,
        elapsed: Callable[[], float],
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        """`elapsed` tells the seconds since the camera was switched on, and never steps back."""
        self._reel, self._elapsed = reel, elapsed
        self._username, self._password = username, password
        self._host, self._port = host, port
        self._clients: set[_Client] = set()
        self._talks: set[asyncio.Task[None]] = set()
        self._player: asyncio.Task[None] | None = None
        self._server: asyncio.Server | None = None
        self._ssrc = secrets.randbits(32)
        self.whims = Whims()
        self.pictures_skipped = 0

    @property
    def url(self) -> str:
        """Address of the sub-stream, without a login."""
        return self.address(SUB)

    def address(self, path: str) -> str:
        """Address of one of the streams, `SUB` or `MAIN`."""
        return f"rtsp://{self._host}:{self._port}{path}"

    @property
    def clients(self) -> int:
        """How many clients are playing."""
        return sum(client.playing for client in self._clients)

    def set_password(self, password: str) -> None:
        """Ask for this one from now on; who plays already goes on."""
        self._password = password

    def drop_clients(self) -> None:
        """End every connection at once, as a restart does."""
        for client in self._clients:
            client.writer.transport.abort()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(
            self._connected, self._host, self._port, limit=_LARGEST_REQUEST
        )
        self._port = self._server.sockets[0].getsockname()[1]
        self._player = asyncio.create_task(self._play(), name=f"rtsp-player-{self._port}")
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._server is None or self._player is None:
            return
        self._server.close()
        for task in (self._player, *self._talks):
            task.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)
        await self._server.wait_closed()
        # a bug in the player must not end unseen
        with contextlib.suppress(asyncio.CancelledError):
            await self._player

    # the film

    async def _play(self) -> None:
        """Hand every picture to all who play, when it is due."""
        reel, whims = self._reel, self.whims
        number = reel.number_at(self._elapsed()) + 1
        due_s = number / reel.fps
        sequence = secrets.randbits(15)
        while True:
            await asyncio.sleep(max(0.0, due_s - self._elapsed()))
            picture = reel.pictures[0 if whims.is_still else number % len(reel.pictures)]
            units = ((reel.sps, reel.pps) if picture.key else ()) + picture.units
            if whims.is_noise:
                units = tuple(secrets.token_bytes(len(unit)) for unit in units)
            if not whims.is_mute:
                sequence = self._send(units, picture.key, due_s, sequence)
            # after a stall (a suspended machine) go on from now, not through all that was missed
            step_s = 1.0 / (whims.per_s or reel.fps)
            steps = 1 + max(0, math.floor((self._elapsed() - 1.0 - due_s) / step_s))
            number, due_s = number + steps, due_s + steps * step_s

    def _send(self, units: tuple[bytes, ...], key: bool, due_s: float, sequence: int) -> int:
        """One picture to all who play; the sequence number after it."""
        framed: dict[int, bytes] = {}
        after = sequence
        for client in self._clients:
            if not self._wants(client, key=key) or client.channel is None:
                continue
            if client.channel not in framed:
                framed[client.channel], after = rtp.packets(
                    units,
                    channel=client.channel,
                    sequence=sequence,
                    timestamp=round(due_s * rtp.CLOCK_HZ),
                    ssrc=self._ssrc,
                )
            client.writer.write(framed[client.channel])
        return after

    def _wants(self, client: _Client, *, key: bool) -> bool:
        if not client.playing or client.writer.is_closing():
            return False
        behind = client.writer.transport.get_write_buffer_size() > _BACKLOG_BYTES
        client.in_step = (client.in_step or key) and not behind
        if not client.in_step:
            self.pictures_skipped += 1
        return client.in_step

    # the talk

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._talks.add(task)
            task.add_done_callback(self._talks.discard)
        client = _Client(reader, writer)
        self._clients.add(client)
        try:
            while await self._answer_one(client):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the client went away or does not speak RTSP: nothing to do but close
        except asyncio.CancelledError:
            # only `stop` cancels a talk, and Python 3.11 would log a traceback for one that ends so
            pass
        finally:
            self._clients.discard(client)
            writer.close()
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _answer_one(self, client: _Client) -> bool:
        """Read one request and answer it; False when the talk is over."""
        first = await client.reader.readexactly(1)
        if first == b"$":  # the receiver's RTCP reports
            report = await client.reader.readexactly(3)
            await client.reader.readexactly(int.from_bytes(report[1:], "big"))
            return True
        head = (first + await client.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        request, *lines = head.split("\r\n")
        headers = {
            name.strip().lower(): value.strip()
            for name, colon, value in (line.partition(":") for line in lines)
            if colon
        }
        size = headers.get("content-length", "0")
        if size.isdigit() and 0 < int(size) <= _LARGEST_REQUEST:
            await client.reader.readexactly(int(size))
        method, _, rest = request.partition(" ")
        uri = rest.partition(" ")[0]
        answer = self._answer(client, method.upper(), uri, headers)
        client.writer.write(answer)
        await client.writer.drain()
        return method.upper() != "TEARDOWN"

    def _answer(self, client: _Client, method: str, uri: str, headers: dict[str, str]) -> bytes:
        cseq = headers.get("cseq", "0")
        if method == "OPTIONS":
            return _reply(cseq, "200 OK", {"Public": _METHODS})
        if not digest.verified(
            headers.get("authorization"),
            method=method,
            username=self._username,
            password=self._password,
            realm=_REALM,
            nonce=client.nonce,
        ):
            return _reply(
                cseq,
                "401 Unauthorized",
                {"WWW-Authenticate": digest.challenge(_REALM, client.nonce)},
            )
        path = urlsplit(uri).path
        if not path.startswith((SUB, MAIN)):
            return _reply(cseq, "404 Not Found")
        handler = {
            "DESCRIBE": self._describe,
            "SETUP": self._setup,
            "PLAY": self._start,
            "PAUSE": self._pause,
            "TEARDOWN": self._pause,
            "GET_PARAMETER": self._alive,
            "SET_PARAMETER": self._alive,
        }.get(method)
        if handler is None:
            return _reply(cseq, "501 Not Implemented")
        return handler(client, cseq, headers, path)

    def _describe(self, _client: _Client, cseq: str, _headers: dict[str, str], path: str) -> bytes:
        reel = self._reel
        sets = ",".join(b64encode(unit).decode() for unit in (reel.sps, reel.pps))
        lines = (
            "v=0",
            f"o=- 0 0 IN IP4 {self._host}",
            "s=Lianfang simulated camera",
            "c=IN IP4 0.0.0.0",
            "t=0 0",
            "a=control:*",
            "a=range:npt=now-",
            f"m=video 0 RTP/AVP {rtp.PAYLOAD_TYPE}",
            f"a=rtpmap:{rtp.PAYLOAD_TYPE} H264/{rtp.CLOCK_HZ}",
            f"a=fmtp:{rtp.PAYLOAD_TYPE} packetization-mode=1; "
            f"profile-level-id={reel.sps[1:4].hex()}; sprop-parameter-sets={sets}",
            f"a=framerate:{reel.fps:g}",
            "a=control:video",
        )
        body = "\r\n".join(lines) + "\r\n"
        return _reply(
            cseq,
            "200 OK",
            {"Content-Base": f"{self.address(path)}/", "Content-Type": "application/sdp"},
            body,
        )

    def _setup(self, client: _Client, cseq: str, headers: dict[str, str], _path: str) -> bytes:
        transport = headers.get("transport", "")
        if "TCP" not in transport.upper():
            return _reply(cseq, "461 Unsupported Transport")
        channel = 0
        for part in transport.split(";"):
            name, _, value = part.strip().partition("=")
            first = value.partition("-")[0]
            if name == "interleaved" and first.isdigit() and int(first) < 255:
                channel = int(first)
        client.channel = channel
        chosen = f"RTP/AVP/TCP;unicast;interleaved={channel}-{channel + 1};ssrc={self._ssrc:08X}"
        return _reply(
            cseq, "200 OK", {"Transport": chosen, "Session": f"{client.session};timeout=60"}
        )

    def _start(self, client: _Client, cseq: str, _headers: dict[str, str], _path: str) -> bytes:
        if client.channel is None:
            return _reply(cseq, "455 Method Not Valid in This State")
        # in the middle of a group of pictures, as a camera does: who cannot begin there waits
        client.playing, client.in_step = True, True
        log.debug("simulator.rtsp.playing", clients=self.clients)
        return _reply(cseq, "200 OK", {"Session": client.session, "Range": "npt=now-"})

    def _pause(self, client: _Client, cseq: str, _headers: dict[str, str], _path: str) -> bytes:
        client.playing = False
        return _reply(cseq, "200 OK", {"Session": client.session})

    def _alive(self, client: _Client, cseq: str, _headers: dict[str, str], _path: str) -> bytes:
        return _reply(cseq, "200 OK", {"Session": client.session})


def _reply(cseq: str, status: str, headers: dict[str, str] | None = None, body: str = "") -> bytes:
    lines = [f"RTSP/1.0 {status}", f"CSeq: {cseq}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    lines += [f"Content-Length: {len(body)}"] if body else []
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()
