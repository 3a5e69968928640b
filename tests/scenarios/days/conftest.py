"""A running day with the duty officer at the console, for scenarios that need nothing else."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.scenarios.days.day import Day, duty_day


@pytest.fixture
async def day(tmp_path: Path) -> AsyncIterator[Day]:
    """Running; nobody is at a console yet."""
    async with duty_day(tmp_path) as made:
        await made.start()
        yield made
