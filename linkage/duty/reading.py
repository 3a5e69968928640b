"""Reading the duty room from the store: the rota, the teams, the village officers.

Changing them is in `registry`; what they mean is decided in `rota` and `teams`.
"""

import json
from datetime import date, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, select

from alarms.store import SealedBox
from lianfang_timing import from_unix_ms
from linkage.duty.model import (
    Absence,
    AbsenceReason,
    Area,
    Member,
    Override,
    Pattern,
    Post,
    Rota,
    Slot,
    Team,
    Turn,
    VillageOfficer,
    hours_of,
)
from linkage.duty.schema import (
    absences,
    duty_overrides,
    duty_patterns,
    duty_posts,
    patrol_teams,
    village_officers,
)
from linkage.model.person import Role

# built once: in a storm the rota is read for every incident
_POSTS = select(duty_posts).order_by(duty_posts.c.created_at_ms)
_PATTERNS = select(duty_patterns).order_by(duty_patterns.c.id)
_OVERRIDES = (
    select(duty_overrides)
    .where(duty_overrides.c.end_ms > bindparam("since_ms"))
    .order_by(duty_overrides.c.position)
)
_ABSENCES = (
    select(absences)
    .where(absences.c.end_ms > bindparam("since_ms"))
    .order_by(absences.c.begin_ms, absences.c.id)
)
_OFFICER = select(village_officers.c.username).where(
    village_officers.c.village_id == bindparam("village")
)


def load_rota(conn: Connection, time_zone: ZoneInfo, *, since_ms: int = 0) -> Rota:
    """The whole rota; of overrides and absences those that end after `since_ms`."""
    return Rota(
        time_zone=time_zone,
        posts=tuple(_post(r) for r in conn.execute(_POSTS)),
        patterns=tuple(_pattern(r) for r in conn.execute(_PATTERNS)),
        overrides=tuple(_override(r) for r in conn.execute(_OVERRIDES, {"since_ms": since_ms})),
        absences=tuple(_absence(r) for r in conn.execute(_ABSENCES, {"since_ms": since_ms})),
    )


def load_teams(conn: Connection, box: SealedBox) -> list[Team]:
    """All patrol teams, by name. Raises StoreUnusable when the site key is not the right one."""
    rows = conn.execute(select(patrol_teams).order_by(patrol_teams.c.name, patrol_teams.c.id))
    return [_team(row, box) for row in rows]


def load_officers(conn: Connection, box: SealedBox) -> list[VillageOfficer]:
    """All village officers, by village. Raises StoreUnusable as above."""
    rows = conn.execute(select(village_officers).order_by(village_officers.c.village_id))
    return [_officer(row, box) for row in rows]


def officer_username(conn: Connection, village_id: str) -> str | None:
    """The account of the village's police officer; None where there is none, or none known."""
    found = conn.scalar(_OFFICER, {"village": village_id})
    return None if found is None else str(found)


def context_of_team(team_id: str) -> str:
    """What the sealed members of a team are bound to."""
    return f"patrol-team:{team_id}"


def context_of_officer(village_id: str) -> str:
    """What the sealed contact of a village's officer is bound to."""
    return f"village-officer:{village_id}"


def _area(row: Any) -> Area:
    return Area(frozenset(json.loads(row.villages)), frozenset(json.loads(row.grids)))


def _post(row: Any) -> Post:
    return Post(
        id=row.id,
        name=row.name,
        role=Role(row.role),
        area=_area(row),
        must_be_manned=row.must_be_manned,
        hours=None if row.hours is None else hours_of(row.hours),
        since=from_unix_ms(row.created_at_ms),
    )


def _pattern(row: Any) -> Pattern:
    return Pattern(
        id=row.id,
        post_id=row.post_id,
        start=time.fromisoformat(row.start),
        length=timedelta(minutes=row.minutes),
        crews=tuple(tuple(crew) for crew in json.loads(row.crews)),
        begins_on=date.fromisoformat(row.begins_on),
        ends_on=None if row.ends_on is None else date.fromisoformat(row.ends_on),
        weekdays=frozenset(json.loads(row.weekdays)),
        turn=Turn(row.turn),
    )


def _override(row: Any) -> Override:
    return Override(
        id=row.id,
        post_id=row.post_id,
        begin=from_unix_ms(row.begin_ms),
        end=from_unix_ms(row.end_ms),
        username=row.username,
        replaces=row.replaces,
        reason=row.reason,
    )


def _absence(row: Any) -> Absence:
    return Absence(
        id=row.id,
        username=row.username,
        begin=from_unix_ms(row.begin_ms),
        end=from_unix_ms(row.end_ms),
        reason=AbsenceReason(row.reason),
        note=row.note,
    )


def _team(row: Any, box: SealedBox) -> Team:
    members = [Member(username=name) for name in json.loads(row.usernames)]
    if row.members_sealed is not None:
        opened = box.open(row.members_sealed, context=context_of_team(row.id))
        members += [Member(name=m["name"], phone=m["phone"]) for m in json.loads(opened)]
    surveyed = row.latitude is not None and row.longitude is not None
    return Team(
        id=row.id,
        name=row.name,
        area=_area(row),
        slots=tuple(
            Slot(
                hours_of(slot["hours"]),
                frozenset(slot["weekdays"]),
                # those of before there were turns have neither
                slot.get("every_weeks", 1),
                None if slot.get("since") is None else date.fromisoformat(slot["since"]),
            )
            for slot in json.loads(row.slots)
        ),
        members=tuple(members),
        base=(row.latitude, row.longitude) if surveyed else None,
    )


def _officer(row: Any, box: SealedBox) -> VillageOfficer:
    name = phone = ""
    if row.contact_sealed is not None:
        opened = json.loads(
            box.open(row.contact_sealed, context=context_of_officer(row.village_id))
        )
        name, phone = opened["name"], opened["phone"]
    return VillageOfficer(row.village_id, Member(row.username, name, phone), row.unit)
