"""What we do about it: the desk, the engine, the ways out, and who is there."""

from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial

from alarms.mqtt import MqttLink
from camerad.onvif_door import pulse_relay, release_relay
from linkage.camera_events.relays import CameraRelays
from linkage.cameras import camera_states
from linkage.carrier_port import Carrier
from linkage.carriers import NoticeCarrier, PageCarrier, ReplyCarrier, SnapshotCarrier
from linkage.composition.eyes import Eyes
from linkage.composition.ground import Ground
from linkage.composition.way_in import WayIn
from linkage.custody.clips import ClipCarrier, ClipKeptCarrier
from linkage.duty.chair import ChairPolicy
from linkage.duty.watch import DutyWatch
from linkage.engine import Engine
from linkage.enrolment.first_tests import FirstTests
from linkage.escalation.carrier import EscalateCarrier
from linkage.escalation.timekeeping import Timekeeper
from linkage.fan_out_carrier import FanOutCarrier
from linkage.ledgers.device_tests import keep_tests
from linkage.model.action import ActionKind
from linkage.outbox import Outbox
from linkage.right_of_way import RightOfWay
from linkage.steps.desk import IncidentDesk
from linkage.steps.overdue import DueCarrier
from linkage.steps.policy import DeskPolicy
from linkage.ways.carrying import WayCarrier
from linkage.ways.devices import LoudspeakerWay, SirenWay
from linkage.ways.relay import RelayWay, SirenWays
from linkage.ways.station_desk import QuietReader, StationCarrier
from linkage.ways.subject import Sender
from linkage.ways.subject_reading import Subjects
from linkage.ways.webhook import WebhookWay


@dataclass(frozen=True)
class Response:
    """What we do about it: the desk, the engine, the ways out, and who is there."""

    desk: IncidentDesk
    policy: DeskPolicy
    engine: Engine
    outbox: Outbox
    timekeeper: Timekeeper
    duty: DutyWatch


async def response(ground: Ground, entry: WayIn, seeing: Eyes, stack: AsyncExitStack) -> Response:
    """From the log to the ways out. The webhooks' connections end with `stack`."""
    settings, file = ground.settings, ground.settings.file
    database, clock, changes, node = ground.database, ground.clock, ground.changes, ground.node
    policy = DeskPolicy(
        settings.plans.due,
        file.incidents.closing_check,
        settings.time_zone,
        settings.plans,
        rules=settings.rules,
        ways=settings.ways,
    )
    right_of_way = RightOfWay(clock)
    engine = Engine(
        database,
        entry.log,
        clock,
        changes,
        rules=settings.rules,
        time_zone=settings.time_zone,
        writer=node,
        ways=settings.ways,
        clips=file.evidence.policy,
        right_of_way=right_of_way,
        camera_states=lambda: camera_states(seeing.locator.health()),
        on_tests=(FirstTests(writer=node), keep_tests),
    )
    webhooks = await stack.enter_async_context(
        WebhookWay(
            settings.ways.webhooks,
            Subjects(database, ground.box).of,
            Sender(node, file.site.name_zh, settings.time_zone),
            clock,
            ground.box,
        )
    )
    carriers = _carriers(ground, entry.link, seeing, webhooks)
    timekeeper = Timekeeper(database, clock)
    outbox = Outbox(
        database,
        clock,
        {kind: ground.doors.carrier(kind, carrier) for kind, carrier in carriers.items()},
        changes,
        writer=node,
        webhooks=list(settings.ways.webhooks),
        right_of_way=right_of_way,
        due_ms=timekeeper.due_ms,
    )
    engine.hands_over_to(outbox.hand_over)
    duty = DutyWatch(
        database,
        entry.log,
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
    desk = IncidentDesk(database, clock, changes, box=ground.box, writer=node, policy=policy)
    return Response(desk, policy, engine, outbox, timekeeper, duty)


def _carriers(
    ground: Ground, link: MqttLink, seeing: Eyes, webhooks: WebhookWay
) -> dict[ActionKind, Carrier]:
    """Who carries out which kind of action."""
    database, clock, changes = ground.database, ground.clock, ground.changes
    settings, node, prefix = ground.settings, ground.node, ground.prefix
    is_quiet = QuietReader(database)
    relays = CameraRelays(
        database, ground.box, partial(pulse_relay, clock=clock), partial(release_relay, clock=clock)
    )
    sirens = SirenWays(relays, RelayWay(relays, clock), SirenWay(link, prefix=prefix))
    return {
        ActionKind.NOTICE: NoticeCarrier(link, clock, prefix=prefix),
        ActionKind.REPLY: ReplyCarrier(link, prefix=prefix),
        ActionKind.SNAPSHOT: SnapshotCarrier(seeing.fleet, seeing.evidence, seeing.room, clock),
        ActionKind.FAN_OUT: FanOutCarrier(database, clock),
        ActionKind.CLIP: ClipCarrier(seeing.fleet, seeing.evidence, seeing.room),
        ActionKind.CLIP_KEPT: ClipKeptCarrier(seeing.fleet, seeing.evidence, seeing.room, clock),
        ActionKind.PAGE: PageCarrier(),
        ActionKind.WEBHOOK: WayCarrier(webhooks, clock),
        ActionKind.SIREN: WayCarrier(sirens, clock, is_quiet=is_quiet),
        ActionKind.LOUDSPEAKER: WayCarrier(
            LoudspeakerWay(link, prefix=prefix), clock, is_quiet=is_quiet
        ),
        ActionKind.STATION: StationCarrier(database, clock, changes, writer=node),
        ActionKind.ESCALATE: EscalateCarrier(
            database,
            clock,
            changes,
            plans=settings.plans,
            writer=node,
            time_zone=settings.time_zone,
            ways=settings.ways,
        ),
        ActionKind.DUE: DueCarrier(database, clock, changes, due=settings.plans.due, writer=node),
    }
