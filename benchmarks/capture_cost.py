"""What watching costs a camera in processor and memory, against bare decoding of the same film.

    .venv/bin/python benchmarks/capture_cost.py [--cameras 10 20 40] [--busy] [--blind]

Serves a drawn 704×576 film at 25 frames a second from simulated cameras in a process of their own,
watches it with the real fleet and detector, and prints one line for each number of cameras. The
server's processor time is not counted, but it does compete for the cores.
"""

import argparse
import asyncio
import datetime
import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
import psutil
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))

from camerad.fleet import Fleet
from camerad.model import Camera, CameraEvent, CameraState, Detection, Zone, ZoneKind
from camerad.simulator.site import CameraSpec, SimulatedCameraSite
from camerad.wire import DetectorFactory, default_detector
from lianfang_timing import SystemClock

WIDTH, HEIGHT, RATE, FILM_S = 704, 576, 25, 24
WHOLE = ((0.0, 0.3), (1.0, 0.3), (1.0, 1.0), (0.0, 1.0))
LOGIN = ("bench", "bench-only")


@dataclass(frozen=True)
class Result:
    cameras: int
    watching: int
    cores_each: float
    mib_each: float
    oldest_s: float
    frames_per_s: float
    shed: int


def draw(
    path: Path, *, busy: bool, size: tuple[int, int] = (WIDTH, HEIGHT), film_s: int = FILM_S
) -> None:
    """A textured scene with a sensor's noise; when busy, three bodies walk all the time."""
    width, height = size
    noise = np.random.default_rng(5)
    ground = cv2.GaussianBlur(noise.integers(0, 255, (height, width, 3), dtype=np.uint8), (0, 0), 4)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {"g": str(RATE * 2), "bf": "0", "preset": "veryfast", "crf": "26"}
        for n in range(film_s * RATE):
            image = cv2.add(ground, noise.integers(0, 22, ground.shape, dtype=np.uint8))
            for body in range(3 if busy else 0):
                left = (n * 2 + body * 240) % (width - 40)
                image[250 + body * 60 : 370 + body * 60, left : left + 40] = (40, 60, 200)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode())


def bare_decode(path: Path) -> float:
    """Cores for one stream in real time when nothing but libavcodec works on it."""
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    began_s, frames = time.process_time(), 0
    while capture.grab():
        frames += 1
    return (time.process_time() - began_s) / (frames / RATE)


def workers_cost() -> tuple[float, float]:
    """Processor seconds and MiB of our worker processes (not of the simulator)."""
    cpu_s = mib = 0.0
    for child in psutil.Process().children():
        if any("spawn_main" in word for word in child.cmdline()):
            used = child.cpu_times()
            cpu_s += used.user + used.system
            mib += child.memory_full_info().uss / 2**20
    return cpu_s, mib


class Blind:
    """A detector that never looks: what is left is receiving and decoding."""

    def __init__(self, zones: tuple[Zone, ...]) -> None:
        pass

    def wants(self, t_s: float) -> bool:
        return False

    def process(
        self, luma: NDArray[np.uint8], t_s: float, local_time: datetime.time | None
    ) -> list[Detection]:
        raise AssertionError

    def finish(self, t_s: float) -> list[Detection]:
        return []


async def ignore(_event: CameraEvent) -> None:
    pass


async def measure(film: Path, count: int, seconds: float, detector: DetectorFactory) -> Result:
    specs = [
        CameraSpec(
            id=f"c{n}",
            endpoint_reference=f"urn:uuid:00000000-0000-4000-8000-{n:012d}",
            name=f"c{n}",
            film=str(film),
            username=LOGIN[0],
            password=LOGIN[1],
        )
        for n in range(count)
    ]
    async with SimulatedCameraSite(specs, discoverable=False) as addresses:
        zones = (
            Zone("yard", ZoneKind.MOTION, WHOLE),
            Zone("gate", ZoneKind.LOITER, WHOLE, dwell_s=20.0),
        )
        cameras = [Camera(a["id"], a["id"], a["rtsp"], *LOGIN, zones=zones) for a in addresses]
        fleet = Fleet(clock=SystemClock(), on_event=ignore, detector=detector)
        task = asyncio.create_task(fleet.run())
        fleet.watch(cameras[:1])
        await until_watching(fleet, 1)
        _, empty_mib = workers_cost()
        fleet.watch(cameras)
        await until_watching(fleet, count)
        await asyncio.sleep(5)
        cpu_before_s, _ = workers_cost()
        began_s = time.monotonic()
        oldest_s = 0.0
        while time.monotonic() - began_s < seconds:
            await asyncio.sleep(0.5)
            ages = [h.newest_frame_age_s or 0.0 for h in fleet.health().values()]
            oldest_s = max(oldest_s, *ages)
        cpu_s, mib = workers_cost()
        took_s = time.monotonic() - began_s
        healths = list(fleet.health().values())
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    return Result(
        cameras=count,
        watching=sum(h.state is CameraState.WATCHING for h in healths),
        cores_each=(cpu_s - cpu_before_s) / took_s / count,
        mib_each=(mib - empty_mib) / max(1, count - 1),
        oldest_s=oldest_s,
        frames_per_s=statistics.mean(h.frames_per_s for h in healths),
        shed=sum(h.frames_shed for h in healths),
    )


async def until_watching(fleet: Fleet, count: int) -> None:
    async with asyncio.timeout(120):
        # health is a table to look at; nothing tells when it changes
        while (  # noqa: ASYNC110
            sum(h.state is CameraState.WATCHING for h in fleet.health().values()) < count
        ):
            await asyncio.sleep(0.2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--cameras", type=int, nargs="+", default=[10, 20, 40])
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--busy", action="store_true")
    parser.add_argument("--blind", action="store_true", help="receive and decode, detect nothing")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "film.mp4"
        draw(film, busy=arguments.busy)
        bare = min(bare_decode(film) for _ in range(3))
        kind = ("busy" if arguments.busy else "quiet") + (", blind" if arguments.blind else "")
        print(f"{WIDTH}×{HEIGHT} at {RATE}/s, {kind}; {os.cpu_count()} cores")
        print(f"bare decode: {bare:.4f} core a camera")
        for count in arguments.cameras:
            detector = Blind if arguments.blind else default_detector
            r = asyncio.run(measure(film, count, arguments.seconds, detector))
            print(
                f"{r.cameras:3d} cameras: {r.watching} watching, {r.cores_each:.4f} core each"
                f" ({r.cores_each / bare:.2f} × bare), {r.mib_each:.1f} MiB each,"
                f" {r.frames_per_s:.1f} frames/s, oldest frame {r.oldest_s:.2f} s, {r.shed} shed",
                flush=True,
            )


if __name__ == "__main__":
    main()
