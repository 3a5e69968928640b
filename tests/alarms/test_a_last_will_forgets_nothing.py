"""What a device said of its battery, signal and firmware outlives its last will, on disk too."""

import json

from sqlalchemy import insert, select

from alarms.devices import DeviceRegistry
from alarms.store import SealedBox
from alarms.store.tables import devices

SAID = {"online": True, "every_s": 600, "battery": 0.4, "rssi": -80, "fw": "1.2.0", "tamper": None}
WILL = {"online": False, "every_s": 900, "battery": None, "rssi": None, "fw": None}


async def kept(database, *batches):
    """What stands of `b1` after these, and whether it counts as there."""
    rows = [{"id": name, "kind": "button", "unsigned": True} for name in ("b1", "b2")]
    await database.write(lambda conn: conn.execute(insert(devices), rows))
    registry = DeviceRegistry(database, SealedBox(bytes(range(32))))
    for at_ms, statuses in enumerate(batches):
        await registry.note_statuses(statuses, at_ms=at_ms)
    row = select(devices.c.status, devices.c.online).where(devices.c.id == "b1")
    status, online = await database.read(lambda conn: conn.execute(row).one())
    return json.loads(status), online


async def test_a_will_takes_away_nothing_but_that_it_is_there(either_database):
    status, online = await kept(either_database, {"b1": SAID, "b2": SAID}, {"b1": WILL})
    assert status == {**SAID, "online": False, "every_s": 900}
    assert not online


async def test_what_it_says_when_it_is_back_stands_alone(either_database):
    back = {**WILL, "online": True}
    status, online = await kept(either_database, {"b1": SAID}, {"b1": WILL}, {"b1": back})
    assert status == back
    assert online


async def test_a_will_of_a_device_that_never_said_anything_is_kept(either_database):
    status, online = await kept(either_database, {"b1": WILL, "b2": SAID})
    assert status == {"online": False, "every_s": 900}
    assert not online
