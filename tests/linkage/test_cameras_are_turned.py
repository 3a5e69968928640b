"""A camera turned for an incident and given back, over real SOAP; every move is written down."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from camerad.onvif_door import CameraHead
from lianfang_timing import unix_ms
from linkage.accounts.rights import Places
from linkage.camera_events import by_hand
from linkage.camera_events.schema import camera_presets, camera_relays
from linkage.camera_events.turning_watch import CameraTurning
from linkage.registry.errors import NoSuchEntry, NotPossible
from linkage.registry.history import Caller
from linkage.schema import audit_entries, incidents, zones
from linkage.ways.settings import USUAL_WAYS
from tests.linkage import town
from tests.linkage.camera_events_room import CAMERA, EventsRoom, events_room


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[EventsRoom]:
    async with events_room(tmp_path) as made:
        row = {"camera_id": CAMERA, "preset": "gate", "back_after_s": 300, "away": False}
        await made.database.write(
            lambda conn: conn.execute(
                insert(camera_presets).values(**row, set_at_ms=1, set_by="leader")
            )
        )
        yield made


def turning(room: EventsRoom) -> CameraTurning:
    def head(address, login, source):
        return CameraHead(address, login, source=source, clock=room.clock)

    return CameraTurning(room.database, room.box, room.clock, head=head, writer="main")


EVERYWHERE = Places(None)


async def press(room: EventsRoom, *, silent: bool = False) -> None:
    await room.log.append([town.press("b1", 1, silent=silent)])
    await room.link()


async def close(room: EventsRoom) -> None:
    await room.database.write(lambda conn: conn.execute(update(incidents).values(stage="closed")))


async def changes(room: EventsRoom) -> list[str]:
    def work(conn) -> list[str]:
        rows = conn.execute(select(audit_entries).order_by(audit_entries.c.position))
        return [json.loads(r.detail)["change"] for r in rows if r.object == f"camera:{CAMERA}"]

    return await room.database.read(work)


async def test_it_is_turned_for_a_press_and_given_back_when_that_is_closed(room) -> None:
    watch, head = turning(room), room.camera.head
    await watch.run_once()
    assert head.turned == []
    await press(room)
    await watch.run_once()
    await watch.run_once()
    assert head.turned == ["gate"]
    await close(room)
    await watch.run_once()
    await watch.run_once()
    assert head.turned == ["gate", "home"]
    assert await changes(room) == ["turned", "given-back"]


async def test_it_is_given_back_after_its_time_and_not_turned_again(room) -> None:
    watch, head = turning(room), room.camera.head
    await press(room)
    await watch.run_once()
    room.clock.skip(301)
    # after a restart of ours, too
    watch = turning(room)
    await watch.run_once()
    await watch.run_once()
    assert head.turned == ["gate", "home"]


async def test_one_that_somebody_moves_is_left_to_them(room) -> None:
    watch, head = turning(room), room.camera.head
    head.moving = True
    await press(room)
    await watch.run_once()
    assert head.turned == []
    assert await changes(room) == ["put-off"]
    room.clock.skip(30)
    head.moving = False
    await watch.run_once()
    assert head.turned == []


async def test_one_that_somebody_turned_since_is_not_given_back(room) -> None:
    watch, head = turning(room), room.camera.head
    await press(room)
    await watch.run_once()
    head.at = (-0.9, 0.0, 0.0)
    await close(room)
    await watch.run_once()
    await watch.run_once()
    assert head.turned == ["gate"]
    assert await changes(room) == ["turned", "left-to-others"]


async def test_for_what_is_silent_nothing_moves(room) -> None:
    await press(room, silent=True)
    await turning(room).run_once()
    assert room.camera.head.turned == []


async def hide_a_part(room: EventsRoom) -> None:
    row = {"camera_id": CAMERA, "name": "window", "kind": "privacy", "polygon": "[]"}
    await room.database.write(lambda conn: conn.execute(insert(zones).values(**row)))


async def test_one_with_a_privacy_zone_is_not_turned(room) -> None:
    await hide_a_part(room)
    await press(room)
    await turning(room).run_once()
    assert room.camera.head.turned == []


async def test_one_that_gets_a_privacy_zone_while_it_is_turned_is_given_back(room) -> None:
    watch = turning(room)
    await press(room)
    await watch.run_once()
    await hide_a_part(room)
    await watch.run_once()
    await watch.run_once()
    assert room.camera.head.turned == ["gate", "home"]


async def test_a_camera_that_does_not_answer_holds_nobody_up_and_is_tried_again(room) -> None:
    watch, head = turning(room), room.camera.head
    device, room.camera.device.head = room.camera.device.head, None
    await press(room)
    await watch.run_once()
    assert head.turned == []
    room.camera.device.head = device
    await watch.run_once()
    assert head.turned == ["gate"]


def caller(room: EventsRoom, *, places: Places = EVERYWHERE) -> Caller:
    return Caller("duty", "", places, unix_ms(room.clock.now()), "main", "综治中心")


async def by(room: EventsRoom, work, *more, **named):
    who = caller(room)
    return await room.database.write(lambda conn: work(conn, who, *more, **named))


async def incident_of(room: EventsRoom) -> str:
    return (await town.rows(room.database, "incidents"))[-1]["id"]


async def test_a_person_has_it_turned_later_and_given_back_before_its_time(room) -> None:
    watch, head = turning(room), room.camera.head
    head.moving = True
    await press(room)
    await watch.run_once()
    room.clock.skip(500)
    head.moving = False
    await watch.run_once()
    assert head.turned == [], "the moment of the press is over"
    incident = await incident_of(room)
    await by(room, by_hand.turn, incident, CAMERA)
    [tool] = await by(room, by_hand.tools, incident)
    assert (tool.preset, tool.is_asked, tool.is_away) == ("gate", True, False)
    await watch.run_once()
    assert head.turned == ["gate"]
    [tool] = await by(room, by_hand.tools, incident)
    assert (tool.is_asked, tool.is_away) == (False, True)
    await by(room, by_hand.turn, incident, CAMERA)
    await by(room, by_hand.give_back, incident, CAMERA)
    await watch.run_once()
    await watch.run_once()
    assert head.turned == ["gate", "home"]
    with pytest.raises(NotPossible, match="not turned for this incident"):
        await by(room, by_hand.give_back, incident, CAMERA)
    said = await changes(room)
    assert said == ["put-off", "turn-asked", "turned", "give-back-asked", "given-back"]


async def test_for_a_quiet_incident_nobody_has_it_turned_or_sounded(room) -> None:
    await press(room, silent=True)
    incident = await incident_of(room)
    with pytest.raises(NotPossible, match="a quiet incident"):
        await by(room, by_hand.turn, incident, CAMERA)
    await wire_a_siren(room)
    with pytest.raises(NotPossible, match="a quiet incident"):
        await by(room, by_hand.sound, incident, CAMERA, "r1", ways=USUAL_WAYS, display_name="张伟")


async def wire_a_siren(room: EventsRoom) -> None:
    row = {"camera_id": CAMERA, "token": "r1", "siren": "siren-1"}
    await room.database.write(
        lambda conn: conn.execute(
            insert(camera_relays).values(**row, wired_at_ms=1, wired_by="leader")
        )
    )


async def test_a_person_has_the_siren_of_a_camera_sound_for_its_time(room) -> None:
    await press(room)
    await wire_a_siren(room)
    incident = await incident_of(room)
    more = {"ways": USUAL_WAYS, "display_name": "张伟"}
    await by(room, by_hand.sound, incident, CAMERA, "r1", **more)
    planned = await town.actions_of(room.database, "siren")
    assert sorted(one["payload"]["on"] for one in planned) == [False, True]
    assert {one["target"] for one in planned} == {"siren-1"}
    events = await town.rows(room.database, "incident_events")
    assert events[-1]["type"] == "sounded"
    assert (events[-1]["data"]["by"], events[-1]["actor"]) == ("张伟", "duty")
    with pytest.raises(NoSuchEntry):
        await by(room, by_hand.sound, incident, CAMERA, "r9", **more)
    await close(room)
    with pytest.raises(NotPossible, match="closed"):
        await by(room, by_hand.sound, incident, CAMERA, "r1", **more)


async def test_elsewhere_there_is_no_such_incident(room) -> None:
    await press(room)
    incident = await incident_of(room)
    who = caller(room, places=Places.of(["xicun"]))
    with pytest.raises(NoSuchEntry):
        await room.database.read(lambda conn: by_hand.tools(conn, who, incident))
