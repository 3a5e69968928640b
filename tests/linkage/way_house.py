"""A town with a receiver of webhooks, a siren and a loudspeaker. For tests of the ways."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlalchemy import insert

from alarms.errors import BrokerAway
from alarms.log import AlarmLog
from alarms.store import Database, SealedBox
from alarms.store.tables import devices
from linkage.carriers import NoticeCarrier, PageCarrier, ReplyCarrier
from linkage.changes import Changes
from linkage.engine import Engine
from linkage.escalation.carrier import EscalateCarrier
from linkage.escalation.plans import built_in_plans
from linkage.model.action import ActionKind
from linkage.model.incident import Outcome
from linkage.model.person import Actor
from linkage.outbox import Outbox
from linkage.registry.personal import Contact, sealed_columns
from linkage.registry.texts import TextOpener
from linkage.rules.model import Rule, RuleAction, Rules
from linkage.schema import households
from linkage.steps.desk import IncidentDesk
from linkage.steps.policy import DeskPolicy
from linkage.ways.carrying import WayCarrier
from linkage.ways.devices import LoudspeakerWay, SirenWay
from linkage.ways.settings import Use, Ways, Webhook
from linkage.ways.station_desk import QuietReader, StationCarrier, StationDesk
from linkage.ways.station_reading import standings
from linkage.ways.subject import Sender
from linkage.ways.subject_reading import Subjects
from linkage.ways.webhook import WebhookWay
from tests.linkage.town import SHANGHAI, HandClock, open_town, rows

SECRET = b"a secret of the station and us"
BOX = SealedBox(bytes(range(32)))
LOUD = Rule(name="loud", actions=frozenset(RuleAction))


@dataclass
class Receiver:
    """A receiver of webhooks that answers as it is told."""

    url: str = ""
    status: int = 204
    says: dict[str, object] | None = None
    hold: asyncio.Event | None = None
    got: list[tuple[dict[str, str], dict[str, object], bytes]] = field(default_factory=list)
    """Headers, body, the body's bytes."""
    asked: int = 0
    on_request: Callable[[], Awaitable[None]] | None = None

    async def receive(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.asked += 1
        if self.hold is not None:
            await self.hold.wait()
        if self.status < 300:
            self.got.append((dict(request.headers), json.loads(body), body))
        if self.says is not None:
            return web.json_response(self.says, status=self.status)
        return web.Response(status=self.status)

    @property
    def types(self) -> list[object]:
        return [body["type"] for _, body, _ in self.got]


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    app = web.Application()
    app.router.add_post("/", made.receive)
    server = TestServer(app)
    await server.start_server()
    made.url = str(server.make_url("/"))
    try:
        yield made
    finally:
        if made.hold is not None:
            made.hold.set()
        await server.close()


class Publisher:
    """Keeps what was published; may be away."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, object]]] = []
        self.away = False
        self.meanwhile: Callable[[], Awaitable[None]] | None = None
        """Happens once, while a notice is on its way."""

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        if self.away:
            raise BrokerAway("no answer")
        happens = self.meanwhile
        if happens is not None and topic.endswith("/notice"):
            self.meanwhile = None
            await happens()
        self.sent.append((topic, json.loads(payload)))

    def to(self, kind: str) -> list[dict[str, object]]:
        return [payload for topic, payload in self.sent if topic.split("/")[1] == kind]


@dataclass
class WayTown:
    """What a test can reach."""

    database: Database
    clock: HandClock
    ways: Ways
    webhooks: WebhookWay
    rule: Rule = LOUD

    def __post_init__(self) -> None:
        self.changes, self.publisher = Changes(), Publisher()
        self.log = AlarmLog(self.database, self.clock, writer="intake")
        policy = DeskPolicy(ways=self.ways)
        self.desk = IncidentDesk(
            self.database, self.clock, self.changes, box=BOX, writer="linkage", policy=policy
        )
        self.station = StationDesk(
            self.database, self.clock, self.changes, box=BOX, writer="linkage"
        )
        self.engine = Engine(
            self.database,
            self.log,
            self.clock,
            self.changes,
            rules=Rules((self.rule,)),
            time_zone=SHANGHAI,
            writer="linkage",
            ways=self.ways,
        )
        quiet = QuietReader(self.database)
        sounding = {
            ActionKind.SIREN: SirenWay(self.publisher, prefix="lianfang"),
            ActionKind.LOUDSPEAKER: LoudspeakerWay(self.publisher, prefix="lianfang"),
        }
        self.outbox = Outbox(
            self.database,
            self.clock,
            {
                ActionKind.WEBHOOK: WayCarrier(self.webhooks, self.clock),
                ActionKind.STATION: StationCarrier(
                    self.database, self.clock, self.changes, writer="linkage"
                ),
                **{k: WayCarrier(w, self.clock, is_quiet=quiet) for k, w in sounding.items()},
                ActionKind.NOTICE: NoticeCarrier(self.publisher, self.clock, prefix="lianfang"),
                ActionKind.REPLY: ReplyCarrier(self.publisher, prefix="lianfang"),
                ActionKind.PAGE: PageCarrier(),
                ActionKind.ESCALATE: EscalateCarrier(
                    self.database,
                    self.clock,
                    self.changes,
                    plans=built_in_plans(),
                    writer="linkage",
                ),
            },
            self.changes,
            writer="linkage",
            webhooks=list(self.ways.webhooks),
        )

    async def happens(self, *alarms) -> dict:
        """The newest incident after these alarms, what was due carried out."""
        await self.log.append(alarms)
        await self.engine.run_once()
        await self.outbox.run_once()
        return await self.incident()

    async def incident(self) -> dict:
        return (await rows(self.database, "incidents"))[-1]

    async def later(self, seconds: float) -> None:
        self.clock.forward(seconds)
        await self.outbox.run_once()

    async def standing(self):
        incident = await self.incident()
        found = await self.database.read(lambda conn: standings(conn, [incident["id"]]))
        return found.get(incident["id"])

    async def events(self, kind: str) -> list[dict]:
        """Their data, what is sealed opened."""
        kept = await rows(self.database, "incident_events")
        return await self.database.read(
            lambda conn: [
                TextOpener(conn, BOX).open_all(e["data"]) for e in kept if e["type"] == kind
            ]
        )


@asynccontextmanager
async def way_town(
    folder: Path, *webhooks: Webhook, rule: Rule = LOUD, url: str | None = None
) -> AsyncIterator[WayTown]:
    database, clock = await open_town(folder, url=url), HandClock()
    await database.write(_settle)
    ways = Ways(webhooks={w.name: w for w in webhooks})
    sender = Sender("main", "示范镇综治中心", SHANGHAI)
    async with WebhookWay(ways.webhooks, Subjects(database, BOX).of, sender, clock, BOX) as way:
        yield WayTown(database, clock, ways, way, rule)
    await database.close()


def station(url: str, **more) -> Webhook:
    return Webhook(
        "station",
        url,
        SECRET,
        frozenset({Use.STATION}),
        **{"timeout_s": 2.0, "telephone": "0574-88000110", **more},
    )


async def close(town: WayTown, incident: dict) -> None:
    """By the shortest way that the steps allow."""
    id_, actor = incident["id"], Actor("duty", "张伟")
    for step in (town.desk.acknowledge, town.desk.verify):
        await step(id_, actor=actor, version=(await town.incident())["version"])
    version = (await town.incident())["version"]
    await town.desk.close(
        id_, actor=actor, version=version, outcome=Outcome.ACCIDENTAL, note="误按"
    )


def _settle(conn) -> None:
    for name, kind in (("s1", "siren"), ("l1", "loudspeaker")):
        conn.execute(insert(devices).values(id=name, kind=kind, group_id="g3", unsigned=True))
    contact = Contact("王小明", "13812340001", "东村三组1号")
    conn.execute(
        households.update()
        .where(households.c.id == "h1")
        .values(**sealed_columns(BOX, "h1", contact))
    )
