"""The audit, for those who inspect it: who did what, to what, when, from where; and its chains."""

import asyncio
import json
from dataclasses import dataclass, field

from aiohttp import web
from sqlalchemy import Connection, or_, select

from alarms.store import SealedBox, chain
from lianfang_timing import unix_ms
from linkage import schema as s
from linkage.accounts.rights import Permission, Places
from linkage.audit import AuditAction
from linkage.chains import Verified, verify
from linkage.registry.texts import TextOpener
from linkage.web.answering import answer, moment, moment_or_none
from linkage.web.audit_views import AuditItem, AuditPage, ChainHead, ChainState
from linkage.web.guard import PORTS, caller_of
from linkage.web.incident_rows import AnyRow
from linkage.web.ports import Ports
from linkage.web.problems import Problem
from linkage.web.reading import limit_of, moment_of, position_of
from linkage.web.routing import Parameter, Route

_MOST = 200
_LONGEST_TEXT = 100
_E = s.audit_entries.c


@dataclass(frozen=True)
class _Asked:
    places: Places
    username: str
    before: int
    limit: int
    actor: str | None
    action: str | None
    about: str | None
    text: str | None
    from_ms: int | None
    until_ms: int | None


@dataclass
class ChainCheck:
    """What the last walk along the chains found; one per application."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    at_ms: int | None = None
    found: Verified | None = None


CHAIN_CHECK: web.AppKey[ChainCheck] = web.AppKey("chain_check", ChainCheck)


async def list_entries(request: web.Request) -> web.Response:
    ports, caller = request.app[PORTS], caller_of(request)
    words = {name: _word(request, name) for name in ("actor", "action", "about", "text")}
    asked = _Asked(
        places=caller.principal.places,
        username=caller.principal.username,
        before=position_of(request.query.get("after"), "after"),
        limit=limit_of(request, usual=50, most=_MOST),
        from_ms=moment_of(request, "from"),
        until_ms=moment_of(request, "until"),
        **words,
    )
    items = await ports.database.read(lambda conn: _read(conn, ports, asked))
    full = len(items) == asked.limit
    return answer(AuditPage(items=items, next=str(items[-1].position) if full else None))


def _word(request: web.Request, name: str) -> str | None:
    text = request.query.get(name, "").strip()
    if len(text) > _LONGEST_TEXT:
        raise Problem(
            400,
            f"{name} 最多 {_LONGEST_TEXT} 字 / {name} has at most {_LONGEST_TEXT} characters.",
        )
    return text or None


def _read(conn: Connection, ports: Ports, asked: _Asked) -> list[AuditItem]:
    query = (
        select(s.audit_entries, s.accounts.c.display_name)
        .join(s.accounts, s.accounts.c.username == _E.actor, isouter=True)
        .order_by(_E.position.desc())
        .limit(asked.limit)
    )
    if asked.before:
        query = query.where(_E.position < asked.before)
    if asked.actor is not None:
        query = query.where(_E.actor == asked.actor)
    if asked.action is not None:
        query = query.where(_E.action == asked.action)
    if asked.about is not None:
        query = query.where(_E.object.startswith(asked.about, autoescape=True))
    if asked.text is not None:
        columns = (_E.actor, _E.object, _E.detail, _E.address, s.accounts.c.display_name)
        query = query.where(or_(*(c.contains(asked.text, autoescape=True) for c in columns)))
    if asked.from_ms is not None:
        query = query.where(_E.at_ms >= asked.from_ms)
    if asked.until_ms is not None:
        query = query.where(_E.at_ms < asked.until_ms)
    if asked.places.villages is not None:
        query = query.where(_E.actor.in_(_inside(conn, asked)))
    opener = TextOpener(conn, ports.box)
    return [_item(row, opener, ports) for row in conn.execute(query)]


def _inside(conn: Connection, asked: _Asked) -> list[str]:
    """Whose doings an auditor of a few villages sees: of accounts that are limited to these."""
    rows = conn.execute(select(s.accounts.c.username, s.accounts.c.places))
    found = [r.username for r in rows if asked.places.contain(Places.of(json.loads(r.places)))]
    return [*found, asked.username]


def _item(row: AnyRow, opener: TextOpener, ports: Ports) -> AuditItem:
    detail = opener.open_all(json.loads(row.detail))
    unit = detail.pop("unit", "")
    return AuditItem(
        position=row.position,
        at=moment(row.at_ms, ports.site.zone),
        actor=row.actor,
        display_name=row.display_name,
        action=row.action,
        about=row.object,
        unit=unit if isinstance(unit, str) else "",
        detail=detail,
        address=row.address,
    )


async def chain_state(request: web.Request) -> web.Response:
    ports, check = request.app[PORTS], request.app[CHAIN_CHECK]
    heads = await ports.database.read(chain.heads)
    pruned = check.found.pruned if check.found else {}
    return answer(
        ChainState(
            verified_at=moment_or_none(check.at_ms, ports.site.zone),
            faults=check.found.faults if check.found else [],
            heads=[
                ChainHead(
                    chain=head.chain,
                    writer=head.writer,
                    rows=head.number,
                    pruned_to=pruned.get((head.chain, head.writer)),
                    link=head.link,
                )
                for head in heads
            ],
        )
    )


async def verify_chains(request: web.Request) -> web.Response:
    """As `lianfang audit verify`; one at a time."""
    ports, check = request.app[PORTS], request.app[CHAIN_CHECK]
    if check.lock.locked():
        raise Problem(409, "正在核对，请稍候 / they are being verified now: wait a little.")
    async with check.lock:
        box: SealedBox = ports.box
        check.found = await ports.database.read(lambda conn: verify(conn, box))
        check.at_ms = unix_ms(ports.clock.now())
    return await chain_state(request)


_TEXT = {"type": "string", "maxLength": _LONGEST_TEXT}

ROUTES = (
    Route(
        "GET",
        "/api/v1/audit",
        list_entries,
        Permission.AUDIT_READ,
        "The audit: who did what, to what, when and from where",
        parameters=(
            Parameter("actor", "query", schema=_TEXT, description="user name"),
            Parameter("action", "query", schema={"enum": [a.value for a in AuditAction]}),
            Parameter("about", "query", schema=_TEXT, description="its beginning: `account:`"),
            Parameter("text", "query", schema=_TEXT, description="anywhere in what is not sealed"),
            Parameter("from", "query", schema={"type": "string", "format": "date-time"}),
            Parameter("until", "query", schema={"type": "string", "format": "date-time"}),
            Parameter("after", "query", description="`next` of the page before"),
            Parameter("limit", "query", schema={"type": "integer", "minimum": 1, "maximum": _MOST}),
        ),
        answers={200: AuditPage},
    ),
    Route(
        "GET",
        "/api/v1/audit/chains",
        chain_state,
        Permission.AUDIT_READ,
        "The hash chains, and what the last walk along them found",
        answers={200: ChainState},
    ),
    Route(
        "POST",
        "/api/v1/audit/verify",
        verify_chains,
        Permission.AUDIT_READ,
        "Walk along every hash chain now; takes as long as the records are",
        answers={200: ChainState},
        endless=True,
    ),
)
