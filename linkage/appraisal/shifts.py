"""Into which shift of the site's own rota a moment falls, and how many officers sat there.

Pure. By the clock on the wall: a shift that begins at 20:00 does so also on a day whose clocks are
changed.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from lianfang_timing import unix_ms
from linkage.duty.model import DayHours, Pattern, Post, Rota, hours_text
from linkage.duty.rota import stretches
from linkage.model.person import Role

BIN_MS = 600_000
"""Ten minutes: in so many the load of alarms is counted (EEMUA 191)."""


def at_the_desk(rota: Rota) -> Rota:
    """Of a rota the part of the duty officers."""
    posts = tuple(post for post in rota.posts if post.role is Role.DUTY_OFFICER)
    ids = {post.id for post in posts}
    patterns = tuple(pattern for pattern in rota.patterns if pattern.post_id in ids)
    return replace(rota, posts=posts, patterns=patterns)


def shift_at(desk: Rota, at: datetime) -> str | None:
    """The hours of the shift, as "20:00-08:00"; None: nobody's by the rota. Where two overlap, of
    the one that began last."""
    local = at.astimezone(desk.time_zone)
    found = []
    for pattern in desk.patterns:
        hours = _hours_of(pattern)
        if local.time() not in hours:
            continue
        day = local.date()
        if local.time() < hours.start:
            day -= timedelta(days=1)
        is_over = pattern.ends_on is not None and day > pattern.ends_on
        if day < pattern.begins_on or is_over or day.isoweekday() not in pattern.weekdays:
            continue
        found.append((day, hours.start, hours_text(hours)))
    return max(found)[2] if found else None


def officers_by_bin(desk: Rota, begin: datetime, end: datetime) -> dict[int, int]:
    """How many different officers sit there when each ten minutes between the two moments begin
    (their number since 1970); those in which nobody does by the rota are left out."""
    names: dict[int, set[str]] = {}
    for post in desk.posts:
        for first, last, present in _manned(desk, post, begin, end):
            for one in bins_between(first, last):
                names.setdefault(one, set()).update(present)
    return {one: len(present) for one, present in names.items()}


def bins_between(begin_ms: int, end_ms: int) -> range:
    """The ten minutes that begin between the two."""
    return range(-(-begin_ms // BIN_MS), -(-end_ms // BIN_MS))


def _manned(
    desk: Rota, post: Post, begin: datetime, end: datetime
) -> Iterable[tuple[int, int, tuple[str, ...]]]:
    for stretch in stretches(desk, post, begin, end):
        if stretch.present:
            yield unix_ms(stretch.begin), unix_ms(stretch.end), stretch.present


def _hours_of(pattern: Pattern) -> DayHours:
    # the day is of no account: only the clock on the wall is asked for
    begin = datetime.combine(pattern.begins_on, pattern.start)
    return DayHours(pattern.start, (begin + pattern.length).time())
