"""The duty room at this moment, as the API shows it: who is where, who is next, what is missing."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from alarms.store import SealedBox
from linkage.accounts.rights import Permission, Principal
from linkage.duty.attendance import read_attendance
from linkage.duty.model import (
    Absence,
    Area,
    Busy,
    Member,
    Post,
    Rota,
    Team,
    VillageOfficer,
    hours_text,
)
from linkage.duty.reading import load_officers, load_rota, load_teams
from linkage.duty.rota import Duty, Gap, gaps, on_duty, stretches
from linkage.duty.sending import read_sent
from linkage.duty.teams import Proposal, busy_teams, out_until, propose
from linkage.model.person import EVERYWHERE
from linkage.model.place import Place
from linkage.places import place_of_camera, place_of_household
from linkage.registry.texts import TextOpener
from linkage.schema import accounts, villages
from linkage.web import duty_views as shapes
from linkage.web.incident_detail import masked_phone
from linkage.web.incident_rows import IncidentRow
from linkage.web.ports import Ports

AHEAD = timedelta(days=7)


@dataclass(frozen=True)
class _Room:
    """What is read once for one answer."""

    now: datetime
    zone: ZoneInfo
    rota: Rota
    duty: Duty
    teams: list[Team]
    officers: list[VillageOfficer]
    busy: Busy
    names: Mapping[str, str]
    """Display names by account."""
    homes: Mapping[str, Area]
    """Where each account belongs."""
    opener: TextOpener


def read_duty(conn: Connection, ports: Ports, principal: Principal) -> shapes.DutyNow:
    """Everything of the duty room that touches the caller's places."""
    room = _room(conn, ports.clock.now(), ports.site.zone, ports.box)
    mine = principal.places.villages
    posts = [post for post in room.rota.posts if post.area.touches(mine)]
    shown = {post.id for post in posts}
    open_gaps = [g for g in gaps(room.rota, room.now, room.now + AHEAD) if g.post.id in shown]
    in_gap = {gap.post.id for gap in open_gaps if gap.begin <= room.now}
    without = read_attendance(conn, room.now).uncovered
    return shapes.DutyNow(
        at=_text(room.now, room.zone),
        chair=shapes.ChairNow(
            attended=EVERYWHERE not in without,
            uncovered=sorted(v for v in without if v == EVERYWHERE or principal.places.covers(v)),
        ),
        posts=[_post(room, post, is_gap=post.id in in_gap) for post in posts],
        gaps=[_gap(room, gap) for gap in open_gaps],
        absences=[
            _absence(room, absence, principal)
            for absence in room.rota.absences
            if absence.end > room.now and room.homes[absence.username].touches(mine)
        ],
        teams=[_team(room, team) for team in room.teams if team.area.touches(mine)],
        officers=_officers(conn, room, principal),
    )


def read_proposals(
    conn: Connection, ports: Ports, row: IncidentRow, *, clear: bool
) -> shapes.Proposals:
    """Whom to send to this incident, the best first; `clear` shows telephones."""
    room = _room(conn, ports.clock.now(), ports.site.zone, ports.box)
    found = propose(
        room.teams,
        _place(conn, row),
        room.now,
        room.zone,
        busy=room.busy,
        away=room.duty.away,
    )
    items = [_proposed(room, rank, one, clear=clear) for rank, one in enumerate(found, 1)]
    for officer in room.officers:
        if officer.village_id == row.village_id:
            items.append(_proposed_officer(room, len(items) + 1, officer, clear=clear))
    return shapes.Proposals(incident=row.id, items=items)


def _room(conn: Connection, now: datetime, zone: ZoneInfo, box: SealedBox) -> _Room:
    rota = load_rota(conn, zone)
    teams = load_teams(conn, box)
    sent = [(one.number, one.named, one.accounts) for one in read_sent(conn)]
    people = conn.execute(select(accounts)).all()
    return _Room(
        now=now,
        zone=zone,
        rota=rota,
        duty=on_duty(rota, now),
        teams=teams,
        officers=load_officers(conn, box),
        busy=busy_teams(teams, sent),
        names={row.username: row.display_name for row in people},
        homes={row.username: Area(frozenset(json.loads(row.places))) for row in people},
        opener=TextOpener(conn, box),
    )


def _place(conn: Connection, row: IncidentRow) -> Place:
    if row.household_id is not None:
        return place_of_household(conn, row.household_id)
    if row.camera_id is not None:
        return place_of_camera(conn, row.camera_id)
    return Place(village_id=row.village_id, grid_id=row.grid_id)


def _text(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).isoformat(timespec="milliseconds")


