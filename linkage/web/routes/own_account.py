"""What people see to for themselves: second factor, password, where they are signed in."""

from collections.abc import Callable
from typing import TypeVar

from aiohttp import web
from msgspec import Struct
from sqlalchemy import Connection, select

from lianfang_timing import unix_ms
from linkage import audit, qr
from linkage.accounts import people, second_factor, sessions, totp
from linkage.accounts.errors import BadAccount, WrongCode
from linkage.accounts.rights import Permission, has_weight
from linkage.audit import AuditAction
from linkage.schema import accounts as accounts_table
from linkage.web.account_views import (
    NewSecret,
    RecoveryCodes,
    SecondFactor,
    SessionItem,
    SessionList,
)
from linkage.web.answering import answer, moment, moment_or_none
from linkage.web.guard import PORTS, Caller, address_of, caller_of
from linkage.web.ports import Ports
from linkage.web.problems import Problem, not_found
from linkage.web.reading import body_of
from linkage.web.routes.stream import STREAMS
from linkage.web.routing import Access, Route
from linkage.web.sign_in_gate import GATE, enter, must_know_password

T = TypeVar("T")


class Password(Struct, forbid_unknown_fields=True):
    """Once more, so that a screen left open is not enough."""

    password: str

    def __repr__(self) -> str:
        return "Password(…)"


class Code(Struct, forbid_unknown_fields=True):
    code: str

    def __repr__(self) -> str:
        return "Code(…)"


class NewPassword(Struct, forbid_unknown_fields=True):
    password: str
    """The present one."""
    new: str

    def __repr__(self) -> str:
        return "NewPassword(…)"


async def my_second_factor(request: web.Request) -> web.Response:
    ports, caller = request.app[PORTS], _person(request)
    name = caller.principal.username
    found = await ports.database.read(lambda conn: second_factor.enrolled(conn, name))
    return answer(
        SecondFactor(
            enrolled_since=moment_or_none(found.since_ms if found else None, ports.site.zone),
            recovery_left=found.recovery_left if found else 0,
            policy=ports.accounts.second_factor.value
            if has_weight(caller.principal.role)
            else None,
        )
    )


async def begin(request: web.Request) -> web.Response:
    ports, caller = request.app[PORTS], _person(request)
    asked = await body_of(request, Password)
    await must_know_password(request, caller, asked.password)
    name = caller.principal.username
    secret = await _write(
        request,
        caller,
        "second factor begun",
        lambda conn, now_ms: second_factor.begin(conn, ports.box, name, now_ms=now_ms),
    )
    uri = totp.uri_of(secret, username=name, issuer=f"联防 {ports.site.name_zh}")
    return answer(NewSecret(secret=totp.secret_text(secret), uri=uri, qr=qr.as_data_uri(uri)))


async def confirm(request: web.Request) -> web.Response:
    ports, caller = request.app[PORTS], _person(request)
    asked = await body_of(request, Code)
    name = caller.principal.username
    enter(request, name)
    try:
        codes = await _write(
            request,
            caller,
            "second factor enrolled",
            lambda conn, now_ms: second_factor.confirm(
                conn, ports.box, name, asked.code, now_ms=now_ms
            ),
        )
    except WrongCode as wrong:
        raise Problem(409, str(wrong)) from wrong
    request.app[GATE].succeeded(name, address_of(request))
    # what waited for it is open now
    request.app[STREAMS].look_at_rights()
    return answer(RecoveryCodes(codes=codes))


async def change_password(request: web.Request) -> web.Response:
    """The person's other sessions end; this one goes on."""
    ports, caller = request.app[PORTS], _person(request)
    asked = await body_of(request, NewPassword)
    await must_know_password(request, caller, asked.password)
    try:
        hashed = await ports.passwords.hash(asked.new)
    except BadAccount as bad:
        raise Problem(422, f"新密码应有 10 至 256 个字符 / {bad}.") from bad
    name = caller.principal.username

    def work(conn: Connection, _now_ms: int) -> None:
        people.set_password(conn, name, hashed, but=caller.token_sha256)

    await _write(request, caller, "passwd", work)
    request.app[STREAMS].look_at_rights()
    return web.Response(status=204)


async def my_sessions(request: web.Request) -> web.Response:
    ports, caller = request.app[PORTS], _person(request)
    return answer(await sessions_of(ports, caller, caller.principal.username))


