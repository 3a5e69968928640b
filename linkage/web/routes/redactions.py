"""Taking out what people wrote where it should not stand: a hand-over's notes, what was said in one
entry of an incident's timeline. For a reason, which is kept; the records' chains stay whole."""

import json
from collections.abc import Callable, Sequence

from aiohttp import web
from msgspec import Struct
from sqlalchemy import Connection, select

from alarms.store.tables import alarms
from linkage.accounts.rights import Permission
from linkage.duty import handover
from linkage.duty.errors import NoSuchEntry as NoSuchHandover
from linkage.registry.errors import NoSuchEntry, NotPossible
from linkage.registry.texts import text_ids
from linkage.schema import incident_events
from linkage.web.answering import answer
from linkage.web.guard import PORTS, caller_of
from linkage.web.incident_rows import read_row
from linkage.web.problems import not_found
from linkage.web.registry_calling import ReasonBody, problem_of, reason_of, registry_caller
from linkage.web.routing import Route


class Redacted(Struct, frozen=True, kw_only=True):
    texts: int
    """How many were taken out."""


async def redact_handover(request: web.Request) -> web.Response:
    id_, places = request.match_info["id"], caller_of(request).principal.places

    def texts_of(conn: Connection) -> Sequence[str]:
        return [one for note in handover.notes_kept(conn, id_, places) for one in text_ids(note)]

    return await _redact(request, f"handover:{id_}", texts_of)


async def redact_entry(request: web.Request) -> web.Response:
    id_, places = request.match_info["id"], caller_of(request).principal.places
    position = request.match_info["position"]

    def texts_of(conn: Connection) -> Sequence[str]:
        if read_row(conn, id_, places) is None or not position.isdecimal():
            raise NoSuchEntry
        e = incident_events.c
        kept = conn.scalar(
            select(e.data).where(e.incident_id == id_, e.position == int(position[:18]))
        )
        if kept is None:
            raise NoSuchEntry
        # what a caller by telephone said stands in the log
        said = json.loads(kept).get("alarm")
        logged = conn.scalar(select(alarms.c.payload).where(alarms.c.id == said))
        return text_ids(kept) + text_ids(logged or "")

    return await _redact(request, f"incident:{id_}", texts_of)


async def _redact(
    request: web.Request, about: str, texts_of: Callable[[Connection], Sequence[str]]
) -> web.Response:
    reason = await reason_of(request)
    try:
        count = await request.app[PORTS].eraser.redact(
            registry_caller(request), about, reason, texts_of
        )
    except NoSuchHandover as gone:
        raise not_found() from gone
    except (NoSuchEntry, NotPossible) as refused:
        raise problem_of(refused) from refused
    return answer(Redacted(texts=count))


ROUTES = (
    Route(
        "POST",
        "/api/v1/handover/{id}/redact",
        redact_handover,
        Permission.HOUSEHOLD_ERASE,
        "Take the notes out of a hand-over, for a reason; cannot be undone",
        body=ReasonBody,
        answers={200: Redacted},
    ),
    Route(
        "POST",
        "/api/v1/incidents/{id}/timeline/{position}/redact",
        redact_entry,
        Permission.HOUSEHOLD_ERASE,
        "Take out what was said in one entry of a timeline, for a reason; cannot be undone",
        body=ReasonBody,
        answers={200: Redacted},
    ),
)
