"""Forty sub-streams watched at five looks a second: how old is the newest frame, what does it cost.

    python -m benchmarks.many_streams [--cameras 40] [--seconds 30] [--servers 2] [--quiet]

Drawn films of 704×576 at 25 frames a second come over RTSP from simulated cameras in processes of
their own; every fourth has people in it all the time (none with `--quiet`). The real fleet and
detector watch them with a motion and a loiter zone each. What is measured is what the service
itself says of each camera twice a second: how long ago its newest frame was read, and how late it
was by then. Both together are its age. The budget: none older than 1 s at 5 looks a second, 40
cameras on 2 cores, the server's processor not counted; at most 15 MiB a camera. The server does
compete for the cores: what it takes is printed, for it is to be thought away.
"""

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.capture_cost import HEIGHT, LOGIN, RATE, WHOLE, WIDTH, bare_decode, draw, ignore
from camerad.fleet import Fleet
from camerad.model import Camera, CameraHealth, CameraState, Zone, ZoneKind
from camerad.simulator.site import CameraSpec, SimulatedCameraSite
from lianfang_timing import SystemClock

FILM_S = 12
BUSY_EACH = 4
SETTLE_S = 15.0
LOOK_S = 0.5
WORKERS = os.cpu_count() or 1
BUDGET_S, BUDGET_MIB, LOOKS_PER_S = 1.0, 15.0, 5.0
ZONES = (
    Zone("street", ZoneKind.MOTION, WHOLE),
    Zone("gate", ZoneKind.LOITER, WHOLE, dwell_s=20.0),
)


@dataclass(frozen=True)
class Used:
    """Processor seconds so far, and MiB now."""

    workers_s: float
    main_s: float
    servers_s: float
    workers_mib: float


@dataclass(frozen=True)
class Sample:
    """What the service said of all cameras at one moment."""

    ages_s: tuple[float, ...]
    watching: int
    analysed_per_s: tuple[float, ...]


@dataclass(frozen=True)
class Watched:
    """What one run of `count` cameras gave."""

    count: int
    samples: Sequence[Sample]
    shed: int
    before: Used
    after: Used
    took_s: float
    empty_mib: float

    @property
    def ages_s(self) -> list[float]:
        """Of every newest frame at every look, the smallest first."""
        return sorted(age for one in self.samples for age in one.ages_s)

    @property
    def looks(self) -> list[float]:
        return [rate for one in self.samples for rate in one.analysed_per_s]

    @property
    def watching(self) -> int:
        """Always, of all."""
        return min(one.watching for one in self.samples)

    @property
    def worker_cores(self) -> float:
        return (self.after.workers_s - self.before.workers_s) / self.took_s

    @property
    def main_cores(self) -> float:
        return (self.after.main_s - self.before.main_s) / self.took_s

    @property
    def server_cores(self) -> float:
        return (self.after.servers_s - self.before.servers_s) / self.took_s

    @property
    def mib_each(self) -> float:
        return (self.after.workers_mib - self.empty_mib) / max(1, self.count - WORKERS)

    @property
    def in_time(self) -> bool:
        """All of them, none older than the budget, at the full rate of looks."""
        return (
            self.watching == self.count
            and self.ages_s[-1] <= BUDGET_S
            and min(self.looks) >= 0.9 * LOOKS_PER_S
        )


def used() -> Used:
    me = psutil.Process()
    mine = me.cpu_times()
    workers_s = servers_s = mib = 0.0
    for child in me.children():
        line, cpu = child.cmdline(), child.cpu_times()
        if any("spawn_main" in word for word in line):
            workers_s += cpu.user + cpu.system
            mib += child.memory_full_info().uss / 2**20
        elif "camerad.simulator" in line:
            servers_s += cpu.user + cpu.system
    return Used(workers_s, mine.user + mine.system, servers_s, mib)


def sample(healths: Sequence[CameraHealth]) -> Sample:
    watching = [h for h in healths if h.state is CameraState.WATCHING]
    return Sample(
        tuple((h.newest_frame_age_s or 0.0) + h.late_s for h in watching),
        len(watching),
        tuple(h.analysed_per_s for h in watching),
    )


