"""A button on a camera's digital input: pressed, held, missed, doubled, dead; over real SOAP."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import update

from camerad.device_events.model import EventsState
from linkage.camera_events.metrics import CameraEventsMetrics
from linkage.schema import cameras
from tests.camerad.events_camera import EventsCamera, until
from tests.linkage.camera_events_room import BUTTON, CAMERA, INPUT, EventsRoom, events_room


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[EventsRoom]:
    async with events_room(tmp_path) as made:
        yield made


async def test_a_press_of_a_wired_button_is_a_panic_of_its_household(room) -> None:
    await room.wire()
    await room.listening()
    room.camera.events.set_input(INPUT, active=True)
    await room.pressed(1)
    assert await room.alarms("device", "kind", "source", "flags") == [
        (BUTTON, "panic", "button", "unsigned")
    ]
    ((kind, household, priority),) = await room.incidents("kind", "household_id", "priority")
    assert (kind, household, priority) == ("panic", "h1", 1)


async def test_how_the_input_stands_when_listening_begins_is_no_alarm(room) -> None:
    room.camera.events.inputs[INPUT] = True
    await room.wire()
    await room.listening()
    room.camera.events.set_input(INPUT, active=False)
    room.camera.events.set_input(INPUT, active=True)
    await room.pressed(1)
    assert len(await room.alarms("id")) == 1


async def test_pressed_while_the_subscription_was_lost_it_is_a_press_that_was_missed(room) -> None:
    await room.wire()
    await room.listening()
    room.camera.events.inputs[INPUT] = True
    room.camera.events.restart()
    await room.pressed(1)
    ((payload,),) = await room.alarms("payload")
    assert json.loads(payload)["detail"] == {"wired_to": CAMERA, "input": INPUT, "missed": True}
    room.camera.events.restart()
    await until(lambda: room.camera.events.created >= 3)
    await room.until_state(EventsState.LISTENING)
    assert len(await room.alarms("id")) == 1


async def test_one_wired_while_its_camera_was_listened_to_misses_no_press_either(room) -> None:
    await room.listening()
    await room.wire()
    await room.look()
    room.camera.events.inputs[INPUT] = True
    room.camera.events.restart()
    await room.pressed(1)


async def test_pressed_while_we_were_down_it_is_found_when_we_are_back(room) -> None:
    await room.wire()
    await room.listening()
    await room.watch._stop(list(room.watch._heard))
    room.camera.events.set_input(INPUT, active=True)
    room.begin()
    await room.listening()
    await room.pressed(1)


async def test_a_camera_whose_clock_stands_at_its_boot_time_loses_no_press(tmp_path: Path) -> None:
    camera = EventsCamera(off_s=-50 * 365 * 86400)
    async with events_room(tmp_path, camera) as room:
        await room.wire()
        await room.listening()
        room.camera.events.set_input(INPUT, active=True)
        await room.pressed(1)
        room.camera.events.set_input(INPUT, active=False)
        room.camera.events.set_input(INPUT, active=True)
        await room.pressed(2)
        flags = {row[0] for row in await room.alarms("flags")}
    assert flags == {"clock_suspect unsigned"}


async def test_a_button_that_opens_its_contact_is_pressed_when_it_is_open(room) -> None:
    room.camera.events.inputs[INPUT] = True
    await room.wire(normally_closed=True)
    await room.listening()
    room.camera.events.set_input(INPUT, active=False)
    await room.pressed(1)


async def test_one_that_is_nobodys_stands_where_its_camera_does(room) -> None:
    await room.wire(household=None)
    await room.listening()
    room.camera.events.set_input(INPUT, active=True)
    await room.pressed(1)
    assert await room.incidents("kind", "village_id", "camera_id") == [("panic", "dongcun", CAMERA)]


async def test_a_hold_up_button_is_silent(room) -> None:
    await room.wire(silent=True, kind="duress")
    await room.listening()
    room.camera.events.set_input(INPUT, active=True)
    await room.pressed(1)
    assert await room.incidents("kind", "silent") == [("duress", True)]


async def test_the_press_that_was_announced_as_a_test_is_one_and_the_next_is_not(room) -> None:
    await room.wire(test_until_ms=2**50)
    await room.listening()
    room.camera.events.set_input(INPUT, active=True)
    await room.pressed(1)
    room.camera.events.set_input(INPUT, active=False)
    await room.clock.sleep(2)
    room.camera.events.set_input(INPUT, active=True)
    await room.pressed(2)
    assert [kind for (kind,) in await room.alarms("kind")] == ["test", "panic"]


async def test_an_input_that_nothing_is_wired_to_is_no_press(room) -> None:
    await room.listening()
    room.camera.events.set_input(INPUT, active=True)
    await until(lambda: room.watch.inputs(CAMERA) == {INPUT: True})
    assert await room.alarms("id") == []


async def test_a_camera_that_is_lost_makes_its_button_dead_and_somebody_hears_of_it(room) -> None:
    await room.wire()
    await room.listening()
    await room.look()
    assert [(r.device, r.online) for r in room.reports] == [(BUTTON, True)]
    room.camera.device.events.at_most = 0
    room.camera.events.restart()
    await room.until_state(EventsState.FULL)
    await room.look()
    assert await room.incidents("kind") == []
    await room.clock.sleep(16)
    await room.look()
    assert await room.incidents("kind", "camera_id", "stage") == [
        ("camera_fault", CAMERA, "reported")
    ]
    assert [(r.device, r.online) for r in room.reports][-1] == (BUTTON, False)
    room.camera.device.events.at_most = 2
    await room.until_state(EventsState.LISTENING)
    await room.look()
    assert await room.incidents("stage") == [("closed",)]
    assert [(r.device, r.online) for r in room.reports][-1] == (BUTTON, True)


async def test_a_button_that_stays_pressed_is_dead(room) -> None:
    await room.wire()
    await room.listening()
    room.camera.events.set_input(INPUT, active=True)
    await room.pressed(1)
    await room.clock.sleep(60)
    room.clock.skip(600)
    await room.look()
    ((_, why),) = [(one.wired.button, one.why) for one in room.watch.dead]
    assert why == "stuck"
    kinds = sorted(kind for (kind,) in await room.alarms("kind"))
    assert kinds == ["camera_fault", "panic"]


async def test_the_cameras_own_motion_is_remembered_and_is_no_alarm(room) -> None:
    room.is_watched()
    await room.listening()
    room.camera.events.say(
        "tns1:RuleEngine/CellMotionDetector/Motion", {"VideoSource": "1"}, {"IsMotion": "true"}
    )
    await until(lambda: room.motion.waiting or room.motion._book._lasting)
    assert await room.alarms("id") == []


async def test_what_loiters_or_crosses_a_line_is_an_alarm_once(room) -> None:
    await room.listening()
    for _ in range(3):
        room.camera.events.say(
            "tns1:RuleEngine/LineDetector/Crossed", {"Rule": "gate"}, {"ObjectId": "0"}, None
        )
    room.camera.events.set_input(INPUT, active=True)
    await until(lambda: room.watch.inputs(CAMERA) == {INPUT: True})
    await room.pressed(1)
    assert await room.alarms("device", "kind", "source") == [(CAMERA, "loitering", "camera")]


async def test_of_a_households_camera_its_button_is_heard_and_nothing_of_who_passes_by(
    room,
) -> None:
    private = update(cameras).where(cameras.c.id == CAMERA).values(legal_class="private")
    await room.database.write(lambda conn: conn.execute(private))
    await room.wire()
    await room.listening()
    line = "tns1:RuleEngine/LineDetector/Crossed"
    room.camera.events.say(line, {"Rule": "gate"}, {"ObjectId": "0"}, None)
    room.camera.events.set_input(INPUT, active=True)
    await room.pressed(1)
    assert await room.alarms("device", "kind") == [(BUTTON, "panic")]


async def test_a_camera_whose_storage_fails_is_a_fault_that_closes_when_it_is_over(room) -> None:
    room.is_watched()
    await room.listening()
    topic = "tns1:Device/HardwareFailure/StorageFailure"
    room.camera.events.say(topic, {"Token": "sd"}, {"Failed": "true"})
    await room.pressed(1)
    await room.look()
    assert await room.incidents("kind", "stage") == [("camera_fault", "reported")]
    room.camera.events.say(topic, {"Token": "sd"}, {"Failed": "false"})
    await until(lambda: room.watch._taking_in.storage_well)
    await room.look()
    assert await room.incidents("stage") == [("closed",)]


async def test_how_it_stands_is_told_in_figures(room) -> None:
    await room.wire()
    registry = CollectorRegistry()
    registry.register(CameraEventsMetrics(room.watch))
    await room.listening()
    room.camera.events.say("tns1:RuleEngine/FaceDetect/Seen", {}, {"State": "true"})
    await until(lambda: room.watch.health(CAMERA).unknown)

    def said(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(f"lianfang_{name}", labels)

    assert said("camera_events", state="listening") == 1
    assert said("camera_events_subscriptions_total") == 1
    assert said("camera_events_not_understood_total") == 1
    assert said("dead_buttons") == 0
