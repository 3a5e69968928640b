"""The accounts of people, for who manages them: inside their own places, and never their own."""

from collections.abc import Callable
from datetime import datetime
from typing import NoReturn

from aiohttp import web
from msgspec import Struct
from sqlalchemy import Connection, select

from lianfang_timing import unix_ms
from linkage import audit
from linkage import schema as s
from linkage.accounts import people, second_factor, sessions
from linkage.accounts.errors import AccountsError, BadAccount, NameTaken, NoSuchAccount
from linkage.accounts.people import Account, Wanted
from linkage.accounts.rights import Permission, Places, Role, has_weight
from linkage.audit import AuditAction
from linkage.registry.texts import seal_text
from linkage.web.account_views import AccountItem, AccountList, SessionList
from linkage.web.answering import answer, moment, moment_or_none
from linkage.web.guard import PORTS, Caller, caller_of
from linkage.web.ports import Ports
from linkage.web.problems import Problem, not_found
from linkage.web.reading import body_of
from linkage.web.routes.own_account import sessions_of
from linkage.web.routes.stream import STREAMS
from linkage.web.routing import Route


class NewAccount(Struct, forbid_unknown_fields=True):
    username: str
    display_name: str
    role: str
    places: list[str]
    """Village ids, or `*` for everywhere."""
    password: str
    """To begin with: the person changes it."""
    unit: str = ""
    ends: datetime | None = None
    """It ends by itself then, and its sessions with it; left out: never."""

    def __repr__(self) -> str:
        return f"NewAccount(username={self.username!r}, password=…)"


class AccountChange(Struct, forbid_unknown_fields=True):
    """All of it, as it is to be."""

    display_name: str
    role: str
    places: list[str]
    enabled: bool
    unit: str = ""
    ends: datetime | None = None


class PasswordGiven(Struct, forbid_unknown_fields=True):
    password: str

    def __repr__(self) -> str:
        return "PasswordGiven(…)"


class Reason(Struct, forbid_unknown_fields=True):
    reason: str


async def list_accounts(request: web.Request) -> web.Response:
    ports, places = request.app[PORTS], caller_of(request).principal.places
    now_ms = unix_ms(ports.clock.now())

    def read(conn: Connection) -> AccountList:
        seen: dict[str, list[int]] = {}
        for one in sessions.list_open(conn, now_ms=now_ms):
            seen.setdefault(one.username, []).append(one.seen_ms)
        enrolled = second_factor.all_enrolled(conn)
        items = [
            _item(ports, one, seen.get(one.username, []), one.username in enrolled, now_ms)
            for one in people.list_all(conn)
            if places.contain(one.places)
        ]
        villages = {
            row.id: row.name
            for row in conn.execute(select(s.villages).order_by(s.villages.c.name))
            if places.covers(row.id)
        }
        return AccountList(items=items, roles=[role.value for role in Role], villages=villages)

    return answer(await ports.database.read(read))


def _item(
    ports: Ports, one: Account, seen_ms: list[int], is_enrolled: bool, now_ms: int
) -> AccountItem:
    zone = ports.site.zone
    return AccountItem(
        username=one.username,
        display_name=one.display_name,
        unit=one.unit,
        role=one.role.value,
        places=one.places.names(),
        enabled=one.enabled,
        created=moment(one.created_at_ms, zone),
        ends=moment_or_none(one.expires_at_ms, zone),
        ended=one.has_ended(now_ms),
        second_factor=is_enrolled,
        second_factor_policy=ports.accounts.second_factor.value if has_weight(one.role) else None,
        sessions=len(seen_ms),
        seen=moment_or_none(max(seen_ms, default=None), zone),
    )


async def add_account(request: web.Request) -> web.Response:
    ports, caller = request.app[PORTS], caller_of(request)
    asked = await body_of(request, NewAccount)
    if not caller.principal.places.contain(Places.of(asked.places)):
        raise _beyond_places()
    try:
        hashed = await ports.passwords.hash(asked.password)
    except BadAccount as bad:
        _refuse(bad)

    def work(conn: Connection, now_ms: int) -> dict[str, object]:
        people.add(
            conn,
            asked.username,
            display_name=asked.display_name.strip(),
            unit=asked.unit.strip(),
            role=asked.role,
            places=asked.places,
            password_hash=hashed,
            now_ms=now_ms,
            expires_at_ms=_ms(asked.ends),
        )
        return {"role": asked.role, "places": asked.places, "ends": _ends(asked.ends)}

    await _write(request, asked.username, "add", work)
    return web.Response(status=201)


async def change_account(request: web.Request) -> web.Response:
    caller = caller_of(request)
    username = await _another(request)
    asked = await body_of(request, AccountChange)
    if not caller.principal.places.contain(Places.of(asked.places)):
        raise _beyond_places()
    wanted = Wanted(
        asked.display_name.strip(),
        asked.unit.strip(),
        asked.role,
        asked.places,
        asked.enabled,
        _ms(asked.ends),
    )

    def work(conn: Connection, now_ms: int) -> dict[str, object]:
        changed = people.change(conn, username, wanted, now_ms=now_ms)
        facts: dict[str, object] = {
            "role": asked.role,
            "places": asked.places,
            "enabled": asked.enabled,
            "ends": _ends(asked.ends),
        }
        return {"changed": changed, **facts}

    await _write(request, username, "change", work)
    return web.Response(status=204)


