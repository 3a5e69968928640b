"""The simulated camera's RTSP side, as OpenCV and as a bare socket see it."""

import asyncio
import itertools
import re
import time
from collections.abc import AsyncIterator

import cv2
import pytest

from camerad.simulator.film import draw_film
from camerad.simulator.reel import Reel, load_reel
from camerad.simulator.rtsp import RtspServer
from camerad.simulator.scenes import EAST_GATE

FILM_S = 3


@pytest.fixture(scope="module")
def reel(tmp_path_factory: pytest.TempPathFactory) -> Reel:
    path = tmp_path_factory.mktemp("films") / "short.mp4"
    draw_film(path, EAST_GATE, seconds=FILM_S, fps=12)
    return load_reel(path)


@pytest.fixture
async def server(reel: Reel) -> AsyncIterator[RtspServer]:
    begun = time.monotonic()
    async with RtspServer(
        reel, username="admin", password="pass:1", elapsed=lambda: time.monotonic() - begun
    ) as running:
        yield running


def _watch(url: str, frames: int) -> list[float]:
    """Stream times (ms) of `frames` pictures; fewer when the stream breaks off."""
    capture = cv2.VideoCapture(
        url,
        cv2.CAP_FFMPEG,
        [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, 10_000, cv2.CAP_PROP_READ_TIMEOUT_MSEC, 5_000],
    )
    times = []
    while len(times) < frames and capture.read()[0]:
        times.append(capture.get(cv2.CAP_PROP_POS_MSEC))
    capture.release()
    return times


@pytest.fixture(autouse=True)
def _over_tcp(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENCV_FFMPEG_CAPTURE_OPTIONS", "rtsp_transport;tcp|fpsprobesize;0")


async def test_opencv_reads_past_the_end_of_the_film_without_a_break(server: RtspServer) -> None:
    url = server.url.replace("rtsp://", "rtsp://admin:pass%3A1@")
    frames = 12 * FILM_S * 2 + 6
    times = await asyncio.to_thread(_watch, url, frames)
    assert len(times) == frames
    steps = [b - a for a, b in itertools.pairwise(times[1:])]
    assert all(0 < step < 90 for step in steps)


async def test_many_watch_at_once(server: RtspServer) -> None:
    url = server.url.replace("rtsp://", "rtsp://admin:pass%3A1@")
    watched = await asyncio.gather(*(asyncio.to_thread(_watch, url, 20) for _ in range(3)))
    assert [len(times) for times in watched] == [20, 20, 20]


@pytest.mark.parametrize("login", ["", "admin:wrong@", "guest:pass%3A1@"])
async def test_nobody_watches_without_the_right_login(server: RtspServer, login: str) -> None:
    url = server.url.replace("rtsp://", f"rtsp://{login}")
    assert await asyncio.to_thread(_watch, url, 1) == []


async def _ask(server: RtspServer, request: str) -> str:
    host, _, port = server.url.removeprefix("rtsp://").partition("/")[0].partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request.encode())
    answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
    writer.close()
    await writer.wait_closed()
    return answer.decode()


async def test_a_describe_without_login_is_challenged(server: RtspServer) -> None:
    answer = await _ask(server, f"DESCRIBE {server.url} RTSP/1.0\r\nCSeq: 7\r\n\r\n")
    assert answer.startswith("RTSP/1.0 401 ")
    assert "CSeq: 7" in answer
    assert re.search(r'WWW-Authenticate: Digest realm="[^"]+", nonce="[0-9a-f]{32}"', answer)


async def test_nonsense_on_one_connection_harms_no_other(server: RtspServer) -> None:
    host, _, port = server.url.removeprefix("rtsp://").partition("/")[0].partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"\x00\xff" * 40_000)
    assert await asyncio.wait_for(reader.read(), 5) == b""
    writer.close()
    url = server.url.replace("rtsp://", "rtsp://admin:pass%3A1@")
    assert len(await asyncio.to_thread(_watch, url, 3)) == 3
