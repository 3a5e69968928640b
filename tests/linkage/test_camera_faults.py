"""A spoilt picture and a lost stream are technical: shown, calling nobody, closed when over."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import update

from alarms.log import AlarmLog
from alarms.model import AlarmKind
from camerad.model import (
    CameraEvent,
    CameraHealth,
    CameraState,
    Detection,
    EventName,
    Trouble,
)
from lianfang_timing import unix_ms
from linkage.camera_alarms import CameraAlarms
from linkage.camera_faults import CameraFaults
from linkage.camera_losses import MANY
from linkage.changes import Changes
from linkage.custody.model import Why
from linkage.engine import Engine
from linkage.evidence import EvidenceFolder
from linkage.motion.keeper import MotionKeeper
from linkage.quiet import storage as quiet
from linkage.quiet.model import QuietWindow, WindowSort
from linkage.rules.model import Rules
from linkage.schema import cameras as cameras_table
from linkage.schema import incidents as incidents_table
from tests.linkage import town
from tests.linkage.town import EndlessRoom


class CameraRoom:
    """The town's cameras, their alarms and their faults on one clock."""

    def __init__(self, database, folder: Path) -> None:
        self.database = database
        self.clock = town.HandClock()
        self.changes = Changes()
        self.log = AlarmLog(database, self.clock, writer="main")
        self.healths: dict[str, CameraHealth] = {}
        self.engine = Engine(
            database,
            self.log,
            self.clock,
            self.changes,
            rules=Rules(),
            time_zone=town.SHANGHAI,
            writer="main",
        )
        self.evidence_folder, self.evidence = folder, EvidenceFolder(folder)
        self.seq = 0
        self.restart()

    def restart(self) -> None:
        self.faults = CameraFaults(
            self.database,
            self.log,
            self.clock,
            self.changes,
            healths=lambda: self.healths,
            writer="main",
        )
        self.motion = MotionKeeper(
            self.database,
            self.clock,
            healths=lambda: self.healths,
            is_busy=lambda: False,
            keep_s=30 * 86400.0,
        )
        self.alarms = CameraAlarms(self.log, self.evidence, EndlessRoom(), self.faults, self.motion)

    def is_now(
        self, camera: str, state: CameraState = CameraState.WATCHING, trouble: Trouble | None = None
    ) -> None:
        known = self.healths.get(camera)
        since = known.since if known and known.state is state else self.clock.now()
        self.healths[camera] = CameraHealth(camera, state, "", "", since, trouble=trouble)

    async def say(self, camera: str, name: EventName, trouble: Trouble) -> None:
        self.seq += 1
        seen = Detection(name, 30.0, "", trouble=trouble)
        self.is_now(camera, trouble=trouble if name is EventName.TAMPER_STARTED else None)
        picture = b"jpeg" if name is EventName.TAMPER_STARTED else None
        await self.alarms.on_event(
            CameraEvent(camera, self.clock.now(), 7, self.seq, seen, picture)
        )
        await self.link()

    async def link(self) -> None:
        while await self.engine.run_once():
            pass

    async def look(self, after_s: float = 2.0) -> None:
        self.clock.forward(after_s)
        await self.faults.run_once()
        await self.link()

    async def incidents(self, *columns: str) -> list[tuple]:
        found = await town.rows(self.database, "incidents")
        return [tuple(row[c] for c in columns) for row in found]


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[CameraRoom]:
    database = await town.open_town(tmp_path)
    yield CameraRoom(database, tmp_path / "evidence")
    await database.close()


CAMERA = "cam-near"


async def test_a_covered_camera_is_an_incident_of_its_place_that_calls_nobody_up(room):
    await room.say(CAMERA, EventName.TAMPER_STARTED, Trouble.COVERED)
    ((kind, priority, stage, camera, village),) = await room.incidents(
        "kind", "priority", "stage", "camera_id", "village_id"
    )
    assert (kind, priority, stage, camera) == ("camera_fault", 4, "reported", CAMERA)
    assert village is not None
    kinds = {row["kind"] for row in await town.rows(room.database, "actions")}
    assert "escalate" not in kinds
    assert "notice" not in kinds
    (alarm,) = await town.rows(room.database, "alarms")
    assert '"trouble":"covered"' in alarm["payload"].replace(" ", "")
    assert '"picture"' in alarm["payload"]


async def test_it_closes_by_itself_when_the_picture_is_well_again(room):
    await room.say(CAMERA, EventName.TAMPER_STARTED, Trouble.TURNED)
    await room.look()
    assert await room.incidents("stage") == [("reported",)]
    await room.say(CAMERA, EventName.TAMPER_ENDED, Trouble.TURNED)
    await room.look()
    assert await room.incidents("stage") == [("closed",)]