async def sessions_of(ports: Ports, caller: Caller, username: str) -> SessionList:
    """The open sessions of an account."""
    now_ms, zone = unix_ms(ports.clock.now()), ports.site.zone

    def read(conn: Connection) -> tuple[list[sessions.OpenSession], str]:
        name = conn.scalar(
            select(accounts_table.c.display_name).where(accounts_table.c.username == username)
        )
        return sessions.list_open(conn, now_ms=now_ms, username=username), name or username

    found, display_name = await ports.database.read(read)
    mine = sessions.id_of(caller.token_sha256)
    return SessionList(
        items=[
            SessionItem(
                id=one.id,
                username=one.username,
                display_name=display_name,
                began=moment(one.began_ms, zone),
                seen=moment(one.seen_ms, zone),
                ends=moment(one.ends_ms, zone),
                address=one.address or "",
                browser=one.browser or "",
                locked=one.is_locked,
                mine=one.id == mine,
            )
            for one in found
        ]
    )


async def end_session(request: web.Request) -> web.Response:
    """One's own, or anybody's whose account one manages."""
    ports, caller = request.app[PORTS], _person(request)
    session_id = request.match_info["id"]
    now_ms = unix_ms(ports.clock.now())

    def work(conn: Connection) -> bool:
        found = next(
            (o for o in sessions.list_open(conn, now_ms=now_ms) if o.id == session_id), None
        )
        if found is None or not _may_end(conn, caller, found.username):
            return False
        sessions.end_listed(conn, found.id)
        facts = {"session": found.id, "address": found.address or ""}
        entry = caller.entry(AuditAction.SESSION_END, f"account:{found.username}", {**facts})
        audit.record(conn, ports.audit.writer, [entry], at_ms=now_ms)
        return True

    if not await ports.database.write(work):
        raise not_found()
    request.app[STREAMS].look_at_rights()
    return web.Response(status=204)


def _may_end(conn: Connection, caller: Caller, username: str) -> bool:
    if username == caller.principal.username:
        return True
    account = people.find(conn, username)
    return (
        account is not None
        and caller.principal.may(Permission.ACCOUNT_MANAGE)
        and caller.principal.places.contain(account.places)
    )


async def _write(
    request: web.Request, caller: Caller, what: str, work: Callable[[Connection, int], T]
) -> T:
    """Change one's own account, and write it down in the same transaction."""
    ports = request.app[PORTS]
    now_ms = unix_ms(ports.clock.now())
    about = f"account:{caller.principal.username}"
    entry = caller.entry(AuditAction.CHANGE, about, {"what": what})

    def both(conn: Connection) -> T:
        done = work(conn, now_ms)
        audit.record(conn, ports.audit.writer, [entry], at_ms=now_ms)
        return done

    return await ports.database.write(both)


def _person(request: web.Request) -> Caller:
    caller = caller_of(request)
    if caller.principal.machine:
        raise Problem(403, "令牌不是账号 / a token is no account.")
    return caller


ROUTES = (
    Route(
        "GET",
        "/api/v1/second-factor",
        my_second_factor,
        Access.SIGNED_IN,
        "My second factor: since when, how many recovery codes are left, whether it is required",
        answers={200: SecondFactor},
    ),
    Route(
        "POST",
        "/api/v1/second-factor",
        begin,
        Access.SIGNED_IN,
        "Begin to enrol an authenticator app: the secret, shown once",
        body=Password,
        answers={200: NewSecret},
    ),
    Route(
        "POST",
        "/api/v1/second-factor/confirm",
        confirm,
        Access.SIGNED_IN,
        "The first code of the app: from now on it is asked for; the recovery codes, shown once",
        body=Code,
        answers={200: RecoveryCodes},
    ),
    Route(
        "POST",
        "/api/v1/me/password",
        change_password,
        Access.SIGNED_IN,
        "Change my password; my other sessions end",
        body=NewPassword,
        answers={204: None},
    ),
    Route(
        "GET",
        "/api/v1/sessions",
        my_sessions,
        Access.SIGNED_IN,
        "Where I am signed in",
        answers={200: SessionList},
    ),
    Route(
        "POST",
        "/api/v1/sessions/{id}/end",
        end_session,
        Access.SIGNED_IN,
        "End a session: mine, or one of an account that I manage; its open page is told at once",
        answers={204: None},
    ),
)
