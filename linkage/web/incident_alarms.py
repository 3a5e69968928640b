"""The alarms of incidents for the API: the newest of them, and what counts of all.

Plain functions of a `Connection`.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, case, func, select

from alarms.model import PRESS_KINDS, AlarmKind
from linkage import schema as s
from linkage.model.incident import urgency_of
from linkage.web.incident_rows import AnyRow


def newest_alarms(
    conn: Connection, incident_ids: Sequence[str], at_most: int
) -> dict[str, list[AnyRow]]:
    """Of each incident the newest, oldest of them first.

    Each device's own newest before all others: one that presses without end hides nobody.
    """
    a = s.incident_alarms.c
    of_each_device = (
        select(func.max(a.position))
        .where(a.incident_id.in_(incident_ids))
        .group_by(a.incident_id, a.device)
    )
    age = func.row_number().over(
        partition_by=a.incident_id,
        order_by=(a.position.in_(of_each_device).desc(), a.position.desc()),
    )
    aged = select(s.incident_alarms, age.label("age")).where(a.incident_id.in_(incident_ids))
    newest = aged.subquery()
    rows = conn.execute(select(newest).where(newest.c.age <= at_most).order_by(newest.c.position))
    grouped: dict[str, list[AnyRow]] = defaultdict(list)
    for row in rows:
        grouped[row.incident_id].append(row)
    return grouped


@dataclass
class Caller:
    """What one household, or a button of which no household is known, has sent."""

    household_id: str | None
    device: str | None
    """Only where no household is known."""
    kind: AlarmKind
    """The most urgent."""
    silent: bool = False
    newest_ms: int = 0
    alarms: int = 0

    def add(self, kind: AlarmKind, *, silent: bool, newest_ms: int, times: int) -> None:
        """Count alarms that are alike."""
        self.kind = min(self.kind, kind, key=urgency_of)
        self.silent |= silent or kind is AlarmKind.DURESS
        self.newest_ms = max(self.newest_ms, newest_ms)
        self.alarms += times


@dataclass
class AlarmCounts:
    """Of all alarms of one incident."""

    by_kind: dict[str, int] = field(default_factory=dict)
    households: set[str] = field(default_factory=set)
    flags: set[str] = field(default_factory=set)
    by_caller: dict[tuple[str | None, str | None], Caller] = field(default_factory=dict)
    """By household and device. Cameras and the system itself are none."""

    def callers(self, home: str | None) -> list[Caller]:
        """The most urgent first, among equals the household `home`, then the newest."""
        return sorted(
            self.by_caller.values(),
            key=lambda c: (
                urgency_of(c.kind),
                home is None or c.household_id != home,
                -c.newest_ms,
                c.household_id or c.device or "",
            ),
        )

    def add(self, row: AnyRow) -> None:
        """Count alarms that are alike."""
        self.by_kind[row.kind] = self.by_kind.get(row.kind, 0) + row.times
        self.flags.update(row.flags.split())
        if row.household_id is not None:
            self.households.add(row.household_id)
        kind = AlarmKind(row.kind)
        if kind in PRESS_KINDS:
            who = (row.household_id, row.homeless_device)
            caller = self.by_caller.setdefault(who, Caller(*who, kind))
            caller.add(kind, silent=row.silent, newest_ms=row.newest_ms, times=row.times)


def alarm_counts(conn: Connection, incident_ids: Sequence[str]) -> dict[str, AlarmCounts]:
    """By incident; one that is asked for and has none counts nothing."""
    a = s.incident_alarms.c
    homeless_device = case((a.household_id.is_(None), a.device)).label("homeless_device")
    alike = (a.incident_id, a.kind, a.household_id, homeless_device, a.silent, a.flags)
    rows = conn.execute(
        select(*alike, func.count().label("times"), func.max(a.received_at_ms).label("newest_ms"))
        .where(a.incident_id.in_(incident_ids))
        .group_by(*alike)
        .order_by(a.incident_id, a.kind, a.household_id, a.flags)
    )
    counted: dict[str, AlarmCounts] = defaultdict(AlarmCounts)
    for row in rows:
        counted[row.incident_id].add(row)
    return counted


@dataclass(frozen=True)
class Home:
    """Where a household is, in words."""

    label: str
    group: str
    village: str


def homes_of(conn: Connection, household_ids: Iterable[str]) -> dict[str, Home]:
    """By household, of those that are registered."""
    wanted = set(household_ids)
    if not wanted:
        return {}
    h, g, r, v = s.households.c, s.mutual_aid_groups.c, s.grids.c, s.villages.c
    rows = conn.execute(
        select(h.id, h.label, g.name.label("group"), v.name.label("village"))
        .join_from(s.households, s.mutual_aid_groups, g.id == h.group_id)
        .join(s.grids, r.id == g.grid_id)
        .join(s.villages, v.id == r.village_id)
        .where(h.id.in_(wanted))
    )
    return {row.id: Home(row.label, row.group, row.village) for row in rows}
