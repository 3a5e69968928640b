"""A siren on a camera's relay, from the planned action to the contact; over real SOAP."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import insert

from camerad.device_events.model import EventsState
from camerad.onvif_door import pulse_relay, release_relay
from lianfang_timing import unix_ms
from linkage.camera_events.relays import CameraRelays
from linkage.camera_events.schema import camera_relays
from linkage.ways.port import Message, NotSent, Reached
from linkage.ways.relay import RelayWay
from tests.linkage.camera_events_room import CAMERA, EventsRoom, events_room

SIREN, RELAY = "siren-1", "relay-1"


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[EventsRoom]:
    async with events_room(tmp_path) as made:
        row = {"camera_id": CAMERA, "token": RELAY, "siren": SIREN}
        await made.database.write(
            lambda conn: conn.execute(
                insert(camera_relays).values(**row, wired_at_ms=1, wired_by="leader")
            )
        )
        yield made


def relays(room: EventsRoom) -> CameraRelays:
    pulse, release = (
        partial(pulse_relay, clock=room.clock),
        partial(release_relay, clock=room.clock),
    )
    return CameraRelays(room.database, room.box, pulse, release)


def message(room: EventsRoom, *, on: bool = True, target: str = SIREN) -> Message:
    until_ms = unix_ms(room.clock.now()) + 60_000
    return Message("a1", "i1", target, {"on": on, "until_ms": until_ms})


async def test_it_sounds_for_its_time_and_stops_by_itself_or_when_told(room) -> None:
    way = RelayWay(relays(room), room.clock)
    assert (await way.send(message(room))).reached is Reached.DELIVERED
    relay = room.camera.relays.outputs[RELAY]
    assert room.camera.relays.is_on(RELAY)
    assert (relay.mode, 55 <= relay.delay_s <= 60) == ("Monostable", True)
    await way.send(message(room, on=False))
    assert not room.camera.relays.is_on(RELAY)


async def test_one_that_would_stay_on_and_one_that_hangs_nowhere_are_not_sent(room) -> None:
    way = RelayWay(relays(room), room.clock)
    room.camera.relays.outputs[RELAY].only_bistable = True
    with pytest.raises(NotSent, match="by itself"):
        await way.send(message(room))
    with pytest.raises(NotSent, match="never found"):
        await way.send(message(room, target="siren-9"))
    assert room.camera.relays.switched == []


async def test_a_siren_on_a_relay_lives_as_its_camera_does(room) -> None:
    await room.listening()
    await room.look()
    assert [(r.device, r.online) for r in room.reports] == [(SIREN, True)]
    room.camera.events.at_most = 0
    room.camera.events.restart()
    await room.until_state(EventsState.FULL)
    await room.look()
    assert (room.reports[-1].device, room.reports[-1].online) == (SIREN, False)
    assert [one.token for one in await room.watch.relays(CAMERA)] == [RELAY]
