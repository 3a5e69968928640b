"""The map: what stands on it, what moves on it, and what lies around one incident.

A village's boundary is for everybody who sees its incidents. Where households are is for those who
may read the registry, and during an incident for those who may see its address.
"""

from aiohttp import web
from sqlalchemy import Connection

from lianfang_timing import unix_ms
from linkage.accounts.rights import Permission, Places, Principal
from linkage.duty.reading import load_teams
from linkage.duty.sending import read_sent
from linkage.duty.teams import busy_teams, out_until
from linkage.mapping import reading
from linkage.mapping.reading import Camera, Spot
from linkage.mapping.sight import FARTHEST_M, sight_of
from linkage.model.incident import Stage
from linkage.model.place import NOWHERE, Place
from linkage.places import CameraSpot, near, place_of_camera, place_of_household
from linkage.web import map_views as views
from linkage.web.answering import answer, moment
from linkage.web.guard import PORTS, caller_of
from linkage.web.incident_rows import IncidentRow, read_row
from linkage.web.ports import Ports
from linkage.web.problems import not_found
from linkage.web.routing import Route

NEAR_M = 250.0
"""Cameras this close to an incident are on its map, whether they see it or not."""
MOST_NEAR = 24


async def get_map(request: web.Request) -> web.Response:
    ports, who = request.app[PORTS], caller_of(request).principal

    def work(conn: Connection) -> views.TownMap:
        return _town(conn, ports, who)

    return answer(await ports.database.read(work))


async def get_now(request: web.Request) -> web.Response:
    ports, who = request.app[PORTS], caller_of(request).principal

    def work(conn: Connection) -> views.MapNow:
        spots = [
            spot
            for spot in reading.read_open_spots(conn, who.places)
            if spot.of == "camera" or _may_see_homes(who, is_open=True)
        ]
        teams = _teams(conn, ports, who) if who.may(Permission.DUTY_READ) else None
        return views.MapNow(incidents=[_spot(spot) for spot in spots], teams=teams)

    return answer(await ports.database.read(work))


async def get_around(request: web.Request) -> web.Response:
    ports, who = request.app[PORTS], caller_of(request).principal
    incident_id = request.match_info["id"]

    def work(conn: Connection) -> views.IncidentMap | None:
        row = read_row(conn, incident_id, who.places)
        return None if row is None else _around(conn, ports, who, row)

    found = await ports.database.read(work)
    if found is None:
        raise not_found()
    return answer(found)


def _town(conn: Connection, ports: Ports, who: Principal) -> views.TownMap:
    places, usual_m = who.places, ports.camera_range_m
    sees_cameras, reads_registry = (
        who.may(Permission.CAMERA_READ),
        who.may(Permission.REGISTRY_READ),
    )
    cameras = reading.read_cameras(conn) if sees_cameras else []
    mine = [one for one in cameras if places.covers(one.village_id)]
    groups = households = None
    if reads_registry:
        homes = reading.read_homes(conn, places)
        if sees_cameras:
            homes = reading.with_sight(homes, cameras, places, usual_range_m=usual_m)
        rows = reading.read_groups(conn, places)
        sights = reading.group_sights(homes) if sees_cameras else {}
        groups = views.groups(rows, sights)
        households = views.households(homes)
    placed = views.cameras(mine)
    return views.TownMap(
        tiles=views.tiles(ports.tiles),
        camera_range_m=usual_m,
        villages=views.villages(reading.read_villages(conn, places)),
        grids=views.grids(reading.read_grids(conn, places)),
        groups=groups,
        households=households,
        cameras=placed if sees_cameras else None,
        cameras_unplaced=len(mine) - len(placed),
    )


def _around(conn: Connection, ports: Ports, who: Principal, row: IncidentRow) -> views.IncidentMap:
    usual_m = ports.camera_range_m
    sees_homes = _may_see_homes(who, is_open=Stage(row.stage).is_open)
    place, of = _place(conn, row)
    if of == "household" and not sees_homes:
        place = NOWHERE
    spot = None
    if place.latitude is not None and place.longitude is not None:
        spot = Spot(row.id, place.latitude, place.longitude, of)
    sees_cameras = who.may(Permission.CAMERA_READ)
    cameras = _cameras_around(conn, spot) if sees_cameras else []
    here = Places.of([] if row.village_id is None else [row.village_id])
    households = None
    if sees_homes and row.group_id is not None:
        homes = reading.read_homes(conn, who.places, group=row.group_id)
        if sees_cameras:
            homes = reading.with_sight(homes, cameras, who.places, usual_range_m=usual_m)
        households = views.households(homes)
    return views.IncidentMap(
        tiles=views.tiles(ports.tiles),
        camera_range_m=usual_m,
        spot=None if spot is None else _spot(spot),
        villages=views.villages(reading.read_villages(conn, here)),
        grids=views.grids(reading.read_grids(conn, here)),
        households=households,
        cameras=_near(cameras, spot, who.places, usual_m) if sees_cameras else None,
    )


