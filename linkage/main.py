"""The composition root: builds every object and passes it what it needs.

How all of it lives and ends is in `life`.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from importlib.metadata import version

import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry

from alarms.broker import EmbeddedBroker
from alarms.devices import DeviceRegistry
from alarms.intake import Intake
from alarms.log import AlarmLog
from alarms.model import SeenNotice
from alarms.mqtt import BrokerAddress, MqttLink
from alarms.store import Database
from camerad.discovery import discover
from camerad.fleet import Fleet
from camerad.onvif_door import describe, smallest_fit
from lianfang_timing import Clock, SystemClock
from linkage.accounts.passwords import Passwords
from linkage.audit import Audit
from linkage.camera_alarms import CameraAlarms
from linkage.cameras import CameraLocator, CameraRegistry, camera_states
from linkage.carrier_port import Carrier
from linkage.carriers import NoticeCarrier, PageCarrier, ReplyCarrier, SnapshotCarrier
from linkage.changes import Changes
from linkage.duty.chair import ChairPolicy
from linkage.duty.watch import DutyWatch
from linkage.engine import Engine
from linkage.enrolment.desk import EnrolmentDesk
from linkage.enrolment.doors import EmbeddedDoor
from linkage.enrolment.first_tests import FirstTests
from linkage.enrolment.keeper import EnrolmentKeeper
from linkage.enrolment.opening import outside_door, way_in
from linkage.errors import PortRefused
from linkage.escalation.carrier import EscalateCarrier
from linkage.escalation.timekeeping import Timekeeper
from linkage.evidence import EvidenceFolder
from linkage.health import Health, HealthMetrics
from linkage.ledgers.device_tests import keep_tests
from linkage.ledgers.keeper import LedgerKeeper
from linkage.life import Service, ask_to_stop, behind_bulkhead, closing, live
from linkage.logs import configure_logs
from linkage.model.action import ActionKind
from linkage.outbox import Outbox
from linkage.response_plans.desk import ResponsePlanDesk
from linkage.right_of_way import RightOfWay
from linkage.settings import Settings
from linkage.steps.desk import DeskPolicy, IncidentDesk
from linkage.steps.overdue import DueCarrier
from linkage.storage import broker_address, open_storage
from linkage.supervision.metrics import SupervisionMetrics
from linkage.supervision.settings import policy_of
from linkage.supervision.watch import SupervisionWatch
from linkage.systemd import keep_watchdog
from linkage.ways.carrying import WayCarrier
from linkage.ways.devices import LoudspeakerWay, SirenWay
from linkage.ways.sounder_news import SounderNews
from linkage.ways.station_desk import QuietReader, StationCarrier, StationDesk
from linkage.ways.subject import Sender
from linkage.ways.subject_reading import Subjects
from linkage.ways.webhook import WebhookWay
from linkage.web import Ports, SiteFacts, create_app

log = structlog.get_logger()


@dataclass(frozen=True)
class Doors:
    """The makers of what touches the outside. Scenarios replace one to stop at a named point."""

    database: type[Database] = Database
    link: type[MqttLink] = MqttLink
    fleet: type[Fleet] = Fleet
    carrier: Callable[[ActionKind, Carrier], Carrier] = lambda _kind, carrier: carrier
    clock: Clock = SystemClock()  # noqa: RUF009 - it holds no state


async def serve(
    settings: Settings,
    *,
    doors: Doors = Doors(),
    demo_button_page: str | None = None,
    ready: Callable[[Service], Awaitable[None]] | None = None,
    until: asyncio.Event | None = None,
) -> None:
    """Run the service until SIGTERM or SIGINT, or until `until` is set.

    `ready` is called once the console answers. Raises what stopped the spine.
    """
    stopping = until or asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, partial(ask_to_stop, stopping, number))
    async with opened(settings, doors=doors, demo_button_page=demo_button_page) as service:
        await live(service, stopping, ready)


@asynccontextmanager
async def opened(
    settings: Settings, *, doors: Doors, demo_button_page: str | None = None
) -> AsyncIterator[Service]:
    """Open everything, first things first; on leaving, close it in reverse."""
    clock, file = doors.clock, settings.file
    node, prefix = file.site.node, file.mqtt.prefix
    started = clock.now()
    async with AsyncExitStack() as stack:
        # the store
        storage = await asyncio.to_thread(open_storage, settings, doors.database)
        database, box = storage.database, storage.box
        stack.push_async_callback(closing, "store", database.close)

        # what happened: broker, link, log, intake
        devices = DeviceRegistry(database, box, clock)
        address = broker_address(settings)
        door = outside_door(settings, database, devices)
        if file.mqtt.embedded:
            door = EmbeddedDoor(await _embedded_broker(address, prefix, devices, stack))
        link = doors.link(address, node=node, prefix=prefix, clock=clock)
        alarm_log = AlarmLog(database, clock, writer=node)

        # what we do about it: desk, engine, outbox
        changes = Changes()
        evidence = EvidenceFolder(settings.evidence_folder)
        policy = DeskPolicy(
            settings.plans.due,
            file.incidents.closing_check,
            settings.time_zone,
            settings.plans,
            rules=settings.rules,
            ways=settings.ways,
        )
        desk = IncidentDesk(database, clock, changes, box=box, writer=node, policy=policy)
        supervision = SupervisionWatch(
            database,
            clock,
            policy=policy_of(file.supervision),
            hearing=lambda: _hearing(link, intake),
            time_zone=settings.time_zone,
        )
        ledgers = LedgerKeeper(
            database,
            link,
            clock,
            settings=file.ledgers,
            time_zone=settings.time_zone,
            prefix=prefix,
            writer=node,
        )

        async def on_seen(said: Sequence[SeenNotice]) -> None:
            await desk.seen(said)
            await ledgers.seen(said)

        intake = Intake(
            link,
            alarm_log,
            devices,
            clock,
            on_seen=on_seen,
            on_sounders=SounderNews(database, clock, changes, writer=node),
            on_reports=supervision.heard,
        )
        right_of_way = RightOfWay(clock)
        engine = Engine(
            database,
            alarm_log,
            clock,
            changes,
            rules=settings.rules,
            time_zone=settings.time_zone,
            writer=node,
            ways=settings.ways,
            right_of_way=right_of_way,
            camera_states=lambda: camera_states(locator.health()),
            on_tests=(FirstTests(writer=node), keep_tests),
        )
        enrolment = EnrolmentDesk(
            database,
            devices,
            box,
            clock,
            door,
            way=way_in(settings),
            overlap_s=file.enrolment.overlap,
        )
        keeper = EnrolmentKeeper(database, clock, door, enrolment, writer=node)
        duty = DutyWatch(
            database,
            alarm_log,
            clock,
            changes,
            policy=ChairPolicy(
                settle_s=file.duty.empty_chair_after,
                first_sign_in_s=file.duty.first_sign_in_within,
            ),
            gap_warning_s=file.duty.gap_warning,
            time_zone=settings.time_zone,
            writer=node,
        )

        # what cameras see
        fleet = doors.fleet(
            clock=clock,
            on_event=CameraAlarms(alarm_log, evidence).on_event,
            workers=file.cameras.workers or None,
            configure_logging=configure_logs,
        )
        finding = partial(discover, interfaces=file.cameras.interfaces)
        locator = CameraLocator(
            CameraRegistry(database, box),
            fleet,
            clock,
            time_zone=file.site.time_zone,
            discover=finding if file.cameras.discover else None,
            describe=describe,
            choose_profile=smallest_fit,
        )
        webhooks = await stack.enter_async_context(
            WebhookWay(
                settings.ways.webhooks,
                Subjects(database, box).of,
                Sender(node, file.site.name_zh, settings.time_zone),
                clock,
                box,
            )
        )
        carriers = _carriers(settings, database, clock, changes, link, fleet, evidence, webhooks)
        timekeeper = Timekeeper(database, clock)
        outbox = Outbox(
            database,
            clock,
            {kind: doors.carrier(kind, carrier) for kind, carrier in carriers.items()},
            changes,
            writer=node,
            webhooks=list(settings.ways.webhooks),
            right_of_way=right_of_way,
            due_ms=timekeeper.due_ms,
        )
        engine.hands_over_to(outbox.hand_over)

        # what people see
        health = Health(
            intake=intake,
            link_state=lambda: link.state,
            camera_health=locator.health,
            broker="embedded" if file.mqtt.embedded else "outside",
            started=started,
        )
        metrics = CollectorRegistry()
        HealthMetrics(
            intake=intake,
            link_state=lambda: link.state,
            camera_health=locator.health,
            store_waiting=lambda: database.waiting,
            linked=engine.linked,
        ).register(metrics)
        metrics.register(SupervisionMetrics(supervision))
        app = create_app(
            Ports(
                database=database,
                clock=clock,
                log=alarm_log,
                desk=desk,
                changes=changes,
                evidence=evidence,
                eyes=fleet,
                camera_health=locator.health,
                system_status=health.status,
                readiness=health.readiness,
                site=SiteFacts(
                    name_zh=file.site.name_zh,
                    name_en=file.site.name_en,
                    county=file.site.county,
                    township=file.site.township,
                    time_zone=file.site.time_zone,
                    version=version("lianfang"),
                    demo_button_page=demo_button_page,
                ),
                box=box,
                metrics=metrics,
                audit=Audit(database, clock, writer=node),
                passwords=Passwords(),
                closing_check=policy.closing_check,
                response_plans=ResponsePlanDesk(database, clock, changes, writer=node),
                flood=settings.rules.flood,
                model_village=file.registry.model_village,
                station=StationDesk(database, clock, changes, box=box, writer=node),
                enrolment=enrolment,
                ledgers=ledgers,
                test_every_s=float(file.ledgers.test_every),
            )
        )
        # first what may be refused: nothing is connected yet that would have to be let go
        url = await _listen(app, file.console.host, file.console.port, stack)
        await link.start()
        stack.push_async_callback(closing, "broker link", link.close)
        yield Service(
            settings=settings,
            url=url,
            spine=(
                ("intake", intake.run),
                ("engine", engine.run),
                ("time", timekeeper.run),
                ("outbox", outbox.run),
                ("duty", duty.run),
                ("supervision", supervision.run),
                ("enrolment", keeper.run),
                ("ledgers", ledgers.run),
                ("status", link.keep_status),
                ("cameras", partial(behind_bulkhead, fleet.run)),
                ("camera finder", partial(behind_bulkhead, locator.run)),
                ("watchdog", partial(keep_watchdog, clock)),
            ),
            stop_intake=intake.stop,
        )


def _hearing(link: MqttLink, intake: Intake) -> datetime | None:
    """Since when devices can be heard; None while they cannot."""
    state = link.state
    return state.since if state.up and intake.cannot_commit_since is None else None


async def _embedded_broker(
    address: BrokerAddress, prefix: str, devices: DeviceRegistry, stack: AsyncExitStack
) -> EmbeddedBroker:
    broker = EmbeddedBroker(
        address.host,
        address.port,
        prefix=prefix,
        own_password=address.password or "",
        may_log_in=devices.may_log_in,
    )
    await broker.start()
    stack.push_async_callback(closing, "embedded broker", broker.stop)
    log.warning(
        "broker.embedded",
        detail="for trying out: only a button that repeats its press is safe on it",
    )
    return broker


async def _listen(app: web.Application, host: str, port: int, stack: AsyncExitStack) -> str:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=2.0)
    await runner.setup()
    stack.push_async_callback(closing, "console", runner.cleanup)
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        raise PortRefused(
            f"the console cannot listen on {host}:{port}: {error.strerror}; choose another "
            "console.port in site.toml"
        ) from error
    return f"http://{host}:{port}"


def _carriers(
    settings: Settings,
    database: Database,
    clock: Clock,
    changes: Changes,
    link: MqttLink,
    fleet: Fleet,
    evidence: EvidenceFolder,
    webhooks: WebhookWay,
) -> dict[ActionKind, Carrier]:
    """Who carries out which kind of action."""
    node, prefix, plans = settings.file.site.node, settings.file.mqtt.prefix, settings.plans
    is_quiet = QuietReader(database)
    return {
        ActionKind.NOTICE: NoticeCarrier(link, clock, prefix=prefix),
        ActionKind.REPLY: ReplyCarrier(link, prefix=prefix),
        ActionKind.SNAPSHOT: SnapshotCarrier(fleet, evidence, clock),
        ActionKind.PAGE: PageCarrier(),
        ActionKind.WEBHOOK: WayCarrier(webhooks, clock),
        ActionKind.SIREN: WayCarrier(SirenWay(link, prefix=prefix), clock, is_quiet=is_quiet),
        ActionKind.LOUDSPEAKER: WayCarrier(
            LoudspeakerWay(link, prefix=prefix), clock, is_quiet=is_quiet
        ),
        ActionKind.STATION: StationCarrier(database, clock, changes, writer=node),
        ActionKind.ESCALATE: EscalateCarrier(
            database,
            clock,
            changes,
            plans=plans,
            writer=node,
            time_zone=settings.time_zone,
            ways=settings.ways,
        ),
        ActionKind.DUE: DueCarrier(database, clock, changes, due=plans.due, writer=node),
    }
