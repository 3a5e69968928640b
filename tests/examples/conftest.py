"""The store with one device that the tests of `alarms` use."""

from tests.alarms.conftest import door

__all__ = ["door"]
