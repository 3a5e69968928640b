"""A running site with outside broker, for the cases that need nothing else.

Every file here is one way in which a press could go unheard; each test ends with a named person
called, or with the presser told to ring 110.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.scenarios.house import House, Officer, house
from tests.scenarios.nursery import Nursery


@pytest.fixture
async def site(tmp_path: Path, nursery: Nursery) -> AsyncIterator[House]:
    """Running, on mosquitto, with the plan as shipped."""
    async with house(tmp_path) as made:
        await made.start_from(nursery)
        yield made


@pytest.fixture
async def duty(site: House) -> AsyncIterator[Officer]:
    """The duty officer, at the console with its sound on."""
    async with site.client() as officer:
        await officer.sign_in()
        await officer.here()
        yield officer