def _cameras_around(conn: Connection, spot: Spot | None) -> list[Camera]:
    """Whatever may see the place or its neighbours; all of them where it was not surveyed."""
    if spot is None:
        return reading.read_cameras(conn)
    here = spot.latitude, spot.longitude
    return reading.read_cameras(conn, near=here, within_m=2 * FARTHEST_M)


def _place(conn: Connection, row: IncidentRow) -> tuple[Place, str]:
    if row.household_id is not None:
        return place_of_household(conn, row.household_id), "household"
    if row.camera_id is not None:
        return place_of_camera(conn, row.camera_id), "camera"
    return NOWHERE, ""


def _near(
    cameras: list[Camera], spot: Spot | None, places: Places, usual_m: float
) -> list[views.NearCamera]:
    """Those around the place, the nearest first."""
    if spot is None:
        return []
    mine = {one.id: one for one in cameras if places.covers(one.village_id)}
    standing = [CameraSpot(c.id, c.village_id, c.latitude, c.longitude) for c in mine.values()]
    here = Place(latitude=spot.latitude, longitude=spot.longitude)
    found = []
    for one in near(standing, here, NEAR_M)[:MOST_NEAR]:
        camera = mine[one.camera_id]
        eye = camera.eye
        assert eye is not None
        assert one.distance_m is not None
        sight = sight_of(eye, spot.latitude, spot.longitude, usual_range_m=usual_m)
        found.append(
            views.NearCamera(
                id=camera.id,
                name=camera.name,
                village=camera.village_id,
                legal_class=camera.legal_class,
                latitude=eye.latitude,
                longitude=eye.longitude,
                view=views.view(camera.view),
                distance_m=round(one.distance_m, 1),
                sight=sight.value,
            )
        )
    return found


def _teams(conn: Connection, ports: Ports, who: Principal) -> list[views.MapTeam]:
    now, zone = ports.clock.now(), ports.site.zone
    teams = [t for t in load_teams(conn, ports.box) if t.area.touches(who.places.villages)]
    sent = [(one.number, one.named, one.accounts) for one in read_sent(conn)]
    busy = busy_teams(teams, sent)
    found = []
    for team in teams:
        until = out_until(team, now, zone)
        if until is not None and team.base is not None:
            latitude, longitude = team.base
            found.append(
                views.MapTeam(
                    id=team.id,
                    name=team.name,
                    latitude=latitude,
                    longitude=longitude,
                    until=moment(unix_ms(until), zone),
                    incident=busy.get(team.id),
                )
            )
    return found


def _may_see_homes(who: Principal, *, is_open: bool) -> bool:
    return who.may(Permission.REGISTRY_READ) or (is_open and who.may(Permission.HOUSEHOLD_CONTACT))


def _spot(spot: Spot) -> views.MapSpot:
    return views.MapSpot(
        incident=spot.incident_id, latitude=spot.latitude, longitude=spot.longitude, of=spot.of
    )


ROUTES = (
    Route(
        "GET",
        "/api/v1/map",
        get_map,
        Permission.INCIDENT_READ,
        "The map: boundaries, households (no names), cameras with fields of view, blind spots",
        answers={200: views.TownMap},
    ),
    Route(
        "GET",
        "/api/v1/map/now",
        get_now,
        Permission.INCIDENT_READ,
        "Where the open incidents are, and the patrol teams that are out",
        answers={200: views.MapNow},
    ),
    Route(
        "GET",
        "/api/v1/incidents/{id}/map",
        get_around,
        Permission.INCIDENT_READ,
        "What lies around an incident: its place, its neighbours, the cameras that see it",
        answers={200: views.IncidentMap},
    ),
)
