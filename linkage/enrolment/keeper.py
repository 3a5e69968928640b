"""The loop that keeps the broker at what the store says, whoever changed it.

Overlaps of rotations end here when their time is over; what another way than the desk revoked (a
household that was erased, an import, another process) is thrown out within seconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy import Connection, select

from alarms import credentials
from alarms.credentials import Ended
from alarms.errors import StoreBusy
from alarms.store import Database
from alarms.store.tables import devices
from lianfang_timing import Clock, unix_ms
from linkage.accounts.rights import Places
from linkage.enrolment.desk import EnrolmentDesk
from linkage.enrolment.doors import BrokerDoor
from linkage.errors import BadSettings
from linkage.registry import history
from linkage.registry.history import Caller, note_many
from linkage.registry.model import Change, Entity
from linkage.registry.schema import registry_changes

EVERY_S = 2.0
SYSTEM = "system"
_CHANGES_LOGINS = (Change.ISSUED, Change.ROTATED, Change.REVOKED, Change.ERASED)

log = structlog.get_logger()


@dataclass(frozen=True)
class _Look:
    """What is to be done."""

    position: int
    """Of the history, up to where it was looked at."""
    revoked: Sequence[str]
    ended: Sequence[Ended]
    logins_changed: bool


class EnrolmentKeeper:
    """One for a process that has the broker's door."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        door: BrokerDoor,
        desk: EnrolmentDesk,
        *,
        writer: str,
    ) -> None:
        self._desk = desk
        self._database = database
        self._clock = clock
        self._door = door
        self._writer = writer
        self._position: int | None = None
        self._settled = False
        self._failing: str | None = None

    async def run(self) -> None:
        """Look every few seconds until cancelled. What cannot be done now is tried again."""
        while True:
            try:
                await self.run_once()
            except (StoreBusy, BadSettings) as error:
                if self._failing != str(error):
                    self._failing = str(error)
                    log.error("enrolment.broker_not_told", detail=str(error))
            else:
                self._failing = None
            await self._clock.sleep(EVERY_S)

    async def run_once(self) -> None:
        """End what is over, and tell the broker. Raises StoreBusy, BadSettings."""
        self._desk.forget_old_sheets()
        look = await self._look()
        for device in look.revoked:
            await self._door.let_go(device)
        for one in look.ended:
            await self._door.let_go(one.device, one.login)
            log.info("enrolment.overlap_ended", device=one.device, proven=one.proven)
        self._position = look.position
        if look.logins_changed:
            self._settled = False
        if not self._settled:
            await self._door.settle()
            self._settled = True

    async def _look(self) -> _Look:
        now_ms = unix_ms(self._clock.now())
        is_over, look = await self._database.read(lambda conn: self._read(conn, now_ms))
        if not is_over:
            return look
        ended = await self._database.write(lambda conn: self._end(conn, now_ms))
        return _Look(look.position, look.revoked, ended, logins_changed=True)

    def _read(self, conn: Connection, now_ms: int) -> tuple[bool, _Look]:
        newest = history.position(conn)
        since = newest if self._position is None else self._position
        revoked: list[str] = []
        changed = False
        if newest > since:
            c = registry_changes.c
            rows = conn.execute(
                select(c.entity_id, c.change).where(
                    c.position > since,
                    c.entity == Entity.DEVICE.value,
                    c.change.in_([change.value for change in _CHANGES_LOGINS]),
                )
            ).all()
            changed = bool(rows)
            gone = (Change.REVOKED.value, Change.ERASED.value)
            revoked = sorted({row.entity_id for row in rows if row.change in gone})
        over = select(devices.c.id).where(devices.c.previous_until_ms <= now_ms).limit(1)
        is_over = conn.scalar(over) is not None
        return is_over, _Look(newest, revoked, (), changed)

    def _end(self, conn: Connection, now_ms: int) -> list[Ended]:
        ended = credentials.end_overlaps_in(conn, now_ms=now_ms)
        caller = Caller(SYSTEM, "", Places(None), now_ms, self._writer)
        note_many(
            conn,
            caller,
            [(Entity.DEVICE, one.device, Change.CHANGED, {"overlap": _how(one)}) for one in ended],
        )
        return ended


def _how(one: Ended) -> str:
    return "new-key-heard" if one.proven else "lapsed-unheard"
