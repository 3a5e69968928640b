"""The devices of a town: what they say, whether they live, their keys and their tests."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from alarms.intake import Intake
from alarms.model import SeenNotice
from alarms.mqtt import MqttLink
from linkage.composition.ground import Ground
from linkage.composition.response import Response
from linkage.composition.way_in import WayIn
from linkage.enrolment.desk import EnrolmentDesk
from linkage.enrolment.keeper import EnrolmentKeeper
from linkage.enrolment.opening import way_in as enrolment_way
from linkage.ledgers.keeper import LedgerKeeper
from linkage.supervision.settings import policy_of
from linkage.supervision.watch import SupervisionWatch
from linkage.ways.sounder_news import SounderNews


@dataclass(frozen=True)
class HouseholdNet:
    """The devices of a town: what they say, whether they live, their keys and their tests."""

    intake: Intake
    supervision: SupervisionWatch
    enrolment: EnrolmentDesk
    enrolment_keeper: EnrolmentKeeper
    ledgers: LedgerKeeper


def household_net(ground: Ground, entry: WayIn, answer: Response) -> HouseholdNet:
    """Whoever hears devices, and what is kept of each."""
    settings, file = ground.settings, ground.settings.file
    database, clock, node = ground.database, ground.clock, ground.node
    supervision = SupervisionWatch(
        database,
        clock,
        policy=policy_of(file.supervision),
        hearing=lambda: _hearing(entry.link, intake),
        time_zone=settings.time_zone,
    )
    ledgers = LedgerKeeper(
        database,
        entry.link,
        clock,
        settings=file.ledgers,
        time_zone=settings.time_zone,
        prefix=ground.prefix,
        writer=node,
    )

    async def on_seen(said: Sequence[SeenNotice]) -> None:
        await answer.desk.seen(said)
        await ledgers.seen(said)

    intake = Intake(
        entry.link,
        entry.log,
        entry.devices,
        clock,
        on_seen=on_seen,
        on_sounders=SounderNews(database, clock, ground.changes, writer=node),
        on_reports=supervision.heard,
    )
    enrolment = EnrolmentDesk(
        database,
        entry.devices,
        ground.box,
        clock,
        entry.door,
        way=enrolment_way(settings),
        overlap_s=file.enrolment.overlap,
    )
    keeper = EnrolmentKeeper(database, clock, entry.door, enrolment, writer=node)
    return HouseholdNet(intake, supervision, enrolment, keeper, ledgers)


def _hearing(link: MqttLink, intake: Intake) -> datetime | None:
    """Since when devices can be heard; None while they cannot."""
    state = link.state
    return state.since if state.up and intake.cannot_commit_since is None else None
