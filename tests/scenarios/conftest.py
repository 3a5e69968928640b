"""Fixtures of the scenarios."""

from collections.abc import Iterator

import pytest

# so that a failed assert in a helper says what it compared
pytest.register_assert_rewrite("tests.scenarios.house", "tests.scenarios.storm")

from tests.scenarios.nursery import Nursery  # noqa: E402


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Starts services quickly; see its file."""
    made = Nursery()
    yield made
    made.close()
