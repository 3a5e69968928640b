"""The nouns of patrol teams and village officers. Telephones are masked in every answer."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from linkage.duty import registry
from linkage.duty.errors import BadEntry
from linkage.duty.model import Area, Member, Slot, Team, VillageOfficer, hours_of, hours_text
from linkage.duty.reading import load_officers, load_teams
from linkage.web import duty_views as shapes
from linkage.web.duty_nouns import Entry, Noun, area_of
from linkage.web.incident_detail import masked_phone
from linkage.web.ports import Ports


def _teams(conn: Connection, ports: Ports) -> list[Entry]:
    return [
        Entry(
            team.id,
            team.area,
            shapes.TeamItem(
                id=team.id,
                name=team.name,
                villages=sorted(team.area.villages),
                grids=sorted(team.area.grids),
                slots=[
                    shapes.SlotBody(
                        hours=hours_text(s.hours),
                        weekdays=sorted(s.weekdays),
                        every_weeks=s.every_weeks,
                        since=s.since,
                    )
                    for s in team.slots
                ],
                usernames=[m.username for m in team.members if m.username is not None],
                members=[
                    shapes.MemberBody(name=m.name, phone=masked_phone(m.phone))
                    for m in team.members
                    if m.username is None
                ],
                latitude=None if team.base is None else team.base[0],
                longitude=None if team.base is None else team.base[1],
            ),
            team,
        )
        for team in load_teams(conn, ports.box)
    ]


def _put_team(
    conn: Connection, ports: Ports, name: str, body: shapes.TeamBody, before: Entry | None
) -> None:
    kept = () if before is None else before.kept.members
    if (body.latitude is None) != (body.longitude is None):
        raise BadEntry("经纬度须同时填写 / give both latitude and longitude, or none")
    surveyed = body.latitude is not None and body.longitude is not None
    team = Team(
        id=name,
        name=body.name,
        area=area_of(body),
        slots=tuple(
            Slot(hours_of(s.hours), frozenset(s.weekdays), s.every_weeks, s.since)
            for s in body.slots
        ),
        members=(
            *(Member(username=username) for username in dict.fromkeys(body.usernames)),
            *(Member(name=m.name, phone=_unmasked(m.name, m.phone, kept)) for m in body.members),
        ),
        base=(body.latitude or 0.0, body.longitude or 0.0) if surveyed else None,
    )
    registry.put_team(conn, ports.box, team)


def _officers(conn: Connection, ports: Ports) -> list[Entry]:
    return [
        Entry(
            officer.village_id,
            Area(frozenset({officer.village_id})),
            shapes.OfficerItem(
                village=officer.village_id,
                username=officer.member.username,
                name=officer.member.name,
                phone=masked_phone(officer.member.phone) if officer.member.phone else "",
                unit=officer.unit,
            ),
            officer,
        )
        for officer in load_officers(conn, ports.box)
    ]


def _put_officer(
    conn: Connection, ports: Ports, village: str, body: shapes.OfficerBody, before: Entry | None
) -> None:
    kept = () if before is None else (before.kept.member,)
    phone = _unmasked(body.name, body.phone, kept)
    member = Member(body.username, body.name, phone)
    registry.put_officer(conn, ports.box, VillageOfficer(village, member, body.unit))


def _unmasked(name: str, phone: str, kept: Sequence[Member]) -> str:
    """The telephone; of somebody who was there already, a masked one stands for the kept one."""
    if "*" not in phone:
        return phone
    for member in kept:
        if member.name == name and masked_phone(member.phone) == phone:
            return member.phone
    raise BadEntry(f"{name} 的电话不完整 / the telephone of {name} is not complete")


TEAM_NOUNS: tuple[Noun[Any], ...] = (
    Noun(
        "team",
        "teams",
        shapes.TeamBody,
        shapes.TeamItem,
        shapes.TeamPage,
        _teams,
        lambda _conn, _id, body: area_of(body),
        _put_team,
        registry.delete_team,
    ),
    Noun(
        "officer",
        "officers",
        shapes.OfficerBody,
        shapes.OfficerItem,
        shapes.OfficerPage,
        _officers,
        lambda _conn, village, _body: Area(frozenset({village})),
        _put_officer,
        registry.delete_officer,
        by_village=True,
    ),
)
