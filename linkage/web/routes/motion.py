"""What moved in motion zones: searched by camera, zone and time, and around an incident.

Evidence, never an alarm. A household's own camera shows here only in an incident that it is linked
with: when somebody comes and goes at home is nobody's business otherwise.
"""

from collections import defaultdict
from dataclasses import dataclass

from aiohttp import web
from sqlalchemy import Connection, select

from camerad.model import ZoneKind
from lianfang_timing import unix_ms
from linkage import schema as s
from linkage.accounts.rights import Permission, Places
from linkage.motion import storage
from linkage.motion.intervals import Interval
from linkage.motion.storage import Wanted
from linkage.web import motion_views
from linkage.web.answering import answer, moment
from linkage.web.guard import PORTS, caller_of
from linkage.web.incident_rows import AnyRow, read_row
from linkage.web.problems import Problem, not_found
from linkage.web.reading import limit_of, moment_of, pack_cursor, unpack_cursor
from linkage.web.routing import Parameter, Route

_DAY_MS = 24 * 3600 * 1000
_AROUND_MS = 10 * 60 * 1000
_SHOWN = 500
"""Around one incident; a camera in rain or wind may tell of something every few seconds."""


async def search(request: web.Request) -> web.Response:
    ports, places = request.app[PORTS], caller_of(request).principal.places
    limit = limit_of(request, usual=100, most=500)
    after = None
    if "after" in request.query:
        after = unpack_cursor(request.query["after"], tuple[int, str, str])
    to_ms = moment_of(request, "to")
    if to_ms is None:
        to_ms = unix_ms(ports.clock.now()) + 1
    from_ms = moment_of(request, "from")
    if from_ms is None:
        from_ms = to_ms - _DAY_MS
    if from_ms >= to_ms:
        raise Problem(400, "from 须早于 to / from must be earlier than to.")
    camera, zone = request.query.get("camera"), request.query.get("zone")

    def read(conn: Connection) -> tuple[list[Interval], dict[str, AnyRow]]:
        cameras = _searchable(conn, places, camera)
        wanted = Wanted(from_ms, to_ms, cameras.keys(), zone)
        return storage.find(conn, wanted, after=after, limit=limit + 1), cameras

    found, cameras = await ports.database.read(read)
    shown, more = found[:limit], len(found) > limit
    items = [
        motion_views.MotionItem(
            camera=one.camera_id,
            name=cameras[one.camera_id].name,
            village=cameras[one.camera_id].village_id,
            zone=one.zone,
            from_=moment(one.from_ms, ports.site.zone),
            to=moment(one.to_ms, ports.site.zone),
            area=one.area,
        )
        for one in shown
    ]
    last = shown[-1] if more else None
    cursor = None if last is None else pack_cursor(last.from_ms, last.camera_id, last.zone)
    return answer(motion_views.MotionPage(items=items, next=cursor))


@dataclass(frozen=True)
class _Around:
    opened_ms: int
    from_ms: int
    to_ms: int
    cameras: list[AnyRow]
    zoned: set[str]
    found: list[Interval]


async def around_incident(request: web.Request) -> web.Response:
    ports, places = request.app[PORTS], caller_of(request).principal.places
    incident_id = request.match_info["id"]
    seen = await ports.database.read(lambda conn: _around(conn, incident_id, places))
    if seen is None:
        raise not_found()
    zone = ports.site.zone
    spans: dict[str, list[motion_views.MotionSpan]] = defaultdict(list)
    for one in reversed(seen.found[:_SHOWN]):
        spans[one.camera_id].append(
            motion_views.MotionSpan(
                zone=one.zone,
                from_=moment(one.from_ms, zone),
                to=moment(one.to_ms, zone),
                area=one.area,
            )
        )
    view = motion_views.IncidentMotion(
        from_=moment(seen.from_ms, zone),
        to=moment(seen.to_ms, zone),
        opened_at=moment(seen.opened_ms, zone),
        cameras=[
            motion_views.CameraMotion(
                camera=row.camera_id,
                name=row.name or row.camera_id,
                distance_m=row.distance_m,
                has_motion_zone=row.camera_id in seen.zoned,
                spans=spans[row.camera_id],
            )
            for row in seen.cameras
        ],
        more=len(seen.found) > _SHOWN,
    )
    return answer(view)


def _searchable(conn: Connection, places: Places, camera: str | None) -> dict[str, AnyRow]:
    c = s.cameras.c
    query = select(c.id, c.name, c.village_id).where(c.legal_class != "private")
    if places.villages is not None:
        query = query.where(c.village_id.in_(places.villages))
    if camera is not None:
        query = query.where(c.id == camera)
    return {row.id: row for row in conn.execute(query)}


def _around(conn: Connection, incident_id: str, places: Places) -> _Around | None:
    incident = read_row(conn, incident_id, places)
    if incident is None:
        return None
    link, camera, zone = s.incident_cameras.c, s.cameras.c, s.zones.c
    cameras = conn.execute(
        select(link.camera_id, link.distance_m, camera.name)
        .join_from(s.incident_cameras, s.cameras, camera.id == link.camera_id, isouter=True)
        .where(link.incident_id == incident_id)
        .order_by(link.distance_m, link.camera_id)
    ).all()
    ids = {row.camera_id for row in cameras}
    zoned = conn.scalars(
        select(zone.camera_id).where(zone.camera_id.in_(ids), zone.kind == ZoneKind.MOTION.value)
    )
    begin, end = incident.opened_at_ms - _AROUND_MS, incident.opened_at_ms + _AROUND_MS
    found = storage.find(conn, Wanted(begin, end, ids), limit=_SHOWN + 1)
    return _Around(incident.opened_at_ms, begin, end, list(cameras), set(zoned), found)


_MOMENT: dict[str, object] = {"type": "string", "format": "date-time"}

ROUTES = (
    Route(
        "GET",
        "/api/v1/motion",
        search,
        Permission.CAMERA_READ,
        "What moved in motion zones: evidence, never an alarm; the latest first",
        parameters=(
            Parameter("camera", "query"),
            Parameter("zone", "query", description="its name"),
            Parameter("from", "query", schema=_MOMENT, description="left out: 24 h before `to`"),
            Parameter("to", "query", schema=_MOMENT, description="left out: now"),
            Parameter("after", "query", description="`next` of the page before"),
            Parameter("limit", "query", schema={"type": "integer", "minimum": 1, "maximum": 500}),
        ),
        answers={200: motion_views.MotionPage},
    ),
    Route(
        "GET",
        "/api/v1/incidents/{id}/motion",
        around_incident,
        Permission.CAMERA_READ,
        "What moved on the incident's cameras in the ten minutes before and after it was opened",
        answers={200: motion_views.IncidentMotion},
    ),
)
