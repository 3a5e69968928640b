"""Engine, desk and both clocks (escalation, due times) on one database, for tests of the desk."""

from collections.abc import Sequence

from alarms.log import AlarmLog
from alarms.model import NewAlarm
from alarms.store import Database, SealedBox
from linkage import records
from linkage.carriers import PageCarrier
from linkage.changes import Changes
from linkage.engine import Engine
from linkage.escalation.carrier import EscalateCarrier
from linkage.escalation.plans import built_in_plans
from linkage.model.action import ActionKind
from linkage.model.incident import Incident
from linkage.model.person import Actor, Role
from linkage.outbox import Outbox
from linkage.rules.model import Rules
from linkage.steps.checks import Ask
from linkage.steps.desk import IncidentDesk
from linkage.steps.due_times import DueTimes
from linkage.steps.moves import Step
from linkage.steps.overdue import DueCarrier
from linkage.steps.policy import DeskPolicy
from tests.linkage.town import SHANGHAI, HandClock, rows

DUTY = Actor("duty", "张伟", Role.DUTY_OFFICER)
LEADER = Actor("leader", "李强", Role.SHIFT_LEADER)


class DeskRoom:
    """What a duty room has, with a clock that only the test moves."""

    def __init__(self, database: Database, policy: DeskPolicy | None = None) -> None:
        self.database = database
        self.clock = HandClock()
        self.changes = Changes()
        self.desk = IncidentDesk(
            database,
            self.clock,
            self.changes,
            box=SealedBox(bytes(32)),
            writer="linkage",
            policy=policy or DeskPolicy(),
        )
        self._log = AlarmLog(database, self.clock, writer="intake")
        self._engine = Engine(
            database,
            self._log,
            self.clock,
            self.changes,
            rules=Rules(),
            time_zone=SHANGHAI,
            writer="linkage",
        )
        about = (database, self.clock, self.changes)
        self.outbox = Outbox(
            database,
            self.clock,
            {
                ActionKind.ESCALATE: EscalateCarrier(
                    *about, plans=built_in_plans(), writer="linkage"
                ),
                ActionKind.DUE: DueCarrier(*about, due=DueTimes(), writer="linkage"),
                ActionKind.PAGE: PageCarrier(),
            },
            self.changes,
            writer="linkage",
        )

    async def happens(self, *alarms: NewAlarm) -> None:
        await self._log.append(alarms)
        await self._engine.run_once()

    async def passes(self, seconds: float) -> None:
        """Time goes by, and what is due by then is carried."""
        self.clock.forward(seconds)
        await self.outbox.run_once()

    async def incidents(self) -> list[Incident]:
        """All, by their numbers."""
        ids = [str(r["id"]) for r in await rows(self.database, "incidents")]

        def read(conn) -> list[Incident]:
            return [one for i in ids if (one := records.incident_by_id(conn, i)) is not None]

        return await self.database.read(read)

    async def take(self, step: Step, actor: Actor = DUTY, *, of: int = 0, **said) -> Incident:
        """The step taken by somebody who has seen the incident as it is; the incident after it."""
        incident = (await self.incidents())[of]
        await self.desk.take(incident.id, Ask(step, actor, incident.version, **said))
        return (await self.incidents())[of]

    async def go(self, *steps: Step, of: int = 0) -> Incident:
        """These steps in turn, with nothing said that need not be."""
        for step in steps:
            incident = await self.take(step, of=of)
        return incident

    async def alarms_of(self, incident: Incident) -> list[str]:
        """The devices whose alarms are in the incident."""
        found = await rows(self.database, "incident_alarms")
        return [str(r["device"]) for r in found if r["incident_id"] == incident.id]

    async def told(self, incident: Incident) -> Sequence[str]:
        """The types of the incident's timeline."""
        found = await rows(self.database, "incident_events")
        return [str(r["type"]) for r in found if r["incident_id"] == incident.id]
