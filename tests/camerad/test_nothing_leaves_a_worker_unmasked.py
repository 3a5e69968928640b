"""A camera with a privacy zone in a real worker process, with the product's own mask: a picture, a
clip, film and pictures of live view. What the zone hides is black in every pixel of all of them.
"""

import asyncio
import io
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np
import psutil

from camerad.evidence.model import ClipFacts, ClipOrder, RecordingSettings
from camerad.fleet import Fleet
from camerad.live.desk import LiveFeed
from camerad.live.model import LiveFormat, LiveOver, LivePart, Over, PartKind, Via
from camerad.model import Camera, CameraEvent, CameraState, Zone, ZoneKind
from camerad.wire import Limits
from lianfang_timing import Backoff, SystemClock, unix_ms
from tests.camerad.rtsp_cameras import GoodCamera
from tests.polling import until

CLOCK = SystemClock()
LIMITS = Limits(open_timeout_s=2.0, read_timeout_s=2.0, retry=Backoff(first_s=0.2, cap_s=1.0))
HIDDEN = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
YARD = "yard"


async def test_what_a_zone_hides_is_black_in_pictures_clips_and_live(
    good_camera: GoodCamera, tmp_path: Path
) -> None:
    fleet = Fleet(
        clock=CLOCK, on_event=_ignore, workers=1, limits=LIMITS, recording=RecordingSettings()
    )
    zones = (Zone("neighbour", ZoneKind.PRIVACY, HIDDEN),)
    fleet.watch([Camera(YARD, "Yard", good_camera.uri, zones=zones)])
    running = asyncio.create_task(fleet.run())
    try:
        await until(lambda: _is_watched(fleet), timeout_s=60)
        clip = await _clip(fleet, tmp_path)
        for name, shown in {
            "picture": [_decoded(await fleet.snapshot(YARD, timeout_s=10))],
            "live film": await _live(fleet, film=True),
            "live pictures": await _live(fleet, film=False),
            "clip": [p for f in clip.files if f.kind == "clip" for p in _film(tmp_path / f.name)],
            "pictures of the clip": [
                _decoded((tmp_path / f.name).read_bytes())
                for f in clip.files
                if f.kind == "snapshot"
            ],
        }.items():
            assert shown, name
            for image in shown:
                assert image.shape == (240, 320, 3), name
                assert image[:, :152].max() < 40, f"{name}: something is seen in the zone"
                assert image[20:60, 200:300, 2].mean() > 150, f"{name}: the rest is not seen"
        await _a_lost_worker_is_told(fleet)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def _is_watched(fleet: Fleet) -> bool:
    return fleet.health()[YARD].state is CameraState.WATCHING and fleet.recording().get(YARD) == ""


async def _clip(fleet: Fleet, folder: Path) -> ClipFacts:
    now_ms = unix_ms(CLOCK.now())
    base = str(folder / "clip")
    order = ClipOrder("c1", YARD, now_ms - 1000, now_ms, now_ms + 1000, base, 10_000_000)
    await fleet.begin_clip(order)

    async def done() -> ClipFacts | None:
        return fleet.clip_done("c1")

    return await until(done, timeout_s=30)


async def _live(fleet: Fleet, *, film: bool) -> list[np.ndarray]:
    """The first pictures that a viewer is shown."""
    parts: list[LivePart] = []
    with fleet.live(YARD, film=film) as feed:
        form = await _next_of(feed, LiveFormat)
        assert (form.via, form.masked) == (Via.FILM if film else Via.PICTURES, True)
        while len(parts) < 6:
            parts.append(await _next_of(feed, LivePart))
            feed.taken(parts[-1].number)
    if film:
        assert parts[0].kind is PartKind.INIT
        return list(_film(io.BytesIO(b"".join(part.data for part in parts))))
    return [_decoded(part.data) for part in parts]


async def _a_lost_worker_is_told(fleet: Fleet) -> None:
    with fleet.live(YARD, film=True) as feed:
        await _next_of(feed, LivePart)
        (worker,) = (p for p in psutil.Process().children() if "spawn_main" in str(p.cmdline()))
        os.kill(worker.pid, signal.SIGKILL)
        assert (await _next_of(feed, LiveOver)).why is Over.WORKER


async def _next_of(feed: LiveFeed, kind: type) -> object:
    async with asyncio.timeout(20):
        while not isinstance(said := await feed.next(), kind):
            pass
    return said


def _film(source: Path | io.BytesIO) -> Iterator[np.ndarray]:
    with av.open(str(source) if isinstance(source, Path) else source) as container:
        for frame in container.decode(video=0):
            yield frame.to_ndarray(format="bgr24")


def _decoded(jpeg: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)


async def _ignore(event: CameraEvent) -> None:
    return
