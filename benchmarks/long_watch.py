"""Twenty sub-streams for twenty minutes beside the presses: latency, memory, and how many there
could be.

    python -m benchmarks.long_watch [--minutes 20] [--cameras 20] [--counts 30 40 50 60]

One life of the whole service on mosquitto and SQLite. First presses alone; then a server of drawn
704×576 films at 25 a second starts on the same machine, its cameras are registered while the
service runs, and the presses go on all the while; then the cameras are taken out of service, and
presses come alone once more. What is compared is press → `received` with cameras and without, in
the same process, on the same disk, at the same pace. The budget: p99 at most 1.5 × (issue 7).

Memory is what each process has for itself (USS), every ten seconds; the slope is a straight line
through all but the first fifth. Every press and every camera of the run is in it: nothing is left
out but what a process needs to warm up.

Then, without the rest of the service, more and more streams until they are not watched in time any
more: every newest frame younger than 1 s, five looks a second at each. That is measured with the
server on the same processor; how many there would be with the server elsewhere is reckoned from
what the server took and what a camera costs, and printed as reckoned.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from sqlalchemy import update

from benchmarks.many_streams import BUDGET_S, BUSY_EACH, LOOKS_PER_S, drawn
from benchmarks.many_streams import measure as watch_alone
from camerad.simulator.site import SimulatedCameraSite
from linkage import schema
from linkage.storage import open_storage
from tests.scenarios.cameras import Registered, camera_states, register
from tests.scenarios.house import House, Officer, house
from tests.scenarios.load import quantiles

BUDGET = 1.5
BUTTONS = 5
PAUSE_S = 0.2
LOOK_S = 10.0
SETTLE_S = 20.0
WITHIN_S = 180.0
WHOLE = ((0.0, 0.3), (1.0, 0.3), (1.0, 1.0), (0.0, 1.0))
WARM_UP = 20
ENOUGH = 300
"""Presses without cameras, before and after: fewer say nothing of a p99."""


@dataclass
class Memory:
    """MiB of each process over the seconds of the watch."""

    of: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    def note(self, at_s: float, processes: Mapping[str, psutil.Process]) -> None:
        for name, process in processes.items():
            try:
                mib = process.memory_full_info().uss / 2**20
            except psutil.NoSuchProcess:
                continue
            self.of.setdefault(name, []).append((at_s, mib))

    def slope(self, name: str) -> float:
        """MiB an hour, by least squares, without the first fifth."""
        samples = self.of[name]
        kept = samples[len(samples) // 5 :]
        if len(kept) < 3:
            return 0.0
        line = statistics.linear_regression([s for s, _ in kept], [m for _, m in kept])
        return line.slope * 3600


@dataclass
class Looks:
    """What `/api/v1/cameras` said of all cameras over the watch."""

    oldest_s: list[float] = field(default_factory=list)
    not_watching: int = 0
    shedding: int = 0
    of: int = 0

    def note(self, states: Mapping[str, Mapping[str, object]]) -> None:
        ages = [state["newest_frame_age_s"] for state in states.values()]
        self.oldest_s.append(max(float(str(age)) for age in ages if age is not None))
        self.of += len(states)
        self.not_watching += sum(state["state"] != "watching" for state in states.values())
        self.shedding += sum(bool(state["shedding"]) for state in states.values())


def processes_of(site: House) -> dict[str, psutil.Process]:
    """The service's processes, a replaced worker under a name of its own."""
    assert site.process is not None
    main = psutil.Process(site.process.pid)
    workers = [c for c in main.children() if any("spawn_main" in word for word in c.cmdline())]
    return {"main process": main} | {f"worker {worker.pid}": worker for worker in workers}


