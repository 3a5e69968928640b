"""Taking the oldest alarms out of the log, with a signed checkpoint in their place.

Only age decides: no kind, device or rule makes an alarm go sooner or stay longer. What identifies
presses stays for ever, so that a repeat of a pruned press is still a duplicate. Incidents, their
events and the audit are not pruned here.
"""

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import takewhile
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, RowMapping, delete, func, select

from alarms.errors import BrokenChain, TooYoungToPrune
from alarms.store import SealedBox, chain, checkpoints
from alarms.store.checkpoints import Checkpoint
from alarms.store.tables import alarms, cursors
from lianfang_timing import from_unix_ms, unix_ms

MONTHS_KEPT = 6
"""Calendar months that the log is kept at least."""

AT_ONCE = 500
"""Rows in one transaction: presses wait while it runs."""


@dataclass(frozen=True)
class Pruned:
    """What one transaction took away."""

    rows: int
    more: bool
    """There may be more to take: call again, in another transaction."""


def months_before(moment: datetime, months: int, zone: ZoneInfo) -> datetime:
    """The same local time on the same day of an earlier month, in UTC.

    A day that the month has not is its last day; a local time that comes twice, or not at all, is
    read as the earlier moment, so that nothing counts as older than it is.
    """
    local = moment.astimezone(zone)
    count = local.year * 12 + local.month - 1 - months
    year, month = divmod(count, 12)
    day = min(local.day, calendar.monthrange(year, month + 1)[1])
    then = local.replace(year=year, month=month + 1, day=day)
    return min(then.replace(fold=fold).astimezone(UTC) for fold in (0, 1))


def prune(
    conn: Connection,
    box: SealedBox,
    *,
    before_ms: int,
    now_ms: int,
    zone: ZoneInfo,
    keep_from: int | None = None,
    at_once: int = AT_ONCE,
) -> Pruned:
    """Take away the oldest alarms received before `before_ms`, at most `at_once` of them.

    Must run inside `Database.write`. Stops at the first alarm that is younger, that some reader
    has not read, or whose position is `keep_from` or above; what stands behind it stays too.
    Raises TooYoungToPrune, and BrokenChain when the rows to go, or the checkpoint they follow, are
    not what was written: pruning must not hide that.
    """
    youngest_ms = unix_ms(months_before(from_unix_ms(now_ms), MONTHS_KEPT, zone))
    if before_ms > youngest_ms:
        limit = from_unix_ms(youngest_ms).astimezone(zone).isoformat(timespec="seconds")
        raise TooYoungToPrune(
            f"alarms are kept for at least {MONTHS_KEPT} calendar months: nothing received after "
            f"{limit} may be pruned"
        )
    rows = _oldest(conn, before_ms, keep_from, at_once)
    if not rows:
        return Pruned(0, more=False)
    for checkpoint in _new_checkpoints(conn, box, rows, now_ms):
        checkpoints.write(conn, box, checkpoint)
    # alarms stand in the log in the order of their positions: what goes is its very beginning
    conn.execute(delete(alarms).where(alarms.c.position <= rows[-1]["position"]))
    return Pruned(len(rows), more=len(rows) == at_once)


def _oldest(
    conn: Connection, before_ms: int, keep_from: int | None, at_once: int
) -> Sequence[RowMapping]:
    # before its first alarm a reader has no cursor; then nobody has read anything
    read_by_all = conn.scalar(select(func.min(cursors.c.position))) or 0
    behind = alarms.c.position <= read_by_all
    if keep_from is not None:
        behind &= alarms.c.position < keep_from
    found = conn.execute(
        select(alarms).where(behind).order_by(alarms.c.position).limit(at_once)
    ).mappings()
    return list(takewhile(lambda row: bool(row["received_at_ms"] < before_ms), found.all()))


def _new_checkpoints(
    conn: Connection, box: SealedBox, rows: Sequence[RowMapping], now_ms: int
) -> list[Checkpoint]:
    kept = checkpoints.read(conn, alarms.name)
    walks: dict[str, chain.Walk] = {}
    for row in rows:
        writer = row["writer"]
        fault = None
        if writer not in walks:
            fault = chain.unproven(kept.get(writer), box)
            walks[writer] = chain.Walk(alarms, writer, kept.get(writer))
        fault = fault or walks[writer].step(row)
        if fault is not None:
            raise BrokenChain(f"{fault}; not pruned: a person must look into this first")
    return [
        Checkpoint(alarms.name, writer, walk.number, walk.link, now_ms)
        for writer, walk in walks.items()
    ]