async def measure(
    films: Sequence[Path], count: int, servers: int, seconds: float, settle_s: float = SETTLE_S
) -> Watched:
    """Watch `count` streams of these films (the quiet one, the busy one) with the real fleet."""
    specs = [
        CameraSpec(
            id=f"c{n}",
            endpoint_reference=f"urn:uuid:00000000-0000-4000-8000-{n:012d}",
            name=f"c{n}",
            film=str(films[n % BUSY_EACH == 0]),
            username=LOGIN[0],
            password=LOGIN[1],
        )
        for n in range(count)
    ]
    async with AsyncExitStack() as stack:
        cameras = []
        for n in range(servers):
            site = SimulatedCameraSite(specs[n::servers], discoverable=False)
            cameras += [
                Camera(a["id"], a["id"], a["rtsp"], *LOGIN, zones=ZONES)
                for a in await stack.enter_async_context(site)
            ]
        fleet = Fleet(clock=SystemClock(), on_event=ignore, workers=WORKERS)
        task = asyncio.create_task(fleet.run())
        try:
            # one in each worker: what is loaded once is no camera's
            fleet.watch(cameras[:WORKERS])
            await until_watching(fleet, WORKERS)
            empty_mib = used().workers_mib
            fleet.watch(cameras)
            await until_watching(fleet, count)
            await asyncio.sleep(settle_s)
            shed_before = sum(h.frames_shed for h in fleet.health().values())
            before, began_s = used(), time.monotonic()
            samples = []
            while time.monotonic() - began_s < seconds:
                await asyncio.sleep(LOOK_S)
                samples.append(sample(list(fleet.health().values())))
            after, took_s = used(), time.monotonic() - began_s
            shed = sum(h.frames_shed for h in fleet.health().values()) - shed_before
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    return Watched(count, samples, shed, before, after, took_s, empty_mib)


async def until_watching(fleet: Fleet, count: int) -> None:
    async with asyncio.timeout(180):
        # health is a table to look at; nothing tells when it changes
        while (  # noqa: ASYNC110
            sum(h.state is CameraState.WATCHING for h in fleet.health().values()) < count
        ):
            await asyncio.sleep(0.2)


def show(found: Watched) -> None:
    ages, looks, count = found.ages_s, found.looks, found.count
    print(
        f"{count} cameras, always watched {found.watching}; newest frame's age: "
        f"p50 {quantile(ages, 0.5):.2f} s, p99 {quantile(ages, 0.99):.2f} s, "
        f"worst {ages[-1]:.2f} s"
    )
    print(
        f"looks a second: mean {sum(looks) / len(looks):.2f}, least {min(looks):.2f}; "
        f"{found.shed} left out"
    )
    print(
        f"processor: {found.worker_cores:.2f} cores for all, "
        f"{found.worker_cores / count:.4f} a camera; main process "
        f"{found.main_cores:.2f}; the server beside it, not counted, "
        f"{found.server_cores:.2f} of {os.cpu_count()}"
    )
    print(
        f"memory: {found.mib_each:.1f} MiB a camera, beyond {found.empty_mib:.0f} MiB "
        f"with {WORKERS}"
    )
    kept = ages[-1] <= BUDGET_S and found.mib_each <= BUDGET_MIB and found.watching == count
    full = min(looks) >= 0.9 * LOOKS_PER_S
    print(
        f"none older than {BUDGET_S:g} s, all watched, {BUDGET_MIB:g} MiB a camera: "
        f"{'holds' if kept else 'DOES NOT HOLD'}; at {LOOKS_PER_S:g} looks a second each: "
        f"{'holds' if full else 'DOES NOT HOLD'}"
    )


def quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def drawn(folder: Path, *, busy: bool = True) -> list[Path]:
    """A quiet film and a busy one."""
    films = [folder / "quiet.mp4", folder / "busy.mp4"]
    for film in films:
        draw(film, busy=busy and film.stem == "busy", film_s=FILM_S)
    return films


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--cameras", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--servers", type=int, default=2, help="processes that serve")
    parser.add_argument("--quiet", action="store_true", help="nobody in any picture")
    given = parser.parse_args()
    os.environ.setdefault("LIANFANG_LOG", "warning")
    with tempfile.TemporaryDirectory() as folder:
        films = drawn(Path(folder), busy=not given.quiet)
        bare = [min(bare_decode(film) for _ in range(3)) for film in films]
        print(
            f"{WIDTH}×{HEIGHT} at {RATE}/s; bare decoding {bare[0]:.4f} core a quiet stream, "
            f"{bare[1]:.4f} a busy one; load average {os.getloadavg()[0]:.1f}",
            flush=True,
        )
        show(asyncio.run(measure(films, given.cameras, given.servers, given.seconds)))
    print(f"load average at the end {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
