"""Motion in the store, on both engines: in batches, after everybody else, not for ever."""

from datetime import timedelta

import pytest

from alarms.errors import StoreBusy
from camerad.model import CameraEvent, CameraHealth, CameraState, Detection, EventName
from lianfang_timing import unix_ms
from linkage.motion import storage
from linkage.motion.keeper import MotionKeeper
from linkage.motion.storage import Wanted
from tests.linkage.town import HandClock

CAM, ZONE = "cam-1", "street"
BOX = (0.1, 0.2, 0.1, 0.2)
DAY = 86400.0


class Room:
    def __init__(self, database) -> None:
        self.database, self.clock = database, HandClock()
        self.busy = False
        self.healths = {CAM: CameraHealth(CAM, CameraState.WATCHING, "", "", self.clock.now())}
        self.keeper = self.make(database)
        self.seq = 0

    def make(self, database) -> MotionKeeper:
        return MotionKeeper(
            database,
            self.clock,
            healths=lambda: self.healths,
            is_busy=lambda: self.busy,
            keep_s=30 * DAY,
        )

    def say(self, name: EventName, *, zone: str = ZONE, camera: str = CAM) -> None:
        self.seq += 1
        box = BOX if name is EventName.MOTION_STARTED else None
        seen = Detection(name, 1.0, zone, box=box)
        self.keeper.note(CameraEvent(camera, self.clock.now(), 7, self.seq, seen))

    def passing(self, seconds: float = 5.0, **where: str) -> None:
        self.say(EventName.MOTION_STARTED, **where)
        self.clock.forward(seconds)
        self.say(EventName.MOTION_ENDED, **where)

    async def kept(self, cameras=(CAM,), zone=None, back_s: float = 400 * DAY):
        to_ms = unix_ms(self.clock.now()) + 1
        wanted = Wanted(to_ms - round(back_s * 1000), to_ms, cameras, zone)
        return await self.database.read(lambda conn: storage.find(conn, wanted, limit=2000))


@pytest.fixture
async def room(either_database) -> Room:
    return Room(either_database)


async def test_what_moved_is_found_by_camera_zone_and_time(room: Room) -> None:
    began_ms = unix_ms(room.clock.now())
    room.passing()
    room.passing(zone="yard", camera="cam-2")
    await room.keeper.run_once()
    (one,) = await room.kept()
    assert (one.zone, one.from_ms, one.to_ms) == (ZONE, began_ms, began_ms + 5000)
    assert one.area == pytest.approx(BOX)
    assert len(await room.kept(("cam-1", "cam-2"))) == 2
    assert await room.kept(("cam-1", "cam-2"), zone="cellar") == []
    room.clock.forward(60)
    assert await room.kept(back_s=30) == []


async def test_motion_that_goes_on_is_found_while_it_lasts_and_stays_one_row(room: Room) -> None:
    room.say(EventName.MOTION_STARTED)
    for _ in range(4):
        room.clock.forward(61)
        await room.keeper.run_once()
    (one,) = await room.kept()
    assert one.to_ms - one.from_ms == 244_000
    assert room.keeper.written == 4


async def test_while_others_wait_for_the_database_nothing_is_written(room: Room) -> None:
    room.passing()
    room.busy = True
    await room.keeper.run_once()
    assert await room.kept() == []
    assert room.keeper.held_back == 1
    room.busy = False
    await room.keeper.run_once()
    assert len(await room.kept()) == 1


async def test_what_could_not_be_committed_is_written_later(room: Room) -> None:
    class Broken:
        async def write(self, _work, **_how):
            raise StoreBusy("full")

    keeper = room.keeper = room.make(Broken())
    room.passing()
    with pytest.raises(StoreBusy):
        await keeper.run_once()
    keeper._database = room.database
    await keeper.run_once()
    assert len(await room.kept()) == 1


async def test_a_camera_whose_worker_died_moves_no_more(room: Room) -> None:
    room.say(EventName.MOTION_STARTED)
    room.clock.forward(3)
    room.healths.clear()
    await room.keeper.run_once()
    room.clock.forward(600)
    await room.keeper.run_once()
    (one,) = await room.kept()
    assert one.to_ms - one.from_ms == 3000


async def test_what_is_older_than_it_is_kept_goes_in_small_pieces(room: Room) -> None:
    for _ in range(700):
        room.passing(1)
        room.clock.forward(20)
    while room.keeper.waiting or not await room.kept():
        await room.keeper.run_once()
    count = len(await room.kept())
    room.clock.forward(29.5 * DAY)
    await room.keeper.run_once()
    assert len(await room.kept()) == count
    room.clock.forward(DAY)
    await room.keeper.run_once()
    left = len(await room.kept())
    assert 0 < left < count
    for _ in range(3):
        await room.keeper.run_once()
    assert await room.kept() == []


async def test_when_the_service_stops_what_there_is_is_kept(room: Room) -> None:
    room.say(EventName.MOTION_STARTED)
    room.clock.forward(2)
    await room.keeper.write_all()
    (one,) = await room.kept()
    assert one.to_ms - one.from_ms == timedelta(seconds=2).total_seconds() * 1000
