"""Which gaps in the rota are an alarm now, and which alarms about gaps are over.

Pure. `linkage.duty.watch` appends the alarms and closes the incidents.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from linkage.duty.model import Rota
from linkage.duty.rota import Gap, gaps

LOOK_BACK = timedelta(days=7)
"""A gap that began longer ago than this is told again, once a week."""


@dataclass(frozen=True)
class Warned:
    """A gap as an alarm told it."""

    post_id: str
    begin: datetime
    end: datetime


def due_gaps(rota: Rota, now: datetime, ahead: timedelta) -> list[Gap]:
    """Gaps that have begun and last, or begin within `ahead`; with the beginning they always have,
    so that an alarm made of it is the same at every look."""
    back = now - LOOK_BACK
    # far enough that a gap is told with its own end
    found = gaps(rota, back, now + max(ahead, LOOK_BACK))
    return [
        _with_steady_beginning(rota, gap, back)
        for gap in found
        if gap.end > now and gap.begin <= now + ahead
    ]


def filled(rota: Rota, warned: Iterable[Warned], now: datetime) -> bool:
    """Whether every gap that was told is filled before it was over; one that went by with nobody
    there is for a person to close."""
    for one in warned:
        if now >= one.end:
            return False
        begin = max(now, one.begin)
        if any(gap.post.id == one.post_id for gap in gaps(rota, begin, one.end)):
            return False
    return True


def _with_steady_beginning(rota: Rota, gap: Gap, back: datetime) -> Gap:
    if gap.begin > back:
        return gap
    local = back.astimezone(rota.time_zone)
    monday = (local - timedelta(days=local.weekday())).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    return Gap(gap.post, monday, gap.end, gap.absent)
