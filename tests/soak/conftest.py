"""Fixtures of the soak: those of the scenarios."""

from tests.scenarios.conftest import nursery

__all__ = ["nursery"]
