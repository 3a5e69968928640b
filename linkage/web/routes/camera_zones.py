"""The zones of a camera: read, drawn, carried in and out as a file, and tried on a night's motion.

The store owns them. A file of zones is only a way to carry them: what it says counts once it was
kept here, with a name and a reason (ADR 0027).
"""

from datetime import date

from aiohttp import web
from sqlalchemy import Connection

from camerad.errors import BadZone, BadZones
from camerad.model import Zone
from camerad.zones import entries_in
from lianfang_timing import unix_ms
from linkage.accounts.rights import Permission
from linkage.cameras import zones_to_watch
from linkage.consent.judging import PRIVATE
from linkage.registry.history import Caller
from linkage.web import zone_views as views
from linkage.web.answering import answer, moment
from linkage.web.guard import PORTS
from linkage.web.ports import Ports
from linkage.web.problems import Problem
from linkage.web.reading import body_of
from linkage.web.registry_calling import read, registry_caller, write
from linkage.web.routing import Parameter, Route
from linkage.zones import activity, file, writing
from linkage.zones.errors import ZonesChanged
from linkage.zones.model import kept_of
from linkage.zones.night import hours_of, last_night, local_time
from linkage.zones.writing import CameraZones, NewZones, ZoneVersion

_TOML = "application/toml"


async def get_zones(request: web.Request) -> web.Response:
    caller, camera_id = registry_caller(request), request.match_info["id"]
    return answer(await _view(request, caller, camera_id))


async def keep_zones(request: web.Request) -> web.Response:
    ports, caller = request.app[PORTS], registry_caller(request)
    camera_id, body = request.match_info["id"], await body_of(request, views.ZonesBody)
    wanted = NewZones(
        body.version,
        [views.entry_of(zone) for zone in body.zones],
        body.reason,
        body.uncovers,
    )
    try:
        await write(request, lambda conn: writing.keep(conn, caller, camera_id, wanted))
    except ZonesChanged as stale:
        raise Problem(409, str(stale), more={"version": stale.version}) from stale
    ports.cameras.changed()
    return answer(await _view(request, caller, camera_id))


async def read_file(request: web.Request) -> web.Response:
    """What a zones file says, to be looked at before it is kept; nothing is written."""
    caller, camera_id = registry_caller(request), request.match_info["id"]
    await read(request, lambda conn: writing.read(conn, caller.places, camera_id))
    body = await body_of(request, views.ZonesFileBody)
    try:
        kept = kept_of(entries_in(body.toml, source="zones.toml"))
    except BadZones as wrong:
        said = f"读不出这个防区文件 / {wrong}"
        raise Problem(422, said, more={"field": "toml"}) from wrong
    except BadZone as wrong:
        raise Problem(422, _numbered(wrong), more={"field": "toml"}) from wrong
    return answer(views.ZoneEntries(zones=[views.entry_view(zone) for zone in kept]))


async def zones_file(request: web.Request) -> web.Response:
    caller, camera_id = registry_caller(request), request.match_info["id"]
    found = await read(request, lambda conn: writing.read(conn, caller.places, camera_id))
    about = f"{found.name} ({camera_id}), {found.version}"
    return web.Response(
        body=file.text_of(found.zones, about=about).encode(),
        content_type=_TOML,
        charset="utf-8",
        headers={"Content-Disposition": 'attachment; filename="zones.toml"'},
    )


async def night_activity(request: web.Request) -> web.Response:
    ports, caller = request.app[PORTS], registry_caller(request)
    camera_id, zone = request.match_info["id"], ports.site.zone
    night = _night_of(request, ports)
    begin, end = hours_of(night, zone)
    from_ms, to_ms = unix_ms(begin), unix_ms(end)

    def look(conn: Connection) -> tuple[activity.Night, list[ZoneVersion]]:
        camera = writing.read(conn, caller.places, camera_id)
        if camera.legal_class == PRIVATE:
            raise Problem(
                409,
                "住户摄像机平日的活动不提供查看 / when somebody comes and goes at home is "
                "nobody's business.",
            )
        return activity.read(conn, camera_id, from_ms, to_ms), writing.history(conn, camera_id)

    found, history = await read(request, look)
    spans = []
    for one in found.intervals:
        local = local_time(one.from_ms, zone, ports.days)
        spans.append(
            views.ActivitySpan(
                from_=moment(one.from_ms, zone),
                to=moment(one.to_ms, zone),
                zone=one.zone,
                cells=activity.cells_of(one),
                minute=local.hour * 60 + local.minute,
                off=local.is_off,
                was_off=local.was_off,
            )
        )
    return answer(
        views.CameraActivity(
            camera=camera_id,
            night=night.isoformat(),
            from_=moment(from_ms, zone),
            to=moment(to_ms, zone),
            grid=(activity.COLUMNS, activity.ROWS),
            spans=spans,
            more=found.more,
            told=[views.ActivityTold(at=moment(t.at_ms, zone), zone=t.zone) for t in found.told],
            zones_then=not history or history[0].at_ms <= from_ms,
        )
    )


