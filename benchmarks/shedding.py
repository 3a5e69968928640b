"""Presses and `readyz` without cameras, and with more cameras than the machine can watch.

    python -m benchmarks.shedding [--cameras N] [--presses N] [--nice N ...]

One run of the whole service for each row: the same broker, buttons and pace; only the cameras and
the workers' priority differ. Films of 1080p at 25 frames a second, drawn, come from simulated
cameras in a process of their own, which competes for the cores as the broker does. `--nice` adds
rows with the workers at other priorities (raising one needs root); `shipped` is what a site has.
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

from benchmarks.capture_cost import draw
from camerad.simulator.site import SimulatedCameraSite
from tests.scenarios.cameras import Registered, camera_states, register
from tests.scenarios.house import House, Officer, house
from tests.scenarios.load import quantiles, watching_readyz

SIZE = (1920, 1080)
WHOLE = ((0.0, 0.3), (1.0, 0.3), (1.0, 1.0), (0.0, 1.0))
SETTLE_S = 20.0
"""Stepping down to the fewest looks takes three times `SheddingRules.fall_after_s`."""
PAUSE_S = 0.05


@dataclass(frozen=True)
class Row:
    """What one run gave; times in seconds."""

    label: str
    presses_s: Sequence[float]
    ready_s: Sequence[float]
    workers_cores: float
    idle_share: float
    analysed_per_s: float
    shedding: int
    down: int


async def run(label: str, film: Path, cameras: int, presses: int, nice: int | None) -> Row:
    """One life of the service with `cameras`, its workers at `nice` or as it starts them."""
    with tempfile.TemporaryDirectory() as name:
        async with house(Path(name)) as site, AsyncExitStack() as stack:
            site_file = site.config / "site.toml"
            text = site_file.read_text(encoding="utf-8")
            site_file.write_text(text.replace("workers = 1", f"workers = {os.cpu_count()}"))
            if cameras:
                rows = [Registered(f"cam-{n:03d}", loiter=WHOLE) for n in range(cameras)]
                played = SimulatedCameraSite(
                    [row.playing(film) for row in rows], discoverable=False
                )
                uris = {a["id"]: a["rtsp"] for a in await stack.enter_async_context(played)}
                register(
                    site,
                    *(
                        Registered(
                            r.id, endpoint_reference=None, stream_uri=uris[r.id], loiter=WHOLE
                        )
                        for r in rows
                    ),
                )
            await site.start()
            officer = await stack.enter_async_context(site.client())
            await officer.sign_in()
            if cameras:
                await _until_watched(officer, cameras)
                if nice is not None:
                    _renice(site, nice)
                await asyncio.sleep(SETTLE_S)
            before, began_s = _workers_cpu_s(site), time.monotonic()
            psutil.cpu_times_percent()
            async with watching_readyz(site) as watch:
                taken = await _press(site, presses)
            idle = psutil.cpu_times_percent().idle / 100
            cores = (_workers_cpu_s(site) - before) / (time.monotonic() - began_s)
            states = list((await camera_states(officer)).values())
            await site.stop()
    return Row(
        label,
        taken,
        watch.answers_s,
        cores,
        idle,
        sum(float(str(state["analysed_per_s"])) for state in states) / max(1, len(states)),
        sum(bool(state["shedding"]) for state in states),
        sum(state["state"] != "watching" for state in states),
    )


async def _until_watched(officer: Officer, cameras: int) -> None:
    async with asyncio.timeout(180):
        while True:
            states = (await camera_states(officer)).values()
            if sum(state["state"] == "watching" for state in states) >= 0.9 * cameras:
                return
            await asyncio.sleep(0.5)  # polling another process over HTTP


async def _press(site: House, count: int) -> list[float]:
    taken = []
    async with AsyncExitStack() as stack:
        buttons = [await stack.enter_async_context(site.button(n)) for n in range(5)]
        for button in buttons:
            await button.wait_connected(20)
        for number in range(count):
            outcome = await buttons[number % 5].press("test", timeout_s=30)
            assert outcome.state == "received", outcome
            taken.append(outcome.waited_s)
            await asyncio.sleep(PAUSE_S)
    return taken


def _workers(site: House) -> list[psutil.Process]:
    assert site.process is not None
    family = psutil.Process(site.process.pid).children()
    return [child for child in family if any("spawn_main" in word for word in child.cmdline())]


def _renice(site: House, nice: int) -> None:
    for worker in _workers(site):
        for thread in worker.threads():
            os.setpriority(os.PRIO_PROCESS, thread.id, nice)


def _workers_cpu_s(site: House) -> float:
    used = [worker.cpu_times() for worker in _workers(site)]
    return sum(one.user + one.system for one in used)


def _print(rows: Sequence[Row]) -> None:
    titles = (
        "p50 ms",
        "p99 ms",
        "÷ none",
        "readyz p99",
        "÷ none",
        "worst",
        "cores",
        "idle",
        "looks/s",
    )
    print(f"{'':24}" + "".join(f"{title:>11}" for title in titles) + "  shedding, down")
    floor = rows[0]
    _, floor_press, _ = quantiles(floor.presses_s)
    _, floor_ready, _ = quantiles(floor.ready_s)
    for row in rows:
        p50, p99, _ = quantiles(row.presses_s)
        _, ready, worst = quantiles(row.ready_s)
        figures = (
            f"{p50 * 1e3:.1f}", f"{p99 * 1e3:.1f}", f"{p99 / floor_press:.2f}",
            f"{ready * 1e3:.1f}", f"{ready / floor_ready:.2f}", f"{worst * 1e3:.0f}",
            f"{row.workers_cores:.2f}", f"{row.idle_share:.0%}", f"{row.analysed_per_s:.1f}",
        )  # fmt: skip
        print(
            f"{row.label:24}"
            + "".join(f"{figure:>11}" for figure in figures)
            + f"  {row.shedding}, {row.down}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cameras", type=int, default=24)
    parser.add_argument("--presses", type=int, default=300)
    parser.add_argument("--nice", type=int, nargs="*", default=[])
    given = parser.parse_args()
    os.environ.setdefault("LIANFANG_LOG", "warning")
    with tempfile.TemporaryDirectory() as name:
        film = Path(name) / "film.mp4"
        draw(film, busy=True, size=SIZE, film_s=4)
        rows = [asyncio.run(run("no cameras", film, 0, given.presses, None))]
        for nice in [None, *given.nice]:
            label = f"{given.cameras} cameras, " + ("shipped" if nice is None else f"nice {nice}")
            rows.append(asyncio.run(run(label, film, given.cameras, given.presses, nice)))
    print(f"load average at the end {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    _print(rows)


if __name__ == "__main__":
    main()