async def test_trouble_that_comes_back_joins_while_open_and_is_new_afterwards(room):
    await room.say(CAMERA, EventName.TAMPER_STARTED, Trouble.TURNED)
    await room.say(CAMERA, EventName.TAMPER_ENDED, Trouble.TURNED)
    await room.say(CAMERA, EventName.TAMPER_STARTED, Trouble.COVERED)
    await room.look()
    assert await room.incidents("stage", "ring") == [("reported", 1)]
    await room.say(CAMERA, EventName.TAMPER_ENDED, Trouble.COVERED)
    await room.look()
    await room.say(CAMERA, EventName.TAMPER_STARTED, Trouble.COVERED)
    assert sorted(await room.incidents("stage")) == [("closed",), ("reported",)]


async def test_after_a_restart_what_shows_nothing_closes_when_it_shows_something(room):
    await room.say(CAMERA, EventName.TAMPER_STARTED, Trouble.COVERED)
    room.restart()
    room.healths.clear()
    room.is_now(CAMERA)
    await room.look(80.0)
    assert await room.incidents("stage") == [("reported",)]
    await room.look(15.0)
    assert await room.incidents("stage") == [("closed",)]


async def test_after_a_restart_a_turned_camera_is_left_to_people(room):
    await room.say(CAMERA, EventName.TAMPER_STARTED, Trouble.TURNED)
    room.restart()
    room.healths.clear()
    room.is_now(CAMERA)
    await room.look(3600.0)
    assert await room.incidents("stage") == [("reported",)]


async def test_a_lost_stream_is_told_within_seconds_and_closes_when_it_is_back(room):
    room.is_now(CAMERA)
    await room.look()
    room.is_now(CAMERA, CameraState.DOWN)
    await room.look(2.0)
    assert await room.incidents("kind") == []
    await room.look(2.0)
    assert await room.incidents("kind", "camera_id") == [("camera_fault", CAMERA)]
    await room.look(60.0)
    room.is_now(CAMERA, CameraState.CONNECTING)
    await room.look()
    room.is_now(CAMERA)
    await room.look(2.0)
    assert await room.incidents("stage") == [("reported",)]
    await room.look(4.0)
    assert await room.incidents("stage") == [("closed",)]


async def test_a_camera_that_was_down_before_we_began_is_told_once_after_a_grace(room):
    room.is_now(CAMERA, CameraState.DOWN)
    await room.look(58.0)
    assert await room.incidents("kind") == []
    await room.look(2.0)
    assert await room.incidents("camera_id", "stage") == [(CAMERA, "reported")]
    for _ in range(2):
        room.restart()
        room.healths.clear()
        # nothing is known of it yet, which is no sign that it is well
        await room.look()
        room.is_now(CAMERA, CameraState.DOWN)
        await room.look(600.0)
    assert await room.incidents("camera_id", "stage") == [(CAMERA, "reported")]
    assert len(await town.rows(room.database, "alarms")) == 1
    room.is_now(CAMERA)
    await room.look(6.0)
    assert await room.incidents("stage") == [("closed",)]


async def test_what_a_person_closed_is_not_raised_again_before_it_was_well(room):
    room.is_now(CAMERA)
    await room.look()
    room.is_now(CAMERA, CameraState.DOWN)
    await room.look(5.0)
    await close_all(room, "camera_fault")
    await room.look(600.0)
    assert await room.incidents("stage") == [("closed",)]


async def test_a_retired_cameras_fault_closes_and_says_why(room):
    room.is_now(CAMERA)
    await room.look()
    room.is_now(CAMERA, CameraState.DOWN)
    await room.look(5.0)
    room.healths.pop(CAMERA)
    await room.look()
    assert await room.incidents("stage") == [("reported",)]
    await room.database.write(
        lambda c: c.execute(
            update(cameras_table).where(cameras_table.c.id == CAMERA).values(enabled=False)
        )
    )
    await room.look()
    assert await room.incidents("stage") == [("closed",)]
    said = [row["data"] for row in await town.rows(room.database, "incident_events")]
    assert [data["reason"] for data in said if "停用" in str(data.get("reason"))] == [
        "摄像机已停用 / the camera was taken out of service"
    ]


