"""One camera, one thread, in our own process: a clock may hurry, and nothing else has a say."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from camerad.camera_watch import CameraWatch
from camerad.capture import LumaStream, StreamOpener, prepare_process
from camerad.errors import CameraUnreachable
from camerad.model import Camera, CameraEvent, CameraState, EventName, Trouble
from camerad.refusals import Refusals
from camerad.simulator.camera import SimulatedCamera
from camerad.wire import Limits, WorkerSettings
from lianfang_timing import Backoff, SystemClock
from tests.camerad.fleet_fakes import Scripted, no_mask
from tests.camerad.rtsp_cameras import draw_clip, serving

HASTE = 15.0
LOGIN = ("viewer", "a-password")


class HurriedClock(SystemClock):
    """Whoever waits a second by it waits a fifteenth."""

    def monotonic(self) -> float:
        return super().monotonic() * HASTE


@pytest.fixture
async def camera(tmp_path: Path) -> AsyncIterator[SimulatedCamera]:
    film = await asyncio.to_thread(draw_clip, tmp_path / "film.mp4", seconds=2, rate=25)
    async with SimulatedCamera(
        endpoint_reference="urn:uuid:0b0c3f06-2b5a-4a9e-9f3d-000000000078",
        name="gate",
        film=film,
        username=LOGIN[0],
        password=LOGIN[1],
    ) as simulated:
        yield simulated


async def test_a_frozen_picture_is_told_after_a_minute_and_over_when_it_moves(
    camera: SimulatedCamera,
) -> None:
    loop, told = asyncio.get_running_loop(), asyncio.Queue[CameraEvent]()

    def emit(event: CameraEvent, _still_waiting: object) -> None:
        loop.call_soon_threadsafe(told.put_nowait, event)

    limits = Limits(read_timeout_s=5.0 * HASTE, first_frame_s=10.0 * HASTE)
    prepare_process()
    watch = CameraWatch(
        Camera("gate", "gate", camera.rtsp_url, *LOGIN),
        WorkerSettings(HurriedClock(), limits, Scripted, no_mask),
        StreamOpener(),
        emit=emit,
        changed=threading.Event().set,
        per_s=lambda: 5.0,
        refusals=Refusals(),
    )

    async def until_told(name: EventName) -> CameraEvent:
        async with asyncio.timeout(20):
            while (event := await told.get()).detection.name is not name:
                pass
        return event

    watch.start()
    try:
        await until_told(EventName.MOTION_STARTED)
        camera.stream.whims.is_still = True
        stopped_s = loop.time()
        frozen = await until_told(EventName.TAMPER_STARTED)
        assert frozen.detection.trouble is Trouble.FROZEN
        assert (loop.time() - stopped_s) * HASTE >= 59
        assert watch.health().state is CameraState.WATCHING
        camera.stream.whims.is_still = False
        assert (await until_told(EventName.TAMPER_ENDED)).detection.trouble is Trouble.FROZEN
    finally:
        watch.ask_stop()
        await asyncio.to_thread(watch.join, 5.0)


async def test_a_refused_login_is_known_to_the_worker_until_the_camera_is_watched(
    broken_cameras: dict[str, str],
) -> None:
    down = threading.Event()
    watch = CameraWatch(
        Camera("gate", "gate", broken_cameras["refusing"], *LOGIN),
        WorkerSettings(SystemClock(), Limits(), Scripted, no_mask),
        StreamOpener(),
        emit=lambda event, waiting: None,
        changed=down.set,
        per_s=lambda: 5.0,
        refusals=Refusals(),
    )
    assert not watch.is_login_refused
    watch.start()
    try:
        assert await asyncio.to_thread(down.wait, 10)
        assert watch.is_login_refused
    finally:
        watch.ask_stop()
        await asyncio.to_thread(watch.join, 5.0)


class NeverOpens(StreamOpener):
    """As where a camera's only place is taken."""

    def open_luma(self, *_: object, **__: object) -> LumaStream:
        raise CameraUnreachable("taken")


async def test_what_plays_and_cannot_be_opened_is_not_asked_to_play_before_every_try() -> None:
    tries: list[bool] = []
    enough = asyncio.Event()

    async def plays(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tries.append(False)
        if len(tries) > 4:
            enough.set()
        while request := await reader.readuntil(b"\r\n\r\n"):
            is_play = request.startswith(b"PLAY")
            tries[-1] |= is_play
            answer = b"RTSP/1.0 200 OK\r\nSession: 7\r\n\r\n"
            writer.write(answer + (b"$\0\0\x01x" if is_play else b""))

    async with serving(plays) as uri:
        watch = CameraWatch(
            Camera("gate", "gate", uri),
            WorkerSettings(
                SystemClock(), Limits(retry_stalled=Backoff(first_s=0.01)), Scripted, no_mask
            ),
            NeverOpens(),
            emit=lambda event, waiting: None,
            changed=threading.Event().set,
            per_s=lambda: 5.0,
            refusals=Refusals(),
        )
        watch.start()
        try:
            async with asyncio.timeout(20):
                await enough.wait()
        finally:
            watch.ask_stop()
            await asyncio.to_thread(watch.join, 5.0)
    assert tries[:4] == [True, False, True, False]


class CountsOpenings(StreamOpener):
    """Whoever comes here holds up all others meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self.openings = 0

    def open_luma(self, *_: object, **__: object) -> LumaStream:
        self.openings += 1
        raise CameraUnreachable("mute")


async def test_a_camera_that_sends_nothing_never_holds_up_the_opening_of_others() -> None:
    tries = 0
    enough = asyncio.Event()

    async def plays_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal tries
        tries += 1
        if tries > 2:
            enough.set()
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(b"RTSP/1.0 200 OK\r\nSession: 7\r\n\r\n")

    opener = CountsOpenings()
    quick = Limits(open_timeout_s=0.05, retry=Backoff(first_s=0.01))
    async with serving(plays_nothing) as uri:
        watch = CameraWatch(
            Camera("gate", "gate", uri),
            WorkerSettings(SystemClock(), quick, Scripted, no_mask),
            opener,
            emit=lambda event, waiting: None,
            changed=threading.Event().set,
            per_s=lambda: 5.0,
            refusals=Refusals(),
        )
        watch.start()
        try:
            async with asyncio.timeout(20):
                await enough.wait()
            assert watch.health().reason == "no-frames"
        finally:
            watch.ask_stop()
            await asyncio.to_thread(watch.join, 5.0)
    assert opener.openings == 0, "also at the very first try"


async def test_what_was_refused_to_other_channels_is_not_tried() -> None:
    came: list[object] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(reader)

    down, clock, refusals = threading.Event(), SystemClock(), Refusals()
    async with serving(note) as uri:
        for channel in ("c1", "c2"):
            refusals.note(Camera(channel, channel, uri, *LOGIN), clock.monotonic(), is_refused=True)
        watch = CameraWatch(
            Camera("c3", "c3", uri, *LOGIN),
            WorkerSettings(clock, Limits(), Scripted, no_mask),
            StreamOpener(),
            emit=lambda event, waiting: None,
            changed=down.set,
            per_s=lambda: 5.0,
            refusals=refusals,
        )
        watch.start()
        try:
            assert await asyncio.to_thread(down.wait, 10)
        finally:
            watch.ask_stop()
            await asyncio.to_thread(watch.join, 5.0)
    assert (watch.health().reason, watch.is_login_refused, came) == ("refused", True, [])
