"""Reading and writing what is wired to cameras' inputs."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Row, select, update

from alarms.model import AlarmKind
from camerad.device_events.inputs import Known
from camerad.model import ZoneKind
from linkage.camera_events.model import WiredInput
from linkage.camera_events.schema import camera_inputs, camera_presets, camera_relays
from linkage.schema import zones

_c = camera_inputs.c


def wired(conn: Connection, cameras: Collection[str] | None = None) -> list[WiredInput]:
    """All of them, or those of these cameras."""
    statement = select(camera_inputs).order_by(_c.camera_id, _c.token)
    if cameras is not None:
        statement = statement.where(_c.camera_id.in_(cameras))
    return [_wired(row) for row in conn.execute(statement)]


def sirens(conn: Connection) -> dict[str, str]:
    """The sirens on relays, each with its camera."""
    r = camera_relays.c
    return {row.siren: row.camera_id for row in conn.execute(select(r.siren, r.camera_id))}


def relays(conn: Connection, camera_id: str) -> dict[str, str]:
    """What hangs on a camera's relays: the siren by token."""
    r = camera_relays.c
    rows = conn.execute(select(r.token, r.siren).where(r.camera_id == camera_id))
    return {row.token: row.siren for row in rows}


def preset(conn: Connection, camera_id: str) -> Row[Any] | None:
    """Where a camera is turned to; None: for nothing."""
    statement = select(camera_presets).where(camera_presets.c.camera_id == camera_id)
    return conn.execute(statement).first()


def veiled(conn: Connection, cameras: Collection[str]) -> set[str]:
    """Those of these cameras that have a privacy zone."""
    z = zones.c
    where = z.camera_id.in_(cameras), z.kind == ZoneKind.PRIVACY.value
    return set(conn.scalars(select(z.camera_id).where(*where)))


def keep(conn: Connection, one: WiredInput) -> None:
    """How it stands now."""
    conn.execute(
        update(camera_inputs)
        .where(_c.camera_id == one.camera_id, _c.token == one.token)
        .values(
            active=one.known.active,
            changed_ms=one.changed_ms,
            edge_ms=one.known.edge_ms,
            pressed_ms=one.known.pressed_ms,
            presses=one.known.presses,
            test_until_ms=one.test_until_ms,
        )
    )


def _wired(row: Row[Any]) -> WiredInput:
    active = None if row.active is None else bool(row.active)
    return WiredInput(
        camera_id=row.camera_id,
        token=row.token,
        button=row.button,
        wired_at_ms=row.wired_at_ms,
        kind=AlarmKind(row.kind),
        silent=bool(row.silent),
        normally_closed=bool(row.normally_closed),
        known=Known(active, row.edge_ms, row.pressed_ms, row.presses),
        changed_ms=row.changed_ms,
        test_until_ms=row.test_until_ms,
    )
