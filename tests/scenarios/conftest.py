"""Fixtures of the scenarios."""

import pytest

from tests.scenarios.nursery import Nursery, own_nursery


@pytest.fixture
def nursery() -> Nursery:
    """Starts services quickly; see its file."""
    return own_nursery()
