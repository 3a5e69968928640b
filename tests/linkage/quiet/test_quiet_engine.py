"""Quiet and correlation over real databases: what the engine writes and what a restart knows."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from alarms.log import AlarmLog
from alarms.model import AlarmKind, NewAlarm
from alarms.store import Database, SealedBox
from linkage.changes import Changes
from linkage.engine import Engine
from linkage.model.person import Actor, Role
from linkage.quiet import storage
from linkage.quiet.ledger import as_csv, ledger
from linkage.quiet.model import Drill, QuietWindow, WindowSort
from linkage.rules.model import Rules, SourceState
from linkage.schema import cameras
from linkage.steps.checks import Ask
from linkage.steps.desk import IncidentDesk
from linkage.steps.moves import Step
from tests.linkage.town import (
    SHANGHAI,
    HandClock,
    actions_of,
    event_types,
    loitering,
    open_town,
    press,
    rows,
)

OFFICER = Actor("duty", "张伟", Role.DUTY_OFFICER)
HOUR_MS = 3_600_000


class Room:
    """A town's database, its log, engine and desk."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = HandClock()
        self.log = AlarmLog(database, self.clock, writer="intake")
        self.down: dict[str, tuple[SourceState, int]] = {}
        self.desk = IncidentDesk(
            database, self.clock, Changes(), box=SealedBox(bytes(32)), writer="linkage"
        )
        self.start()

    def start(self) -> None:
        """As after a restart: what was remembered is gone."""
        self.engine = Engine(
            self.database,
            self.log,
            self.clock,
            Changes(),
            rules=Rules(),
            time_zone=SHANGHAI,
            writer="linkage",
            camera_states=lambda: self.down,
        )

    async def happens(self, *alarms: NewAlarm) -> list[dict]:
        await self.log.append(alarms)
        while await self.engine.run_once():
            pass
        return await rows(self.database, "incidents")

    async def drills(self, **changes) -> Drill:
        """A drill of group g3 that runs now."""
        drill = Drill(
            id="d1",
            name="秋季演练",
            begin_ms=self.clock.ms - HOUR_MS,
            end_ms=self.clock.ms + HOUR_MS,
            made_by="leader",
            made_at_ms=self.clock.ms - HOUR_MS,
            groups=frozenset({"g3"}),
            started_by="leader",
            started_at_ms=self.clock.ms - HOUR_MS,
        )
        drill = replace(drill, **changes)
        await self.database.write(lambda conn: storage.add_drill(conn, drill))
        return drill


@pytest.fixture(params=["sqlite", "postgresql"])
async def room(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Room]:
    url = None
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
    database = await open_town(tmp_path, url=url)
    yield Room(database)
    await database.close()


@pytest.fixture
async def one_room(tmp_path: Path) -> AsyncIterator[Room]:
    database = await open_town(tmp_path)
    yield Room(database)
    await database.close()


async def test_a_press_takes_the_loitering_at_its_gate_over_with_its_own_address(room: Room):
    [before] = await room.happens(loitering("cam-near", 1))
    assert (before["certainty"], before["household_id"]) == ("possible", None)
    room.start()
    [after] = await room.happens(press("b1", 1))
    places = [after[k] for k in ("grid_id", "group_id", "household_id", "camera_id")]
    assert places == ["grid2", "g3", "h1", "cam-near"]
    assert (after["kind"], after["priority"], after["certainty"]) == ("panic", 1, "observed")
    assert after["ring"] == 2
    [again] = await room.happens(press("b2", 1))
    assert again["id"] == after["id"]


async def test_near_neighbours_of_two_groups_are_found_by_their_cells(room: Room):
    await room.database.write(
        lambda conn: conn.exec_driver_sql(
            "UPDATE households SET latitude = 30.0003 WHERE id = 'h5'"
        )
    )
    await room.happens(press("b5", 1))
    room.start()
    [incident] = await room.happens(press("b1", 1))
    assert (incident["group_id"], incident["ring"]) == ("g4", 2)
    assert incident["certainty"] == "observed"


async def test_ten_camera_alarms_are_one_flood_incident_also_after_a_restart(room: Room):
    far = [{"id": f"cam-{n}", "latitude": 30.1 + n * 0.01} for n in range(12)]

    def work(conn):
        for camera in far:
            conn.execute(
                cameras.insert().values(
                    **camera,
                    name="-",
                    village_id="dongcun",
                    legal_class="public",
                    layer="area",
                    longitude=120.5,
                    enabled=True,
                )
            )

    await room.database.write(work)
    incidents = await room.happens(*(loitering(f"cam-{n}", 1) for n in range(10)))
    assert [i["flood_village"] for i in incidents] == [None] * 9 + ["dongcun"]
    room.start()
    incidents = await room.happens(loitering("cam-10", 1))
    assert (len(incidents), incidents[-1]["ring"]) == (10, 1)
    room.clock.forward(601)
    incidents = await room.happens(loitering("cam-11", 1))
    assert incidents[-1]["flood_village"] is None
    times = await room.database.read(lambda conn: storage.camera_alarms_ms(conn, since_ms=0))
    assert len(times) == 12


