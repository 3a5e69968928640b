"""The registry's cameras: found by identity, shown with a reason when not, followed when moved."""

import asyncio
from collections.abc import Sequence
from datetime import time
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from alarms.store import Database, SealedBox
from camerad.announcements import Announcement, Saying
from camerad.errors import CameradError, CameraRefused, CameraUnreachable
from camerad.model import (
    ArmedHours,
    Camera,
    CameraDescription,
    CameraHealth,
    CameraState,
    DiscoveredDevice,
    StreamProfile,
)
from camerad.profiles import smallest_fit
from camerad.zones import ZoneDefaults
from linkage import schema
from linkage.camera_locator import CameraLocator
from linkage.cameras import CameraRegistry, password_context
from tests.linkage.town import NOON, HandClock
from tests.stores import migrated_sqlite

EPR = "urn:uuid:11111111-1111-4111-8111-111111111111"


class FleetOnPaper:
    """The port `Watcher`, kept as lists."""

    def __init__(self) -> None:
        self.watched: Sequence[Camera] = ()
        self.states: dict[str, CameraHealth] = {}
        self._handed: asyncio.Queue[list[str]] = asyncio.Queue()

    def watch(self, cameras: Sequence[Camera]) -> None:
        self.watched = cameras
        self._handed.put_nowait([camera.stream_uri for camera in cameras])

    async def handed_over(self, stream_uri: str) -> None:
        """Wait until this stream is among those to be watched."""
        while stream_uri not in await self._handed.get():
            pass

    async def handed_over_nothing(self) -> None:
        """Wait until no stream is to be watched."""
        while await self._handed.get():
            pass

    def health(self) -> dict[str, CameraHealth]:
        return self.states


class Network:
    """Which devices answer a probe, and what they say about themselves."""

    def __init__(self) -> None:
        self.devices: dict[str, str] = {}
        self.says: dict[str, str | CameradError] = {}
        self.asked: list[tuple[str, str | None, str | None]] = []
        self.probes = 0

    async def discover(self) -> list[DiscoveredDevice]:
        self.probes += 1
        return [
            DiscoveredDevice(epr, (xaddr,), (), (), "127.0.0.1")
            for epr, xaddr in self.devices.items()
        ]

    async def describe(
        self, xaddr: str, username: str | None, password: str | None
    ) -> CameraDescription:
        self.asked.append((xaddr, username, password))
        said = self.says[xaddr]
        if isinstance(said, CameradError):
            raise said
        profile = StreamProfile("t", "sub", 704, 576, "H264", 25.0, said, None)
        return CameraDescription("make", "model", "1", "s", (profile,), 0.0)


@pytest.fixture
async def database(tmp_path: Path):
    database = Database(migrated_sqlite(tmp_path / "lianfang.db"))
    await database.open()
    box = SealedBox(bytes(32))

    def seed(conn) -> None:
        conn.execute(insert(schema.villages).values(id="v", name="村"))
        conn.execute(
            insert(schema.cameras).values(
                id="cam-1", name="大门", village_id="v", endpoint_reference=EPR, username="u",
                password_sealed=box.seal(b"secret", context=password_context("cam-1")),
                legal_class="public", layer="community", enabled=True,
            )
        )  # fmt: skip
        conn.execute(
            insert(schema.zones).values(
                camera_id="cam-1", name="gate", kind="loiter", dwell_s=20.0,
                polygon="[[0.1,0.5],[0.6,0.5],[0.6,1.0]]", armed="22:00-06:00",
            )
        )  # fmt: skip

    await database.write(seed)
    yield database
    await database.close()


def locator(
    database: Database, fleet: FleetOnPaper, network: Network, clock: HandClock | None = None
) -> CameraLocator:
    return CameraLocator(
        CameraRegistry(database, SealedBox(bytes(32))),
        fleet,
        clock or HandClock(),
        time_zone="Asia/Shanghai",
        discover=network.discover,
        describe=network.describe,
        choose_profile=smallest_fit,
    )


async def test_camera_is_found_by_its_identity_and_watched(database: Database) -> None:
    fleet, network = FleetOnPaper(), Network()
    network.devices[EPR] = "http://10.0.0.5/onvif"
    network.says["http://10.0.0.5/onvif"] = "rtsp://10.0.0.5/sub"
    assert await locator(database, fleet, network).run_once()
    (camera,) = fleet.watched
    assert (camera.stream_uri, camera.password) == ("rtsp://10.0.0.5/sub", "secret")
    assert (camera.zones[0].name, camera.zones[0].dwell_s) == ("gate", 20.0)
    assert network.asked == [("http://10.0.0.5/onvif", "u", "secret")]
    kept = await database.read(lambda c: c.scalar(select(schema.cameras.c.stream_uri)))
    assert kept == "rtsp://10.0.0.5/sub"


