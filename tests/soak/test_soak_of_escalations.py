"""Two hundred incidents escalate for two minutes while the service is killed every three seconds.

The short form is tests/scenarios/test_killed_while_incidents_escalate.py.
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

pytestmark = [pytest.mark.soak, pytest.mark.timeout(600)]

INCIDENTS, AFTER_S = 200, [0, 30, 60, 90]


async def test_each_step_is_told_once_through_forty_deaths(
    tmp_path: Path, nursery: Nursery
) -> None:
    async with house(tmp_path, broker="embedded") as site, pager() as receiver:
        escalate_over(site, receiver, AFTER_S)
        database = open_storage(site.settings).database
        await site.start_from(nursery)
        async with at_the_console(database, "duty"):
            await alarm_all(database, INCIDENTS)
            await die_often(site, nursery, every_s=3.0, times=40)
            await all_told(database, len(AFTER_S), INCIDENTS, within_s=240)
        assert await site.stop() == 0
        await reckon(database, receiver, len(AFTER_S), INCIDENTS)
        repeats = sum(times - 1 for times in receiver.came.values())
        print(f"{len(receiver.came)} messages, {repeats} repeats under the same id")
        await database.close()
