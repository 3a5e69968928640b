"""Finding the rows of incidents: one, a page of the list, those that changed; inside places.

Plain functions of a `Connection`. How they are shown is in `incident_reading`.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import ColumnElement, Connection, Row, Table, and_, func, or_, select, true

from linkage import schema as s
from linkage.accounts.rights import Places
from linkage.model.incident import OPEN_STAGES

if TYPE_CHECKING:
    # how many types a Row takes differs between the releases of SQLAlchemy we allow
    AnyRow: TypeAlias = Row[*tuple[Any, ...]]
else:
    AnyRow = Row
IncidentRow: TypeAlias = AnyRow


@dataclass(frozen=True)
class Page:
    """Rows of one page, and where the next one begins (None at the end)."""

    rows: Sequence[IncidentRow]
    next_after: tuple[int, int, str] | None


def newest_of_each(
    conn: Connection,
    table: Table,
    incident_ids: Sequence[str],
    order: Sequence[ColumnElement[Any]],
    at_most: int,
    *more: ColumnElement[bool],
) -> dict[str, list[AnyRow]]:
    """Of each incident the newest rows of a table by this order, oldest of them first."""
    if not incident_ids:
        return {}
    age = func.row_number().over(
        partition_by=table.c.incident_id, order_by=[one.desc() for one in order]
    )
    aged = (
        select(table, age.label("age")).where(table.c.incident_id.in_(incident_ids), *more)
    ).subquery()
    grouped: dict[str, list[AnyRow]] = defaultdict(list)
    rows = conn.execute(select(aged).where(aged.c.age <= at_most).order_by(aged.c.age.desc()))
    for row in rows:
        grouped[row.incident_id].append(row)
    return grouped


def newest_position(conn: Connection) -> int:
    """The newest position of the timeline that any incident shows."""
    return conn.scalar(select(func.max(s.incidents.c.changed_position))) or 0


def inside(places: Places) -> ColumnElement[bool]:
    """The condition that an incident lies in these places."""
    if places.villages is None:
        return true()
    return s.incidents.c.village_id.in_(places.villages)


def read_row(conn: Connection, incident_id: str, places: Places) -> IncidentRow | None:
    """One incident, None when there is none inside these places."""
    return conn.execute(
        select(s.incidents).where(s.incidents.c.id == incident_id, inside(places))
    ).first()


def read_by_number(conn: Connection, number: str, places: Places) -> IncidentRow | None:
    """As `read_row`, for an incident's number."""
    return conn.execute(
        select(s.incidents).where(s.incidents.c.number == number, inside(places))
    ).first()


def read_page(
    conn: Connection,
    places: Places,
    *,
    state: str | None,
    number: str | None,
    after: tuple[int, int, str] | None,
    limit: int,
) -> Page:
    """Open ones: the most urgent first, of those the newest; else the newest first."""
    i = s.incidents.c
    # priority 0 for all makes one order of both
    urgency = i.priority if state == "open" else i.priority * 0
    stages = [stage.value for stage in OPEN_STAGES]
    query = select(s.incidents).where(inside(places))
    if state == "open":
        query = query.where(i.stage.in_(stages))
    elif state == "closed":
        query = query.where(i.stage.not_in(stages))
    if number is not None:
        query = query.where(i.number == number)
    if after is not None:
        rank, opened, last_id = after
        query = query.where(
            or_(
                urgency > rank,
                and_(urgency == rank, i.opened_at_ms < opened),
                and_(urgency == rank, i.opened_at_ms == opened, i.id > last_id),
            )
        )
    query = query.order_by(urgency, i.opened_at_ms.desc(), i.id).limit(limit + 1)
    rows = conn.execute(query).all()
    if len(rows) <= limit:
        return Page(rows, None)
    rows, last = rows[:limit], rows[limit - 1]
    rank = last.priority if state == "open" else 0
    return Page(rows, (rank, last.opened_at_ms, last.id))
