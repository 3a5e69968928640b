"""Who calls the registry, as its rooms know callers, and how their refusals are answered."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Annotated, TypeVar

from aiohttp import web
from msgspec import Meta, Struct
from sqlalchemy import Connection

from alarms.store import SealedBox
from lianfang_timing import unix_ms
from linkage.registry.errors import BadEntry, NoSuchEntry, NotPossible
from linkage.registry.history import Caller, HistoryEntry
from linkage.registry.model import Outcome, Said, Written
from linkage.registry.texts import TextOpener
from linkage.web.guard import PORTS, caller_of
from linkage.web.problems import Problem, not_found
from linkage.web.reading import body_of
from linkage.web.routing import Parameter

T = TypeVar("T")


def registry_caller(request: web.Request) -> Caller:
    """The caller of this request, at this moment."""
    ports, caller = request.app[PORTS], caller_of(request)
    return Caller(
        caller.principal.username,
        caller.address,
        caller.principal.places,
        unix_ms(ports.clock.now()),
        ports.audit.writer,
        caller.principal.unit,
    )


async def read(request: web.Request, work: Callable[[Connection], T]) -> T:
    """Run `work` in a reading transaction. Raises Problem 404, 409 or 422 for its refusals."""
    try:
        return await request.app[PORTS].database.read(work)
    except (NoSuchEntry, NotPossible, BadEntry) as refused:
        raise problem_of(refused) from refused


async def write(request: web.Request, work: Callable[[Connection], T]) -> T:
    """As `read`, in a writing one."""
    try:
        return await request.app[PORTS].database.write(work)
    except (NoSuchEntry, NotPossible, BadEntry) as refused:
        raise problem_of(refused) from refused


def as_asked(request: web.Request, done: Written) -> Written:
    """What was written, inside its transaction. Raises NotPossible where the caller asked for a
    new entry (`?new=1`) and there was one of this id: a form that adds must not change another."""
    if request.query.get("new") == "1" and done.outcome is not Outcome.CREATED:
        raise there_is_one(request.match_info["id"])
    return done


def there_is_one(entry_id: str) -> NotPossible:
    """Why nothing new of this id can be added."""
    zh = f"编号 {entry_id} 已有，请换一个编号"
    return NotPossible(Said(zh, f"there is one with the id {entry_id} already: choose another"))


NEW = Parameter("new", "query", description="1: refuse when there is one of this id already")


class ReasonBody(Struct, forbid_unknown_fields=True):
    reason: Annotated[str, Meta(max_length=200)] = ""


async def reason_of(request: web.Request) -> str:
    """Why the caller does it. Raises Problem 422 where nothing is said."""
    body = await body_of(request, ReasonBody)
    return said_reason(body.reason)


def said_reason(said: str) -> str:
    """Raises Problem 422 where nothing is said."""
    reason = said.strip()
    if not reason:
        raise Problem(422, "请说明原因 / say the reason.", more={"field": "reason"})
    return reason


def problem_of(refused: NoSuchEntry | NotPossible | BadEntry) -> Problem:
    """The problem document of a refusal of the registry."""
    match refused:
        case NoSuchEntry():
            return not_found()
        case NotPossible():
            return Problem(409, str(refused))
        case BadEntry(field=field):
            return Problem(422, str(refused), more={"field": field})


def opened_history(
    conn: Connection, box: SealedBox, history: Sequence[HistoryEntry]
) -> list[HistoryEntry]:
    """The entries with what people said in them, for the page."""
    opener = TextOpener(conn, box)
    return [replace(one, data=opener.open_all(one.data)) for one in history]
