"""Killed again and again while incidents escalate: each step reaches its receiver once by its id.

The long form is tests/soak/test_soak_of_escalations.py.
"""

from pathlib import Path

import pytest

from linkage.storage import open_storage
from tests.scenarios.dying_escalations import (
    alarm_all,
    all_told,
    at_the_console,
    die_often,
    escalate_over,
    pager,
    reckon,
)
from tests.scenarios.house import house
from tests.scenarios.nursery import Nursery

INCIDENTS, AFTER_S = 30, [0, 3, 6]


@pytest.mark.timeout(180)
async def test_each_step_is_told_once_through_eight_deaths(
    tmp_path: Path, nursery: Nursery
) -> None:
    async with house(tmp_path, broker="embedded") as site, pager() as receiver:
        escalate_over(site, receiver, AFTER_S)
        database = open_storage(site.settings).database
        await site.start_from(nursery)
        async with at_the_console(database, "duty"):
            await alarm_all(database, INCIDENTS)
            await die_often(site, nursery, every_s=1.0, times=8)
            await all_told(database, len(AFTER_S), INCIDENTS, within_s=60)
        assert await site.stop() == 0
        await reckon(database, receiver, len(AFTER_S), INCIDENTS)
        await database.close()
