"""Kept pictures and clips, and what became of the rest. Whoever gets one has been written down."""

import asyncio
import json

from aiohttp import web
from sqlalchemy import ColumnElement, Connection, func, select

from linkage import schema as s
from linkage.accounts.rights import Permission, Places
from linkage.custody.model import EntryKind, Why
from linkage.custody.schema import (
    evidence_entries,
    evidence_exports,
    evidence_gaps,
    evidence_holds,
)
from linkage.errors import NoSuchPicture
from linkage.looking.register import LookKind, NewLook
from linkage.registry.texts import TextOpener
from linkage.web.answering import answer, moment, moment_or_none
from linkage.web.custody_views import Custody, Export, ExportList, Hold, MissingEvidence
from linkage.web.guard import PORTS, caller_of
from linkage.web.incident_reading import read_people
from linkage.web.incident_rows import AnyRow, inside, read_row
from linkage.web.looks import LOOKS
from linkage.web.ports import Ports
from linkage.web.problems import Problem, not_found
from linkage.web.reading import purpose_of
from linkage.web.routing import Parameter, Route

_GAPS_SHOWN = 200
_EXPORTS_SHOWN = 200
_SAYING_WHY = "why the picture is looked at; recorded"


async def get_evidence(request: web.Request) -> web.StreamResponse:
    """A picture, or a clip with what a player asks of it (`Range`)."""
    ports, caller = request.app[PORTS], caller_of(request)
    evidence_id = request.match_info["id"]
    places = caller.principal.places
    found = await ports.database.read(lambda conn: _evidence(conn, evidence_id, places))
    if found is None:
        raise not_found()
    now_s = ports.clock.monotonic()
    looks, who = request.app[LOOKS], caller.principal.username
    is_clip = found.kind == "clip"
    # of a picture every look, of a clip every playing of it
    if not (is_clip and "Range" in request.headers and looks.is_noted(who, evidence_id, now_s)):
        look = NewLook(
            LookKind.CLIP if is_clip else LookKind.PICTURE,
            found.camera_id,
            caller.principal,
            caller.address,
            purpose_of(request) or "",
            found.incident_id,
            evidence=evidence_id,
        )
        await ports.looks.begin(look)
        looks.note(who, evidence_id, now_s)
    try:
        if not is_clip:
            return web.Response(
                body=await ports.evidence.read(found.file), content_type="image/jpeg"
            )
        path = ports.evidence.path_of(found.file)
        if not await asyncio.to_thread(path.is_file):
            raise NoSuchPicture(found.file)
    except NoSuchPicture as lost:
        raise Problem(404, "已不再保存 / this is no longer kept.") from lost
    name = f"{found.number}-{found.camera_id}.mp4"
    return web.FileResponse(
        path,
        headers={
            "Content-Type": "video/mp4",
            "Content-Disposition": f'inline; filename="{name}"',
        },
    )


async def get_custody(request: web.Request) -> web.Response:
    ports, who = request.app[PORTS], caller_of(request).principal
    may_look = who.may(Permission.EVIDENCE_LOOK) or who.may(Permission.EVIDENCE_REGISTER)
    found = await ports.database.read(
        lambda conn: _custody(conn, ports, request.match_info["id"], who.places, may_look=may_look)
    )
    if found is None:
        raise not_found()
    return answer(found)


async def list_exports(request: web.Request) -> web.Response:
    ports, places = request.app[PORTS], caller_of(request).principal.places
    found = await ports.database.read(
        lambda conn: _exports(conn, ports, inside(places), at_most=_EXPORTS_SHOWN + 1)
    )
    return answer(
        ExportList(
            items=found[:_EXPORTS_SHOWN],
            two_persons=ports.custody.two_persons,
            more=len(found) > _EXPORTS_SHOWN,
        )
    )


def _evidence(conn: Connection, evidence_id: str, places: Places) -> AnyRow | None:
    e = s.evidence.c
    return conn.execute(
        select(e.file, e.kind, e.camera_id, e.incident_id, s.incidents.c.number)
        .join_from(s.evidence, s.incidents, s.incidents.c.id == e.incident_id)
        .where(e.id == evidence_id, inside(places))
    ).first()


