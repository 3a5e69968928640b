"""From a camera's stream to a viewer: real RTSP, real films, masked by pixels."""

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np

from camerad.detection import mask_privacy
from camerad.evidence.model import RecordingSettings
from camerad.evidence.recorder import Recorder
from camerad.live.lives import Lives
from camerad.live.model import (
    WINDOW,
    CloseLive,
    LiveFormat,
    LiveMessage,
    LiveOver,
    LivePart,
    LiveTaken,
    LiveWaits,
    OpenLive,
    Over,
    PartKind,
    Via,
)
from camerad.model import Camera, Zone, ZoneKind
from camerad.wire import Limits, WorkerSettings
from lianfang_timing import Backoff, SystemClock
from tests import polling
from tests.camerad.rtsp_cameras import GoodCamera

CLOCK = SystemClock()
LIMITS = Limits(retry=Backoff(first_s=0.1, cap_s=0.2), read_timeout_s=2.0, hung_s=1.0)
LEFT_HALF = Zone("yard", ZoneKind.PRIVACY, ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)))
EXTRA = RecordingSettings()


class Viewer:
    """What a worker has said to its viewers; answers every part while `takes` is set."""

    def __init__(
        self, *cameras: Camera, kept: dict[str, Recorder] | None = None, **more: object
    ) -> None:
        self.said: list[LiveMessage] = []
        self.takes = True
        self.glances: list[bytes] = []
        settings = WorkerSettings(CLOCK, LIMITS, mask=mask_privacy)
        recorders = kept or {}
        self.lives = Lives(
            settings,
            kept=recorders.get,
            ask_picture=self._ask_picture,
            send=self._hear,
            **more,
        )
        self.lives.watch(cameras)

    def _ask_picture(self, camera_id: str, reply: Callable[[bytes | None, str], None]) -> None:
        reply(self.glances[0] if self.glances else None, "没有画面。 / No picture.")

    def _hear(self, message: LiveMessage) -> None:
        self.said.append(message)
        if isinstance(message, LivePart) and self.takes:
            self.lives.obey(LiveTaken(message.view, message.number))

    def of(self, kind: type, view: int = 1) -> list:
        return [m for m in self.said if isinstance(m, kind) and m.view == view]

    def film(self, view: int = 1) -> bytes:
        return b"".join(p.data for p in self.of(LivePart, view) if p.kind is not PartKind.PICTURE)


async def until(holds: Callable[[], bool]) -> None:
    async def ask() -> bool:
        return holds()

    await polling.until(ask, timeout_s=30.0)


@asynccontextmanager
async def viewer(*cameras: Camera, **more: object) -> AsyncIterator[Viewer]:
    one = Viewer(*cameras, **more)
    try:
        yield one
    finally:
        one.lives.stop()


def east(camera: GoodCamera, *zones: Zone) -> Camera:
    return Camera("east", "East", camera.uri, zones=zones)


def pictures_in(film: bytes) -> list[np.ndarray]:
    with av.open(io.BytesIO(film)) as container:
        return [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]


def is_red(picture: np.ndarray, *, left: bool) -> bool:
    """Whether the scene's red is seen in a corner of this half."""
    corner = picture[10:60, 10:60] if left else picture[10:60, -60:-10]
    blue, green, red = corner.reshape(-1, 3).mean(axis=0)
    return bool(red > 150 and blue < 90 and green < 90)


