"""What people see: the API and what it may touch."""

from importlib.metadata import version

from aiohttp import web
from prometheus_client import CollectorRegistry

from linkage.accounts.passwords import Passwords
from linkage.audit import Audit
from linkage.camera_clock_metrics import CameraClockMetrics
from linkage.camera_events.metrics import CameraEventsMetrics
from linkage.camera_events.watch import CameraEvents
from linkage.composition.eyes import Eyes
from linkage.composition.ground import Ground
from linkage.composition.household_net import HouseholdNet
from linkage.composition.response import Response
from linkage.composition.way_in import WayIn
from linkage.custody.desk import CustodyDesk
from linkage.custody.photographs import PhotographDesk
from linkage.health import Health, HealthMetrics
from linkage.looking.register import LookRegister
from linkage.mapping.settings import tiles_of
from linkage.motion.metrics import MotionMetrics
from linkage.policy import in_force
from linkage.registry.erasing_desk import ErasingDesk
from linkage.response_plans.desk import ResponsePlanDesk
from linkage.settings import Settings
from linkage.supervision.metrics import SupervisionMetrics
from linkage.ways.station_desk import StationDesk
from linkage.ways.telling_again import TellingDesk
from linkage.web import Ports, SiteFacts, create_app


def console(
    ground: Ground,
    entry: WayIn,
    seeing: Eyes,
    answer: Response,
    net: HouseholdNet,
    looks: LookRegister,
    events: CameraEvents,
    *,
    demo_button_page: str | None,
) -> web.Application:
    """What people see: the API with everything it may touch, and what is said of our health."""
    file, database, clock = ground.settings.file, ground.database, ground.clock
    link, changes, node = entry.link, ground.changes, ground.node
    health = Health(
        intake=net.intake,
        link_state=lambda: link.state,
        camera_health=seeing.locator.health,
        broker="embedded" if file.mqtt.embedded else "outside",
        started=clock.now(),
    )
    metrics = CollectorRegistry()
    HealthMetrics(
        intake=net.intake,
        link_state=lambda: link.state,
        camera_health=seeing.locator.health,
        store_waiting=lambda: database.waiting,
        linked=answer.engine.linked,
    ).register(metrics)
    metrics.register(SupervisionMetrics(net.supervision))
    metrics.register(MotionMetrics(seeing.motion))
    metrics.register(CameraClockMetrics(seeing.clocks))
    metrics.register(CameraEventsMetrics(events))
    metrics.register(seeing.evidence_metrics)
    return create_app(
        Ports(
            database=database,
            clock=clock,
            log=entry.log,
            desk=answer.desk,
            changes=changes,
            evidence=seeing.evidence,
            eyes=seeing.fleet,
            camera_health=seeing.locator.health,
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
            box=ground.box,
            metrics=metrics,
            audit=Audit(database, clock, writer=node),
            passwords=Passwords(),
            closing_check=answer.policy.closing_check,
            response_plans=ResponsePlanDesk(database, clock, changes, writer=node),
            zones=ground.settings.detection.zones,
            ways=ground.settings.ways,
            days=ground.settings.days,
            flood=ground.settings.rules.flood,
            model_village=file.registry.model_village,
            station=StationDesk(database, clock, changes, box=ground.box, writer=node),
            enrolment=net.enrolment,
            eraser=ErasingDesk(database, ground.box, ground.settings.erasure_list_file),
            custody=CustodyDesk(
                database,
                ground.box,
                clock,
                seeing.evidence.path,
                writer=node,
                two_persons=file.evidence.two_persons,
                touched=seeing.custody.touch,
            ),
            photographs=PhotographDesk(
                database, clock, changes, seeing.evidence, seeing.room, writer=node
            ),
            telling=TellingDesk(database, clock, changes, writer=node),
            cameras=seeing.network,
            looks=looks,
            accounts=file.accounts,
            policy=in_force(ground.settings.folder, ground.settings.rules, ground.settings.plans),
            disk=seeing.room.disk,
            live=file.live,
            camera_events=events,
            ledgers=net.ledgers,
            test_every_s=float(file.ledgers.test_every),
            tiles=tiles_of(file.map, _tile_key(ground.settings)),
            camera_range_m=float(file.map.camera_range),
        )
    )


def _tile_key(settings: Settings) -> str:
    """What the tiles' addresses bear; empty where they bear none. Raises BadSettings."""
    file = settings.file.map.key_file
    return "" if file is None else settings.secret(file, key="map.key_file")
