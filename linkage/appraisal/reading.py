"""Gathering a period from the store: the one reader of appraisal.

In pages, each a short read of its own, so that no press waits behind a year's figures and no
reader's connection is kept. An incident that changes between two pages is told as it was in one.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, and_, func, literal, select

from alarms.model import AlarmKind
from alarms.store import Database
from alarms.store.tables import alarms
from linkage.accounts.rights import Places
from linkage.appraisal.appraising import Gathered, Period
from linkage.appraisal.grouping import Names
from linkage.appraisal.model import Case, Part, Source, part_of
from linkage.appraisal.shifts import BIN_MS
from linkage.appraisal.times import MEASURED, Moment, took, was_reopened
from linkage.appraisal.visits import last_visits
from linkage.duty.model import Rota
from linkage.duty.reading import load_rota
from linkage.duty.schema import patrol_teams
from linkage.model.event import EventType
from linkage.model.incident import Outcome, Stage
from linkage.registry.errors import NotPossible
from linkage.registry.model import Said
from linkage.schema import accounts, incident_alarms, incident_events, incidents, villages

AT_ONCE = 400
"""Incidents a page."""
MOST = 20_000
"""Incidents of a period; a town has fewer in a year."""
_I, _A, _E = incidents.c, incident_alarms.c, incident_events.c
_TYPES = [event.value for event in MEASURED]
# what of an event's data is asked for: of the others it is not even parsed
_TOLD = frozenset({EventType.REASSIGNED, EventType.RETURNED})


@dataclass(frozen=True)
class Asked:
    """Which part of the site, and when."""

    places: Places
    period: Period
    village: str | None = None

    @property
    def is_everywhere(self) -> bool:
        return self.village is None and self.places.villages is None


@dataclass
class _Found:
    cases: list[Case] = field(default_factory=list)
    alarms: Counter[tuple[int, AlarmKind]] = field(default_factory=Counter)
    after: str = ""
    """The number of the last incident that was read."""
    is_all: bool = False


async def gather(
    database: Database,
    asked: Asked,
    zone: ZoneInfo,
    *,
    at_once: int = AT_ONCE,
    most: int = MOST,
) -> Gathered:
    """The period's incidents and alarms. Raises NotPossible where they are too many, StoreBusy."""
    names, rota = await database.read(_around(asked, zone))
    # numbers begin with the local day; a day more on either side, in case the site's zone changed
    found = _Found(after=f"{asked.period.first - timedelta(days=1):%Y%m%d}")
    while not found.is_all:
        await database.read(_page(asked, found, at_once))
        if len(found.cases) > most:
            raise NotPossible(
                Said(
                    f"这段时间的警情超过 {most} 件，请缩短时间",
                    f"there are more than {most} incidents: ask for a shorter time",
                )
            )
    homes = {c.source.household_id for c in found.cases if c.source is not None} - {None}
    visited = await database.read(lambda conn: last_visits(conn, sorted(filter(None, homes))))
    return Gathered(asked.period, found.cases, found.alarms, names, rota, visited)


def _around(asked: Asked, zone: ZoneInfo) -> Callable[[Connection], tuple[Names, Rota]]:
    def read(conn: Connection) -> tuple[Names, Rota]:
        v, t, a = villages.c, patrol_teams.c, accounts.c
        names = Names(
            villages=dict(conn.execute(select(v.id, v.name)).all()),
            teams=dict(conn.execute(select(t.id, t.name).order_by(t.id)).all()),
            units=dict(conn.execute(select(a.username, a.unit)).all()),
        )
        return names, load_rota(conn, zone, since_ms=asked.period.begin_ms)

    return read


def _page(asked: Asked, found: _Found, at_once: int) -> Callable[[Connection], None]:
    """Reads the next incidents into `found`."""
    until = f"{asked.period.last + timedelta(days=2):%Y%m%d}"

    def read(conn: Connection) -> None:
        rows = conn.execute(
            select(
                *(_I.id, _I.number, _I.kind, _I.drill, _I.stage, _I.outcome, _I.merged_into),
                *(_I.opened_at_ms, _I.village_id, _I.dispatched_to, _I.supervised_at_ms),
            )
            .where(_I.number > found.after, _I.number < until, *_within(asked))
            .order_by(_I.number)
            .limit(at_once)
        ).all()
        found.is_all = len(rows) < at_once
        if not rows:
            return
        found.after = rows[-1].number
        ids = [row.id for row in rows]
        moments, sources = _moments(conn, ids), _sources(conn, ids)
        page = [_case(row, moments.get(row.id, []), sources.get(row.id)) for row in rows]
        found.cases += page
        ringing = [case.id for case in page if case.part is not Part.PRACTICE]
        if asked.is_everywhere:
            found.alarms.update(_alarms(conn, ringing))

    return read


