"""The register of looks, for those who inspect it."""

from aiohttp import web
from sqlalchemy import Connection, and_, or_, select

from alarms.store import SealedBox
from linkage import schema as s
from linkage.accounts.rights import Permission, Places
from linkage.looking.schema import looks
from linkage.registry.texts import TextOpener
from linkage.web.answering import answer, moment, moment_or_none
from linkage.web.guard import PORTS, caller_of
from linkage.web.incident_rows import AnyRow
from linkage.web.looks_views import Look, LookPage
from linkage.web.ports import Ports
from linkage.web.reading import limit_of, pack_cursor, unpack_cursor
from linkage.web.routing import Parameter, Route

_MOST = 200
_L = looks.c


async def list_looks(request: web.Request) -> web.Response:
    ports, places = request.app[PORTS], caller_of(request).principal.places
    camera = request.query.get("camera")
    limit = limit_of(request, usual=50, most=_MOST)
    text = request.query.get("after")
    after = None if text is None else unpack_cursor(text, tuple[int, str])
    found = await ports.database.read(
        lambda conn: _read(conn, ports.box, places, camera, after, limit)
    )
    more = None
    if len(found) == limit:
        last = found[-1][0]
        more = pack_cursor(last.began_at_ms, last.id)
    items = [_look(ports, row, purpose) for row, purpose in found]
    return answer(LookPage(items=items, next=more))


def _read(
    conn: Connection,
    box: SealedBox,
    places: Places,
    camera: str | None,
    after: tuple[int, str] | None,
    limit: int,
) -> list[tuple[AnyRow, str | None]]:
    query = (
        select(looks, s.cameras.c.name, s.incidents.c.number)
        .join(s.cameras, s.cameras.c.id == _L.camera_id, isouter=True)
        .join(s.incidents, s.incidents.c.id == _L.incident_id, isouter=True)
        .order_by(_L.began_at_ms.desc(), _L.id.desc())
        .limit(limit)
    )
    if places.villages is not None:
        query = query.where(s.cameras.c.village_id.in_(places.villages))
    if camera is not None:
        query = query.where(_L.camera_id == camera)
    if after is not None:
        at_ms, look_id = after
        same = and_(_L.began_at_ms == at_ms, _L.id < look_id)
        query = query.where(or_(_L.began_at_ms < at_ms, same))
    opener = TextOpener(conn, box)
    return [
        (row, None if row.purpose is None else opener.open(row.purpose))
        for row in conn.execute(query)
    ]


def _look(ports: Ports, row: AnyRow, purpose: str | None) -> Look:
    zone = ports.site.zone
    return Look(
        id=row.id,
        kind=row.kind,
        camera=row.camera_id,
        name=row.name or row.camera_id,
        incident=row.incident_id,
        incident_number=row.number,
        purpose=purpose,
        username=row.username,
        display_name=row.display_name,
        unit=row.unit,
        role=row.role,
        began=moment(row.began_at_ms, zone),
        seen_until=moment(row.seen_until_ms, zone),
        ended=moment_or_none(row.ended_at_ms, zone),
        why_ended=row.why_ended,
        seconds=round((row.seen_until_ms - row.began_at_ms) / 1000, 1),
    )


ROUTES = (
    Route(
        "GET",
        "/api/v1/looks",
        list_looks,
        Permission.AUDIT_READ,
        "The register of looks: who looked through which camera, why, from when, how long",
        parameters=(
            Parameter("camera", "query"),
            Parameter("after", "query", description="`next` of the page before"),
            Parameter("limit", "query", schema={"type": "integer", "minimum": 1, "maximum": _MOST}),
        ),
        answers={200: LookPage},
    ),
)
