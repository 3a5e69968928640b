"""In which villages a silence, a maintenance window or a drill lies; which cameras are being worked
on; and what a window has held."""

from sqlalchemy import Connection, exists, select

from alarms.model import AlarmSource
from alarms.store.tables import alarms, devices
from linkage import places
from linkage.model.place import Place
from linkage.quiet import storage
from linkage.quiet.model import Drill, QuietWindow, WindowSort
from linkage.schema import cameras, grids, incident_alarms, mutual_aid_groups


def of_window(conn: Connection, window: QuietWindow) -> frozenset[str] | None:
    """The villages that it can touch; None: any."""
    if window.villages:
        return window.villages
    if not (window.cameras or window.devices):
        return None
    of_cameras = conn.scalars(select(cameras.c.village_id).where(cameras.c.id.in_(window.cameras)))
    return frozenset(of_cameras) | _of_devices(conn, window.devices)


def maintained_cameras(conn: Connection, now_ms: int) -> dict[str, int]:
    """Cameras under a maintenance window now, themselves or their place, and until when."""
    in_force = [
        window
        for window in storage.windows(conn, since_ms=now_ms)
        if window.sort is WindowSort.MAINTENANCE and window.holds_at(now_ms)
    ]
    if not in_force:
        return {}
    c = cameras.c
    found: dict[str, int] = {}
    for row in conn.execute(select(c.id, c.village_id, c.layer)):
        place = Place(village_id=row.village_id, camera_id=row.id, layer=row.layer)
        ends = [window.end_ms for window in in_force if window.covers(place, row.id)]
        if ends:
            found[row.id] = max(ends)
    return found


def of_drill(conn: Connection, drill: Drill) -> frozenset[str]:
    """The villages that take part."""
    of_groups = conn.scalars(
        select(grids.c.village_id)
        .join(mutual_aid_groups, mutual_aid_groups.c.grid_id == grids.c.id)
        .where(mutual_aid_groups.c.id.in_(drill.groups))
    )
    return drill.villages | frozenset(of_groups) | _of_devices(conn, drill.devices)


def held_by(conn: Connection, window: QuietWindow, *, until_ms: int) -> int:
    """How many alarms of its scope are in the log and, since it holds, not on the board."""
    on_board = exists().where(incident_alarms.c.alarm_id == alarms.c.id)
    rows = conn.execute(
        select(alarms.c.device).where(
            alarms.c.source == AlarmSource.CAMERA.value,
            alarms.c.kind.in_([kind.value for kind in window.kinds]),
            alarms.c.received_at_ms >= window.begin_ms,
            alarms.c.received_at_ms < until_ms,
            ~on_board,
        )
    ).all()
    of_camera = {row.device: places.place_of_camera(conn, row.device) for row in rows}
    return sum(window.covers(of_camera[row.device], row.device) for row in rows)


def _of_devices(conn: Connection, ids: frozenset[str]) -> frozenset[str]:
    by_household = places.places_of_devices(conn, ids)
    found = {place.village_id for place in by_household.values()}
    # a device without a place lies in no village: only who has all of them may name it
    nowhere = {f"device:{one}" for one in known(conn, ids) - set(by_household)}
    return frozenset(v for v in found if v is not None) | nowhere


def known(conn: Connection, ids: frozenset[str]) -> set[str]:
    """Those of these devices that are registered."""
    return set(conn.scalars(select(devices.c.id).where(devices.c.id.in_(ids))))
