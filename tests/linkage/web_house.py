"""A whole web application over a real SQLite file, on a real socket, for the tests of the web."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
from aiohttp.test_utils import TestServer
from argon2 import PasswordHasher
from prometheus_client import CollectorRegistry
from sqlalchemy import insert, select

from alarms.devices import DeviceRegistry
from alarms.errors import BrokerAway
from alarms.log import AlarmLog
from alarms.store import Database, SealedBox
from camerad.errors import CameradError, CameraRefused, NoLive, NoSnapshot
from camerad.live.desk import LiveDesk, LiveFeed
from camerad.live.model import LiveFormat, LivePart, PartKind, Via
from camerad.model import (
    Camera,
    CameraDescription,
    CameraHealth,
    CameraState,
    DiscoveredDevice,
)
from lianfang_timing import unix_ms
from linkage import schema as s
from linkage import timeline
from linkage.accounts import people, tokens
from linkage.accounts.passwords import Passwords
from linkage.accounts.settings import AccountSettings
from linkage.adoption.network import CameraNetwork
from linkage.audit import Audit
from linkage.changes import Changes
from linkage.consent.schema import camera_consents
from linkage.custody.desk import CustodyDesk
from linkage.custody.photographs import PhotographDesk
from linkage.enrolment.desk import EnrolmentDesk
from linkage.enrolment.labels import WayIn
from linkage.errors import StaleVersion, StepNotAllowed
from linkage.evidence import EvidenceFolder
from linkage.ledgers.keeper import LedgerKeeper
from linkage.ledgers.settings import LedgerSettings
from linkage.looking.register import LookRegister
from linkage.looking.settings import LiveSettings
from linkage.mapping.settings import Tiles
from linkage.model.event import EventType
from linkage.parts import Disk
from linkage.policy import PolicyInForce
from linkage.registry.erasing_desk import ErasingDesk
from linkage.registry.personal import Contact, sealed_columns
from linkage.response_plans.desk import ResponsePlanDesk
from linkage.steps.checks import Ask, ClosingCheck
from linkage.steps.desk import IncidentDesk
from linkage.steps.moves import Step
from linkage.ways.station_desk import StationDesk
from linkage.ways.telling_again import TellingDesk
from linkage.web import ComponentStatus, Ports, SiteFacts, SystemStatus, create_app
from linkage.web.routes.stream import StreamLimits
from tests.stores import migrated_sqlite

PASSWORD = "correct horse"
START = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PICTURE = b"\xff\xd8 a picture \xff\xd9"
PHOTOGRAPH = b"\xff\xd8\xff\xc0\x00\x0b\x08\x00\x03\x00\x04\x01\x01\x11\x00 a photograph \xff\xd9"
"""As a JPEG begins that is four pixels wide and three high."""
OWN_PAGE = {"X-Requested-With": "lianfang"}
EAST, WEST = "dongcun", "xicun"


class HandClock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self._now = START
        self._monotonic = 1000.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def move(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds


class RecordingDesk:
    """Honours the desk's port over the real tables; remembers what it was asked."""

    def __init__(self, database: Database, clock: HandClock, changes: Changes) -> None:
        self._database = database
        self._clock = clock
        self._changes = changes
        self.asked: list[tuple[str, str, dict[str, object]]] = []
        self.refusal: str | None = None

    async def take(self, incident_id: str, ask: Ask) -> None:
        self.asked.append((ask.step.value, incident_id, vars(ask)))
        if self.refusal is not None:
            raise StepNotAllowed(self.refusal)
        now_ms = unix_ms(self._clock.now())

        def write(conn: Any) -> int:
            i = s.incidents
            current = conn.scalar(select(i.c.version).where(i.c.id == incident_id))
            if current != ask.version:
                raise StaleVersion(current)
            if ask.step is Step.ACKNOWLEDGE:
                conn.execute(
                    i.update()
                    .where(i.c.id == incident_id)
                    .values(acknowledged_by=ask.actor.username, acknowledged_at_ms=now_ms)
                )
            event = timeline.NewEvent(EventType.NOTED, {"step": ask.step}, ask.actor.username)
            return timeline.record(
                conn, incident_id, [event], writer="test", at_ms=now_ms, new_version=True
            )

        self._changes.notify(await self._database.write(write))