async def test_a_mast_that_fails_is_one_alarm(room):
    cameras = [f"mast-{n}" for n in range(6)]
    for camera in cameras:
        room.is_now(camera)
    await room.look()
    for camera in cameras:
        room.is_now(camera, CameraState.DOWN)
    await room.look(5.0)
    assert await room.incidents("kind") == [("camera_fault",)]
    for camera in cameras[:5]:
        room.is_now(camera)
    await room.look(10.0)
    assert await room.incidents("stage") == [("reported",)]
    # the last one was taken out of the registry
    room.healths.pop(cameras[5])
    await room.look()
    assert await room.incidents("stage") == [("closed",)]


async def close_all(room: CameraRoom, kind: str) -> None:
    """As people do."""
    await room.database.write(
        lambda c: c.execute(
            update(incidents_table).where(incidents_table.c.kind == kind).values(stage="closed")
        )
    )


SWITCH = [CAMERA, "cam-west", *(f"mast-{n}" for n in range(18))]


async def the_switch_dies(room: CameraRoom) -> None:
    for camera in SWITCH:
        room.is_now(camera)
    await room.look()
    await room.log.append([town.press("b1", 1)])
    await room.link()
    for camera in SWITCH:
        room.is_now(camera, CameraState.DOWN)
    await room.look(5.0)


async def test_a_switch_that_dies_is_one_alarm_and_one_more_at_the_press_it_blinds(room):
    await the_switch_dies(room)
    assert sorted(await room.incidents("kind", "ring")) == [("camera_fault", 1), ("panic", 2)]
    raised = [row for row in await town.rows(room.database, "alarms") if row["device"] != "b1"]
    assert [row["device"] for row in raised] == [MANY, CAMERA]
    assert len(json.loads(raised[0]["payload"])["detail"]["cameras"]) == len(SWITCH)


async def test_a_loss_that_a_press_took_in_is_told_when_the_press_is_closed(room):
    room.is_now(CAMERA)
    await room.look()
    await room.log.append([town.press("b1", 1)])
    await room.link()
    room.is_now(CAMERA, CameraState.DOWN)
    await room.look(5.0)
    await room.look(600.0)
    assert await room.incidents("kind", "stage") == [("panic", "reported")]
    await close_all(room, "panic")
    await room.look(2.0)
    expected = [("camera_fault", "reported"), ("panic", "closed")]
    assert sorted(await room.incidents("kind", "stage")) == expected
    await room.look(600.0)
    assert sorted(await room.incidents("kind", "stage")) == expected


async def test_a_spoilt_picture_that_a_press_took_in_is_told_when_the_press_is_closed(room):
    await room.log.append([town.press("b1", 1)])
    await room.link()
    await room.say(CAMERA, EventName.TAMPER_STARTED, Trouble.COVERED)
    await room.look()
    await close_all(room, "panic")
    await room.look()
    assert ("camera_fault", "reported") in await room.incidents("kind", "stage")
    await room.say(CAMERA, EventName.TAMPER_ENDED, Trouble.COVERED)
    await room.look()
    assert ("camera_fault", "closed") in await room.incidents("kind", "stage")


async def test_what_was_mended_before_the_press_is_closed_is_not_told_again(room):
    await room.log.append([town.press("b1", 1)])
    await room.link()
    await room.say(CAMERA, EventName.TAMPER_STARTED, Trouble.COVERED)
    await room.look()
    await room.say(CAMERA, EventName.TAMPER_ENDED, Trouble.COVERED)
    await close_all(room, "panic")
    await room.look()
    assert await room.incidents("kind") == [("panic",)]


async def test_after_a_switch_and_a_press_only_the_switch_stands(room):
    await the_switch_dies(room)
    await room.look()
    await close_all(room, "panic")
    await room.look(600.0)
    assert sorted(await room.incidents("kind", "stage")) == [
        ("camera_fault", "reported"),
        ("panic", "closed"),
    ]


async def test_a_blip_is_nothing(room):
    room.is_now(CAMERA)
    await room.look()
    room.is_now(CAMERA, CameraState.DOWN)
    await room.look(2.0)
    room.is_now(CAMERA)
    await room.look(10.0)
    assert await room.incidents("kind") == []


async def test_loitering_beside_it_is_an_incident_of_its_own(room):
    await room.say(CAMERA, EventName.TAMPER_STARTED, Trouble.COVERED)
    room.clock.forward(5.0)
    await room.log.append([town.loitering(CAMERA, 99)])
    await room.link()
    kinds = {kind for (kind,) in await room.incidents("kind")}
    assert kinds == {AlarmKind.CAMERA_FAULT.value, AlarmKind.LOITERING.value}
    await room.say(CAMERA, EventName.TAMPER_ENDED, Trouble.COVERED)
    await room.look(5.0)
    stages = dict(await room.incidents("kind", "stage"))
    assert stages == {"camera_fault": "closed", "loitering": "reported"}


