"""Noting that a household was visited (回访), and reading who was where. SQL; what was said lies
sealed under the household's key.
"""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, insert, select

from alarms.store import SealedBox
from lianfang_timing import from_unix_ms, unix_ms
from linkage import audit
from linkage.accounts.rights import Places
from linkage.appraisal.schema import household_visits
from linkage.audit import AuditAction, AuditEntry
from linkage.registry import places
from linkage.registry.errors import BadEntry, NotPossible
from linkage.registry.history import Caller
from linkage.registry.model import Said
from linkage.registry.texts import TextOpener, seal_text
from linkage.schema import accounts, households

MOST_SHOWN = 200
_OLDEST_DAYS = 366
_V = household_visits.c


@dataclass(frozen=True)
class NotedVisit:
    """One visit, as it is shown."""

    id: str
    household_id: str
    label: str
    visited_on: str
    said: str
    noted_by: str
    noted_by_name: str
    noted_at_ms: int


def note(
    conn: Connection,
    caller: Caller,
    box: SealedBox,
    household_id: str,
    *,
    visited_on: date | None,
    said: str,
    zone: ZoneInfo,
) -> str:
    """Somebody was there; None: today. The visit's id. Inside `Database.write`.

    Raises BadEntry, NoSuchEntry, NotPossible where the household was erased.
    """
    village = places.village_of_household(conn, household_id)
    village = places.must_cover(caller.places, village)
    h = households.c
    if conn.scalar(select(h.erased_at_ms).where(h.id == household_id)) is not None:
        raise NotPossible(Said("该户资料已删除", "this household was erased"))
    today = from_unix_ms(caller.at_ms).astimezone(zone).date()
    day = visited_on or today
    if not today - timedelta(days=_OLDEST_DAYS) <= day <= today:
        raise BadEntry(
            "visited_on",
            Said(
                "回访日期应在一年之内，且不晚于今天",
                "the day lies within a year and is not to come",
            ),
        )
    if not said.strip():
        raise BadEntry("said", Said("请写下回访了解到的情况", "say what the visit brought"))
    visit_id = uuid.uuid4().hex
    day_ends_ms = unix_ms(datetime.combine(day + timedelta(days=1), time(), zone))
    conn.execute(
        insert(household_visits).values(
            id=visit_id,
            household_id=household_id,
            village_id=village,
            visited_on=day.isoformat(),
            # what happened earlier that day was talked about
            visited_at_ms=min(caller.at_ms, day_ends_ms),
            said=seal_text(conn, box, household_id, said.strip()),
            noted_by=caller.username,
            noted_at_ms=caller.at_ms,
        )
    )
    facts: dict[str, object] = {"unit": caller.unit, "change": "visited", "visit": visit_id}
    about = f"household:{household_id}"
    entry = AuditEntry(caller.username, AuditAction.CHANGE, about, caller.address, facts)
    audit.record(conn, caller.writer, [entry], at_ms=caller.at_ms)
    return visit_id


def last_visits(conn: Connection, household_ids: Collection[str]) -> dict[str, int]:
    """When each of these households was visited last, Unix ms; those never visited left out."""
    if not household_ids:
        return {}
    rows = conn.execute(
        select(_V.household_id, func.max(_V.visited_at_ms))
        .where(_V.household_id.in_(list(household_ids)))
        .group_by(_V.household_id)
    ).all()
    return dict(rows)


def noted(
    conn: Connection,
    box: SealedBox,
    where: Places,
    *,
    begin_ms: int,
    end_ms: int,
    village: str | None = None,
) -> list[NotedVisit]:
    """The visits of a time, the last first, at most `MOST_SHOWN`."""
    query = (
        select(household_visits, households.c.label, accounts.c.display_name)
        .join(households, households.c.id == _V.household_id)
        .join(accounts, accounts.c.username == _V.noted_by, isouter=True)
        .where(_V.visited_at_ms >= begin_ms, _V.visited_at_ms <= end_ms)
        .order_by(_V.visited_at_ms.desc(), _V.id)
        .limit(MOST_SHOWN)
    )
    if where.villages is not None:
        query = query.where(_V.village_id.in_(sorted(where.villages)))
    if village is not None:
        query = query.where(_V.village_id == village)
    opener = TextOpener(conn, box)
    return [
        NotedVisit(
            id=row.id,
            household_id=row.household_id,
            label=row.label,
            visited_on=row.visited_on,
            said=opener.open(row.said),
            noted_by=row.noted_by,
            noted_by_name=row.display_name or row.noted_by,
            noted_at_ms=row.noted_at_ms,
        )
        for row in conn.execute(query)
    ]