class Pictures:
    """The cameras and the evidence folder."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.folder = Path("nowhere")
        self.live = LiveCamera()
        self.watched: dict[str, Camera] = {}

    async def snapshot(self, camera_id: str, *, timeout_s: float) -> bytes:
        self.asked.append(camera_id)
        if camera_id == "cam-down":
            raise NoSnapshot("The camera is down.")
        return PICTURE

    def taken_up(self, camera_id: str) -> Camera | None:
        return self.watched.get(camera_id)

    async def read(self, file: str) -> bytes:
        return PICTURE

    def path_of(self, file: str) -> Path:
        return self.folder / file


class Space:
    """A disk that is never full."""

    async def space_refusal(self, *, wanted_bytes: int, is_routine: bool) -> None:
        return None


class LiveCamera:
    """What a worker would do for a viewer: counts who looks, sends what a test tells it to."""

    def __init__(self) -> None:
        self.orders: list[Any] = []
        self.feeds: list[LiveFeed] = []
        self._desk = LiveDesk()

    @contextmanager
    def __call__(self, camera_id: str, *, film: bool):
        if camera_id == "cam-down":
            raise NoLive("该摄像机目前未被监看。 / The camera is not being watched now.")
        feed = self._desk.open(camera_id, film=film, send=self.orders.append)
        self.feeds.append(feed)
        try:
            yield feed
        finally:
            self._desk.close(feed)

    def film(self, *, view: int | None = None) -> int:
        """The newest view's worker says what comes, and sends two parts; the view's number."""
        view = view or self.feeds[-1].view
        self._desk.heard(LiveFormat(view, Via.FILM, "avc1.42C01E", 320, 240, masked=False))
        self._desk.heard(LivePart(view, 1, PartKind.INIT, b"init", 0, 0))
        self.part(2, view=view)
        return view

    def part(self, number: int, *, view: int) -> None:
        data = f"fragment {number}".encode()
        self._desk.heard(LivePart(view, number, PartKind.FRAGMENT, data, 1_700_000_000_000, 40))

    def lose(self, camera_id: str) -> None:
        self._desk.lost([camera_id])


class Told:
    """A publisher that keeps what devices were told; away when a test says so."""

    def __init__(self) -> None:
        self.notices: list[tuple[str, dict[str, Any]]] = []
        self.away = False

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        if self.away:
            raise BrokerAway("the broker is away")
        assert not retain
        self.notices.append((topic, json.loads(payload)))


@dataclass
class RecordingDoor:
    """A broker that remembers whom it was told to throw out."""

    let_go_of: list[str] = field(default_factory=list)
    settled: int = 0

    async def settle(self) -> None:
        self.settled += 1

    async def let_go(self, device: str, login: str | None = None) -> None:
        self.let_go_of.append(device)


class CamerasAround:
    """The network as a test has it: who answers, what they say, what they show."""

    def __init__(self) -> None:
        self.devices: list[DiscoveredDevice] = []
        self.says: dict[str, CameraDescription | CameradError] = {}
        self.shows: dict[str, bytes | CameradError] = {}
        self.changes = 0
        self.desk = CameraNetwork(
            discover=self._discover,
            describe=self._describe,
            picture=self._picture,
            changed=self._changed,
            interfaces=["192.168.1.2"],
        )

    async def _discover(self) -> list[DiscoveredDevice]:
        return self.devices

    async def _describe(
        self, xaddr: str, username: str | None, password: str | None, *, timeout_s: float
    ) -> CameraDescription:
        said = self.says.get(xaddr, CameraDescription("make", "model", "1", "s", (), None))
        if isinstance(said, CameradError):
            raise said
        if password != PASSWORD:
            raise CameraRefused("摄像机不接受。 / The camera refuses this password.")
        return said

    async def _picture(
        self, uri: str, username: str | None, password: str | None, *, timeout_s: float
    ) -> bytes:
        shown = self.shows.get(uri, PICTURE)
        if isinstance(shown, CameradError):
            raise shown
        return shown

    def _changed(self) -> None:
        self.changes += 1


@dataclass
class House:
    """What a test can reach."""

    database: Database
    clock: HandClock
    changes: Changes
    desk: RecordingDesk
    pictures: Pictures
    log: AlarmLog
    box: SealedBox
    passwords: Passwords
    audit: Audit
    devices: DeviceRegistry
    events: Any
    """What cameras say of themselves; None: nobody listens."""
    enrolment: EnrolmentDesk
    door: RecordingDoor
    url: str = ""
    app: Any = None
    server: Any = None
    told: Told = field(default_factory=Told)
    network: CamerasAround = field(default_factory=CamerasAround)
    ledgers: Any = None
    health: dict[str, CameraHealth] = field(default_factory=dict)
    disk: Disk | None = field(default_factory=lambda: Disk(900_000_000_000, 10**12, 10**9))
    not_ready: list[str] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict)

    def system_status(self) -> SystemStatus:
        up = ComponentStatus(up=True, since=START, detail="")
        return SystemStatus(intake=up, store=up, broker="embedded")

    def camera_health(self) -> Mapping[str, CameraHealth]:
        return dict(self.health)

    def readiness(self) -> Sequence[str]:
        return list(self.not_ready)

    async def person(self, username: str, role: str, places: Sequence[str] = ("*",)) -> None:
        hashed = await self.passwords.hash(PASSWORD)
        await self.database.write(
            lambda conn: people.add(
                conn,
                username,
                display_name=f"{username} 显示名",
                unit="综治中心",
                role=role,
                places=list(places),
                password_hash=hashed,
                now_ms=unix_ms(self.clock.now()),
            )
        )

    async def machine(self, name: str, role: str, places: Sequence[str] = ("*",)) -> str:
        return await self.database.write(
            lambda conn: tokens.create(
                conn, name, role=role, places=list(places), now_ms=unix_ms(self.clock.now())
            )
        )

    @asynccontextmanager
    async def browser(self, username: str | None = None):
        """A browser with cookies; signed in when a user name is given."""
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(self.url, cookie_jar=jar, headers=OWN_PAGE) as session:
            if username is not None:
                answer = await sign_in(session, username)
                assert answer.status == 204
            yield session

    async def incident(self, incident_id: str, *, quiet: bool = False, **values: Any) -> int:
        """An incident with one press, and its `opened` event; returns the event's position.

        `quiet`: as another process would do it, without a word to this one.
        """
        now_ms = unix_ms(self.clock.now())
        household = values.get("household_id", "dongcun-017")
        village = values.get("village_id", EAST)
        row: dict[str, Any] = {
            "id": incident_id,
            "number": f"20261121-{incident_id}",
            "stage": "reported",
            "priority": 1,
            "kind": "panic",
            "silent": False,
            "drill": False,
            "plan": "default",
            "opened_at_ms": now_ms,
            "village_id": village,
            "grid_id": f"{village}-g1",
            "group_id": f"{village}-t3",
            "household_id": household,
            "cancel_claimed": False,
            "ring": 1,
            "version": 0,
            "changed_position": 0,
            **values,
        }

        def write(conn: Any) -> int:
            conn.execute(insert(s.incidents).values(**row))
            conn.execute(
                insert(s.incident_alarms).values(
                    alarm_id=f"alarm-{incident_id}",
                    incident_id=incident_id,
                    position=1,
                    device=f"{household}-1",
                    kind="panic",
                    silent=False,
                    received_at_ms=now_ms,
                    flags="clock_suspect",
                    household_id=household,
                )
            )
            decision = {"stage": "place", "matched": True, "reason": "已登记 / registered"}
            return timeline.record(
                conn,
                incident_id,
                [timeline.NewEvent(EventType.OPENED, {"decisions": [decision]})],
                writer="test",
                at_ms=now_ms,
                new_version=True,
            )

        position = await self.database.write(write)
        if not quiet:
            self.changes.notify(position)
        return position

    async def change(self, incident_id: str) -> int:
        """One more event in the incident's timeline."""

        def write(conn: Any) -> int:
            event = timeline.NewEvent(EventType.NOTED, {"note": "…"}, "duty")
            now_ms = unix_ms(self.clock.now())
            return timeline.record(
                conn, incident_id, [event], writer="test", at_ms=now_ms, new_version=True
            )

        position = await self.database.write(write)
        self.changes.notify(position)
        return position

    async def audited(self) -> list[dict[str, Any]]:
        rows = await self.database.read(
            lambda conn: (
                conn.execute(select(s.audit_entries).order_by(s.audit_entries.c.position))
                .mappings()
                .all()
            )
        )
        return [{**row, "detail": json.loads(row["detail"])} for row in rows]