def is_black(picture: np.ndarray) -> bool:
    """Whether nothing is seen in the left half."""
    return bool(picture[:, : picture.shape[1] // 2 - 8].max() < 40)


async def test_a_viewer_is_sent_the_cameras_own_film(good_camera: GoodCamera):
    async with viewer(east(good_camera)) as v:
        v.lives.obey(OpenLive(1, "east", film=True))
        await until(lambda: len(v.of(LivePart)) > 8)
    (form,) = v.of(LiveFormat)
    assert (form.via, form.codec[:7], form.masked) == (Via.FILM, "avc1.42", False)
    assert (form.width, form.height) == (320, 240)
    parts = v.of(LivePart)
    assert [p.kind for p in parts[:3]] == [PartKind.INIT, PartKind.FRAGMENT, PartKind.FRAGMENT]
    assert [p.number for p in parts] == list(range(1, len(parts) + 1))
    assert all(a.media_ms < b.media_ms for a, b in pairwise(parts[1:]))
    shown = await asyncio.to_thread(pictures_in, v.film())
    assert len(shown) >= 8
    assert all(is_red(p, left=True) and is_red(p, left=False) for p in shown)


async def test_a_film_is_masked_before_it_leaves_the_worker(good_camera: GoodCamera):
    async with viewer(east(good_camera, LEFT_HALF)) as v:
        v.lives.obey(OpenLive(1, "east", film=True))
        await until(lambda: len(v.of(LivePart)) > 8)
    (form,) = v.of(LiveFormat)
    assert (form.via, form.codec[:5], form.masked) == (Via.FILM, "avc1.", True)
    shown = await asyncio.to_thread(pictures_in, v.film())
    assert len(shown) >= 5
    assert all(is_black(p) and is_red(p, left=False) for p in shown)


async def test_pictures_are_masked_before_they_leave_the_worker(good_camera: GoodCamera):
    async with viewer(east(good_camera, LEFT_HALF)) as v:
        v.lives.obey(OpenLive(1, "east", film=False))
        await until(lambda: len(v.of(LivePart)) > 3)
    (form,) = v.of(LiveFormat)
    assert (form.via, form.codec, form.masked) == (Via.PICTURES, "", True)
    for part in v.of(LivePart):
        assert part.kind is PartKind.PICTURE
        picture = cv2.imdecode(np.frombuffer(part.data, np.uint8), cv2.IMREAD_COLOR)
        assert is_black(picture)
        assert is_red(picture, left=False)


async def test_where_no_encoder_is_at_hand_masked_pictures_come(good_camera: GoodCamera):
    async with viewer(east(good_camera, LEFT_HALF), encoder=lambda: None) as v:
        v.lives.obey(OpenLive(1, "east", film=True))
        await until(lambda: len(v.of(LivePart)) > 1)
    assert v.of(LiveFormat)[0].via is Via.PICTURES


async def test_a_slow_viewer_is_sent_a_window_and_then_the_newest_keyframe(
    good_camera: GoodCamera,
):
    async with viewer(east(good_camera)) as v:
        v.takes = False
        v.lives.obey(OpenLive(1, "east", film=True))
        v.lives.obey(OpenLive(2, "east", film=True))

        def brisk_has(parts: int) -> bool:
            for part in v.of(LivePart, 2):
                v.lives.obey(LiveTaken(2, part.number))
            return len(v.of(LivePart, 2)) >= parts

        await until(lambda: len(v.of(LivePart)) == WINDOW)
        ahead = v.of(LivePart)[-1]
        # the other goes on, and meanwhile two keyframes come
        await until(lambda: brisk_has(50))
        assert len(v.of(LivePart)) == WINDOW
        v.takes = True
        v.lives.obey(LiveTaken(1, WINDOW))
        await until(lambda: len(v.of(LivePart)) > WINDOW + 3)
    after = v.of(LivePart)[WINDOW]
    assert after.left_out
    assert after.at_ms - ahead.at_ms > 1000
    assert after.media_ms - ahead.media_ms < 2000, "a player would wait in a hole"
    shown = await asyncio.to_thread(pictures_in, v.film())
    assert all(is_red(p, left=True) for p in shown)


async def test_a_stream_for_viewers_is_let_go_with_the_last(good_camera: GoodCamera):
    async with viewer(east(good_camera)) as v:
        for view in (1, 2):
            v.lives.obey(OpenLive(view, "east", film=True))
        await until(lambda: bool(v.film(1)) and bool(v.film(2)))
        assert len(good_camera._server._peers) == 1
        v.lives.obey(CloseLive(1))
        v.lives.obey(CloseLive(2))
        await until(lambda: not good_camera._server._peers)
    assert v.of(LiveOver) == []


async def test_the_stream_kept_for_evidence_is_looked_at_without_another_connection(
    good_camera: GoodCamera,
):
    camera = east(good_camera)
    recorder = Recorder(camera, EXTRA, LIMITS, CLOCK)
    recorder.start()
    try:
        async with viewer(camera, kept={"east": recorder}) as v:
            v.lives.obey(OpenLive(1, "east", film=True))
            await until(lambda: len(v.of(LivePart)) > 3)
            assert len(good_camera._server._peers) == 1
    finally:
        recorder.ask_stop()


async def test_a_main_stream_of_h265_is_left_for_the_smaller_one(
    good_camera: GoodCamera, tmp_path: Path
):
    main = GoodCamera(await asyncio.to_thread(_hevc_clip, tmp_path / "main.mp4"))
    await main.switch_on()
    camera = replace(east(good_camera), main_stream_uri=main.uri)
    recorder = Recorder(camera, EXTRA, LIMITS, CLOCK)
    recorder.start()
    try:
        await until(lambda: recorder.is_recording)
        async with viewer(camera, kept={"east": recorder}) as v:
            v.lives.obey(OpenLive(1, "east", film=True))
            await until(lambda: len(v.of(LivePart)) > 3)
        assert v.of(LiveFormat)[0].via is Via.FILM
        assert v.of(LiveFormat)[0].width == 320
    finally:
        recorder.ask_stop()
        await main.switch_off()


async def test_of_h265_alone_pictures_come(tmp_path: Path):
    camera = GoodCamera(await asyncio.to_thread(_hevc_clip, tmp_path / "only.mp4"))
    await camera.switch_on()
    try:
        async with viewer(east(camera)) as v:
            v.lives.obey(OpenLive(1, "east", film=True))
            await until(lambda: len(v.of(LivePart)) > 1)
        assert v.of(LiveFormat)[0].via is Via.PICTURES
        picture = cv2.imdecode(np.frombuffer(v.of(LivePart)[0].data, np.uint8), 1)
        assert picture.shape == (240, 400, 3)
    finally:
        await camera.switch_off()


async def test_when_the_camera_is_gone_the_viewer_is_told_and_its_return_shown(
    good_camera: GoodCamera,
):
    async with viewer(east(good_camera)) as v:
        v.lives.obey(OpenLive(1, "east", film=True))
        await until(lambda: bool(v.film()))
        await good_camera.switch_off()
        await until(lambda: len(v.of(LiveWaits)) == 2)
        seen = len(v.of(LivePart))
        await good_camera.switch_on()
        await until(lambda: len(v.of(LivePart)) > seen + 2)
    assert [w.why for w in v.of(LiveWaits)] == ["starting", "camera"]
    assert v.of(LiveWaits)[1].detail


async def test_where_no_stream_can_be_had_the_watched_picture_is_shown(unused_port: int):
    camera = Camera("east", "East", f"rtsp://127.0.0.1:{unused_port}/s")
    async with viewer(camera) as v:
        v.glances.append(b"\xff\xd8 grey \xff\xd9")
        v.lives.obey(OpenLive(1, "east", film=True))
        await until(lambda: len(v.of(LivePart)) > 1)
    assert v.of(LiveFormat)[0].via is Via.PICTURES
    assert v.of(LivePart)[0].data == v.glances[0]


async def test_a_camera_that_got_a_privacy_zone_is_shown_no_further(good_camera: GoodCamera):
    async with viewer(east(good_camera)) as v:
        v.lives.obey(OpenLive(1, "east", film=True))
        await until(lambda: bool(v.film()))
        v.lives.watch([east(good_camera, LEFT_HALF)])
        await until(lambda: bool(v.of(LiveOver)))
    assert v.of(LiveOver)[0].why is Over.CHANGED


async def test_a_camera_nobody_watches_is_not_shown():
    async with viewer() as v:
        v.lives.obey(OpenLive(1, "east", film=True))
    assert v.said == [LiveOver(1, Over.NOT_WATCHED)]


def _hevc_clip(path: Path) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx265", rate=10)
        stream.width, stream.height, stream.pix_fmt = 400, 240, "yuv420p"
        stream.options = {
            "preset": "ultrafast",
            "x265-params": "log-level=none:keyint=10:bframes=0",
        }
        for n in range(200):
            image = np.full((240, 400, 3), (40, 40, (n * 5) % 255), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode())
    return path
