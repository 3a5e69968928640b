"""Asking ONVIF cameras over real HTTP: simulated ones that behave, and broken ones."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web

from camerad.errors import CameraRefused, CameraTalksNonsense, CameraUnreachable
from camerad.onvif_door import clock_skew_s, describe
from camerad.profiles import channels
from camerad.simulator.camera import SimulatedCamera
from camerad.simulator.digest import challenge, verified
from camerad.simulator.onvif_device import DEVICE_PATH, Nameplate, OnvifDevice, Stream
from lianfang_timing import SystemClock

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Shifted:
    """A clock set wrong."""

    def __init__(self, by: timedelta) -> None:
        self._by = by

    def now(self) -> datetime:
        return datetime.now(UTC) + self._by

    def monotonic(self) -> float:
        return SystemClock().monotonic()


def simulated(clip: Path, by: timedelta = timedelta()) -> SimulatedCamera:
    return SimulatedCamera(
        endpoint_reference="urn:uuid:0b0c3f06-2b5a-4a9e-9f3d-000000000001",
        name="东村路口",
        film=clip,
        username="onvif",
        password="p@ss:word/东",
        clock=Shifted(by),
    )


@asynccontextmanager
async def serving_http(handle: Handler) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/onvif/device_service"
    finally:
        await runner.cleanup()


async def test_a_camera_tells_what_it_is_and_where_its_streams_are(clip: Path) -> None:
    async with simulated(clip) as camera:
        said = await describe(camera.onvif_url, "onvif", "p@ss:word/东")
        assert said.manufacturer == "Lianfang"
        assert said.serial == "0b0c3f06-2b5a-4a9e-9f3d-000000000001"
        assert camera.rtsp_url in [profile.stream_uri for profile in said.profiles]
    assert {profile.token for profile in said.profiles} == {"main", "sub"}
    assert all(profile.width == 320 and profile.height == 240 for profile in said.profiles)
    assert all((profile.snapshot_uri or "").startswith("http://") for profile in said.profiles)


async def test_a_clock_that_is_an_hour_off_does_not_keep_us_out(clip: Path) -> None:
    async with simulated(clip, timedelta(hours=-1)) as camera:
        said = await describe(camera.onvif_url, "onvif", "p@ss:word/东")
    assert said.clock_skew_s == pytest.approx(-3600, abs=2)


async def test_a_wrong_password_is_refused_with_a_hint(clip: Path) -> None:
    async with simulated(clip) as camera:
        with pytest.raises(CameraRefused, match="Hikvision") as refusal:
            await describe(camera.onvif_url, "onvif", "wrong")
    assert "wrong" not in str(refusal.value)


async def test_a_refusal_names_a_clock_that_is_off(clip: Path) -> None:
    async with simulated(clip, timedelta(seconds=90)) as camera:
        with pytest.raises(CameraRefused, match=r"0:01:(29|30|31) fast"):
            await describe(camera.onvif_url, "onvif", "wrong")


async def test_no_password_at_all_is_refused(clip: Path) -> None:
    async with simulated(clip) as camera:
        with pytest.raises(CameraRefused, match="wants"):
            await describe(camera.onvif_url, None, None)


async def test_no_pull_point_is_created(clip: Path) -> None:
    actions: list[str] = []

    async with simulated(clip) as camera:

        async def relay(request: web.Request) -> web.Response:
            actions.append((await request.read()).decode())
            return web.Response(status=500, text="<no/>", content_type="application/soap+xml")

        async with serving_http(relay) as xaddr:
            with pytest.raises(CameraTalksNonsense):
                await describe(xaddr, "onvif", "x")
        await describe(camera.onvif_url, "onvif", "p@ss:word/东")
    assert actions
    assert not any("CreatePullPoint" in action for action in actions)


async def test_the_time_is_asked_without_a_login() -> None:
    bodies: list[str] = []

    async def record(request: web.Request) -> web.Response:
        bodies.append((await request.read()).decode())
        return web.Response(status=500, text="<no/>")

    async with serving_http(record) as xaddr:
        with pytest.raises(CameraTalksNonsense):
            await describe(xaddr, "onvif", "secret")
    assert "GetSystemDateAndTime" in bodies[0]
    assert "UsernameToken" not in bodies[0]
    assert "UsernameToken" in bodies[1]
    assert "secret" not in bodies[1]
    assert "Z</wsu:Created>" in bodies[1]
    assert "Nonce" in bodies[1]


async def test_a_camera_that_wants_http_digest_gets_it_and_no_second_login() -> None:
    tokens_with_digest: list[bool] = []

    async def strict(request: web.Request) -> web.Response:
        body = (await request.read()).decode()
        header = request.headers.get("Authorization")
        if not verified(
            header,
            method="POST",
            username="onvif",
            password="secret",
            realm="cam",
            nonce="n",
        ):
            said = challenge("cam", "n", qop=True)
            return web.Response(status=401, headers={"WWW-Authenticate": said})
        tokens_with_digest.append("UsernameToken" in body)
        return web.Response(status=500, text="<no/>")

    async with serving_http(strict) as xaddr:
        with pytest.raises(CameraTalksNonsense):
            await describe(xaddr, "onvif", "secret")
        with pytest.raises(CameraRefused):
            await describe(xaddr, "onvif", "wrong")
    assert tokens_with_digest == [False]


async def hang(request: web.Request) -> web.Response:
    await asyncio.Event().wait()
    raise AssertionError


async def drip(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b" ")
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("handle", [hang, drip])
async def test_a_camera_that_takes_for_ever_is_given_up_in_time(handle: Handler) -> None:
    clock = asyncio.get_running_loop().time
    async with serving_http(handle) as xaddr:
        began_s = clock()
        with pytest.raises(CameraUnreachable):
            await describe(xaddr, "onvif", "x", timeout_s=1.0)
        assert clock() - began_s < 5


async def test_nothing_listening_is_unreachable(unused_port: int) -> None:
    with pytest.raises(CameraUnreachable):
        await describe(f"http://127.0.0.1:{unused_port}/onvif", "onvif", "x", timeout_s=3)


async def web_page(request: web.Request) -> web.Response:
    return web.Response(text="<html><body>Welcome<br></body></html>", content_type="text/html")


async def empty(request: web.Request) -> web.Response:
    return web.Response()


async def entities(request: web.Request) -> web.Response:
    return web.Response(text='<!DOCTYPE a [<!ENTITY b "cc">]><a>&b;</a>', content_type="text/xml")


async def wrong_xml(request: web.Request) -> web.Response:
    return web.Response(text="<a><b/></a>", content_type="application/soap+xml")


async def flood(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    for _ in range(100):
        await response.write(b" " * 65536)
    return response


async def elsewhere(request: web.Request) -> web.Response:
    raise web.HTTPFound("http://192.0.2.1/steal")


@pytest.mark.parametrize("handle", [web_page, empty, entities, wrong_xml, flood, elsewhere])
async def test_what_is_not_onvif_is_nonsense(handle: Handler) -> None:
    async with serving_http(handle) as xaddr:
        with pytest.raises(CameraTalksNonsense):
            await describe(xaddr, "onvif", "x", timeout_s=5)


async def test_an_address_that_is_not_of_the_web_is_never_asked() -> None:
    with pytest.raises(CameraTalksNonsense):
        await describe("file:///etc/passwd", None, None)


async def test_our_logging_stays_as_it_is(clip: Path) -> None:
    root = logging.getLogger()
    before = (list(root.handlers), root.level)
    async with simulated(clip) as camera:
        await describe(camera.onvif_url, "onvif", "p@ss:word/东")
    assert (list(root.handlers), root.level) == before


PLATE = Nameplate("Lianfang", "Simulated Recorder", "1.0", "2", ())


@asynccontextmanager
async def recorder(
    streams: tuple[Stream, ...] = (), by: timedelta = timedelta(), *, separate_users: bool = False
) -> AsyncIterator[str]:
    """The address of a device without pictures, that answers ONVIF only."""
    device = OnvifDevice(
        PLATE, "onvif", "secret", Shifted(by), jpeg=bytes, separate_users=separate_users
    )
    device.streams = streams
    runner = web.AppRunner(device.application(), shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        device.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield device.base_url + DEVICE_PATH
    finally:
        await runner.cleanup()


def channel_streams(count: int) -> tuple[Stream, ...]:
    return tuple(
        Stream(
            f"{kind}-{n}", kind, f"rtsp://127.0.0.1/{n}/{kind}", width, height, 25.0,
            source=f"video-{n}", encoding=encoding,
        )
        for n in range(1, count + 1)
        for kind, width, height, encoding in (
            ("main", 2560, 1440, "H265"), ("sub", 704, 576, "H264"), ("third", 320, 240, "H264"),
        )
    )  # fmt: skip


async def test_every_channel_of_a_recorder_is_a_camera_with_its_own_streams() -> None:
    async with recorder(channel_streams(3)) as xaddr:
        said = await describe(xaddr, "onvif", "secret")
    found = channels(said.profiles)
    assert [(c.source, c.number) for c in found] == [("video-1", 1), ("video-2", 2), ("video-3", 3)]
    for channel in found:
        assert channel.detection is not None
        assert channel.detection.stream_uri == f"rtsp://127.0.0.1/{channel.number}/sub"
        assert channel.evidence is not None
        assert (channel.evidence.width, channel.evidence.encoding) == (2560, "H265")


async def test_of_a_large_recorder_only_the_streams_worth_using_are_asked_for() -> None:
    async with recorder(channel_streams(16)) as xaddr:
        said = await describe(xaddr, "onvif", "secret", timeout_s=60)
    assert len(said.profiles) == 48
    assert {p.name for p in said.profiles if p.stream_uri is None} == {"third"}
    assert all(c.detection and c.evidence for c in channels(said.profiles))


async def test_a_login_that_holds_for_the_web_page_only_is_refused_with_the_reason() -> None:
    async with recorder(channel_streams(1), separate_users=True) as xaddr:
        with pytest.raises(CameraRefused, match="ONVIF 用户"):
            await describe(xaddr, "onvif", "secret")


async def test_the_clock_is_read_without_a_login() -> None:
    async with recorder(by=timedelta(hours=3)) as xaddr:
        assert await clock_skew_s(xaddr) == pytest.approx(3 * 3600, abs=2)


async def test_a_camera_that_will_not_tell_the_time_has_no_skew() -> None:
    async with serving_http(wrong_xml) as xaddr:
        assert await clock_skew_s(xaddr) is None


async def test_a_clock_that_is_not_there_is_unreachable(unused_port: int) -> None:
    with pytest.raises(CameraUnreachable):
        await clock_skew_s(f"http://127.0.0.1:{unused_port}/onvif")