def _text_or_none(moment: datetime | None, zone: ZoneInfo) -> str | None:
    return None if moment is None else _text(moment, zone)


def _people(room: _Room, usernames: tuple[str, ...]) -> list[shapes.DutyPerson]:
    return [
        shapes.DutyPerson(username=name, display_name=room.names.get(name, name))
        for name in usernames
    ]


def _post(room: _Room, post: Post, *, is_gap: bool) -> shapes.PostNow:
    now, *later = stretches(room.rota, post, room.now, room.now + AHEAD)
    after = later[0] if later else None
    return shapes.PostNow(
        id=post.id,
        name=post.name,
        role=post.role.value,
        villages=sorted(post.area.villages),
        grids=sorted(post.area.grids),
        must_be_manned=post.must_be_manned,
        hours=None if post.hours is None else hours_text(post.hours),
        people=_people(room, now.present),
        absent=_people(room, now.absent),
        until=None if after is None else _text(now.end, room.zone),
        next=None
        if after is None
        else shapes.NextShift(
            begin=_text(after.begin, room.zone), people=_people(room, after.present)
        ),
        is_gap=is_gap,
    )


def _gap(room: _Room, gap: Gap) -> shapes.GapItem:
    return shapes.GapItem(
        post=gap.post.id,
        name=gap.post.name,
        begin=_text(gap.begin, room.zone),
        until=_text(gap.end, room.zone),
        absent=_people(room, gap.absent),
    )


def _absence(room: _Room, absence: Absence, principal: Principal) -> shapes.AbsenceNow:
    # why somebody is away is health data or their own business
    may_know = principal.may(Permission.DUTY_EDIT)
    return shapes.AbsenceNow(
        id=absence.id,
        username=absence.username,
        display_name=room.names[absence.username],
        begin=_text(absence.begin, room.zone),
        until=_text(absence.end, room.zone),
        reason=absence.reason.value if may_know else None,
        note=room.opener.open(absence.note) if may_know else None,
    )


def _member(room: _Room, member: Member, *, clear: bool) -> shapes.DutyMember:
    name = member.name
    if not name and member.username is not None:
        name = room.names.get(member.username, member.username)
    phone = member.phone or None
    if phone is not None and not clear:
        phone = masked_phone(phone)
    return shapes.DutyMember(username=member.username, name=name, phone=phone)


def _team(room: _Room, team: Team) -> shapes.TeamNow:
    until = out_until(team, room.now, room.zone)
    return shapes.TeamNow(
        id=team.id,
        name=team.name,
        villages=sorted(team.area.villages),
        grids=sorted(team.area.grids),
        active=until is not None,
        until=_text_or_none(until, room.zone),
        free=team.id not in room.busy,
        incident=room.busy.get(team.id),
        members=[_member(room, m, clear=False) for m in team.members],
    )


def _officers(conn: Connection, room: _Room, principal: Principal) -> list[shapes.OfficerNow]:
    names = {row.id: row.name for row in conn.execute(select(villages))}
    found = []
    for officer in room.officers:
        if principal.places.covers(officer.village_id):
            shown = _member(room, officer.member, clear=False)
            found.append(
                shapes.OfficerNow(
                    village=officer.village_id,
                    village_name=names.get(officer.village_id, officer.village_id),
                    username=shown.username,
                    name=shown.name,
                    phone=shown.phone,
                    unit=officer.unit,
                )
            )
    return found


def _proposed(room: _Room, rank: int, one: Proposal, *, clear: bool) -> shapes.ProposalItem:
    return shapes.ProposalItem(
        rank=rank,
        sort="team",
        id=one.team.id,
        name=one.team.name,
        dispatch_to=one.team.name,
        active=one.until is not None,
        free=one.busy_with is None,
        incident=one.busy_with,
        fit=one.fit.value,
        distance_m=None if one.distance_m is None else round(one.distance_m, 1),
        until=_text_or_none(one.until, room.zone),
        members=[_member(room, m, clear=clear) for m in one.team.members],
        reasons=one.reasons(room.zone),
    )


def _proposed_officer(
    room: _Room, rank: int, officer: VillageOfficer, *, clear: bool
) -> shapes.ProposalItem:
    shown = _member(room, officer.member, clear=clear)
    away = officer.member.username in room.duty.away
    reasons = ["一村一警 / the officer of this village"]
    if away:
        reasons.append("请假 / away")
    return shapes.ProposalItem(
        rank=rank,
        sort="village-officer",
        id=officer.village_id,
        name=shown.name,
        dispatch_to=officer.member.username or shown.name,
        active=not away,
        free=None,
        incident=None,
        fit="village",
        distance_m=None,
        until=None,
        members=[shown],
        reasons=reasons,
    )
