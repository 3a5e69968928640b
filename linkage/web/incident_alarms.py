"""The alarms of incidents for the API: the newest of them, and what counts of all.

Plain functions of a `Connection`.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, func, select

from linkage import schema as s
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
class AlarmCounts:
    """Of all alarms of one incident."""

    by_kind: dict[str, int] = field(default_factory=dict)
    households: set[str] = field(default_factory=set)
    flags: set[str] = field(default_factory=set)


def alarm_counts(conn: Connection, incident_ids: Sequence[str]) -> dict[str, AlarmCounts]:
    """By incident; one that is asked for and has none counts nothing."""
    a = s.incident_alarms.c
    alike = (a.incident_id, a.kind, a.household_id, a.flags)
    rows = conn.execute(
        select(*alike, func.count().label("times"))
        .where(a.incident_id.in_(incident_ids))
        .group_by(*alike)
        .order_by(*alike)
    )
    counted: dict[str, AlarmCounts] = defaultdict(AlarmCounts)
    for row in rows:
        counts = counted[row.incident_id]
        counts.by_kind[row.kind] = counts.by_kind.get(row.kind, 0) + row.times
        counts.flags.update(row.flags.split())
        if row.household_id is not None:
            counts.households.add(row.household_id)
    return counted
