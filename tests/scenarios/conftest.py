"""Fixtures of the scenarios."""

from collections.abc import Iterator

import pytest

from tests.scenarios.nursery import Nursery


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Starts services quickly; see its file."""
    made = Nursery()
    yield made
    made.close()
