"""The demo town's duty room: a rota without gaps, two patrol teams, an officer for each village.

Names and numbers are made up. Whoever wants to see a gap takes somebody off the rota.
"""

from datetime import date, time, timedelta

from sqlalchemy import Connection

from alarms.store import SealedBox
from linkage.demo.town import VILLAGES
from linkage.duty import registry
from linkage.duty.model import Area, DayHours, Member, Pattern, Post, Slot, Team, VillageOfficer
from linkage.model.person import Role

_SINCE = date(2026, 1, 1)
_DAY, _NIGHT = DayHours(time(8), time(20)), DayHours(time(20), time(8))

_POSTS = (
    (Post("desk", "监控研判室值班席", Role.DUTY_OFFICER), "duty"),
    (Post("leader", "带班领导", Role.SHIFT_LEADER), "leader"),
    (Post("station", "派出所调度席", Role.DISPATCHER, must_be_manned=False), "police"),
)


def seed_duty_room(conn: Connection, box: SealedBox, *, now_ms: int) -> None:
    """After places and accounts."""
    for post, username in _POSTS:
        registry.put_post(conn, post, now_ms=now_ms)
        registry.put_pattern(
            conn,
            Pattern(
                id=f"{post.id}-every-day",
                post_id=post.id,
                start=time(8),
                length=timedelta(hours=24),
                crews=((username,),),
                begins_on=_SINCE,
            ),
        )
    east, west, north = VILLAGES
    for team in (
        Team(
            id="patrol-1",
            name="巡防一队",
            area=Area(frozenset({east.id, west.id})),
            slots=(Slot(_DAY), Slot(_NIGHT)),
            members=(Member(name="陈队长", phone="00000000101"),),
            base=(east.latitude, east.longitude),
        ),
        Team(
            id="patrol-2",
            name="巡防二队",
            area=Area(frozenset({north.id})),
            slots=(Slot(_NIGHT),),
            members=(Member(name="杨队长", phone="00000000102"),),
            base=(north.latitude, north.longitude),
        ),
    ):
        registry.put_team(conn, box, team)
    officers = (
        Member(username="police"),
        Member(name="吴警官", phone="00000000110"),
        Member(name="徐警官", phone="00000000111"),
    )
    for village, member in zip(VILLAGES, officers, strict=True):
        registry.put_officer(conn, box, VillageOfficer(village.id, member, "派出所"))
