"""400 devices press while things fail around them: short forms; the long ones are `make soak`.

Nothing that was told `received` is missing, nothing is doubled, nobody has to lend a hand, and a
device left without a reply says so.
"""

import random
from functools import partial
from pathlib import Path

import pytest

from tests.scenarios.hardship import (
    broker_killed,
    broker_stalled,
    crowd,
    database_locked,
    disk_full,
    killed,
    pressed_through,
    small_disk,
)
from tests.scenarios.nursery import Nursery

pytestmark = pytest.mark.timeout(150)


async def test_the_service_is_killed_five_times(tmp_path: Path, nursery: Nursery) -> None:
    async with crowd(tmp_path, quick=True) as (site, load):
        await site.start_from(nursery)
        dying = partial(killed, site, nursery, times=5, draw=random.Random())
        await pressed_through(site, load, dying)


async def test_the_broker_is_killed(tmp_path: Path) -> None:
    async with crowd(tmp_path, quick=True) as (site, load):
        await site.start()
        dying = partial(broker_killed, site, times=1, draw=random.Random())
        await pressed_through(site, load, dying)


async def test_the_broker_stalls_and_devices_tell_their_people(tmp_path: Path) -> None:
    async with crowd(tmp_path, quick=True) as (site, load):
        await site.start()
        pressed = await pressed_through(site, load, partial(broker_stalled, site, for_s=11))
        assert any(p.told_110 for p in pressed)


async def test_the_disk_is_full(tmp_path: Path) -> None:
    with small_disk(tmp_path, megabytes=16) as disk:
        async with crowd(tmp_path, quick=True, data=disk) as (site, load):
            await site.start()
            await pressed_through(site, load, partial(disk_full, site, disk, for_s=2))


async def test_the_database_is_locked(tmp_path: Path) -> None:
    async with crowd(tmp_path, quick=True) as (site, load):
        await site.start()
        await pressed_through(site, load, partial(database_locked, site, for_s=2))


async def test_the_database_takes_its_time_for_each_commit(tmp_path: Path) -> None:
    async with crowd(tmp_path, quick=True) as (site, load):
        await site.start("-m", "tests.scenarios.slow", str(site.config), "0.2")

        async def nothing_else() -> None:
            return

        await pressed_through(site, load, nothing_else)