def _within(asked: Asked) -> list[ColumnElement[bool]]:
    period = asked.period
    conditions = [_I.opened_at_ms >= period.begin_ms, _I.opened_at_ms < period.end_ms]
    if asked.places.villages is not None:
        conditions.append(_I.village_id.in_(sorted(asked.places.villages)))
    if asked.village is not None:
        conditions.append(_I.village_id == asked.village)
    return conditions


def _moments(conn: Connection, ids: Sequence[str]) -> dict[str, list[Moment]]:
    """Those events of each incident that are measured."""
    found: dict[str, list[Moment]] = {}
    rows = conn.execute(
        select(_E.incident_id, _E.position, _E.type, _E.at_ms, _E.data).where(
            _E.incident_id.in_(ids), _E.type.in_(_TYPES)
        )
    )
    for row in rows:
        event = EventType(row.type)
        data: dict[str, Any] = json.loads(row.data) if event in _TOLD else {}
        moment = Moment(row.position, event, row.at_ms, data)
        found.setdefault(row.incident_id, []).append(moment)
    return found


def _sources(conn: Connection, ids: Sequence[str]) -> dict[str, Source]:
    """What raised each incident first."""
    first = (
        select(_A.incident_id, func.min(_A.position).label("position"))
        .where(_A.incident_id.in_(ids))
        .group_by(_A.incident_id)
        .subquery()
    )
    here = and_(_A.incident_id == first.c.incident_id, _A.position == first.c.position)
    rows = conn.execute(
        select(_A.incident_id, _A.alarm_id, _A.device, _A.kind, _A.household_id).join(first, here)
    ).all()
    seen = [row.alarm_id for row in rows if row.kind == AlarmKind.LOITERING.value]
    zones = _zones(conn, seen)
    return {
        row.incident_id: Source(
            device=row.device,
            household_id=row.household_id,
            zone=zones.get(row.alarm_id),
            is_camera=row.kind == AlarmKind.LOITERING.value,
        )
        for row in rows
    }


def _zones(conn: Connection, alarm_ids: Sequence[str]) -> dict[str, str]:
    """In which zone each camera alarm was, as far as the log still has it."""
    if not alarm_ids:
        return {}
    rows = conn.execute(select(alarms.c.id, alarms.c.payload).where(alarms.c.id.in_(alarm_ids)))
    details = {row.id: json.loads(row.payload).get("detail") or {} for row in rows}
    return {one: str(d["zone"]) for one, d in details.items() if d.get("zone") is not None}


def _alarms(conn: Connection, ids: Iterable[str]) -> dict[tuple[int, AlarmKind], int]:
    """How many alarms of each kind came in which ten minutes, in these incidents."""
    # as text, not as a parameter: PostgreSQL must see that it groups by what it selects
    one = (_A.received_at_ms // literal(BIN_MS, literal_execute=True)).label("bin")
    rows = conn.execute(
        select(one, _A.kind, func.count().label("n"))
        .where(_A.incident_id.in_(list(ids)))
        .group_by(one, _A.kind)
    )
    return {(int(row.bin), AlarmKind(row.kind)): row.n for row in rows}


def _case(row: Any, moments: Sequence[Moment], source: Source | None) -> Case:
    kind, stage = AlarmKind(row.kind), Stage(row.stage)
    outcome = None if row.outcome is None else Outcome(row.outcome)
    merged = row.merged_into is not None
    return Case(
        id=row.id,
        number=row.number,
        kind=kind,
        stage=stage,
        part=part_of(kind, stage, outcome, drill=row.drill, is_merged=merged),
        opened_at_ms=row.opened_at_ms,
        village_id=row.village_id,
        sent_to=row.dispatched_to,
        outcome=outcome,
        source=source,
        took_ms=took(row.opened_at_ms, moments),
        is_supervised=row.supervised_at_ms is not None,
        is_reopened=was_reopened(moments),
    )
