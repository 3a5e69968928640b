"""What many consoles want to know is read once."""

import asyncio
import json
from zoneinfo import ZoneInfo

import pytest

from linkage.web.changed_incidents import AT_ONCE, ChangedIncidents
from tests.linkage.web_house import house


@pytest.fixture
async def town(tmp_path):
    async with house(tmp_path) as h:
        yield h


@pytest.fixture
def changed(town) -> ChangedIncidents:
    return ChangedIncidents(town.database, ZoneInfo("Asia/Shanghai"), town.box)


async def test_consoles_that_ask_at_once_are_given_the_same_reading(town, changed):
    await town.incident("a")
    mine, yours = await asyncio.gather(changed.after(0, count_to=10), changed.after(0, count_to=10))
    assert mine.incidents[0] is yours.incidents[0]


async def test_an_incident_that_changed_since_is_read_anew_and_its_neighbour_is_not(town, changed):
    await town.incident("a")
    await town.incident("b")
    before = {json.loads(i.data)["id"]: i for i in (await changed.after(0, count_to=10)).incidents}
    position = await town.change("a")
    b, a = (await changed.after(0, count_to=10)).incidents
    assert b is before["b"]
    assert (json.loads(a.data)["version"], a.position) == (2, position)


async def test_more_than_one_look_takes_are_counted_and_left_for_the_next(town, changed):
    for number in range(AT_ONCE + 2):
        await town.incident(f"i{number}")
    first = await changed.after(0, count_to=1000)
    rest = await changed.after(first.incidents[-1].position, count_to=1000)
    assert (len(first.incidents), first.behind) == (AT_ONCE, AT_ONCE + 2)
    assert (len(rest.incidents), rest.behind) == (2, 2)