async def press(buttons: Sequence[object], until_s: float, at_least: int = 0) -> list[float]:
    """Seconds to `received` of presses at an even pace, one button after the other."""
    taken: list[float] = []
    while time.monotonic() < until_s or len(taken) < at_least:
        button = buttons[len(taken) % len(buttons)]
        outcome = await button.press("test", timeout_s=30)  # type: ignore[attr-defined]
        assert outcome.state == "received", outcome
        taken.append(outcome.waited_s)
        await asyncio.sleep(PAUSE_S)
    return taken


async def until_all(officer: Officer, count: int) -> None:
    """Return when so many cameras, and no others, are watched."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            states = (await camera_states(officer)).values()
            if len(states) == count == sum(state["state"] == "watching" for state in states):
                return
            await asyncio.sleep(0.5)  # polling another process over HTTP


async def watch(
    site: House, officer: Officer, until_s: float, memory: Memory, looks: Looks
) -> None:
    began_s = time.monotonic()
    while time.monotonic() < until_s:
        memory.note(time.monotonic() - began_s, processes_of(site))
        looks.note(await camera_states(officer))
        await asyncio.sleep(LOOK_S)


def retire_all(site: House) -> None:
    storage = open_storage(site.settings)
    storage.database.write_now(
        lambda conn: conn.execute(update(schema.cameras).values(enabled=False))
    )
    storage.database.close_now()


async def long_watch(films: Sequence[Path], count: int, minutes: float) -> bool:
    """One life of the service; prints its table; whether the budget was kept."""
    memory, looks = Memory(), Looks()
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        site = await stack.enter_async_context(house(folder))
        site_file = site.config / "site.toml"
        text = site_file.read_text(encoding="utf-8")
        site_file.write_text(text.replace("workers = 1", f"workers = {os.cpu_count()}"))
        await site.start("-m", "linkage.cli", "run", "--config", str(site.config))
        stack.push_async_callback(site.stop)
        officer = await stack.enter_async_context(site.client())
        await officer.sign_in()
        buttons = [await stack.enter_async_context(site.button(n)) for n in range(BUTTONS)]
        for button in buttons:
            await button.wait_connected(20)
        await press(buttons, 0.0, at_least=WARM_UP)
        alone = await press(buttons, 0.0, at_least=ENOUGH)
        cpu_s = {name: sum(p.cpu_times()[:2]) for name, p in processes_of(site).items()}

        async with AsyncExitStack() as serving:
            rows = [Registered(f"cam-{n:03d}", loiter=WHOLE) for n in range(count)]
            specs = [row.playing(films[n % BUSY_EACH == 0]) for n, row in enumerate(rows)]
            played = SimulatedCameraSite(specs, discoverable=False)
            uris = {a["id"]: a["rtsp"] for a in await serving.enter_async_context(played)}
            await asyncio.to_thread(
                register,
                site,
                *(
                    Registered(r.id, endpoint_reference=None, stream_uri=uris[r.id], loiter=WHOLE)
                    for r in rows
                ),
            )
            await until_all(officer, count)
            await asyncio.sleep(SETTLE_S)
            began_s = time.monotonic()
            until_s = began_s + minutes * 60
            before = {name: sum(p.cpu_times()[:2]) for name, p in processes_of(site).items()}
            watching = asyncio.create_task(watch(site, officer, until_s, memory, looks))
            beside = await press(buttons, until_s)
            await watching
            took_s = time.monotonic() - began_s
            cpu_s = {name: sum(p.cpu_times()[:2]) for name, p in processes_of(site).items()}
            server_s = sum(
                sum(child.cpu_times()[:2])
                for child in psutil.Process().children()
                if "camerad.simulator" in child.cmdline()
            )
            await asyncio.to_thread(retire_all, site)
            await until_all(officer, 0)
        alone += await press(buttons, 0.0, at_least=ENOUGH)
    cores = {name: (cpu_s[name] - before.get(name, 0.0)) / took_s for name in cpu_s}
    return show(count, took_s / 60, alone, beside, memory, looks, cores, server_s / took_s)


def show(
    count: int,
    minutes: float,
    alone: Sequence[float],
    beside: Sequence[float],
    memory: Memory,
    looks: Looks,
    cores: Mapping[str, float],
    server_cores: float,
) -> bool:
    print(f"\n{count} sub-streams for {minutes:.1f} min on {os.cpu_count()} cores, server included")
    print(f"{'press → received, ms':28}{'presses':>9}{'p50':>8}{'p99':>8}{'worst':>8}")
    for label, seconds in (("without cameras", alone), (f"beside {count} streams", beside)):
        p50, p99, worst = (s * 1e3 for s in quantiles(seconds))
        print(f"{label:28}{len(seconds):9}{p50:8.1f}{p99:8.1f}{worst:8.1f}")
    ratio = quantiles(beside)[1] / quantiles(alone)[1]
    kept = ratio <= BUDGET
    print(f"{'p99 ÷ p99 without':28}{'':17}{ratio:8.2f}  budget {BUDGET:g}: {_word(kept)}")
    print(f"\n{'memory, MiB':28}{'first':>9}{'last':>8}{'most':>8}{'slope/h':>9}{'cores':>8}")
    for name, samples in memory.of.items():
        sizes = [mib for _, mib in samples]
        print(
            f"{name:28}{sizes[0]:9.1f}{sizes[-1]:8.1f}{max(sizes):8.1f}"
            f"{memory.slope(name):+9.1f}{cores.get(name, 0.0):8.2f}"
        )
    print(f"{'streaming server':28}{'':34}{server_cores:8.2f}")
    print(
        f"\nnewest frame: worst {max(looks.oldest_s):.2f} s, p50 of the worst "
        f"{statistics.median(looks.oldest_s):.2f} s in {len(looks.oldest_s)} looks; of "
        f"{looks.of} camera states {looks.not_watching} not watching, {looks.shedding} shedding",
        flush=True,
    )
    return kept


def largest(films: Sequence[Path], counts: Sequence[int], seconds: float) -> None:
    """More and more streams, until one is not watched in time."""
    print(
        f"\n{'streams':>8}{'in time':>9}{'oldest s':>10}{'looks/s':>9}{'workers':>9}{'main':>7}"
        f"{'server':>8}  cores; MiB a camera",
        flush=True,
    )
    most, reckoned = 0, 0.0
    for count in counts:
        found = asyncio.run(watch_alone(films, count, 2, seconds))
        print(
            f"{count:8}{_word(found.in_time, 'yes', 'NO'):>9}{found.ages_s[-1]:10.2f}"
            f"{min(found.looks):9.2f}{found.worker_cores:9.2f}{found.main_cores:7.2f}"
            f"{found.server_cores:8.2f}  {found.mib_each:.1f}",
            flush=True,
        )
        if not found.in_time:
            break
        most = count
        reckoned = count + found.server_cores / (found.worker_cores / count)
    print(
        f"largest number watched in time (newest frame under {BUDGET_S:g} s, {LOOKS_PER_S:g} looks "
        f"a second): {most} with the server on the same {os.cpu_count()} cores; reckoned without "
        f"it: {reckoned:.0f}"
    )


def _word(is_so: bool, yes: str = "holds", no: str = "DOES NOT HOLD") -> str:
    return yes if is_so else no


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0] if __doc__ else None)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--cameras", type=int, default=20)
    parser.add_argument("--counts", type=int, nargs="*", default=[30, 40, 50, 60])
    parser.add_argument("--seconds", type=float, default=20.0, help="of each count")
    given = parser.parse_args()
    os.environ.setdefault("LIANFANG_LOG", "warning")
    with tempfile.TemporaryDirectory() as folder:
        films = drawn(Path(folder))
        print(f"load average before {os.getloadavg()[0]:.1f}", flush=True)
        if given.cameras:
            asyncio.run(long_watch(films, given.cameras, given.minutes))
        if given.counts:
            largest(films, given.counts, given.seconds)
    print(f"load average at the end {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