async def test_each_camera_is_an_incident_of_its_own(room):
    await room.say("cam-near", EventName.TAMPER_STARTED, Trouble.COVERED)
    await room.say("cam-far", EventName.TAMPER_STARTED, Trouble.COVERED)
    await room.say("cam-far", EventName.TAMPER_ENDED, Trouble.COVERED)
    await room.look()
    found = dict(await room.incidents("camera_id", "stage"))
    assert found == {"cam-near": "reported", "cam-far": "closed"}


async def test_a_fault_while_it_looks_at_a_press_is_raised_there_and_stays_when_it_is_over(room):
    await room.log.append([town.press("b1", 1)])
    await room.link()
    ((incident, ring),) = await room.incidents("id", "ring")
    await room.say(CAMERA, EventName.TAMPER_STARTED, Trouble.COVERED)
    assert await room.incidents("id", "kind", "ring") == [(incident, "panic", ring + 1)]
    await room.say(CAMERA, EventName.TAMPER_ENDED, Trouble.COVERED)
    await room.look(120.0)
    assert await room.incidents("kind", "stage") == [("panic", "reported")]


async def test_a_fault_does_not_join_the_loitering_before_its_camera(room):
    await room.log.append([town.loitering(CAMERA, 99)])
    await room.link()
    await room.say(CAMERA, EventName.TAMPER_STARTED, Trouble.COVERED)
    kinds = sorted(await room.incidents("kind"))
    assert kinds == [("camera_fault",), ("loitering",)]


async def work_on(room: CameraRoom, *, hours: float = 1.0, **where: object) -> None:
    begin_ms = unix_ms(room.clock.now()) - 1000
    window = QuietWindow(
        id="w",
        sort=where.pop("sort", WindowSort.MAINTENANCE),
        reason="换杆",
        author="leader",
        made_at_ms=begin_ms,
        begin_ms=begin_ms,
        end_ms=begin_ms + round(hours * 3_600_000),
        **{name: frozenset(ids) for name, ids in where.items()},
    )
    await room.database.write(lambda conn: quiet.add_window(conn, window))
    await room.look()


@pytest.mark.parametrize("where", [{"cameras": [CAMERA]}, {"villages": ["dongcun"]}], ids=str)
async def test_while_a_camera_or_its_place_is_worked_on_nothing_is_raised_of_it(room, where):
    room.is_now(CAMERA)
    await work_on(room, **where)
    await room.say(CAMERA, EventName.TAMPER_STARTED, Trouble.COVERED)
    room.is_now(CAMERA, CameraState.DOWN)
    await room.look(60.0)
    assert await room.incidents("kind") == []
    assert not list((room.evidence_folder).rglob("*.jpg"))


async def test_what_is_still_wrong_when_the_work_is_over_is_raised_then(room):
    room.is_now(CAMERA)
    room.is_now("cam-far")
    await work_on(room, cameras=[CAMERA, "cam-far"])
    await room.say(CAMERA, EventName.TAMPER_STARTED, Trouble.TURNED)
    room.is_now("cam-far", CameraState.DOWN)
    await room.look(3590.0)
    assert await room.incidents("kind") == []
    await room.look(20.0)
    assert sorted(await room.incidents("camera_id", "kind")) == [
        ("cam-far", "camera_fault"),
        (CAMERA, "camera_fault"),
    ]
    await room.say(CAMERA, EventName.TAMPER_ENDED, Trouble.TURNED)
    await room.look()
    assert ("closed", CAMERA) in await room.incidents("stage", "camera_id")


async def test_what_was_mended_during_the_work_is_never_raised(room):
    room.is_now(CAMERA)
    await work_on(room, cameras=[CAMERA])
    await room.say(CAMERA, EventName.TAMPER_STARTED, Trouble.COVERED)
    await room.look(60.0)
    await room.say(CAMERA, EventName.TAMPER_ENDED, Trouble.COVERED)
    await room.look(3700.0)
    assert await room.incidents("kind") == []


@pytest.mark.parametrize(
    "where",
    [
        {"cameras": ["cam-far"]},
        {"devices": ["b1"]},
        {"cameras": [CAMERA], "sort": WindowSort.SILENCE},
    ],
    ids=str,
)
async def test_work_elsewhere_and_a_silence_hold_no_fault_back(room, where):
    room.is_now(CAMERA)
    await work_on(room, **where)
    await room.say(CAMERA, EventName.TAMPER_STARTED, Trouble.COVERED)
    assert await room.incidents("camera_id") == [(CAMERA,)]