def _custody(
    conn: Connection, ports: Ports, id_: str, places: Places, *, may_look: bool
) -> Custody | None:
    incident = read_row(conn, id_, places)
    if incident is None:
        return None
    g, n = evidence_gaps.c, evidence_entries.c
    gaps = conn.execute(
        select(evidence_gaps)
        .where(g.incident_id == incident.id)
        .order_by(g.at_ms.desc(), g.id)
        .limit(_GAPS_SHOWN)
    ).all()
    entries = conn.scalar(select(func.count()).where(n.incident_id == incident.id))
    return Custody(
        missing=[
            MissingEvidence(
                camera=gap.camera_id,
                kind=gap.kind,
                at=moment(gap.at_ms, ports.site.zone),
                why=gap.why,
                said=_said(gap),
            )
            for gap in gaps
        ],
        holds=_holds(conn, ports, incident.id) if may_look else [],
        exports=_exports(conn, ports, evidence_exports.c.incident_id == incident.id)
        if may_look
        else [],
        two_persons=ports.custody.two_persons,
        entries=entries or 0,
        public_key=ports.box.public_key,
    )


def _holds(conn: Connection, ports: Ports, incident_id: str) -> list[Hold]:
    h, zone, opener = evidence_holds.c, ports.site.zone, TextOpener(conn, ports.box)
    rows = conn.execute(
        select(evidence_holds).where(h.incident_id == incident_id).order_by(h.held_at_ms, h.id)
    ).all()
    names = _Names(conn, {name for row in rows for name in (row.held_by, row.released_by)})
    return [
        Hold(
            id=row.id,
            reason=opener.open(row.reason),
            by=row.held_by,
            by_name=names.of(row.held_by),
            at=moment(row.held_at_ms, zone),
            released_by=row.released_by,
            released_by_name=names.or_none(row.released_by),
            released_at=moment_or_none(row.released_at_ms, zone),
            release_reason=None if row.release_reason is None else opener.open(row.release_reason),
        )
        for row in rows
    ]


def _exports(
    conn: Connection, ports: Ports, which: ColumnElement[bool], *, at_most: int | None = None
) -> list[Export]:
    """Newest first."""
    x, n, i = evidence_exports.c, evidence_entries.c, s.incidents.c
    zone, opener = ports.site.zone, TextOpener(conn, ports.box)
    fetched = (
        select(func.count())
        .where(n.evidence_id == x.id, n.kind == EntryKind.EXPORTED.value)
        .scalar_subquery()
    )
    rows = conn.execute(
        select(evidence_exports, i.number, fetched.label("fetched"))
        .join_from(evidence_exports, s.incidents, i.id == x.incident_id)
        .where(which)
        .order_by(x.asked_at_ms.desc(), x.id)
        .limit(at_most)
    ).all()
    names = _Names(conn, {name for row in rows for name in (row.asked_by, row.approved_by)})
    return [
        Export(
            **opener.open_all(json.loads(row.detail)),
            id=row.id,
            incident=row.incident_id,
            number=row.number,
            asked_by=row.asked_by,
            asked_by_name=names.of(row.asked_by),
            asked_at=moment(row.asked_at_ms, zone),
            approved_by=row.approved_by,
            approved_by_name=names.or_none(row.approved_by),
            approved_at=moment_or_none(row.approved_at_ms, zone),
            file=f"/api/v1/exports/{row.id}/file" if row.approved_by is not None else None,
            making=ports.custody.making(row.id),
            fetched=row.fetched,
        )
        for row in rows
    ]


class _Names:
    """What people are called; whoever is not registered any more by the user name."""

    def __init__(self, conn: Connection, usernames: set[str | None]) -> None:
        self._people = read_people(conn, usernames)

    def of(self, username: str) -> str:
        name, _ = self._people.get(username, (username, ""))
        return str(name)

    def or_none(self, username: str | None) -> str | None:
        return None if username is None else self.of(username)


def _said(gap: AnyRow) -> str:
    zh, en = Why(gap.why).label
    more = json.loads(gap.detail).get("said")
    return f"{zh} / {en}" + (f" ({more})" if more else "")


ROUTES = (
    Route(
        "GET",
        "/api/v1/evidence/{id}",
        get_evidence,
        Permission.EVIDENCE_LOOK,
        "A kept picture or clip of an incident; looking is recorded",
        parameters=(Parameter("purpose", "query", description=_SAYING_WHY),),
        answers={200: "image/jpeg", 206: "video/mp4"},
    ),
    Route(
        "GET",
        "/api/v1/incidents/{id}/custody",
        get_custody,
        Permission.INCIDENT_READ,
        "What is missing of an incident's evidence, and how much its manifest says",
        answers={200: Custody},
    ),
    Route(
        "GET",
        "/api/v1/exports",
        list_exports,
        Permission.EVIDENCE_REGISTER,
        "What was asked for, approved and handed over, newest first",
        answers={200: ExportList},
    ),
)