async def status_of(asking: AbstractAsyncContextManager[aiohttp.ClientResponse]) -> int:
    """The status, once all of the answer has come: a file's comes in pieces."""
    async with asking as answer:
        await answer.read()
        return answer.status


async def sign_in(
    session: aiohttp.ClientSession, username: str, password: str = PASSWORD, **more: Any
) -> aiohttp.ClientResponse:
    return await session.post(
        "/api/v1/session", json={"username": username, "password": password}, **more
    )


CONSENT = {
    "id": "consent-home",
    "camera_id": "cam-home",
    "household_id": f"{EAST}-017",
    "agreed_by": "林户主",
    "agreed_on": "2026-01-05",
    "purpose": "一键报警时查看院门",
    "reference": "同意书 2026-001",
    "keeps": False,
    "recorded_by": "head",
    "recorded_at_ms": 0,
}
"""What the household of cam-home agreed to."""


def _town(box: SealedBox) -> list[tuple[Any, list[dict[str, Any]]]]:
    def home(village: str, number: str) -> dict[str, Any]:
        id_ = f"{village}-{number}"
        contact = Contact("王小明", "13812340001", "东村三组十七号")
        return {
            "id": id_,
            "group_id": f"{village}-t3",
            "label": f"3组{number}号",
            **sealed_columns(box, id_, contact),
            "wants_notices": True,
        }

    def camera(id_: str, village: str, legal_class: str = "public") -> dict[str, Any]:
        return {
            "id": id_,
            "name": f"{id_} 路口",
            "village_id": village,
            "legal_class": legal_class,
            "layer": "community",
            "enabled": True,
            "stream_uri": "rtsp://192.168.1.77/sub" if legal_class == "private" else None,
        }

    names = {EAST: "东村", WEST: "西村"}
    return [
        (s.villages, [{"id": v, "name": n} for v, n in names.items()]),
        (
            s.grids,
            [{"id": f"{v}-g1", "village_id": v, "name": f"{n}网格"} for v, n in names.items()],
        ),
        (
            s.mutual_aid_groups,
            [{"id": f"{v}-t3", "grid_id": f"{v}-g1", "name": f"{n}3组"} for v, n in names.items()],
        ),
        (s.households, [home(v, n) for v in names for n in ("017", "018")]),
        (
            s.cameras,
            [
                camera("cam-east", EAST),
                camera("cam-west", WEST),
                camera("cam-down", EAST),
                camera("cam-home", EAST, "private"),
            ],
        ),
        (camera_consents, [CONSENT]),
        (
            s.zones,
            [
                {
                    "camera_id": "cam-east",
                    "name": "gate",
                    "kind": "loiter",
                    "polygon": "[[0.1,0.1],[0.9,0.1],[0.5,0.9]]",
                    "dwell_s": 20.0,
                    "armed": "22:00-06:00",
                }
            ],
        ),
    ]


