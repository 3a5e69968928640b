"""Fetching what messages are about: many asked for at once are read in one transaction.

Four hundred incidents at once are four hundred messages; a look each would cost more than the
sending. Whoever asks while a read is under way shares the next one.
"""

import asyncio
from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, select

from alarms.model import AlarmKind, AlarmSource
from alarms.store import Database, SealedBox
from alarms.store.prepared import PreparedIn
from alarms.store.tables import alarms
from linkage import schema as s
from linkage.model.incident import Outcome, Stage
from linkage.registry.personal import HouseholdBox
from linkage.ways.subject import Subject

Asked = tuple[str, str | None]
"""An incident's id, and the id of the alarm that the message is about."""

AT_ONCE = 128

_OF_INCIDENT = (
    s.incidents.c.id,
    s.incidents.c.number,
    s.incidents.c.stage,
    s.incidents.c.priority,
    s.incidents.c.kind,
    s.incidents.c.silent,
    s.incidents.c.drill,
    s.incidents.c.cancel_claimed,
    s.incidents.c.outcome,
    s.incidents.c.opened_at_ms,
    s.incidents.c.camera_id,
)
# built once: making and hashing a statement costs more than running it
_INCIDENTS = PreparedIn(
    lambda ids: (
        select(
            *_OF_INCIDENT,
            s.villages.c.name.label("village"),
            s.grids.c.name.label("grid"),
            s.mutual_aid_groups.c.name.label("group_name"),
            s.households.c.label.label("household"),
            s.households.c.latitude,
            s.households.c.longitude,
            s.accounts.c.display_name.label("officer"),
        )
        .join(s.villages, s.villages.c.id == s.incidents.c.village_id, isouter=True)
        .join(s.grids, s.grids.c.id == s.incidents.c.grid_id, isouter=True)
        .join(s.mutual_aid_groups, s.mutual_aid_groups.c.id == s.incidents.c.group_id, isouter=True)
        .join(s.households, s.households.c.id == s.incidents.c.household_id, isouter=True)
        .join(s.accounts, s.accounts.c.username == s.incidents.c.acknowledged_by, isouter=True)
        .where(s.incidents.c.id.in_(ids))
    )
)
# a message about a neighbour's press gives the neighbour's address
_ALARMS = PreparedIn(
    lambda ids: (
        select(
            s.incident_alarms.c.alarm_id,
            s.incident_alarms.c.device,
            s.incident_alarms.c.kind,
            s.incident_alarms.c.received_at_ms,
            s.incident_alarms.c.household_id,
            alarms.c.source,
            s.households.c.label.label("household"),
            s.households.c.latitude,
            s.households.c.longitude,
            s.households.c.data_key_sealed,
            s.households.c.personal_sealed,
        )
        .join(alarms, alarms.c.id == s.incident_alarms.c.alarm_id, isouter=True)
        .join(s.households, s.households.c.id == s.incident_alarms.c.household_id, isouter=True)
        .where(s.incident_alarms.c.alarm_id.in_(ids))
    )
)


def read_subjects(
    conn: Connection, box: SealedBox, asked: Collection[Asked]
) -> dict[Asked, Subject]:
    """What is known of each; an incident that is gone is not among them."""
    incidents = {row.id: row for row in _INCIDENTS.records(conn, list({i for i, _ in asked}))}
    wanted = list({alarm for _, alarm in asked if alarm is not None})
    by_alarm = {row.alarm_id: row for row in _ALARMS.records(conn, wanted)}
    return {
        (incident, alarm): _subject(incidents[incident], by_alarm.get(alarm), box)
        for incident, alarm in asked
        if incident in incidents
    }


def _subject(row: Any, alarm: Any | None, box: SealedBox) -> Subject:
    home = row if alarm is None or alarm.household_id is None else alarm
    facts: dict[str, Any] = {}
    if alarm is not None:
        facts = {
            "alarm_id": alarm.alarm_id,
            "device": alarm.device,
            "source": None if alarm.source is None else AlarmSource(alarm.source),
            "alarm_kind": AlarmKind(alarm.kind),
            "alarm_at_ms": alarm.received_at_ms,
        }
        contact = HouseholdBox(box).open(
            alarm.household_id, alarm.data_key_sealed, alarm.personal_sealed
        )
        if contact is not None:
            facts |= {
                "contact_name": contact.name,
                "contact_phone": contact.phone,
                "contact_address": contact.address,
            }
    return Subject(
        incident_id=row.id,
        number=row.number,
        stage=Stage(row.stage),
        priority=row.priority,
        kind=AlarmKind(row.kind),
        silent=bool(row.silent),
        drill=bool(row.drill),
        cancel_claimed=bool(row.cancel_claimed),
        outcome=None if row.outcome is None else Outcome(row.outcome),
        opened_at_ms=row.opened_at_ms,
        village=row.village,
        grid=row.grid,
        group=row.group_name,
        household=home.household,
        latitude=home.latitude,
        longitude=home.longitude,
        camera=row.camera_id,
        officer=row.officer,
        **facts,
    )


class Subjects:
    """Reads subjects for whoever asks; one event loop's own."""

    def __init__(self, database: Database, box: SealedBox) -> None:
        self._database = database
        self._box = box
        self._asked: dict[Asked, asyncio.Future[Subject | None]] = {}
        self._reading: asyncio.Task[None] | None = None

    async def of(self, incident_id: str, alarm_id: str | None) -> Subject | None:
        """The incident as it is now; None when it is gone. Raises StoreBusy."""
        asked = (incident_id, alarm_id)
        waiting = self._asked.get(asked)
        if waiting is None:
            waiting = self._asked[asked] = asyncio.get_running_loop().create_future()
        if self._reading is None:
            self._reading = asyncio.create_task(self._read_all(), name="subjects")
        # one who gives up must not take the answer from the others
        return await asyncio.shield(waiting)

    async def _read_all(self) -> None:
        try:
            # whoever was started together with the first asks before this goes on
            await asyncio.sleep(0)
            while self._asked:
                taken = dict(list(self._asked.items())[:AT_ONCE])
                for asked in taken:
                    del self._asked[asked]
                await self._read(taken)
        finally:
            self._reading = None

    async def _read(self, taken: dict[Asked, asyncio.Future[Subject | None]]) -> None:
        try:
            found = await self._database.read(
                lambda conn: read_subjects(conn, self._box, list(taken))
            )
        except BaseException as error:
            for waiting in taken.values():
                if not waiting.done():
                    waiting.set_exception(error)
                    # nobody may be left to hear it
                    waiting.exception()
            if not isinstance(error, Exception):
                raise
        else:
            for asked, waiting in taken.items():
                if not waiting.done():
                    waiting.set_result(found.get(asked))
