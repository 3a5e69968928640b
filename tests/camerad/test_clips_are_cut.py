"""From a camera's main stream to whole files: real RTSP, real films, real full disks."""

import asyncio
import os
import threading
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import av
import cv2
import msgspec
import numpy as np
import pytest

from camerad.detection import mask_privacy
from camerad.errors import CameraUnreachable
from camerad.evidence.clip_maker import ClipMaker
from camerad.evidence.model import ClipFacts, ClipOrder, Cut, RecordingSettings
from camerad.evidence.recorder import Recorder
from camerad.evidence.recordings import Recordings
from camerad.model import Camera, Zone, ZoneKind
from camerad.wire import ClipBegun, ClipDone, Limits, MakeClip, WorkerSettings
from lianfang_timing import Backoff, SystemClock, unix_ms
from tests import polling
from tests.camerad.rtsp_cameras import GoodCamera

CLOCK = SystemClock()
LIMITS = Limits(retry=Backoff(first_s=0.1, cap_s=0.2), read_timeout_s=2.0, hung_s=1.0)
LEFT_HALF = Zone("yard", ZoneKind.PRIVACY, ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)))


async def until(holds: Callable[[], bool]) -> None:
    async def ask() -> bool:
        return holds()

    await polling.until(ask, timeout_s=30.0)


def held_s(recorder: Recorder) -> float:
    with recorder.lock:
        kept = list(recorder.ring)
    return kept[-1].arrived_s - kept[0].arrived_s if kept else 0.0


@pytest.fixture
async def recorder(good_camera: GoodCamera) -> AsyncIterator[Recorder]:
    recorder = Recorder(Camera("east", "East", good_camera.uri), RecordingSettings(), LIMITS, CLOCK)
    recorder.start()
    yield recorder
    recorder.ask_stop()


def order(folder: Path, *, before_s: float, after_s: float, **changed: object) -> ClipOrder:
    now_ms = unix_ms(CLOCK.now())
    made = ClipOrder(
        id="clip-1",
        camera_id="east",
        from_ms=now_ms - round(before_s * 1000),
        press_ms=now_ms,
        until_ms=now_ms + round(after_s * 1000),
        base=str(folder / "2026" / "11" / "east"),
        max_bytes=50_000_000,
    )
    return replace(made, **changed)


async def make(wanted: ClipOrder, recorder: Recorder, **changed: object) -> ClipFacts:
    told: list[ClipFacts] = []
    maker = ClipMaker(
        wanted,
        recorder,
        CLOCK,
        mask=mask_privacy,
        masked_turn=threading.Semaphore(1),
        done=told.append,
        **changed,
    )
    await asyncio.to_thread(maker.run)
    return told[0]


