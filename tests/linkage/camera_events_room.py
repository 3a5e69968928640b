"""A town with one camera on a real port that speaks ONVIF, the watch over it, and the engine."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from sqlalchemy import insert, update

from alarms.devices import DeviceRegistry
from alarms.log import AlarmLog
from alarms.model import DeviceReport
from alarms.store import Database, SealedBox
from alarms.store.tables import devices
from camerad.device_events.model import EventsState
from camerad.model import CameraHealth, CameraState, Preset
from camerad.onvif_door import CameraHead, Login, relay_outputs
from lianfang_timing import unix_ms
from linkage.camera_events.schema import camera_inputs
from linkage.camera_events.taking_in import TakingIn
from linkage.camera_events.watch import CameraEvents
from linkage.camera_faults import CameraFaults
from linkage.cameras import CameraRegistry, password_context
from linkage.changes import Changes
from linkage.engine import Engine
from linkage.motion.keeper import MotionKeeper
from linkage.rules.model import Rules
from linkage.schema import cameras
from tests import polling
from tests.camerad.events_camera import EventsCamera, FastClock, until
from tests.linkage import town

CAMERA = "cam-near"
BUTTON = "wired-1"
INPUT = "input-1"


@dataclass
class EventsRoom:
    """`camera` is on the network; `watch` is looked at by hand, its listeners run."""

    database: Database
    camera: EventsCamera
    clock: FastClock = field(default_factory=FastClock)
    reports: list[DeviceReport] = field(default_factory=list)
    healths: dict[str, CameraHealth] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.box = SealedBox(bytes(32))
        self.changes = Changes()
        self.log = AlarmLog(self.database, self.clock, writer="main")
        self.engine = Engine(
            self.database,
            self.log,
            self.clock,
            self.changes,
            rules=Rules(),
            time_zone=town.SHANGHAI,
            writer="main",
        )
        self.watch = self.begin()

    def begin(self) -> CameraEvents:
        """As after a restart of ours: nothing is remembered but in the store."""
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
            keep_s=86400.0,
        )
        taking_in = TakingIn(
            self.log,
            DeviceRegistry(self.database, self.box, self.clock),
            self.motion,
            self.faults,
            self.clock,
            run=unix_ms(self.clock.now()),
        )

        async def report(said: Sequence[DeviceReport]) -> None:
            self.reports += said

        async def presets(address: str, login: Login, source: str | None) -> Sequence[Preset]:
            return await CameraHead(address, login, source=source, clock=self.clock).presets()

        self.watch = CameraEvents(
            self.database,
            self.log,
            CameraRegistry(self.database, self.box),
            taking_in,
            self.faults,
            self.clock,
            open_line=lambda url, _user, _password: self.camera.line(),
            report=report,
            ask_relays=partial(relay_outputs, clock=self.clock),
            ask_presets=presets,
        )
        self.faults.others = self.watch
        return self.watch

    async def wire(self, button: str = BUTTON, token: str = INPUT, **more: object) -> None:
        """A button of household h1 on an input of the camera."""
        household = more.pop("household", "h1")
        row = {
            "camera_id": CAMERA,
            "token": token,
            "button": button,
            "kind": "panic",
            "silent": False,
            "normally_closed": False,
            "wired_at_ms": 1,
            "wired_by": "leader",
            "presses": 0,
        } | more

        def work(conn) -> None:
            conn.execute(
                insert(devices).values(
                    id=button, kind="button", household_id=household, unsigned=True
                )
            )
            conn.execute(insert(camera_inputs).values(row))

        await self.database.write(work)

    async def look(self) -> None:
        self.watch.look_now()
        await self.watch.run_once()
        await self.faults.run_once()
        await self.link()

    async def link(self) -> None:
        while await self.engine.run_once():
            pass

    async def listening(self) -> None:
        """The camera is listened to, and how its inputs stand was heard."""
        await self.look()
        await self.until_state(EventsState.LISTENING)
        await until(lambda: self.watch.inputs(CAMERA))

    async def until_state(self, state: EventsState) -> None:
        def stands() -> bool:
            health = self.watch.health(CAMERA)
            return health is not None and health.state is state

        await until(stands)

    async def alarms(self, *columns: str) -> list[tuple]:
        found = await town.rows(self.database, "alarms")
        return [tuple(row[c] for c in columns) for row in found]

    async def pressed(self, count: int) -> None:
        """So many alarms are in the log."""

        async def ask() -> bool:
            return len(await self.alarms("id")) >= count

        await polling.until(ask, timeout_s=10, every_s=0.01)
        await self.link()

    async def incidents(self, *columns: str) -> list[tuple]:
        found = await town.rows(self.database, "incidents")
        return [tuple(row[c] for c in columns) for row in found]

    def is_watched(self) -> None:
        self.healths[CAMERA] = CameraHealth(CAMERA, CameraState.WATCHING, "", "", self.clock.now())

    async def locate(self) -> None:
        sealed = self.box.seal(b"secret", context=password_context(CAMERA))
        statement = (
            update(cameras)
            .where(cameras.c.id == CAMERA)
            .values(
                onvif_address=self.camera.url,
                stream_uri="rtsp://127.0.0.1/1",
                username="onvif",
                password_sealed=sealed,
            )
        )
        await self.database.write(lambda conn: conn.execute(statement))


@asynccontextmanager
async def events_room(
    folder: Path, camera: EventsCamera | None = None
) -> AsyncIterator[EventsRoom]:
    database = await town.open_town(folder)
    camera = camera or EventsCamera()
    async with camera.serving():
        room = EventsRoom(database, camera)
        await room.locate()
        try:
            yield room
        finally:
            await room.watch._stop(list(room.watch._heard))
    await database.close()
