"""Engine, desk, escalation clock and timekeeper on one database and one plan, for tests of them."""

import json
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import insert

from alarms.log import AlarmLog
from alarms.model import NewAlarm
from alarms.store import Database, SealedBox
from alarms.store.tables import devices
from lianfang_timing import unix_ms
from linkage.carriers import PageCarrier
from linkage.changes import Changes
from linkage.duty.model import Absence, AbsenceReason, Override, Post
from linkage.duty.registry import put_absence, put_override, put_post
from linkage.engine import Engine
from linkage.escalation.carrier import EscalateCarrier
from linkage.escalation.plans import BUILT_IN, Plan, Plans
from linkage.escalation.timekeeping import Timekeeper
from linkage.model.action import ActionKind
from linkage.model.person import Actor, Role
from linkage.outbox import Outbox
from linkage.rules.model import Rules
from linkage.schema import accounts, sessions
from linkage.steps.desk import IncidentDesk
from linkage.steps.policy import DeskPolicy
from linkage.ways.settings import USUAL_WAYS, Ways
from tests.linkage.town import NOON, SHANGHAI, HandClock, attend, rows

DUTY = Actor("duty", "张伟", Role.DUTY_OFFICER)
SECOND = Actor("duty2", "孙丽", Role.DUTY_OFFICER)
LEADER = Actor("leader", "李强", Role.SHIFT_LEADER)


class JumpClock(HandClock):
    """A clock whose wall time can be set while no time passes."""

    def __init__(self) -> None:
        super().__init__()
        self._monotonic = 500.0

    def monotonic(self) -> float:
        return self._monotonic

    def forward(self, seconds: float) -> None:
        super().forward(seconds)
        self._monotonic += seconds

    def set_wall(self, seconds: float) -> None:
        """On by so much, or back (below zero)."""
        super().forward(seconds)


class EscalationRoom:
    """What calls people, with a clock that only the test moves. One process: make another on the
    same database and clock for a restart."""

    def __init__(
        self,
        database: Database,
        plan: Plan = BUILT_IN,
        *,
        ways: Ways = USUAL_WAYS,
        clock: JumpClock | None = None,
    ) -> None:
        self.database = database
        self.clock = clock or JumpClock()
        changes = Changes()
        plans = Plans({"default": replace(plan, name="default")})
        about = (database, self.clock, changes)
        self.desk = IncidentDesk(
            *about, box=SealedBox(bytes(32)), writer="linkage", policy=DeskPolicy(plans=plans)
        )
        self.timekeeper = Timekeeper(database, self.clock)
        self._log = AlarmLog(database, self.clock, writer="intake")
        self._engine = Engine(
            database,
            self._log,
            self.clock,
            changes,
            rules=Rules(),
            time_zone=SHANGHAI,
            writer="linkage",
        )
        self.outbox = Outbox(
            database,
            self.clock,
            {
                ActionKind.ESCALATE: EscalateCarrier(
                    *about, plans=plans, writer="linkage", time_zone=SHANGHAI, ways=ways
                ),
                ActionKind.PAGE: PageCarrier(),
            },
            changes,
            writer="linkage",
            due_ms=self.timekeeper.due_ms,
        )

    async def happens(self, *alarms: NewAlarm) -> str:
        """The id of the newest incident."""
        await self._log.append(alarms)
        await self._engine.run_once()
        await self.outbox.run_once()
        return str((await rows(self.database, "incidents"))[-1]["id"])

    async def passes(self, seconds: float) -> None:
        """Time goes by, everybody stays at their consoles, and what is due by then is carried."""
        self.clock.forward(seconds)
        await self.everyone_sits()
        await self.timekeeper.look()
        await self.outbox.run_once()

    async def everyone_sits(self) -> None:
        await attend(self.database, self.clock, "duty", "duty2", "leader", "station")

    async def signs(self, incident: str, actor: Actor = DUTY) -> int:
        row = next(r for r in await rows(self.database, "incidents") if r["id"] == incident)
        return await self.desk.acknowledge(incident, actor=actor, version=int(row["version"]))

    async def called(self) -> list[str]:
        """Everybody who was called, in order."""
        return [str(e["username"]) for e in await self.events("paged")]

    async def events(self, of_type: str) -> list[dict[str, object]]:
        found = await rows(self.database, "incident_events")
        return [dict(e["data"]) for e in found if e["type"] == of_type]


async def man(database: Database) -> None:
    """A second duty officer, a siren, and a desk on the rota that `duty` and `duty2` hold."""

    def work(conn) -> None:
        conn.execute(
            insert(accounts).values(
                username="duty2",
                display_name="孙丽",
                unit="综治中心",
                role="duty-officer",
                places=json.dumps(["*"]),
                password_hash="-",
                enabled=True,
                created_at_ms=0,
            )
        )
        conn.execute(
            insert(sessions).values(
                token_sha256="duty2",
                username="duty2",
                created_at_ms=0,
                expires_at_ms=unix_ms(NOON) + 10**9,
                presence_at_ms=None,
                sound_unlocked=True,
                visible=True,
            )
        )
        conn.execute(insert(devices).values(id="s1", kind="siren", group_id="g3", unsigned=True))
        put_post(conn, Post("desk", "值班台", Role.DUTY_OFFICER), now_ms=0)
        for username in ("duty", "duty2"):
            put_override(conn, Override(username, "desk", *around(), username))

    await database.write(work)


async def falls_sick(database: Database, username: str) -> None:
    absence = Absence(f"sick-{username}", username, *around(), AbsenceReason.SICK)
    await database.write(lambda conn: put_absence(conn, absence))


def around() -> tuple:
    return NOON - timedelta(days=1), NOON + timedelta(days=1)
