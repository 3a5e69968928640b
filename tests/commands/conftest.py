"""Sites for commands: a folder that is not served, and one that is."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.scenarios.house import House, house


@pytest.fixture
async def idle_site(tmp_path: Path) -> AsyncIterator[House]:
    """A seeded site with the embedded broker that nobody runs."""
    async with house(tmp_path, broker="embedded") as site:
        yield site


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served_site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A seeded site that runs as long as the module's tests."""
    async with house(tmp_path_factory.mktemp("served"), broker="embedded") as site:
        await site.start()
        yield site
        assert await site.stop() == 0
