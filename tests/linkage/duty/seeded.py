"""One entry of every noun of the duty room, for tests of the web: all in one village."""

from datetime import date, time, timedelta

from linkage.accounts.rights import Places
from linkage.duty import handover, registry
from linkage.duty.model import (
    Absence,
    Area,
    DayHours,
    Member,
    Override,
    Pattern,
    Post,
    Rota,
    Slot,
    Team,
    VillageOfficer,
)
from linkage.duty.rota import on_duty
from linkage.model.person import Actor, Role

PHONE = "13812345678"
ALWAYS = (Slot(DayHours(time(0), time(0))),)


def seed(conn, box, *, village: str, crew: str, now, zone) -> str:
    """Ids are `post-1`, `pattern-1`, `override-1`, `absence-1`, `team-1`; the hand-over's id."""
    area = Area(frozenset({village}))
    now_ms = round(now.timestamp() * 1000)
    registry.put_post(conn, Post("post-1", "东门岗", Role.PATROL, area), now_ms=now_ms)
    pattern = Pattern(
        "pattern-1", "post-1", time(8), timedelta(hours=24), ((crew,),), date(2026, 11, 1)
    )
    registry.put_pattern(conn, pattern)
    later = now + timedelta(hours=1)
    registry.put_override(conn, Override("override-1", "post-1", now, later, crew))
    registry.put_absence(conn, Absence("absence-1", crew, later, later + timedelta(hours=2)))
    members = (Member(crew), Member(name="老王", phone=PHONE))
    registry.put_team(conn, box, Team("team-1", "巡防一队", area, ALWAYS, members, (30.0, 120.0)))
    officer = VillageOfficer(village, Member(name="周警官", phone=PHONE), "派出所")
    registry.put_officer(conn, box, officer)
    return handover.draft(
        conn,
        Actor("outgoing", "交班人"),
        Places.of([village]),
        notes="钥匙在抽屉",
        duty=on_duty(Rota(zone), now),
        cameras_down=[],
        box=box,
        writer="test",
        now_ms=now_ms,
    )
