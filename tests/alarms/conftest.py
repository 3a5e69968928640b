"""A store with one device, for the tests of `alarms`."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from alarms.devices import Credentials, DeviceRegistry
from alarms.log import AlarmLog
from alarms.store import Database, SealedBox
from lianfang_timing import SystemClock
from tests.stores import migrated_sqlite

SITE_KEY = bytes(32)


@dataclass
class Door:
    """What intake stands on."""

    database: Database
    devices: DeviceRegistry
    log: AlarmLog
    button: Credentials


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    database = Database(migrated_sqlite(tmp_path / "lianfang.db"))
    await database.open()
    devices = DeviceRegistry(database, SealedBox(SITE_KEY))
    button = await database.write(lambda conn: devices.enrol_in(conn, "dongcun-017-1"))
    log = AlarmLog(database, SystemClock(), writer="test")
    yield Door(database, devices, log, button)
    await database.close()
