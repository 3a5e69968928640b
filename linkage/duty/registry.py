"""Writing the duty room's registry: posts, patterns, overrides, absences, teams, officers.

Plain functions inside `Database.write`; who may call them is the web's business. `put_…` makes an
entry or replaces the one of the same id.
"""

import json
from collections.abc import Iterable

from sqlalchemy import Column, Connection, Table, delete, insert, select, update

from alarms.store import SealedBox
from lianfang_timing import unix_ms
from linkage.duty.errors import BadEntry, NoSuchEntry
from linkage.duty.model import (
    Absence,
    Area,
    Override,
    Pattern,
    Post,
    Slot,
    Team,
    VillageOfficer,
    hours_text,
)
from linkage.duty.reading import context_of_officer, context_of_team
from linkage.duty.schema import (
    absences,
    duty_overrides,
    duty_patterns,
    duty_posts,
    patrol_teams,
    village_officers,
)
from linkage.model.person import EVERYWHERE
from linkage.schema import accounts, grids, villages

LONGEST_SHIFT_H = 168


def put_post(conn: Connection, post: Post, *, now_ms: int) -> None:
    """Raises BadEntry. A post that is there keeps the moment when it was set up."""
    _check_area(conn, post.area)
    values: dict[str, object] = {
        "name": post.name,
        "role": post.role.value,
        **_area_columns(post.area),
        "must_be_manned": post.must_be_manned,
        "hours": None if post.hours is None else hours_text(post.hours),
    }
    _put(conn, duty_posts, duty_posts.c.id, post.id, values, {"created_at_ms": now_ms})


def area_of_post(conn: Connection, post_id: str) -> Area:
    """Where this post belongs; nowhere at all for one that is not there."""
    row = conn.execute(select(duty_posts).where(duty_posts.c.id == post_id)).first()
    if row is None:
        return Area(frozenset())
    return Area(frozenset(json.loads(row.villages)), frozenset(json.loads(row.grids)))


def delete_post(conn: Connection, post_id: str) -> None:
    """With its patterns and overrides. Raises NoSuchEntry."""
    for table in (duty_patterns, duty_overrides):
        conn.execute(delete(table).where(table.c.post_id == post_id))
    _delete(conn, duty_posts, duty_posts.c.id, post_id)


def put_pattern(conn: Connection, pattern: Pattern) -> None:
    """Raises BadEntry."""
    _check_post(conn, pattern.post_id)
    _check_people(conn, [name for crew in pattern.crews for name in crew])
    if not any(pattern.crews):
        raise BadEntry("至少一个班组有人 / at least one crew has somebody in it")
    if not pattern.weekdays <= frozenset(range(1, 8)) or not pattern.weekdays:
        raise BadEntry("星期为 1 至 7 / weekdays are 1 (Monday) to 7")
    minutes = round(pattern.length.total_seconds() / 60)
    if not 1 <= minutes <= LONGEST_SHIFT_H * 60:
        raise BadEntry(
            f"班次最长 {LONGEST_SHIFT_H} 小时 / a shift lasts {LONGEST_SHIFT_H} h at most"
        )
    if pattern.ends_on is not None and pattern.ends_on < pattern.begins_on:
        raise BadEntry("结束早于开始 / it ends before it begins")
    values: dict[str, object] = {
        "post_id": pattern.post_id,
        "start": f"{pattern.start:%H:%M}",
        "minutes": minutes,
        "crews": json.dumps(pattern.crews),
        "begins_on": pattern.begins_on.isoformat(),
        "ends_on": None if pattern.ends_on is None else pattern.ends_on.isoformat(),
        "weekdays": json.dumps(sorted(pattern.weekdays), separators=(",", ":")),
        "turn": pattern.turn.value,
    }
    _put(conn, duty_patterns, duty_patterns.c.id, pattern.id, values)


def delete_pattern(conn: Connection, pattern_id: str) -> None:
    """Raises NoSuchEntry."""
    _delete(conn, duty_patterns, duty_patterns.c.id, pattern_id)


def put_override(conn: Connection, override: Override) -> None:
    """Raises BadEntry. One that is there keeps its place in the order."""
    _check_post(conn, override.post_id)
    names = [n for n in (override.username, override.replaces) if n is not None]
    if not names:
        raise BadEntry("须写明顶班或被顶班的人 / say who stands in, or who is replaced")
    _check_people(conn, names)
    if override.end <= override.begin:
        raise BadEntry("结束早于开始 / it ends before it begins")
    values: dict[str, object] = {
        "post_id": override.post_id,
        "begin_ms": unix_ms(override.begin),
        "end_ms": unix_ms(override.end),
        "username": override.username,
        "replaces": override.replaces,
        "reason": override.reason,
    }
    _put(conn, duty_overrides, duty_overrides.c.id, override.id, values)


def delete_override(conn: Connection, override_id: str) -> None:
    """Raises NoSuchEntry."""
    _delete(conn, duty_overrides, duty_overrides.c.id, override_id)