async def test_located_camera_is_not_asked_again(database: Database) -> None:
    fleet, network = FleetOnPaper(), Network()
    network.devices[EPR] = "http://a"
    network.says["http://a"] = "rtsp://a/sub"
    finder = locator(database, fleet, network)
    await finder.run_once()
    await finder.run_once()
    assert len(network.asked) == 1


async def test_camera_that_moved_is_followed(database: Database) -> None:
    fleet, network = FleetOnPaper(), Network()
    await database.write(
        lambda c: c.execute(update(schema.cameras).values(stream_uri="rtsp://old/sub"))
    )
    fleet.states["cam-1"] = CameraHealth("cam-1", CameraState.DOWN, "unreachable", "", NOON)
    network.devices[EPR] = "http://new"
    network.says["http://new"] = "rtsp://new/sub"
    await locator(database, fleet, network).run_once()
    assert fleet.watched[0].stream_uri == "rtsp://new/sub"


async def test_camera_nobody_may_watch_any_more_is_dropped_while_a_long_look_goes_on(
    database: Database,
) -> None:
    fleet, network = FleetOnPaper(), Network()
    looking = asyncio.Event()

    async def never_ends() -> list[DiscoveredDevice]:
        looking.set()
        await asyncio.Event().wait()
        return []

    network.discover = never_ends
    known = {"onvif_address": "http://a", "stream_uri": "rtsp://a/sub"}
    await database.write(lambda c: c.execute(update(schema.cameras).values(known)))
    fleet.states["cam-1"] = CameraHealth("cam-1", CameraState.DOWN, "unreachable", "", NOON)
    finder = locator(database, fleet, network)
    running = asyncio.create_task(finder.run())
    await looking.wait()
    await fleet.handed_over("rtsp://a/sub")
    await database.write(lambda c: c.execute(update(schema.cameras).values(enabled=False)))
    finder.look_now()
    await fleet.handed_over_nothing()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize("reason", ["refused", "nonsense"])
@pytest.mark.parametrize("is_elsewhere", [True, False], ids=["moved", "there"])
async def test_camera_whose_address_another_has_is_followed_and_never_asked_again_where_it_was(
    database: Database, reason: str, is_elsewhere: bool
) -> None:
    fleet, network = FleetOnPaper(), Network()
    await database.write(
        lambda c: c.execute(
            update(schema.cameras).values(stream_uri="rtsp://old/sub", onvif_address="http://old")
        )
    )
    fleet.states["cam-1"] = CameraHealth("cam-1", CameraState.DOWN, reason, "", NOON)
    network.devices[EPR] = "http://new" if is_elsewhere else "http://old"
    network.says["http://new"] = "rtsp://new/sub"
    assert await locator(database, fleet, network).run_once()
    assert fleet.watched[0].stream_uri == ("rtsp://new/sub" if is_elsewhere else "rtsp://old/sub")
    assert [address for address, *_ in network.asked] == ["http://new"] * is_elsewhere


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (CameraRefused("the ONVIF user is a separate one"), "refused"),
        (CameraUnreachable("no answer in 10 s"), "unreachable"),
    ],
)
async def test_camera_that_cannot_be_asked_is_shown_with_the_reason(
    database: Database, error: CameradError, reason: str
) -> None:
    fleet, network = FleetOnPaper(), Network()
    network.devices[EPR] = "http://a"
    network.says["http://a"] = error
    finder = locator(database, fleet, network)
    assert not await finder.run_once()
    shown = finder.health()["cam-1"]
    assert (shown.state, shown.reason, shown.detail) == (CameraState.DOWN, reason, str(error))


async def test_a_login_that_was_refused_is_not_tried_at_every_look(database: Database) -> None:
    fleet, network, clock = FleetOnPaper(), Network(), HandClock()
    network.devices[EPR] = "http://a"
    network.says["http://a"] = CameraRefused("not this user")
    finder = locator(database, fleet, network, clock)
    for _ in range(60):
        await finder.run_once()
        clock.forward(20)
    assert finder.health()["cam-1"].reason == "refused"
    assert 5 <= len(network.asked) <= 9  # in twenty minutes
    # another password is another login
    network.says["http://a"] = "rtsp://a/sub"
    sealed = SealedBox(bytes(32)).seal(b"new", context=password_context("cam-1"))
    await database.write(lambda c: c.execute(update(schema.cameras).values(password_sealed=sealed)))
    assert await finder.run_once()
    assert network.asked[-1] == ("http://a", "u", "new")
    assert fleet.watched[0].password == "new"