def pictures_in(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as film:
        assert [stream.type for stream in film.streams] == ["video"]
        return [frame.to_ndarray(format="bgr24") for frame in film.decode(video=0)]


async def test_a_clip_begins_before_the_press_and_holds_it(recorder: Recorder, tmp_path: Path):
    await until(lambda: held_s(recorder) >= 3.0)
    wanted = order(tmp_path, before_s=2.0, after_s=1.5)
    facts = await make(wanted, recorder)
    assert (facts.cuts, facts.error, facts.codec, facts.masked) == ((), "", "h264", False)
    assert [(f.kind, f.moment) for f in facts.files] == [
        ("snapshot", "before"), ("snapshot", "at"), ("clip", ""), ("snapshot", "after"),
    ]  # fmt: skip
    folder = Path(wanted.base).parent
    film = next(f for f in facts.files if f.kind == "clip")
    assert wanted.from_ms - 1_300 <= film.from_ms <= wanted.from_ms
    assert wanted.until_ms - 500 <= film.until_ms <= wanted.until_ms
    shown = await asyncio.to_thread(pictures_in, folder / film.name)
    assert len(shown) == pytest.approx((film.until_ms - film.from_ms) / 100 + 1, abs=3)
    with av.open(str(folder / film.name)) as container:
        assert container.duration / 1000 == pytest.approx(film.until_ms - film.from_ms, abs=300)
    assert sorted(p.name for p in folder.iterdir()) == sorted(
        [*(f.name for f in facts.files), "east.json"]
    )
    assert msgspec.json.decode((folder / "east.json").read_bytes(), type=ClipFacts) == facts
    at = next(f for f in facts.files if f.moment == "at")
    assert wanted.press_ms - 300 <= at.from_ms <= wanted.press_ms
    assert cv2.imread(str(folder / at.name)).shape == (240, 320, 3)


async def test_a_cameras_last_half_minute_outlives_the_camera(
    recorder: Recorder, good_camera: GoodCamera, tmp_path: Path
):
    await until(lambda: held_s(recorder) >= 2.0)
    await good_camera.switch_off()
    await until(lambda: not recorder.is_recording)
    assert "主码流" in recorder.why_not
    facts = await make(order(tmp_path, before_s=2.0, after_s=5.0), recorder)
    assert facts.cuts == (Cut.CAMERA_LOST.value,)
    assert "clip" in [f.kind for f in facts.files]


async def test_a_buffer_that_is_too_young_is_said(recorder: Recorder, tmp_path: Path):
    await until(lambda: held_s(recorder) > 0.5)
    facts = await make(order(tmp_path, before_s=30.0, after_s=0.5), recorder)
    assert facts.cuts == (Cut.BEGINS_LATE.value,)


async def test_a_privacy_zone_is_black_in_the_clip_and_in_every_picture(
    good_camera: GoodCamera, tmp_path: Path
):
    camera = Camera("east", "East", good_camera.uri, zones=(LEFT_HALF,))
    recorder = Recorder(camera, RecordingSettings(), LIMITS, CLOCK)
    recorder.start()
    try:
        await until(lambda: held_s(recorder) >= 1.5)
        facts = await make(order(tmp_path, before_s=1.0, after_s=1.0), recorder)
    finally:
        recorder.ask_stop()
    assert facts.masked
    assert facts.encoder
    folder = tmp_path / "2026" / "11"
    kinds = {f.kind: f for f in facts.files}
    shown = await asyncio.to_thread(pictures_in, folder / kinds["clip"].name)
    assert len(shown) >= 15
    stills = [cv2.imread(str(folder / f.name)) for f in facts.files if f.kind == "snapshot"]
    for picture in [*shown, *stills]:
        assert picture[:, :158].max() < 25
        assert picture[:, 170:, 2].mean() > 150


async def test_without_an_encoder_a_masked_clip_becomes_pictures(
    good_camera: GoodCamera, tmp_path: Path
):
    camera = Camera("east", "East", good_camera.uri, zones=(LEFT_HALF,))
    recorder = Recorder(camera, RecordingSettings(), LIMITS, CLOCK)
    recorder.start()
    try:
        await until(lambda: held_s(recorder) >= 1.5)
        wanted = order(tmp_path, before_s=1.0, after_s=1.0)
        facts = await make(wanted, recorder, encoder=lambda: None)
    finally:
        recorder.ask_stop()
    assert facts.cuts == (Cut.NO_ENCODER.value,)
    series = [f for f in facts.files if "-series-" in f.name]
    assert len(series) >= 2
    assert all(f.kind == "snapshot" for f in facts.files)
    for file in series:
        assert cv2.imread(str(tmp_path / "2026" / "11" / file.name))[:, :158].max() < 25


async def test_a_clip_ends_at_its_greatest_size(recorder: Recorder, tmp_path: Path):
    await until(lambda: held_s(recorder) >= 2.0)
    facts = await make(order(tmp_path, before_s=2.0, after_s=5.0, max_bytes=3_000), recorder)
    assert facts.cuts == (Cut.DISK.value,)
    assert "greatest size" in facts.error


@pytest.mark.skipif(os.geteuid() != 0, reason="a small file system is mounted: needs root")
async def test_a_full_disk_ends_the_clip_and_leaves_what_was_written(
    recorder: Recorder, tmp_path: Path
):
    small = tmp_path / "small"
    small.mkdir()
    mount = await asyncio.create_subprocess_exec(
        "mount", "-t", "tmpfs", "-o", "size=32k", "tmpfs", str(small)
    )
    if await mount.wait() != 0:
        pytest.skip("a small file system cannot be mounted here")
    try:
        (small / "held").write_bytes(bytes(16_384))
        await until(lambda: held_s(recorder) >= 2.0)
        wanted = order(small, before_s=2.0, after_s=15.0)
        facts = await make(wanted, recorder)
        assert Cut.DISK.value in facts.cuts
        assert "space" in facts.error
        assert (small / "held").stat().st_size == 16_384
        for file in facts.files:
            assert (Path(wanted.base).parent / file.name).stat().st_size > 0
    finally:
        umount = await asyncio.create_subprocess_exec("umount", str(small))
        await umount.wait()


async def test_an_evidence_folder_that_cannot_be_written_is_said(
    recorder: Recorder, tmp_path: Path
):
    (tmp_path / "2026").write_text("a file where a folder should be")
    facts = await make(order(tmp_path, before_s=1.0, after_s=0.2), recorder)
    assert facts.files == ()
    assert facts.cuts == (Cut.DISK.value,)
    assert facts.error


async def test_a_recorder_that_hangs_is_left_behind_and_another_begins(good_camera: GoodCamera):
    hangs, opened = threading.Event(), []

    def opening(camera: Camera, limits: Limits):
        opened.append(time.monotonic())
        if len(opened) == 1:
            hangs.wait(20)
        raise CameraUnreachable("not now")

    recorder = Recorder(
        Camera("east", "East", good_camera.uri), RecordingSettings(), LIMITS, CLOCK, opening=opening
    )
    recorder.start()
    try:
        await until(lambda: len(opened) == 1)

        def another() -> bool:
            recorder.tend()
            return len(opened) >= 2

        await until(another)
    finally:
        recorder.ask_stop()
        hangs.set()


async def test_a_worker_begins_a_clip_once_and_tells_when_it_is_whole(
    good_camera: GoodCamera, tmp_path: Path
):
    sent: list[ClipBegun | ClipDone] = []
    settings = WorkerSettings(CLOCK, LIMITS, recording=RecordingSettings(clips_at_once=1))
    recordings = Recordings(settings, sent.append)
    camera = Camera("east", "East", good_camera.uri)
    recordings.record([camera])
    try:
        await until(lambda: recordings.why_not() == {"east": ""})
        wanted = order(tmp_path, before_s=0.0, after_s=0.5)
        for request, asked in enumerate(
            [wanted, wanted, replace(wanted, id="clip-2", base=str(tmp_path / "other"))]
        ):
            recordings.make_clip(MakeClip(request, asked))
        await until(lambda: any(isinstance(m, ClipDone) for m in sent))
        recordings.make_clip(MakeClip(3, wanted))
        recordings.make_clip(MakeClip(4, replace(wanted, camera_id="west")))
    finally:
        recordings.stop()
        await asyncio.to_thread(recordings.wait, 10)
    begun = {m.request: bool(m.why_not) for m in sent if isinstance(m, ClipBegun)}
    assert begun == {0: False, 1: False, 2: True, 3: False, 4: True}
    assert len([m for m in sent if isinstance(m, ClipDone)]) == 1


def test_a_worker_without_recording_makes_no_clips(tmp_path: Path):
    sent: list[ClipBegun | ClipDone] = []
    recordings = Recordings(WorkerSettings(CLOCK, LIMITS), sent.append)
    recordings.record([Camera("east", "East", "rtsp://127.0.0.1:9/none")])
    recordings.make_clip(MakeClip(1, order(tmp_path, before_s=1, after_s=1)))
    assert isinstance(sent[0], ClipBegun)
    assert "留存" in sent[0].why_not
    assert recordings.why_not() == {}


async def test_while_the_login_is_refused_to_the_watch_the_recorder_does_not_try_it_too(
    good_camera: GoodCamera,
):
    asked: list[str] = []
    is_refused = True

    def refused(camera_id: str) -> bool:
        asked.append(camera_id)
        return is_refused

    settings = WorkerSettings(CLOCK, LIMITS, recording=RecordingSettings())
    recordings = Recordings(settings, lambda _: None, is_refused=refused)
    recordings.record([Camera("east", "East", good_camera.uri)])
    try:
        await until(lambda: len(asked) >= 3)
        assert recordings.why_not()["east"] != ""
        is_refused = False
        await until(lambda: recordings.why_not() == {"east": ""})
    finally:
        recordings.stop()