def put_absence(conn: Connection, absence: Absence) -> None:
    """Raises BadEntry."""
    _check_people(conn, [absence.username])
    if absence.end <= absence.begin:
        raise BadEntry("结束早于开始 / it ends before it begins")
    values: dict[str, object] = {
        "username": absence.username,
        "begin_ms": unix_ms(absence.begin),
        "end_ms": unix_ms(absence.end),
        "reason": absence.reason.value,
        "note": absence.note,
    }
    _put(conn, absences, absences.c.id, absence.id, values)


def delete_absence(conn: Connection, absence_id: str) -> None:
    """Raises NoSuchEntry."""
    _delete(conn, absences, absences.c.id, absence_id)


def put_team(conn: Connection, box: SealedBox, team: Team) -> None:
    """Raises BadEntry."""
    _check_area(conn, team.area)
    usernames = [m.username for m in team.members if m.username is not None]
    _check_people(conn, usernames)
    if any(not slot.weekdays or not slot.weekdays <= set(range(1, 8)) for slot in team.slots):
        raise BadEntry("星期为 1 至 7 / weekdays are 1 (Monday) to 7")
    if any(slot.every_weeks > 1 and slot.since is None for slot in team.slots):
        raise BadEntry("轮流须写明从哪一周起 / every so many weeks: since which week?")
    others = [{"name": m.name, "phone": m.phone} for m in team.members if m.username is None]
    sealed = json.dumps(others, ensure_ascii=False).encode()
    latitude, longitude = (None, None) if team.base is None else team.base
    values: dict[str, object] = {
        "name": team.name,
        **_area_columns(team.area),
        "slots": json.dumps([_slot_columns(slot) for slot in team.slots]),
        "usernames": json.dumps(usernames),
        "members_sealed": box.seal(sealed, context=context_of_team(team.id)) if others else None,
        "latitude": latitude,
        "longitude": longitude,
    }
    _put(conn, patrol_teams, patrol_teams.c.id, team.id, values)


def _slot_columns(slot: Slot) -> dict[str, object]:
    return {
        "weekdays": sorted(slot.weekdays),
        "hours": hours_text(slot.hours),
        "every_weeks": slot.every_weeks,
        "since": None if slot.since is None else slot.since.isoformat(),
    }


def delete_team(conn: Connection, team_id: str) -> None:
    """Raises NoSuchEntry."""
    _delete(conn, patrol_teams, patrol_teams.c.id, team_id)


def put_officer(conn: Connection, box: SealedBox, officer: VillageOfficer) -> None:
    """Raises BadEntry. A village has one officer at a time."""
    village, member = officer.village_id, officer.member
    _check_area(conn, Area(frozenset({village})))
    if village == EVERYWHERE:
        raise BadEntry("须写明一个村 / name one village")
    _check_people(conn, [member.username] if member.username is not None else [])
    if member.username is None and not (member.name and member.phone):
        raise BadEntry("须填账号，或姓名和电话 / give an account, or a name and a telephone")
    contact = json.dumps({"name": member.name, "phone": member.phone}, ensure_ascii=False).encode()
    has_contact = bool(member.name or member.phone)
    values: dict[str, object] = {
        "username": member.username,
        "contact_sealed": (
            box.seal(contact, context=context_of_officer(village)) if has_contact else None
        ),
        "unit": officer.unit,
    }
    _put(conn, village_officers, village_officers.c.village_id, village, values)


def delete_officer(conn: Connection, village_id: str) -> None:
    """Raises NoSuchEntry."""
    _delete(conn, village_officers, village_officers.c.village_id, village_id)


def _put(
    conn: Connection,
    table: Table,
    key: Column[str],
    name: str,
    values: dict[str, object],
    when_new: dict[str, object] | None = None,
) -> None:
    changed = conn.execute(update(table).where(key == name).values(**values))
    if changed.rowcount == 0:
        conn.execute(insert(table).values({key.name: name, **values, **(when_new or {})}))


def _delete(conn: Connection, table: Table, key: Column[str], name: str) -> None:
    if conn.execute(delete(table).where(key == name)).rowcount == 0:
        raise NoSuchEntry(f"没有 {name} / there is no {name!r}")


def _area_columns(area: Area) -> dict[str, object]:
    return {
        "villages": json.dumps(sorted(area.villages)),
        "grids": json.dumps(sorted(area.grids)),
    }


def _check_area(conn: Connection, area: Area) -> None:
    if not area.villages:
        raise BadEntry("至少一个村，或 * / at least one village, or *")
    known = set(conn.scalars(select(villages.c.id))) | {EVERYWHERE}
    _check_known(area.villages, known, "村", "village")
    inside = {r.id for r in conn.execute(select(grids)) if area.covers(r.village_id)}
    _check_known(area.grids, inside, "网格", "grid of these villages")


def _check_post(conn: Connection, post_id: str) -> None:
    found = conn.scalar(select(duty_posts.c.id).where(duty_posts.c.id == post_id))
    _check_known([post_id], {found}, "岗位", "post")


def _check_people(conn: Connection, usernames: Iterable[str]) -> None:
    known = set(conn.scalars(select(accounts.c.username).where(accounts.c.enabled)))
    _check_known(usernames, known, "账号", "account")


def _check_known(names: Iterable[str], known: Iterable[str | None], zh: str, en: str) -> None:
    for name in sorted(set(names) - set(known)):
        raise BadEntry(f"没有{zh} {name} / there is no {en} {name!r}")