async def test_camera_nobody_announces_is_shown_as_unreachable(database: Database) -> None:
    finder = locator(database, FleetOnPaper(), Network())
    assert not await finder.run_once()
    assert finder.health()["cam-1"].reason == "unreachable"


async def test_camera_that_is_down_and_silent_keeps_being_watched(database: Database) -> None:
    fleet, network = FleetOnPaper(), Network()
    await database.write(
        lambda c: c.execute(update(schema.cameras).values(stream_uri="rtsp://old/sub"))
    )
    fleet.states["cam-1"] = CameraHealth("cam-1", CameraState.DOWN, "no-frames", "", NOON)
    await locator(database, fleet, network).run_once()
    assert [c.stream_uri for c in fleet.watched] == ["rtsp://old/sub"]


def announced(xaddr: str, epr: str = EPR, saying: Saying = Saying.HELLO) -> Announcement:
    return Announcement(saying, DiscoveredDevice(epr, (xaddr,), (), (), "10.0.0.9"))


async def down_at_its_old_address(database: Database, fleet: FleetOnPaper) -> None:
    await database.write(
        lambda c: c.execute(update(schema.cameras).values(stream_uri="rtsp://old/sub"))
    )
    fleet.states["cam-1"] = CameraHealth("cam-1", CameraState.WATCHING, "", "", NOON)


async def test_a_camera_that_says_hello_at_a_new_address_is_followed_without_a_probe(
    database: Database,
) -> None:
    fleet, network = FleetOnPaper(), Network()
    await down_at_its_old_address(database, fleet)
    network.says["http://new"] = "rtsp://new/sub"
    finder = locator(database, fleet, network)
    await finder.run_once()
    fleet.states["cam-1"] = CameraHealth("cam-1", CameraState.DOWN, "unreachable", "", NOON)
    finder.hear(announced("http://new"))
    assert await finder.run_once()
    assert fleet.watched[0].stream_uri == "rtsp://new/sub"
    assert network.probes == 0


async def test_a_hello_in_the_name_of_a_camera_that_is_watched_moves_nothing(
    database: Database,
) -> None:
    fleet, network = FleetOnPaper(), Network()
    await down_at_its_old_address(database, fleet)
    finder = locator(database, fleet, network)
    await finder.run_once()
    finder.hear(announced("http://liar"))
    await finder.run_once()
    assert network.asked == []
    assert fleet.watched[0].stream_uri == "rtsp://old/sub"


async def test_strangers_and_those_who_left_again_are_not_asked(database: Database) -> None:
    fleet, network = FleetOnPaper(), Network()
    finder = locator(database, fleet, network)
    await finder.run_once()
    finder.hear(announced("http://stranger", epr="urn:uuid:stranger"))
    finder.hear(announced("http://here"))
    finder.hear(announced("http://here", saying=Saying.BYE))
    await finder.run_once()
    assert network.asked == []


async def test_a_hello_ends_the_waiting_for_the_next_look(database: Database) -> None:
    fleet, network = FleetOnPaper(), Network()
    await down_at_its_old_address(database, fleet)
    network.says["http://new"] = "rtsp://new/sub"
    finder = locator(database, fleet, network)
    running = asyncio.create_task(finder.run())
    try:
        async with asyncio.timeout(10):  # the next look would be after twenty seconds
            await fleet.handed_over("rtsp://old/sub")
            fleet.states["cam-1"] = CameraHealth("cam-1", CameraState.DOWN, "hung", "", NOON)
            finder.hear(announced("http://new"))
            await fleet.handed_over("rtsp://new/sub")
    finally:
        running.cancel()


async def test_a_zone_has_what_the_site_says_where_it_says_nothing(database):
    def leave_out(conn) -> None:
        conn.execute(update(schema.zones).values(dwell_s=None, armed_days_off="00:00-24:00"))

    await database.write(leave_out)
    registry = CameraRegistry(
        database, SealedBox(bytes(32)), zones=ZoneDefaults(45.0, 0.1, "01:00-02:00")
    )
    (camera,) = await registry.enabled()
    (zone,) = camera.zones
    assert (zone.dwell_s, zone.min_height) == (45.0, 0.1)
    assert zone.armed == ArmedHours(time(22), time(6), days_off=ArmedHours(time(0), time(0)))
