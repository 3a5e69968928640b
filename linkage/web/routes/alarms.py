"""The alarm log, read page by page."""

from aiohttp import web
from sqlalchemy import Connection, and_, func, select

from alarms.model import AlarmSource
from alarms.store.tables import alarms, devices
from linkage import schema as s
from linkage.accounts.rights import Permission, Places
from linkage.web import alarm_views
from linkage.web.answering import answer, moment
from linkage.web.guard import PORTS, caller_of
from linkage.web.incident_rows import AnyRow
from linkage.web.reading import limit_of, position_of
from linkage.web.routing import Parameter, Route


async def list_alarms(request: web.Request) -> web.Response:
    ports = request.app[PORTS]
    places = caller_of(request).principal.places
    after = position_of(request.query.get("after"), "after")
    limit = limit_of(request, usual=100, most=500)
    rows = await ports.database.read(lambda conn: _read(conn, places, after=after, limit=limit))
    items = [
        alarm_views.Alarm(
            position=r.position,
            id=r.id,
            device=r.device,
            boot=r.boot,
            seq=r.seq,
            kind=r.kind,
            received_at=moment(r.received_at_ms, ports.site.zone),
            flags=r.flags.split(),
            silent=r.silent,
            source=r.source,
        )
        for r in rows
    ]
    more = str(items[-1].position) if len(items) == limit else None
    return answer(alarm_views.AlarmPage(items=items, next=more))


def _read(conn: Connection, places: Places, *, after: int, limit: int) -> list[AnyRow]:
    a = alarms.c
    query = (
        select(
            a.position,
            a.id,
            a.device,
            a.boot,
            a.seq,
            a.kind,
            a.received_at_ms,
            a.flags,
            a.silent,
            a.source,
        )
        .where(a.position > after)
        .order_by(a.position)
        .limit(limit)
    )
    if places.villages is not None:
        # where the incident is says best where an alarm belongs; else where its device stands
        query = (
            query.join(s.incident_alarms, s.incident_alarms.c.alarm_id == a.id, isouter=True)
            .join(s.incidents, s.incidents.c.id == s.incident_alarms.c.incident_id, isouter=True)
            .join(
                devices,
                and_(devices.c.id == a.device, a.source == AlarmSource.BUTTON.value),
                isouter=True,
            )
            .join(s.households, s.households.c.id == devices.c.household_id, isouter=True)
            .join(
                s.mutual_aid_groups,
                s.mutual_aid_groups.c.id == s.households.c.group_id,
                isouter=True,
            )
            .join(s.grids, s.grids.c.id == s.mutual_aid_groups.c.grid_id, isouter=True)
            .join(
                s.cameras,
                and_(s.cameras.c.id == a.device, a.source == AlarmSource.CAMERA.value),
                isouter=True,
            )
            .where(
                func.coalesce(
                    s.incidents.c.village_id, s.grids.c.village_id, s.cameras.c.village_id
                ).in_(places.villages)
            )
        )
    return list(conn.execute(query).all())


ROUTES = (
    Route(
        "GET",
        "/api/v1/alarms",
        list_alarms,
        Permission.ALARM_READ,
        "The alarm log, oldest first",
        parameters=(
            Parameter("after", "query", schema={"type": "integer", "minimum": 0}),
            Parameter("limit", "query", schema={"type": "integer", "minimum": 1, "maximum": 500}),
        ),
        answers={200: alarm_views.AlarmPage},
    ),
)