async def give_password(request: web.Request) -> web.Response:
    ports = request.app[PORTS]
    username = await _another(request)
    asked = await body_of(request, PasswordGiven)
    try:
        hashed = await ports.passwords.hash(asked.password)
    except BadAccount as bad:
        _refuse(bad)

    def work(conn: Connection, _now_ms: int) -> dict[str, object]:
        people.set_password(conn, username, hashed)
        return {}

    await _write(request, username, "passwd", work)
    return web.Response(status=204)


async def reset_second_factor(request: web.Request) -> web.Response:
    """After who asks for it was known in person: what is written down says by what."""
    ports, username = request.app[PORTS], await _another(request)
    asked = await body_of(request, Reason)
    if not asked.reason.strip():
        raise Problem(422, "请填写：reason / fill in: reason.", more={"missing": ["reason"]})

    def work(conn: Connection, _now_ms: int) -> dict[str, object]:
        had = second_factor.reset(conn, username)
        people.end_sessions(conn, username)
        reason = seal_text(conn, ports.box, None, asked.reason.strip()[:200])
        return {"had": had, "reason": reason}

    await _write(request, username, "second factor reset", work)
    return web.Response(status=204)


async def account_sessions(request: web.Request) -> web.Response:
    ports, caller = request.app[PORTS], caller_of(request)
    username = await _inside_places(request)
    found: SessionList = await sessions_of(ports, caller, username)
    return answer(found)


async def _inside_places(request: web.Request) -> str:
    """The account's name. Raises Problem 404 for what lies beyond the caller's places."""
    ports, username = request.app[PORTS], request.match_info["id"]
    account = await ports.database.read(lambda conn: people.find(conn, username))
    if account is None or not caller_of(request).principal.places.contain(account.places):
        raise not_found()
    return username


async def _another(request: web.Request) -> str:
    """As `_inside_places`; raises Problem 409 for one's own: nobody shuts themselves out, and
    nobody raises themselves."""
    username = await _inside_places(request)
    if username == caller_of(request).principal.username:
        raise Problem(
            409, "自己的账号请由另一位管理员修改 / your own account is for another administrator."
        )
    return username


async def _write(
    request: web.Request,
    username: str,
    what: str,
    work: Callable[[Connection, int], dict[str, object]],
) -> None:
    """Change an account, write down what was done, and have its open pages told."""
    ports, caller = request.app[PORTS], caller_of(request)
    now_ms = unix_ms(ports.clock.now())

    def both(conn: Connection) -> None:
        facts = work(conn, now_ms)
        audit.record(
            conn,
            ports.audit.writer,
            [_entry(caller, username, {"what": what, **facts})],
            at_ms=now_ms,
        )

    try:
        await ports.database.write(both)
    except AccountsError as error:
        _refuse(error)
    request.app[STREAMS].look_at_rights()


def _entry(caller: Caller, username: str, facts: dict[str, object]) -> audit.AuditEntry:
    return caller.entry(AuditAction.CHANGE, f"account:{username}", facts)


def _refuse(error: AccountsError) -> NoReturn:
    if isinstance(error, NoSuchAccount):
        raise not_found() from error
    text = str(error)
    said = text if " / " in text else f"账号内容有误 / {text}"
    raise Problem(409 if isinstance(error, NameTaken) else 422, said) from error


def _beyond_places() -> Problem:
    return Problem(
        403, "只能授予您自己管辖范围内的村 / you may give only places that are your own."
    )


def _ms(at: datetime | None) -> int | None:
    if at is None:
        return None
    if at.tzinfo is None:
        raise Problem(422, "ends 须带时区 / ends needs its offset.")
    return unix_ms(at)


def _ends(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


ROUTES = (
    Route(
        "GET",
        "/api/v1/accounts",
        list_accounts,
        Permission.ACCOUNT_READ,
        "The accounts of people inside one's places",
        answers={200: AccountList},
    ),
    Route(
        "POST",
        "/api/v1/accounts",
        add_account,
        Permission.ACCOUNT_MANAGE,
        "Make an account",
        body=NewAccount,
        answers={201: None},
    ),
    Route(
        "PUT",
        "/api/v1/accounts/{id}",
        change_account,
        Permission.ACCOUNT_MANAGE,
        "Change, disable or limit an account; when its rights change, its sessions end",
        body=AccountChange,
        answers={204: None},
    ),
    Route(
        "POST",
        "/api/v1/accounts/{id}/password",
        give_password,
        Permission.ACCOUNT_MANAGE,
        "Give an account a new password; its sessions end",
        body=PasswordGiven,
        answers={204: None},
    ),
    Route(
        "POST",
        "/api/v1/accounts/{id}/second-factor/reset",
        reset_second_factor,
        Permission.ACCOUNT_MANAGE,
        "Take an account's second factor away, for a reason that is written down; its sessions end",
        body=Reason,
        answers={204: None},
    ),
    Route(
        "GET",
        "/api/v1/accounts/{id}/sessions",
        account_sessions,
        Permission.ACCOUNT_READ,
        "Where an account is signed in",
        answers={200: SessionList},
    ),
)
