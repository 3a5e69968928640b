"""The long forms of tests/scenarios/test_storm_through_hardship.py, with devices that wait and
repeat exactly as the contract says. `make soak` runs them; `make test` does not."""

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

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1200)]

KILLS, BROKER_KILLS = 100, 10


async def test_the_service_is_killed_a_hundred_times(tmp_path: Path, nursery: Nursery) -> None:
    seed = random.randrange(2**32)
    print("seed", seed)
    async with crowd(tmp_path, quick=True) as (site, load):
        await site.start_from(nursery)

        async def dying() -> None:
            at_points = await killed(site, nursery, times=KILLS, draw=random.Random(seed))
            print("died at a named point", at_points, "times")
            assert at_points >= KILLS // 4

        pressed = await pressed_through(site, load, dying)
        print(len(pressed), "presses, told 110:", sum(p.told_110 for p in pressed))


async def test_the_broker_is_killed_ten_times(tmp_path: Path) -> None:
    async with crowd(tmp_path, quick=False) as (site, load):
        await site.start()
        dying = partial(broker_killed, site, times=BROKER_KILLS, draw=random.Random())
        pressed = await pressed_through(site, load, dying)
        print(len(pressed), "presses, told 110:", sum(p.told_110 for p in pressed))


async def test_the_broker_stalls_for_twenty_seconds(tmp_path: Path) -> None:
    async with crowd(tmp_path, quick=False) as (site, load):
        await site.start()
        pressed = await pressed_through(site, load, partial(broker_stalled, site, for_s=20))
        assert any(p.told_110 for p in pressed)


async def test_the_disk_is_full_for_twenty_seconds(tmp_path: Path) -> None:
    with small_disk(tmp_path, megabytes=16) as disk:
        async with crowd(tmp_path, quick=False, data=disk) as (site, load):
            await site.start()
            pressed = await pressed_through(site, load, partial(disk_full, site, disk, for_s=20))
            assert any(p.told_110 for p in pressed)


async def test_the_database_is_locked_for_twenty_seconds(tmp_path: Path) -> None:
    async with crowd(tmp_path, quick=False) as (site, load):
        await site.start()
        pressed = await pressed_through(site, load, partial(database_locked, site, for_s=20))
        assert any(p.told_110 for p in pressed)


async def test_the_database_takes_half_a_second_for_each_commit(tmp_path: Path) -> None:
    async with crowd(tmp_path, quick=False) as (site, load):
        await site.start("-m", "tests.scenarios.slow", str(site.config), "0.5")

        async def nothing_else() -> None:
            return

        await pressed_through(site, load, nothing_else, pause_s=30, calm_s=15)