async def test_a_flood_never_takes_a_press_in(one_room: Room):
    for seq in range(3):
        await one_room.happens(*(loitering(f"cam-{n}", seq) for n in range(5)))
    incidents = await one_room.happens(press("b1", 1))
    assert incidents[-1]["kind"] == "panic"
    assert len(await actions_of(one_room.database, "notice")) == 2


async def test_a_silenced_cameras_alarm_is_in_the_log_and_nowhere_else(room: Room):
    now_ms = room.clock.ms
    window = QuietWindow(
        "w1",
        WindowSort.SILENCE,
        "集市",
        "leader",
        now_ms,
        now_ms,
        now_ms + HOUR_MS,
        cameras=frozenset({"cam-west"}),
    )
    await room.database.write(lambda conn: storage.add_window(conn, window))
    assert await room.happens(loitering("cam-west", 1)) == []
    await room.database.write(
        lambda conn: storage.end_window(conn, "w1", at_ms=now_ms + 1, by="leader")
    )
    room.clock.forward(1)
    assert len(await room.happens(loitering("cam-west", 2))) == 1
    kept = await room.database.read(lambda conn: storage.window_by_id(conn, "w1"))
    assert kept == replace(window, end_ms=now_ms + 1, ended_by="leader")


async def test_a_camera_that_is_down_opens_nothing(one_room: Room):
    one_room.down = {"cam-west": (SourceState.DOWN, one_room.clock.ms - 1)}
    assert await one_room.happens(loitering("cam-west", 1)) == []


async def test_a_drill_is_practice_until_one_key_makes_it_real(room: Room):
    await room.drills()
    [incident] = await room.happens(press("b1", 1))
    assert (incident["drill"], incident["drill_id"], incident["plan"]) == (True, "d1", "drill")
    version = await room.desk.acknowledge(incident["id"], actor=OFFICER, version=1)
    await room.desk.take(incident["id"], Ask(Step.MAKE_REAL, OFFICER, version))
    [real] = await rows(room.database, "incidents")
    assert (real["drill"], real["drill_id"], real["plan"]) == (False, "d1", "default")
    assert (real["ring"], real["acknowledged_by"]) == (2, None)
    assert len(await actions_of(room.database, "escalate", "planned")) == 1
    notices = await actions_of(room.database, "notice")
    assert sorted((n["target"], n["payload"]["drill"]) for n in notices) == [
        ("b2", False),
        ("b2", True),
        ("b3", False),
        ("b3", True),
    ]
    assert (await event_types(room.database))[-1] == "made_real"


async def test_a_drill_becomes_real_by_the_households_second_press(room: Room):
    await room.drills()
    await room.happens(press("b2", 1))
    room.start()
    [practice] = await room.happens(press("b1", 1))
    assert (practice["drill"], practice["ring"]) == (True, 2)
    [real] = await room.happens(press("b1", 2))
    assert (real["drill"], real["ring"]) == (False, 3)
    told = {
        (n["payload"]["household"], n["target"])
        for n in await actions_of(room.database, "notice")
        if not n["payload"]["drill"]
    }
    assert told == {("h1", "b2"), ("h1", "b3"), ("h2", "b1"), ("h2", "b3")}
    assert "made_real" in await event_types(room.database)


async def test_duress_inside_a_drill_is_real_and_tells_nobody_near(one_room: Room):
    await one_room.drills()
    await one_room.happens(press("b1", 1), press("b2", 1))
    [real] = await one_room.happens(press("b1", 2, AlarmKind.DURESS))
    assert (real["drill"], real["silent"], real["kind"]) == (False, True, "duress")
    assert all(n["payload"]["drill"] for n in await actions_of(one_room.database, "notice"))


async def test_a_press_of_another_group_is_real_while_a_drill_runs(one_room: Room):
    await one_room.drills()
    [incident] = await one_room.happens(press("b5", 1))
    assert (incident["drill"], incident["drill_id"]) == (False, None)


async def test_the_ledger_says_who_pressed_and_who_signed(room: Room):
    drill = await room.drills(devices=frozenset({"b5"}))
    [incident] = await room.happens(press("b1", 1))
    room.clock.forward(5)
    await room.desk.acknowledge(incident["id"], actor=OFFICER, version=1)
    lines = await room.database.read(lambda conn: ledger(conn, drill))
    assert [line.device for line in lines] == ["b1", "b2", "b3", "b4", "b5"]
    pressed = lines[0]
    assert (pressed.label, pressed.number) == ("3组01号", incident["number"])
    assert pressed.acknowledged_at_ms == pressed.pressed_at_ms + 5000
    assert (pressed.acknowledged_by, pressed.became_real) == ("duty", False)
    assert [line.notice for line in lines] == [None, "planned", "planned", None, None]
    sheet = as_csv(lines, SHANGHAI).splitlines()
    assert sheet[0].startswith("\ufeff设备,户,组,按下")
    assert sheet[1].startswith("b1,3组01号,东村3组,2026-11-21 12:00:00+08:00")
    assert len(sheet) == 6
