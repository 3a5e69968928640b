"""Motion intervals in the store: written, found, pruned. Plain functions of a `Connection`."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Insert, delete, func, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from camerad.model import Box
from linkage.motion.intervals import LONGEST_MS, Interval
from linkage.motion.schema import motion_intervals

_m = motion_intervals.c
_KEY = (_m.camera_id, _m.from_ms, _m.zone)
_DIGITS = 4
_FEW = 8
"""Of more cameras than this the newest are found by time: by camera all of them would be read."""


@dataclass(frozen=True)
class Wanted:
    """What is looked for; a zone that is None asks nothing."""

    from_ms: int
    to_ms: int
    cameras: Collection[str]
    zone: str | None = None


def write(conn: Connection, intervals: Sequence[Interval]) -> None:
    """Add them, or say of those that are there how long they have lasted."""
    if not intervals:
        return
    rows = [
        {
            "camera_id": one.camera_id,
            "zone": one.zone,
            "from_ms": one.from_ms,
            "to_ms": one.to_ms,
            "area": None if one.area is None else _packed(one.area),
            "cells": one.cells,
        }
        for one in intervals
    ]
    conn.execute(_upsert(conn.dialect.name), rows)


def find(
    conn: Connection,
    wanted: Wanted,
    *,
    after: tuple[int, str, str] | None = None,
    limit: int,
) -> list[Interval]:
    """Those that touch the time, the latest begun first; `after` is (from_ms, camera, zone) of the
    last one of the page before."""
    camera = _m.camera_id if len(wanted.cameras) <= _FEW else _m.camera_id.concat("")
    order = (_m.from_ms.desc(), _m.camera_id.desc(), _m.zone.desc())
    query = (
        select(motion_intervals)
        # none is longer: the index finds all that may still have lasted
        .where(_m.from_ms > wanted.from_ms - LONGEST_MS - 1, _m.from_ms < wanted.to_ms)
        .where(_m.to_ms >= wanted.from_ms, camera.in_(wanted.cameras))
        .order_by(*order)
        .limit(limit)
    )
    if wanted.zone is not None:
        query = query.where(_m.zone == wanted.zone)
    if after is not None:
        query = query.where(tuple_(_m.from_ms, _m.camera_id, _m.zone) < tuple_(*after))
    return [
        Interval(
            row.camera_id,
            row.zone,
            row.from_ms,
            row.to_ms,
            None if row.area is None else _unpacked(row.area),
            row.cells,
        )
        for row in conn.execute(query)
    ]


def prune(conn: Connection, *, before_ms: int, at_once: int) -> bool:
    """Take away about `at_once` that began before `before_ms`, the oldest first; whether there may
    be more of them."""
    oldest = (
        select(_m.from_ms).where(_m.from_ms < before_ms).order_by(_m.from_ms).limit(at_once)
    ).subquery()
    count, last_ms = conn.execute(
        select(func.count(), func.max(oldest.c.from_ms)).select_from(oldest)
    ).one()
    if count:
        conn.execute(delete(motion_intervals).where(_m.from_ms <= last_ms))
    return bool(count == at_once)


def _upsert(dialect: str) -> Insert:
    if dialect == "postgresql":
        pg = postgresql.insert(motion_intervals)
        changed = {"to_ms": pg.excluded.to_ms, "area": pg.excluded.area, "cells": pg.excluded.cells}
        return pg.on_conflict_do_update(index_elements=list(_KEY), set_=changed)
    lite = sqlite.insert(motion_intervals)
    changed = {
        "to_ms": lite.excluded.to_ms,
        "area": lite.excluded.area,
        "cells": lite.excluded.cells,
    }
    return lite.on_conflict_do_update(index_elements=list(_KEY), set_=changed)


def _packed(box: Box) -> str:
    return json.dumps([round(side, _DIGITS) for side in box], separators=(",", ":"))


def _unpacked(text: str) -> Box:
    x, y, width, height = json.loads(text)
    return x, y, width, height
