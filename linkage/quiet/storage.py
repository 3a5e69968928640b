"""Reading and writing silences, maintenance windows and drills, inside the caller's transaction."""

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from alarms.model import AlarmKind
from alarms.store.prepared import Prepared
from linkage.quiet.model import Drill, QuietWindow, WindowSort
from linkage.quiet.schema import OF_CAMERAS, drills, quiet_windows
from linkage.schema import incident_alarms

# Built once: these run for every look of the engine that finds something.
_WINDOWS = Prepared(
    select(quiet_windows)
    .where(quiet_windows.c.end_ms > bindparam("since_ms"))
    .order_by(quiet_windows.c.begin_ms, quiet_windows.c.id)
)
_DRILLS = Prepared(
    select(drills)
    .where(drills.c.end_ms > bindparam("since_ms"))
    .order_by(drills.c.begin_ms, drills.c.id)
)
_CAMERA_ALARMS = (
    select(incident_alarms.c.received_at_ms)
    .where(
        # spelled as the index is: only then is it used
        OF_CAMERAS,
        incident_alarms.c.received_at_ms > bindparam("since_ms"),
    )
    .order_by(incident_alarms.c.received_at_ms.desc())
    .limit(2000)
)


def windows(conn: Connection, *, since_ms: int) -> tuple[QuietWindow, ...]:
    """Silences and maintenance windows that end after this moment."""
    return tuple(_window(r) for r in _WINDOWS.records(conn, {"since_ms": since_ms}))


def window_by_id(conn: Connection, window_id: str) -> QuietWindow | None:
    row = conn.execute(select(quiet_windows).where(quiet_windows.c.id == window_id)).first()
    return None if row is None else _window(row)


def add_window(conn: Connection, window: QuietWindow) -> None:
    conn.execute(
        insert(quiet_windows).values(
            id=window.id,
            sort=window.sort.value,
            cameras=_listed(window.cameras),
            villages=_listed(window.villages),
            layers=_listed(window.layers),
            devices=_listed(window.devices),
            kinds=_listed(kind.value for kind in window.kinds),
            reason=window.reason,
            author=window.author,
            made_at_ms=window.made_at_ms,
            begin_ms=window.begin_ms,
            end_ms=window.end_ms,
            ended_by=window.ended_by,
        )
    )


def end_window(conn: Connection, window_id: str, *, at_ms: int, by: str) -> None:
    conn.execute(
        update(quiet_windows)
        .where(quiet_windows.c.id == window_id)
        .values(end_ms=at_ms, ended_by=by)
    )


def drills_since(conn: Connection, *, since_ms: int) -> tuple[Drill, ...]:
    """Drills whose window ends after this moment."""
    return tuple(_drill(r) for r in _DRILLS.records(conn, {"since_ms": since_ms}))


def drill_by_id(conn: Connection, drill_id: str) -> Drill | None:
    row = conn.execute(select(drills).where(drills.c.id == drill_id)).first()
    return None if row is None else _drill(row)


def add_drill(conn: Connection, drill: Drill) -> None:
    conn.execute(
        insert(drills).values(
            id=drill.id,
            name=drill.name,
            villages=_listed(drill.villages),
            groups=_listed(drill.groups),
            devices=_listed(drill.devices),
            begin_ms=drill.begin_ms,
            end_ms=drill.end_ms,
            notice_to=drill.notice_to,
            noticed_at_ms=drill.noticed_at_ms,
            note=drill.note,
            made_by=drill.made_by,
            made_at_ms=drill.made_at_ms,
            started_by=drill.started_by,
            started_at_ms=drill.started_at_ms,
            ended_by=drill.ended_by,
            ended_at_ms=drill.ended_at_ms,
        )
    )


def start_drill(conn: Connection, drill_id: str, *, at_ms: int, by: str) -> None:
    conn.execute(
        update(drills).where(drills.c.id == drill_id).values(started_at_ms=at_ms, started_by=by)
    )


def end_drill(conn: Connection, drill_id: str, *, at_ms: int, by: str) -> None:
    conn.execute(
        update(drills).where(drills.c.id == drill_id).values(ended_at_ms=at_ms, ended_by=by)
    )


def camera_alarms_ms(conn: Connection, *, since_ms: int) -> list[int]:
    """When the camera alarms came that are on the board, the newest 2000, oldest first."""
    return list(reversed(conn.scalars(_CAMERA_ALARMS, {"since_ms": since_ms}).all()))


def _listed(values: Iterable[str]) -> str:
    return json.dumps(sorted(values), ensure_ascii=False)


def _set(text: str) -> frozenset[str]:
    return frozenset(json.loads(text))


def _window(row: Any) -> QuietWindow:
    return QuietWindow(
        id=row.id,
        sort=WindowSort(row.sort),
        reason=row.reason,
        author=row.author,
        made_at_ms=row.made_at_ms,
        begin_ms=row.begin_ms,
        end_ms=row.end_ms,
        cameras=_set(row.cameras),
        villages=_set(row.villages),
        layers=_set(row.layers),
        devices=_set(row.devices),
        kinds=frozenset(AlarmKind(kind) for kind in _set(row.kinds)),
        ended_by=row.ended_by,
    )


def _drill(row: Any) -> Drill:
    return Drill(
        id=row.id,
        name=row.name,
        begin_ms=row.begin_ms,
        end_ms=row.end_ms,
        made_by=row.made_by,
        made_at_ms=row.made_at_ms,
        villages=_set(row.villages),
        groups=_set(row.groups),
        devices=_set(row.devices),
        notice_to=row.notice_to,
        noticed_at_ms=row.noticed_at_ms,
        note=row.note,
        started_by=row.started_by,
        started_at_ms=row.started_at_ms,
        ended_by=row.ended_by,
        ended_at_ms=row.ended_at_ms,
    )
