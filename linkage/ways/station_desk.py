"""What people and the station's system do about messages: confirm, telephone, silence; and the
look that tells an officer to telephone. Each is one transaction."""

from collections.abc import Mapping

import structlog
from sqlalchemy import Connection, or_, select, update

from alarms.model import AlarmKind
from alarms.store import Database, SealedBox
from lianfang_timing import Clock, unix_ms
from linkage import records
from linkage.carrier_port import CarryResult
from linkage.changes import Changes
from linkage.errors import NoSuchIncident, StepNotAllowed
from linkage.model.action import Action, ActionState
from linkage.model.event import EventType
from linkage.model.person import Actor
from linkage.registry.texts import seal_said
from linkage.schema import incident_alarms, incidents
from linkage.timeline import NewEvent, record
from linkage.ways.quieting import all_off
from linkage.ways.station import Standing, StationState
from linkage.ways.station_reading import standings

logger = structlog.get_logger()


class StationDesk:
    """Where a confirmation and a telephone call are noted.

    All raise NoSuchIncident, StepNotAllowed (with a sentence) or StoreBusy.
    """

    def __init__(
        self, database: Database, clock: Clock, changes: Changes, *, box: SealedBox, writer: str
    ) -> None:
        self._box = box
        self._database = database
        self._clock = clock
        self._changes = changes
        self._writer = writer

    async def confirm(
        self, incident_id: str, *, actor: Actor, reference: str | None, note: str | None
    ) -> None:
        """The station says that it has the incident. Once more is harmless."""
        said = {"reference": reference, "note": note}
        await self._write(incident_id, EventType.STATION_CONFIRMED, actor, said)

    async def telephoned(self, incident_id: str, *, actor: Actor, note: str | None) -> None:
        """The officer has telephoned the station."""
        await self._write(incident_id, EventType.STATION_TELEPHONED, actor, {"note": note})

    async def silence(self, incident_id: str, *, actor: Actor, note: str | None) -> None:
        """消音: sirens and loudspeakers of the incident off; nothing else changes."""
        now_ms = unix_ms(self._clock.now())

        def write(conn: Connection) -> int:
            home = _home_of(conn, incident_id)
            off = all_off(conn, incident_id, cause=f"silence|{now_ms}", now_ms=now_ms)
            if not off:
                raise StepNotAllowed("没有在响的警报器 / no siren of this incident was switched on")
            sealed = seal_said(conn, self._box, home, note)
            data = {"by": actor.display_name, **({} if sealed is None else {"note": sealed})}
            return record(
                conn,
                incident_id,
                [NewEvent(EventType.SILENCED, data, actor=actor.username)],
                writer=self._writer,
                at_ms=now_ms,
                new_version=False,
            )

        self._changes.notify(await self._database.write(write))

    async def _write(
        self,
        incident_id: str,
        kind: EventType,
        actor: Actor,
        said: Mapping[str, str | None],
    ) -> None:
        """`said` in free words, which are sealed."""
        now_ms = unix_ms(self._clock.now())

        def write(conn: Connection) -> int:
            home = _home_of(conn, incident_id)
            before = standings(conn, [incident_id]).get(incident_id)
            if not _is_news(before, kind):
                return 0
            sealed = {name: seal_said(conn, self._box, home, text) for name, text in said.items()}
            kept = {name: text for name, text in sealed.items() if text is not None}
            event = NewEvent(kind, {"by": actor.display_name, **kept}, actor=actor.username)
            return record(
                conn, incident_id, [event], writer=self._writer, at_ms=now_ms, new_version=False
            )

        self._changes.notify(await self._database.write(write))


def _home_of(conn: Connection, incident_id: str) -> str | None:
    """The household that the incident is about. Raises NoSuchIncident."""
    found = records.incident_by_id(conn, incident_id)
    if found is None:
        raise NoSuchIncident(f"没有警情 {incident_id} / no incident {incident_id}")
    return found.household_id


def _is_news(before: Standing | None, kind: EventType) -> bool:
    """Whether it is to be written down; a repeat is not. Raises StepNotAllowed."""
    if before is None:
        raise StepNotAllowed("本警情未推送派出所 / no station is told of this incident")
    if before.state is StationState.CONFIRMED:
        return False
    return not (kind is EventType.STATION_TELEPHONED and before.state is StationState.TELEPHONED)


class StationCarrier:
    """The look, when its time to confirm has passed: has the station the incident?"""

    def __init__(self, database: Database, clock: Clock, changes: Changes, *, writer: str) -> None:
        self._database = database
        self._clock = clock
        self._changes = changes
        self._writer = writer

    async def carry(self, action: Action) -> CarryResult:
        """Look, and tell the officer to telephone where nobody has confirmed. Raises StoreBusy."""
        now_ms = unix_ms(self._clock.now())
        self._changes.notify(
            await self._database.write(lambda conn: self._look(conn, action, now_ms))
        )
        return CarryResult()

    def _look(self, conn: Connection, action: Action, now_ms: int) -> int:
        done = records.Attempt(action, ActionState.SENT)
        if not records.note_attempts(conn, [done], now_ms=now_ms):
            return 0
        incident = records.incident_by_id(conn, action.incident_id)
        now = standings(conn, [action.incident_id]).get(action.incident_id)
        settled = (StationState.CONFIRMED, StationState.TELEPHONED)
        if incident is None or not incident.stage.is_open or incident.drill:
            return 0
        if now is None or now.state in settled:
            return 0
        logger.warning("station.unconfirmed", incident=incident.number, webhook=action.target)
        # the console sounds: somebody must take up the telephone
        conn.execute(
            update(incidents).where(incidents.c.id == incident.id).values(ring=incidents.c.ring + 1)
        )
        data = {
            "name": action.target,
            "message": action.payload.get("message"),
            "number": action.payload.get("number"),
            "within_s": action.payload.get("within_s"),
        }
        return record(
            conn,
            incident.id,
            [NewEvent(EventType.STATION_UNCONFIRMED, data)],
            writer=self._writer,
            at_ms=now_ms,
            new_version=False,
        )


def find_incident(conn: Connection, reference: str) -> str | None:
    """The id of the incident with this id or number; None when there is none."""
    found = conn.scalar(
        select(incidents.c.id).where(
            or_(incidents.c.id == reference, incidents.c.number == reference)
        )
    )
    return None if found is None else str(found)


class QuietReader:
    """Says whether an incident holds anything quiet."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def __call__(self, incident_id: str) -> bool:
        """Raises StoreBusy."""
        return await self._database.read(lambda conn: holds_quiet(conn, incident_id))


def holds_quiet(conn: Connection, incident_id: str) -> bool:
    """Whether anything in it was quiet; after a cancel as after a duress, which must look the same
    from the household."""
    a = incident_alarms.c
    quiet = or_(a.silent.is_(True), a.kind.in_([AlarmKind.DURESS.value, AlarmKind.CANCEL.value]))
    found = conn.scalar(select(a.alarm_id).where(a.incident_id == incident_id, quiet).limit(1))
    return found is not None