async def test_a_fault_that_stood_before_the_work_closes_as_ever(room):
    await room.say(CAMERA, EventName.TAMPER_STARTED, Trouble.COVERED)
    await work_on(room, cameras=[CAMERA])
    await room.say(CAMERA, EventName.TAMPER_ENDED, Trouble.COVERED)
    await room.look()
    assert await room.incidents("stage") == [("closed",)]


class FullRoom:
    """The port `EvidenceRoom` when the quota is used up."""

    async def refusal(self, camera_id: str, *, wanted_bytes: int, is_routine: bool):
        return Why.QUOTA, "90 MB of 90 MB used"


async def lingers(room: CameraRoom) -> None:
    room.seq += 1
    seen = Detection(EventName.LOITERING_STARTED, 30.0, "gate", dwell_s=20.0)
    event = CameraEvent(CAMERA, room.clock.now(), 7, room.seq, seen, b"jpeg")
    await room.alarms.on_event(event)
    await room.link()


async def gaps_and_said(room: CameraRoom) -> tuple[list[tuple[str, ...]], list[str]]:
    gaps = await town.rows(room.database, "evidence_gaps")
    events = await town.rows(room.database, "incident_events")
    return (
        [(gap["camera_id"], gap["kind"], gap["why"]) for gap in gaps],
        [e["data"]["error"] for e in events if e["type"] == "evidence_failed"],
    )


async def test_a_picture_for_which_there_is_no_room_is_missed_by_its_incident(room):
    room.alarms = CameraAlarms(room.log, room.evidence, FullRoom(), room.faults, room.motion)
    await lingers(room)
    assert await room.incidents("kind") == [("loitering",)]
    gaps, said = await gaps_and_said(room)
    assert gaps == [(CAMERA, "snapshot", "quota")]
    assert said[0].startswith("存证空间配额已满")
    assert "90 MB of 90 MB" in said[0]


async def test_a_picture_that_cannot_be_written_is_missed_by_its_incident(room):
    room.evidence_folder.write_bytes(b"no folder")
    await lingers(room)
    gaps, said = await gaps_and_said(room)
    assert gaps == [(CAMERA, "snapshot", "disk-full")]
    assert "磁盘已满或无法写入" in said[0]


async def test_a_picture_that_was_kept_is_missed_by_nobody(room):
    await lingers(room)
    assert await gaps_and_said(room) == ([], [])


async def two_press_before_one_camera(room: CameraRoom) -> None:
    room.is_now(CAMERA)
    await room.look()
    for button in ("b1", "b5"):
        room.clock.forward(30)
        await room.log.append([town.press(button, 1)])
        await room.link()
    assert await room.incidents("kind", "ring") == [("panic", 1), ("panic", 1)]


@pytest.mark.parametrize("trouble", [Trouble.SIGNAL_LOST, Trouble.COVERED])
async def test_both_open_presses_hear_that_their_camera_is_gone(room, trouble):
    await two_press_before_one_camera(room)
    if trouble is Trouble.SIGNAL_LOST:
        room.is_now(CAMERA, CameraState.DOWN)
        await room.look(5.0)
    else:
        await room.say(CAMERA, EventName.TAMPER_STARTED, trouble)
    for _ in range(3):
        await room.look()
    assert await room.incidents("kind", "ring") == [("panic", 2), ("panic", 2)]
    linked = await town.rows(room.database, "incident_alarms")
    assert [row["kind"] for row in linked].count("camera_fault") == 2
    # and when both are closed it is told once, as what it is
    await close_all(room, "panic")
    await room.look()
    found = sorted(await room.incidents("kind", "stage"))
    assert found == [("camera_fault", "reported"), ("panic", "closed"), ("panic", "closed")]


async def test_what_is_meant_for_an_incident_that_was_closed_meanwhile_is_not_lost(room):
    await two_press_before_one_camera(room)
    room.is_now(CAMERA, CameraState.DOWN)
    await room.look(5.0)
    # the alarm for the older one is in the log, and nobody has linked it
    room.clock.forward(2)
    await room.faults.run_once()
    statement = update(incidents_table).where(incidents_table.c.household_id == "h1")
    await room.database.write(lambda c: c.execute(statement.values(stage="closed")))
    await room.link()
    assert ("panic", "reported", 3) in await room.incidents("kind", "stage", "ring")
