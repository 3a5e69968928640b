"""Telling why a camera does not give its stream, against real sockets."""

import asyncio
import hashlib
import re

import pytest

from camerad.rtsp_probe import Outage, probe
from tests.camerad.rtsp_cameras import GoodCamera, Handler, serving

SDP = b"v=0\r\nm=video 0 RTP/AVP 96\r\n"


async def asked(uri: str, password: str | None = None) -> Outage | None:
    username = "duty" if password else None
    return await asyncio.to_thread(probe, uri, username, password, timeout_s=1.5)


async def ask(uri: str, password: str | None = None) -> Outage:
    outage = await asked(uri, password)
    assert outage is not None
    return outage


async def ask_one_that(handle: Handler, password: str | None = None) -> Outage:
    async with serving(handle) as uri:
        return await ask(uri, password)


def answering(status: str) -> Handler:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(f"RTSP/1.0 {status}\r\nCSeq: 1\r\nContent-Length: 0\r\n\r\n".encode())

    return handle


def wanting_digest(password: str, qop: str, algorithm: str) -> Handler:
    """A camera that really checks the digest, written out from the RFC 7616 formula."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while request := (await reader.readuntil(b"\r\n\r\n")).decode():
            given = dict(re.findall(r'(\w+)="?([^",\s]+)"?', request.partition("Digest ")[2]))
            hashed = hashlib.new("sha256" if algorithm else "md5", usedforsecurity=False).copy

            def h(text: str, hashed=hashed) -> str:  # type: ignore[no-untyped-def]
                state = hashed()
                state.update(text.encode())
                return str(state.hexdigest())

            uri = request.split()[1]
            between = f":{given.get('nc')}:{given.get('cnonce')}:auth" if qop else ""
            right = h(f"{h(f'duty:cam 1:{password}')}:n0nce{between}:{h(f'DESCRIBE:{uri}')}")
            if given.get("response") == right:
                writer.write(b"RTSP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(SDP), SDP))
                continue
            challenge = f'Digest realm="cam 1", nonce="n0nce"{qop}{algorithm}'
            for_basic = 'Basic realm="cam 1"'
            lines = ["RTSP/1.0 401 No", *(f"WWW-Authenticate: {c}" for c in (challenge, for_basic))]
            writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())

    return handle


async def test_nothing_listening_is_unreachable(unused_port: int) -> None:
    assert (await ask(f"rtsp://127.0.0.1:{unused_port}/x")).reason == "unreachable"


async def test_a_silent_camera_hangs(broken_cameras: dict[str, str]) -> None:
    assert (await ask(broken_cameras["silent"])).reason == "hung"


async def test_random_bytes_are_nonsense(broken_cameras: dict[str, str]) -> None:
    assert (await ask(broken_cameras["garbage"])).reason == "nonsense"


async def test_a_flood_of_headers_is_nonsense() -> None:
    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"RTSP/1.0 200 OK\r\n")
        while True:
            writer.write(b"X: " + b"y" * 4000 + b"\r\n")
            await writer.drain()

    assert (await ask_one_that(flood)).reason == "nonsense"


async def test_a_camera_that_wants_a_password_and_gets_none_refuses() -> None:
    outage = await ask_one_that(wanting_digest("right", "", ""))
    assert outage.reason == "refused"
    assert outage.login_refused


@pytest.mark.parametrize("qop", ["", ', qop="auth,auth-int"'])
@pytest.mark.parametrize("algorithm", ["", ", algorithm=SHA-256"])
async def test_the_right_password_is_told_from_the_wrong_one(qop: str, algorithm: str) -> None:
    camera = wanting_digest("right", qop, algorithm)
    async with serving(camera) as uri:
        assert await asked(uri, "right") is None
    wrong = await ask_one_that(camera, "wrong")
    assert wrong.reason == "refused"
    assert wrong.login_refused
    assert "wrong" not in wrong.detail


async def test_a_path_that_does_not_exist_is_refused_but_locks_no_account() -> None:
    outage = await ask_one_that(answering("404 Not Found"))
    assert outage.reason == "refused"
    assert not outage.login_refused


async def test_a_camera_that_closes_at_once_is_unreachable() -> None:
    async def close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")

    assert (await ask_one_that(close)).reason == "unreachable"


async def test_a_camera_that_describes_its_stream_has_no_outage(good_camera: GoodCamera) -> None:
    assert await asked(good_camera.uri) is None


async def played(uri: str) -> Outage | None:
    return await asyncio.to_thread(probe, uri, None, None, timeout_s=1.5, media_within_s=0.5)


def playing(after_play: bytes, *, session: str = "Session: 7\r\n") -> Handler:
    """Describes two parts and plays; `after_play` is all that follows."""
    sdp = b"v=0\r\nm=audio 0 RTP/AVP 0\r\na=control:sound\r\n" + SDP + b"a=control:track1\r\n"

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while request := await reader.readuntil(b"\r\n\r\n"):
            method, uri = request.decode().split()[:2]
            if method == "SETUP":
                assert uri.endswith("/stream/track1")
            body = sdp if method == "DESCRIBE" else b""
            head = f"RTSP/1.0 200 OK\r\n{session}Content-Length: {len(body)}\r\n\r\n"
            writer.write(head.encode() + body + (after_play if method == "PLAY" else b""))

    return handle


async def test_a_stream_that_plays_has_no_outage(good_camera: GoodCamera) -> None:
    assert await played(good_camera.uri) is None


REPORT = b"$\1\0\x04abcd"
RING = b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n"


@pytest.mark.parametrize("before", [b"", REPORT, RING, RING + REPORT], ids=str)
async def test_media_is_told_from_what_comes_before_it(before: bytes) -> None:
    async with serving(playing(before + b"$\0\0\x02xx")) as uri:
        assert await played(uri) is None
    async with serving(playing(before)) as uri:
        outage = await played(uri)
    assert outage is not None
    assert outage.was_silent


async def test_who_closes_when_told_to_play_has_an_outage() -> None:
    async def close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in (
            b"RTSP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(SDP), SDP),
            b"RTSP/1.0 200 OK\r\nSession: 7\r\n\r\n",
        ):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
        await reader.readuntil(b"\r\n\r\n")

    async with serving(close) as uri:
        outage = await played(uri)
    assert outage is not None
    assert "closes" in outage.detail


def describing(then: Handler) -> Handler:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"RTSP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(SDP), SDP))
        await then(reader, writer)

    return handle


@pytest.mark.parametrize(
    "odd",
    [describing(answering("461 Unsupported")), playing(b"no RTSP at all " * 9000)],
    ids=["refuses-tcp", "babbles"],
)
async def test_what_is_odd_about_playing_is_left_to_who_opens_it(odd: Handler) -> None:
    async with serving(odd) as uri:
        assert await played(uri) is None
