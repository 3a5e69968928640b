"""A small rota for tests: a post, its patterns, and moments in local time."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from linkage.duty.model import EVERY_DAY, Pattern, Post, Rota, Turn
from linkage.model.person import Role

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
SATURDAY = date(2026, 11, 21)

DESK = Post("desk", "值班席", Role.DUTY_OFFICER)


def at(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    """ "21 08:00": a day of November 2026 and a local time; or a whole ISO text."""
    if len(text) > 8:
        return datetime.fromisoformat(text).replace(tzinfo=zone)
    day, _, clock = text.partition(" ")
    moment = time.fromisoformat(clock)
    return datetime.combine(date(2026, 11, int(day)), moment, zone)


def pattern(start: str, hours: float, *crews: str, **more) -> Pattern:
    """Crews as "zhang li"; from 21 November on every day unless told otherwise."""
    return Pattern(
        id=more.pop("id", f"{start}-{'-'.join(crews)}"),
        post_id=more.pop("post_id", DESK.id),
        start=time.fromisoformat(start),
        length=timedelta(hours=hours),
        crews=tuple(tuple(crew.split()) for crew in crews),
        begins_on=more.pop("begins_on", SATURDAY),
        weekdays=more.pop("weekdays", EVERY_DAY),
        turn=more.pop("turn", Turn.SHIFT),
        **more,
    )


def rota(*patterns: Pattern, posts=(DESK,), zone: ZoneInfo = SHANGHAI, **more) -> Rota:
    return Rota(zone, tuple(posts), tuple(patterns), **more)
