"""A storm of devices, each on its own connection with its own login and rights, on mosquitto.

    python -m benchmarks.storm [--devices N] [--over S] [--processes N]
    python -m benchmarks.storm --sustained [--devices N] [--seconds S] [--kind panic|test]

The storm: every device presses once within `--over` seconds, 5 % send their press again, 2 % a
forged one. Sustained: every device presses again as soon as it is answered. Afterwards the log is
held against what the devices were told. Clients, broker and service share this machine's cores, so
the figures are the least of what the service can do. Sustained, they stand beside those of a bare
client that only stores and answers (`benchmarks.bare_client`), on the same broker and devices in
the same run: times the floor is what to compare between machines.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.scenarios.house import House
from tests.scenarios.load import (
    Load,
    ReadyWatch,
    assert_told_the_truth,
    load_on,
    quantiles,
    watching_readyz,
)
from tests.scenarios.load_clients import Flow, Pressed, Storm
from tests.scenarios.load_site import SERVICE_LOGIN, GuardedMosquitto, load_site

BUDGET_RECEIVED_A_S = 1500
BUDGET_RSS_MB = 250
FLOOR_S = 6.0
ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Paid:
    """What a process did in a time, and what it took of the processor for it."""

    presses: int
    taken_s: float
    cpu_s: float

    @property
    def a_second(self) -> float:
        return self.presses / self.taken_s

    @property
    def cpu_ms(self) -> float:
        """A press."""
        return self.cpu_s / self.presses * 1e3


async def storm(devices: int, over_s: float, processes: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        async with (
            load_site(Path(name), devices=devices) as site,
            load_on(site, processes=processes) as load,
        ):
            await _start(site)
            await _connect(site, load)
            assert isinstance(site.process, asyncio.subprocess.Process)
            begun, used_s = time.monotonic(), _cpu_s(site.process)
            async with watching_readyz(site) as watch:
                pressed = await load.storm(Storm(over_s=over_s, repeated=0.05, forged=0.02))
            taken_s = time.monotonic() - begun
            rss, cpu_s = _rss_mb(site), _cpu_s(site.process) - used_s
            await site.stop()
            assert_told_the_truth(site, pressed)
            _print(pressed, taken_s, watch, rss, cpu_s)


async def sustained(devices: int, seconds: float, processes: int, kind: str, at_once: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        async with (
            load_site(Path(name), devices=devices) as site,
            load_on(site, processes=processes) as load,
        ):
            flow = Flow(pause_s=0.0, kind=kind, at_once=at_once)
            await _connect(site, load)
            async with _bare_client(site) as bare:
                floor = (await _flow(load, flow, FLOOR_S, bare))[1]
            await _start(site)
            assert isinstance(site.process, asyncio.subprocess.Process)
            async with watching_readyz(site) as watch:
                pressed, ours = await _flow(load, flow, seconds, site.process)
            rss = _rss_mb(site)
            await site.stop()
            assert_told_the_truth(site, pressed)
            _print(pressed, ours.taken_s, watch, rss, ours.cpu_s)
            _print_beside(ours, floor)
            print(f"budget: at least {BUDGET_RECEIVED_A_S} received a second")


async def _flow(
    load: Load, flow: Flow, seconds: float, process: asyncio.subprocess.Process
) -> tuple[list[Pressed], Paid]:
    begun, used_s = time.monotonic(), _cpu_s(process)
    flowing = asyncio.create_task(load.flow(flow))
    await asyncio.sleep(seconds)
    await load.enough()
    pressed = await flowing
    paid = Paid(len(pressed), time.monotonic() - begun, _cpu_s(process) - used_s)
    return pressed, paid


@asynccontextmanager
async def _bare_client(site: House) -> AsyncIterator[asyncio.subprocess.Process]:
    assert isinstance(site.broker, GuardedMosquitto)
    port, password = site.broker.service_port, site.broker.service_password
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.bare_client"),
        *(str(port), SERVICE_LOGIN, password, str(site.folder / "bare.db")),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(30):
            await process.stdout.readline()
        yield process
    finally:
        process.kill()
        await process.wait()


async def _start(site: House) -> None:
    await site.start("-m", "linkage.cli", "run", "--config", str(site.config))
    print(f"main process {_rss_mb(site):.0f} MB; load average {os.getloadavg()[0]:.1f} before")


async def _connect(site: House, load: Load) -> None:
    begun = time.monotonic()
    connected = await load.connect()
    taken_s = time.monotonic() - begun
    assert isinstance(site.broker, GuardedMosquitto)
    counted = await site.broker.clients_connected(at_least=connected + 1)
    print(f"{connected} devices connected in {taken_s:.1f} s; the broker counts {counted} clients")


def _rss_mb(site: House) -> float:
    assert isinstance(site.process, asyncio.subprocess.Process)
    return float(psutil.Process(site.process.pid).memory_info().rss) / 1e6


def _cpu_s(process: asyncio.subprocess.Process) -> float:
    used = psutil.Process(process.pid).cpu_times()
    return float(used.user + used.system)


def _print(
    pressed: Sequence[Pressed], taken_s: float, watch: ReadyWatch, rss: float, cpu_s: float
) -> None:
    genuine = [p for p in pressed if not p.forged]
    again = sum(p.again is not None for p in genuine)
    p50, p99, slowest = quantiles([p.waited_s for p in genuine])
    rows = (
        ("presses received, each once in the log", f"{len(genuine)}"),
        ("answered duplicate when sent again", f"{again}"),
        ("forged and refused", f"{len(pressed) - len(genuine)}"),
        ("received a second", f"{len(genuine) / taken_s:.0f}"),
        ("main process, CPU a press", f"{cpu_s / len(genuine) * 1e3:.2f} ms"),
        ("main process, cores", f"{cpu_s / taken_s:.2f}"),
        ("press → received p50", f"{p50 * 1e3:.0f} ms"),
        ("press → received p99", f"{p99 * 1e3:.0f} ms"),
        ("press → received, slowest", f"{slowest * 1e3:.0f} ms"),
        ("readyz, slowest answer", f"{watch.worst_s * 1e3:.0f} ms of {len(watch.answers_s)}"),
        ("readyz said no, or did not answer", f"{watch.not_ready + watch.failed}"),
        (f"main process (budget {BUDGET_RSS_MB} MB)", f"{rss:.0f} MB"),
        ("load average at the end", f"{os.getloadavg()[0]:.1f}"),
    )
    for label, value in rows:
        print(f"{label:44}{value:>16}")


def _print_beside(ours: Paid, floor: Paid) -> None:
    rows = (
        ("a bare client: CPU a press", f"{floor.cpu_ms:.2f} ms"),
        ("a bare client: received a second", f"{floor.a_second:.0f}"),
        ("ours, CPU a press ÷ the bare client's", f"× {ours.cpu_ms / floor.cpu_ms:.2f}"),
        ("ours, received a second ÷ its", f"× {ours.a_second / floor.a_second:.2f}"),
    )
    for label, value in rows:
        print(f"{label:44}{value:>16}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", type=int, default=4000)
    parser.add_argument("--over", type=float, default=10.0)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--sustained", action="store_true")
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--kind", default="panic")
    parser.add_argument("--at-once", type=int, default=1)
    given = parser.parse_args()
    os.environ.setdefault("LIANFANG_LOG", "warning")
    if given.sustained:
        asyncio.run(
            sustained(given.devices, given.seconds, given.processes, given.kind, given.at_once)
        )
    else:
        asyncio.run(storm(given.devices, given.over, given.processes))


if __name__ == "__main__":
    main()