@asynccontextmanager
async def house(
    folder: Path,
    *,
    stream_limits: StreamLimits | None = None,
    real_desk: bool = False,
    two_persons: bool = False,
    live: LiveSettings | None = None,
    tiles: Tiles | None = None,
    accounts: AccountSettings | None = None,
    policy: PolicyInForce | None = None,
    camera_events: Callable[[HandClock], Any] | None = None,
    **site: Any,
):
    """A town of two villages with its web application running."""
    database = Database(migrated_sqlite(folder / "town.db"))
    await database.open()
    clock, changes, pictures = HandClock(), Changes(), Pictures()
    box = SealedBox(bytes(range(32)))
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    devices, door = DeviceRegistry(database, box, clock), RecordingDoor()
    way = WayIn("mqtt.example.cn", 8883, True, "lianfang", "示范镇")
    events = None if camera_events is None else camera_events(clock)
    h = House(
        events=events,
        database=database,
        clock=clock,
        changes=changes,
        desk=RecordingDesk(database, clock, changes),
        pictures=pictures,
        log=AlarmLog(database, clock, writer="test"),
        box=box,
        passwords=passwords,
        audit=Audit(database, clock, writer="test"),
        devices=devices,
        enrolment=EnrolmentDesk(
            database, devices, box, clock, door, way=way, overlap_s=7 * 86400.0
        ),
        door=door,
    )
    h.health["cam-east"] = CameraHealth(
        "cam-east", CameraState.WATCHING, "", "", START, frames_per_s=5.0, newest_frame_age_s=0.1
    )

    h.ledgers = LedgerKeeper(
        database,
        h.told,
        clock,
        settings=LedgerSettings(),
        time_zone=ZoneInfo("Asia/Shanghai"),
        prefix="lianfang",
        writer="test",
    )

    def settle(conn: Any) -> None:
        for table, rows in _town(box):
            conn.execute(insert(table), rows)

    await database.write(settle)
    console = folder / "console"
    console.mkdir(exist_ok=True)
    app = create_app(
        Ports(
            database=database,
            clock=clock,
            log=h.log,
            desk=IncidentDesk(database, clock, changes, box=box, writer="test")
            if real_desk
            else h.desk,
            changes=changes,
            evidence=pictures,
            eyes=pictures,
            camera_health=h.camera_health,
            system_status=h.system_status,
            readiness=h.readiness,
            site=SiteFacts(
                name_zh="示范镇",
                name_en="Demo town",
                county="示范县",
                time_zone="Asia/Shanghai",
                version="0.1.0",
                **site,
            ),
            box=box,
            metrics=CollectorRegistry(),
            audit=h.audit,
            passwords=passwords,
            closing_check=ClosingCheck.OTHER_THAN_RESPONDER,
            response_plans=ResponsePlanDesk(database, clock, changes, writer="test"),
            station=StationDesk(database, clock, changes, box=box, writer="test"),
            enrolment=h.enrolment,
            ledgers=h.ledgers,
            eraser=ErasingDesk(database, box, folder / "erased.jsonl"),
            custody=CustodyDesk(
                database, box, clock, folder, writer="test", two_persons=two_persons
            ),
            photographs=PhotographDesk(
                database, clock, changes, EvidenceFolder(folder), Space(), writer="test"
            ),
            telling=TellingDesk(database, clock, changes, writer="test"),
            cameras=h.network.desk,
            looks=LookRegister(database, box, clock, writer="test"),
            live=live or LiveSettings(),
            accounts=accounts or AccountSettings(),
            policy=policy or PolicyInForce(),
            disk=lambda: h.disk,
            camera_events=h.events,
            tiles=tiles,
        ),
        console_folder=console,
        stream_limits=stream_limits,
    )
    h.app = app
    server = TestServer(app)
    await server.start_server()
    h.server = server
    h.url = str(server.make_url("/"))
    try:
        yield h
    finally:
        await server.close()
        await database.close()