async def _view(request: web.Request, caller: Caller, camera_id: str) -> views.CameraZonesView:
    ports = request.app[PORTS]

    def look(conn: Connection) -> tuple[CameraZones, list[ZoneVersion], tuple[Zone, ...]]:
        found = writing.read(conn, caller.places, camera_id)
        to_watch = zones_to_watch(conn, camera_id, ports.zones)
        return found, writing.history(conn, camera_id), to_watch

    found, history, to_watch = await read(request, look)
    watched = ports.eyes.taken_up(camera_id)
    usual = ports.zones
    return views.CameraZonesView(
        camera=camera_id,
        name=found.name,
        is_private=found.legal_class == PRIVATE,
        version=found.version,
        zones=[views.entry_view(zone) for zone in found.zones],
        defaults=views.ZoneDefaultsView(
            dwell=f"{usual.dwell_s:g}s",
            min_height=usual.min_height,
            armed=usual.armed,
            armed_days_off=usual.armed_days_off,
        ),
        in_force=None if watched is None else frozenset(watched.zones) == frozenset(to_watch),
        history=[
            views.ZoneVersionView(
                version=one.version,
                at=moment(one.at_ms, ports.site.zone),
                by=one.actor,
                by_name=one.actor_name,
                added=list(one.changes.added),
                removed=list(one.changes.removed),
                changed=list(one.changes.changed),
            )
            for one in history
        ],
    )


def _night_of(request: web.Request, ports: Ports) -> date:
    text = request.query.get("night")
    if text is None:
        return last_night(ports.clock.now(), ports.site.zone)
    try:
        night = date.fromisoformat(text)
    except ValueError:
        night = date.min
    if not 2000 <= night.year < 3000:
        raise Problem(
            400, "night 须为日期，如 2026-11-21 / night must be a day such as 2026-11-21."
        )
    return night


def _numbered(wrong: BadZone) -> str:
    number = wrong.number + 1
    return f"第 {number} 个防区：{wrong.zh} / zone {number}: {wrong.en}."


ROUTES = (
    Route(
        "GET",
        "/api/v1/cameras/{id}/zones",
        get_zones,
        Permission.CAMERA_READ,
        "A camera's zones, who changed them, and whether its worker has taken them up",
        answers={200: views.CameraZonesView},
    ),
    Route(
        "PUT",
        "/api/v1/cameras/{id}/zones",
        keep_zones,
        Permission.CAMERA_ZONES,
        "Have these zones hold; 409 where somebody else changed them meanwhile",
        body=views.ZonesBody,
        answers={200: views.CameraZonesView},
    ),
    Route(
        "POST",
        "/api/v1/cameras/{id}/zones/read",
        read_file,
        Permission.CAMERA_ZONES,
        "What a zones file says, before it is kept",
        body=views.ZonesFileBody,
        answers={200: views.ZoneEntries},
    ),
    Route(
        "GET",
        "/api/v1/cameras/{id}/zones.toml",
        zones_file,
        Permission.CAMERA_READ,
        "A camera's zones as a zones file",
        answers={200: _TOML},
    ),
    Route(
        "GET",
        "/api/v1/cameras/{id}/activity",
        night_activity,
        Permission.CAMERA_ZONES,
        "What moved before a camera in one night, as a coarse grid: for trying zones on",
        parameters=(
            Parameter(
                "night",
                "query",
                schema={"type": "string", "format": "date"},
                description="the day on which it begins; left out: last night",
            ),
        ),
        answers={200: views.CameraActivity},
    ),
)
