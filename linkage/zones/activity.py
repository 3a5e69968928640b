"""What moved before a camera in one night, and what was told of it: what a zone is tried on.

Only where a motion zone was drawn is anything known. The picture is a grid of coarse cells; neither
ways nor people are kept.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from alarms.model import AlarmKind, AlarmSource
from alarms.store.tables import alarms
from camerad.model import Box
from linkage.motion import storage
from linkage.motion.intervals import Interval
from linkage.motion.storage import Wanted

COLUMNS, ROWS = 16, 9
"""As in `camerad.detection.cells`, which is not for this process: it loads OpenCV."""
MOST = 2000


@dataclass(frozen=True)
class Told:
    """A loitering alarm of ours."""

    at_ms: int
    zone: str


@dataclass(frozen=True)
class Night:
    """The earliest first."""

    intervals: Sequence[Interval]
    more: bool
    told: Sequence[Told]


def read(conn: Connection, camera_id: str, from_ms: int, to_ms: int) -> Night:
    """The caller has seen to who may see it."""
    found = storage.find(conn, Wanted(from_ms, to_ms, [camera_id]), limit=MOST + 1)
    a = alarms.c
    rows = conn.execute(
        select(a.received_at_ms, a.payload)
        .where(
            a.source == AlarmSource.CAMERA.value,
            a.kind == AlarmKind.LOITERING.value,
            a.device == camera_id,
            a.received_at_ms >= from_ms,
            a.received_at_ms < to_ms,
        )
        .order_by(a.position)
        .limit(MOST)
    )
    told = [
        Told(row.received_at_ms, str(json.loads(row.payload)["detail"].get("zone") or ""))
        for row in rows
    ]
    return Night(found[:MOST][::-1], len(found) > MOST, told)


def cells_of(interval: Interval) -> str | None:
    """Where it moved; of one that was kept before there were cells, and of one that lasts, those
    that its box touches; None: nobody knows."""
    if interval.cells is not None:
        return interval.cells
    return None if interval.area is None else _cells_in(interval.area)


def _cells_in(box: Box) -> str:
    x, y, width, height = box
    bits = 0
    for row in range(ROWS):
        for column in range(COLUMNS):
            across = x < (column + 1) / COLUMNS and x + width > column / COLUMNS
            down = y < (row + 1) / ROWS and y + height > row / ROWS
            bits = bits << 1 | (across and down)
    return f"{bits:0{COLUMNS * ROWS // 4}x}"
