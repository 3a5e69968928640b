"""What the routes of silences, maintenance windows and drills share.

Their refusals as problems, whose business one is, and the audit entry beside each change.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

from msgspec import Meta, Struct
from sqlalchemy import Column, Connection, select

from lianfang_timing import unix_ms
from linkage import audit
from linkage.audit import AuditAction
from linkage.quiet.errors import NoSuchQuiet, QuietRefused
from linkage.web.guard import Caller
from linkage.web.ports import Ports
from linkage.web.problems import Problem, not_found

Ids = Annotated[list[Annotated[str, Meta(min_length=1, max_length=64)]], Meta(max_length=500)]
T = TypeVar("T")


class NothingBody(Struct, forbid_unknown_fields=True):
    pass


def now_ms_of(ports: Ports) -> int:
    """The present moment in Unix milliseconds."""
    return unix_ms(ports.clock.now())


async def written(ports: Ports, work: Callable[[Connection], T]) -> T:
    """What `work` returns, run in one transaction that writes. Raises as `answered`."""
    return await answered(ports.database.write(work))


async def answered(work: Awaitable[T]) -> T:
    """What is awaited. Raises Problem 409 where it is refused, 404 where there is no such thing."""
    try:
        return await work
    except QuietRefused as refused:
        raise Problem(409, f"{refused}.") from refused
    except NoSuchQuiet as gone:
        raise not_found() from gone


def touches(caller: Caller, villages: frozenset[str] | None) -> bool:
    """Whether what lies in these villages (None: everywhere) is any business of the caller's."""
    mine = caller.principal.places.villages
    return mine is None or villages is None or bool(mine & villages)


def must_be_inside(caller: Caller, villages: frozenset[str] | None) -> None:
    """Raises NoSuchQuiet where this reaches beyond the caller's places."""
    mine = caller.principal.places.villages
    if mine is not None and (villages is None or not villages <= mine):
        raise NoSuchQuiet("不在您的范围内 / it is not inside your places")


def must_know(conn: Connection, column: Column[str], ids: frozenset[str], zh: str, en: str) -> None:
    """Raises Problem 422 with the first id that is not in the store."""
    missing = sorted(ids - set(conn.scalars(select(column).where(column.in_(ids)))))
    if missing:
        raise Problem(422, f"没有{zh} {missing[0]} / there is no {en} {missing[0]!r}.")


def record_change(
    conn: Connection, ports: Ports, caller: Caller, about: str, detail: dict[str, object]
) -> None:
    """The audit entry of a change, in the change's own transaction."""
    entry = caller.entry(AuditAction.CHANGE, about, detail)
    audit.record(conn, ports.audit.writer, [entry], at_ms=now_ms_of(ports))
