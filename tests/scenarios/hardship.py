"""What a night can do to a site while 400 devices press: each hardship ends without a hand.

Short forms are scenarios, long ones tests/soak. After each the log is held against what every
device was told (`load.assert_told_the_truth`).
"""

import asyncio
import contextlib
import os
import random
import signal
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import aiohttp
import pytest

from tests.polling import until
from tests.scenarios.house import House
from tests.scenarios.killable import POINTS
from tests.scenarios.load import Load, assert_told_the_truth, linked, load_on
from tests.scenarios.load_clients import Flow, Pressed
from tests.scenarios.load_site import GuardedMosquitto, load_site
from tests.scenarios.nursery import Nursery

DEVICES = 400
_DIES_WITHIN_S = 8.0
_AT_MOST = {"before-commit": 4, "commit-puback": 60, "puback-reply": 60, "decision-sending": 30}


@asynccontextmanager
async def crowd(
    folder: Path, *, quick: bool, data: Path | None = None
) -> AsyncIterator[tuple[House, Load]]:
    """A site that is not running yet, and 400 devices; `quick` ones repeat sooner than the
    contract says, so that a test ends today."""
    async with load_site(folder, devices=DEVICES, data=data) as site:
        first_s, cap_s = (0.5, 2.0) if quick else (2.0, 30.0)
        async with load_on(site, first_repeat_s=first_s, repeat_cap_s=cap_s) as load:
            yield site, load


async def pressed_through(
    site: House,
    load: Load,
    hardship: Callable[[], Awaitable[None]],
    *,
    pause_s: float = 6.0,
    calm_s: float = 1.0,
) -> list[Pressed]:
    """All devices press on and on, some calm, the hardship, some calm; then the reckoning."""
    await load.connect()
    flowing = asyncio.create_task(load.flow(Flow(pause_s=pause_s)))
    await asyncio.sleep(calm_s)
    await hardship()
    await asyncio.sleep(calm_s)
    await load.enough()
    pressed = await flowing
    await linked(site, within_s=120)
    assert await site.stop() == 0
    assert_told_the_truth(site, pressed)
    return pressed


async def killed(site: House, nursery: Nursery, *, times: int, draw: random.Random) -> int:
    """Killed at random moments and at every named point in turn; how many died at their point."""
    at_points = 0
    for number in range(times):
        # notices are told in the beginning: later presses fold in silence
        point = POINTS[-1 - number // 2 % len(POINTS)] if number % 2 else ""
        left = draw.randint(1, _AT_MOST[point]) if point else 0
        await site.kill()
        process = site.fork(nursery, point=point, left=left)
        if point:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_DIES_WITHIN_S):
                    at_points += await process.wait() == -signal.SIGKILL
        else:
            await asyncio.sleep(draw.uniform(0.1, 2.0))
    await site.kill()
    await site.start_from(nursery)
    return at_points


async def broker_killed(site: House, *, times: int, draw: random.Random) -> None:
    """The broker's process dies and comes back; neither its sessions' last second nor its
    connections do."""
    assert isinstance(site.broker, GuardedMosquitto)
    for _ in range(times):
        site.broker.kill()
        await asyncio.sleep(draw.uniform(0.1, 1.0))
        await site.broker.start()
        await site.ready()
        await asyncio.sleep(draw.uniform(0.5, 2.0))


async def broker_stalled(site: House, *, for_s: float) -> None:
    """The broker hangs with all its connections open."""
    assert isinstance(site.broker, GuardedMosquitto)
    assert site.broker.process is not None
    site.broker.process.send_signal(signal.SIGSTOP)
    await asyncio.sleep(for_s)
    site.broker.process.send_signal(signal.SIGCONT)
    await site.ready()


@contextmanager
def small_disk(folder: Path, *, megabytes: int) -> Iterator[Path]:
    """A file system of its own that a test may fill. Only root can make one."""
    if os.getuid() != 0:
        pytest.skip("a small disk of its own can only be mounted by root")
    place = folder / "disk"
    place.mkdir(parents=True)
    options = ["-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(place)]
    if subprocess.run(["mount", *options], check=False).returncode != 0:
        pytest.skip("no file system can be mounted here, though we are root")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(disk: Path) -> Path:
    """Until not a byte more can be written; what to take away for room again."""
    ballast = disk / "ballast"
    for size in (1 << 16, 1 << 12, 1):
        with contextlib.suppress(OSError), ballast.open("ab", buffering=0) as file:
            while True:
                file.write(b"\0" * size)
    return ballast


async def disk_full(site: House, disk: Path, *, for_s: float) -> None:
    """Not a byte more can be written; later there is room again."""
    ballast = fill(disk)
    await said_not_ready(site)
    await asyncio.sleep(for_s)
    ballast.unlink()
    await site.ready()


async def database_locked(site: House, *, for_s: float) -> None:
    """Another program holds the database's write lock."""
    path = site.settings.database_url.removeprefix("sqlite:///")
    other = sqlite3.connect(path, isolation_level=None, timeout=30)
    other.execute("BEGIN IMMEDIATE")
    await said_not_ready(site)
    await asyncio.sleep(for_s)
    other.execute("ROLLBACK")
    other.close()
    await site.ready()


async def said_not_ready(site: House, *, within_s: float = 15.0) -> None:
    """Return when `readyz` says that no press can be taken."""

    async def is_red() -> bool:
        async with session.get(f"{site.url}/readyz") as answer:
            return answer.status == 503

    async with aiohttp.ClientSession() as session:
        await until(is_red, timeout_s=within_s)
