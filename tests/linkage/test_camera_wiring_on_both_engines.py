"""What hangs on cameras, on either engine: wired, pressed, found again, told of nothing."""

from datetime import UTC, datetime

import pytest

from alarms.devices import DeviceRegistry
from alarms.log import AlarmLog
from alarms.model import AlarmKind
from alarms.store import SealedBox
from camerad.device_events.model import Sighting, SightingKind
from linkage import places
from linkage.accounts.rights import Places
from linkage.camera_events import presses, storage, wiring
from linkage.camera_events.turning_watch import CameraTurning
from linkage.camera_events.wiring import Wiring
from linkage.ledgers.homes import home_buttons
from linkage.registry.history import Caller
from tests.linkage import town

BOX = SealedBox(bytes(32))
CALLER = Caller("admin", "", Places.of(["*"]), town.HandClock().ms, "main")
AT = datetime(2026, 11, 21, 3, 59, tzinfo=UTC)


@pytest.fixture
async def database(either_database):
    await either_database.write(town._seed)
    return either_database


async def test_a_wired_button_is_a_device_that_presses_once_and_is_sent_no_notice(database) -> None:
    clock = town.HandClock()
    registry = DeviceRegistry(database, BOX, clock)
    log = AlarmLog(database, clock, writer="main")

    def wire(conn) -> None:
        one = Wiring("w1", household_id="h2", kind=AlarmKind.FIRE)
        wiring.wire(conn, registry, CALLER, "cam-near", "1", one)
        wiring.wire_siren(conn, registry, CALLER, "cam-near", "r1", "s1", "g3")
        wiring.set_preset(conn, CALLER, "cam-near", "gate", None, 60)

    await database.write(wire)
    pressed = Sighting(SightingKind.INPUT, "1", active=True, initial=False, at=AT)
    for _ in range(2):
        await log.take_in(
            lambda conn: presses.judge(conn, registry, ["cam-near"], [pressed], clock.ms)
        )
    (alarm,) = await log.read(after=0)
    assert (alarm.device, alarm.kind, alarm.seq) == ("w1", AlarmKind.FIRE, 1)

    def read(conn) -> None:
        (one,) = storage.wired(conn)
        assert (one.known.active, one.known.presses) == (True, 1)
        assert storage.sirens(conn) == {"s1": "cam-near"}
        assert storage.preset(conn, "cam-near").back_after_s == 60
        members = places.members_of_groups(conn, ["g3"])["g3"]
        assert [member.device for member in members] == ["b1", "b2", "b3", "b4"]
        asked = home_buttons(conn, Places.of(["*"]), group_id="g3")
        assert [one.device for one in asked if one.wants_notices] == ["b1", "b2", "b3"]
        assert [s.device for s in places.sounders_of_groups(conn, ["g3"])["g3"]] == ["s1"]

    await database.read(read)
    turning = CameraTurning(database, BOX, clock, head=lambda *_: None, writer="main")
    await turning.run_once()
    await database.write(lambda conn: wiring.clear_preset(conn, CALLER, "cam-near"))
    await database.write(lambda conn: wiring.take_off(conn, CALLER, "cam-near", "1"))
    assert await database.read(storage.wired) == []
