"""Signing in and out, locking the screen, who I am, and whether I sit at the console."""

from collections.abc import Awaitable, Callable
from typing import Literal, NoReturn

from aiohttp import web
from msgspec import Struct
from sqlalchemy import Connection

from lianfang_timing import unix_ms
from linkage import audit
from linkage.accounts import people, second_factor, sessions, tokens
from linkage.accounts.errors import WrongCode
from linkage.accounts.people import Account
from linkage.accounts.rights import Permission, Principal, has_weight
from linkage.audit import AuditAction, AuditEntry
from linkage.web import session_views
from linkage.web.answering import answer, moment, moment_or_none
from linkage.web.counting import COUNTERS
from linkage.web.guard import COOKIE, PORTS, Caller, address_of, caller_of, is_loopback
from linkage.web.ports import Ports
from linkage.web.problems import Problem
from linkage.web.reading import body_of
from linkage.web.routes.stream import STREAMS
from linkage.web.routing import Access, Route
from linkage.web.sign_in_gate import GATE, enter, knows_password


class SignIn(Struct, forbid_unknown_fields=True):
    username: str
    password: str
    otp: str | None = None
    """A code of the second factor, or a recovery code, where the account has one."""

    def __repr__(self) -> str:
        return f"SignIn(username={self.username!r}, password=…)"


class Unlock(Struct, forbid_unknown_fields=True):
    """One of the two."""

    password: str | None = None
    otp: str | None = None

    def __repr__(self) -> str:
        return "Unlock(…)"


class Presence(Struct, forbid_unknown_fields=True):
    sound: Literal["unlocked", "locked"]
    visible: bool


async def sign_in(request: web.Request) -> web.Response:
    ports = request.app[PORTS]
    asked = await body_of(request, SignIn)
    enter(request, asked.username)
    account, has_factor = await ports.database.read(lambda conn: _known(conn, asked.username))
    known_hash = account.password_hash if account else None
    matches = await ports.passwords.matches(known_hash, asked.password)
    if account is None or not matches or not account.enabled:
        await _refuse(request, account, "用户名或密码错误 / user name or password is wrong.")
    now_ms = unix_ms(ports.clock.now())
    if account.has_ended(now_ms):
        until = moment(account.expires_at_ms or 0, ports.site.zone)[:16].replace("T", " ")
        said = f"此账号已于 {until} 到期 / this account ended on {until}."
        await _refuse(request, account, said, status=403, why="the account has ended")
    if has_factor and not asked.otp:
        # only who has the password is asked; what was counted before stays counted
        request.app[GATE].taken_back(asked.username, address_of(request))
        request.app[COUNTERS].sign_ins.labels("code-asked").inc()
        said = "请输入动态码 / type the code of your second factor."
        raise Problem(401, said, more={"second_factor": "asked"})
    old = request.cookies.get(COOKIE)

    def begin(conn: Connection) -> str:
        facts: dict[str, object] = {"unit": account.unit}
        if has_factor:
            proof = second_factor.use(
                conn, ports.box, account.username, asked.otp or "", now_ms=now_ms
            )
            facts["second_factor"] = proof.value
        if old is not None:
            sessions.end(conn, tokens.digest(old))
        entry = _entry(account.username, AuditAction.SIGN_IN, request, facts)
        audit.record(conn, ports.audit.writer, [entry], at_ms=now_ms)
        return sessions.start(
            conn,
            account.username,
            now_ms=now_ms,
            address=address_of(request),
            browser=request.headers.get("User-Agent", ""),
        )

    try:
        token = await ports.database.write(begin)
    except WrongCode as wrong:
        await _refuse(request, account, str(wrong), why="second factor", second_factor="wrong")
    request.app[GATE].succeeded(asked.username, address_of(request))
    request.app[COUNTERS].sign_ins.labels("good").inc()
    response = web.Response(status=204)
    response.set_cookie(
        COOKIE, token, path="/", httponly=True, samesite="Strict", secure=not is_loopback(request)
    )
    return response


def _known(conn: Connection, username: str) -> tuple[Account | None, bool]:
    account = people.find(conn, username)
    return account, account is not None and second_factor.enrolled(conn, username) is not None


async def _refuse(
    request: web.Request,
    account: Account | None,
    said: str,
    *,
    status: int = 401,
    why: str = "",
    **more: object,
) -> NoReturn:
    # what was typed as an unknown name may be a password typed into the wrong field
    name = account.username if account else "unknown"
    facts: dict[str, object] = {"why": why} if why else {}
    entry = _entry(name, AuditAction.SIGN_IN_FAILED, request, facts)
    await request.app[PORTS].audit.record(entry)
    request.app[COUNTERS].sign_ins.labels("failed").inc()
    raise Problem(status, said, more=more)


def _entry(
    username: str, action: AuditAction, request: web.Request, facts: dict[str, object]
) -> AuditEntry:
    return AuditEntry(username, action, f"account:{username}", address_of(request), facts)


async def sign_out(request: web.Request) -> web.Response:
    caller = _person(request)
    await _change(
        request,
        caller.entry(AuditAction.SIGN_OUT, _account(caller)),
        lambda conn, _now_ms: sessions.end(conn, caller.token_sha256),
    )
    response = web.Response(status=204)
    response.del_cookie(COOKIE, path="/")
    return response


async def lock(request: web.Request) -> web.Response:
    caller = _person(request)
    if not caller.is_locked:
        await _change(
            request,
            caller.entry(AuditAction.LOCK, _account(caller)),
            lambda conn, now_ms: sessions.lock(conn, caller.token_sha256, now_ms=now_ms),
        )
    return web.Response(status=204)


async def unlock(request: web.Request) -> web.Response:
    """By the password, or by a code of the second factor: this session was begun with both."""
    ports, caller = request.app[PORTS], _person(request)
    asked = await body_of(request, Unlock)
    username = caller.principal.username
    enter(request, username)

    def work(conn: Connection, now_ms: int) -> None:
        if asked.password is None:
            second_factor.use(conn, ports.box, username, asked.otp or "", now_ms=now_ms)
        sessions.unlock(conn, caller.token_sha256)

    try:
        said = asked.password
        if said is not None and not await knows_password(request, username, said):
            raise WrongCode("密码不正确 / the password is wrong.")
        entry = caller.entry(AuditAction.UNLOCK, _account(caller))
        await _change(request, entry, work)
    except WrongCode as wrong:
        entry = caller.entry(AuditAction.UNLOCK_FAILED, _account(caller))
        await ports.audit.record(entry)
        raise Problem(403, str(wrong)) from wrong
    request.app[GATE].succeeded(username, address_of(request))
    return web.Response(status=204)


async def _change(
    request: web.Request, entry: AuditEntry, work: Callable[[Connection, int], None]
) -> None:
    """Change the session, write it down, and have its open page told."""
    ports = request.app[PORTS]
    now_ms = unix_ms(ports.clock.now())

    def both(conn: Connection) -> None:
        work(conn, now_ms)
        audit.record(conn, ports.audit.writer, [entry], at_ms=now_ms)

    await ports.database.write(both)
    request.app[STREAMS].look_at_rights()


def _person(request: web.Request) -> Caller:
    caller = caller_of(request)
    if caller.principal.machine:
        raise Problem(403, "令牌没有会话 / a token has no session.")
    return caller


def _account(caller: Caller) -> str:
    return f"account:{caller.principal.username}"


async def me(request: web.Request) -> web.Response:
    ports, caller = request.app[PORTS], caller_of(request)
    site, principal = ports.site, caller.principal
    page = site.demo_button_page
    factor, ends_ms = await _proofs(ports, principal)
    return answer(
        session_views.Me(
            username=principal.username,
            display_name=principal.display_name,
            role=principal.role.value,
            places=principal.places.names(),
            permissions=sorted(principal.permissions),
            second_factor=factor,
            account_ends=moment_or_none(ends_ms, site.zone),
            locked=caller.is_locked,
            lock_after_s=float(ports.accounts.lock_after),
            site=session_views.Site(
                name_zh=site.name_zh,
                name_en=site.name_en,
                county=site.county,
                township=site.township,
                time_zone=site.time_zone,
            ),
            demo=None if page is None else session_views.Demo(button_page=page),
            version=site.version,
        )
    )


async def _proofs(
    ports: Ports, principal: Principal
) -> tuple[session_views.MySecondFactor | None, int | None]:
    """The person's second factor, and when the account ends."""
    if principal.machine:
        return None, None

    def read(conn: Connection) -> tuple[second_factor.Enrolled | None, Account | None]:
        name = principal.username
        return second_factor.enrolled(conn, name), people.find(conn, name)

    enrolled, account = await ports.database.read(read)
    factor = session_views.MySecondFactor(
        enrolled=enrolled is not None,
        policy=ports.accounts.second_factor.value if has_weight(principal.role) else None,
        recovery_left=enrolled.recovery_left if enrolled else 0,
    )
    return factor, account.expires_at_ms if account else None


async def presence(request: web.Request) -> web.Response:
    ports = request.app[PORTS]
    said = await body_of(request, Presence)
    digest = caller_of(request).token_sha256
    now_ms = unix_ms(ports.clock.now())
    await ports.database.write(
        lambda conn: sessions.note_presence(
            conn,
            digest,
            sound_unlocked=said.sound == "unlocked",
            visible=said.visible,
            now_ms=now_ms,
        )
    )
    return web.Response(status=204)


def _locked_too(
    method: str,
    path: str,
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
    summary: str,
    body: type[Struct] | None = None,
) -> Route:
    return Route(
        method,
        path,
        handler,
        Access.SIGNED_IN,
        summary,
        body=body,
        answers={204: None},
        while_locked=True,
    )


ROUTES = (
    Route(
        "POST",
        "/api/v1/session",
        sign_in,
        Access.PUBLIC,
        "Sign in; the answer sets the session cookie",
        body=SignIn,
        answers={204: None},
    ),
    _locked_too("DELETE", "/api/v1/session", sign_out, "Sign out"),
    _locked_too(
        "POST",
        "/api/v1/session/lock",
        lock,
        "Lock the screen: alarms go on, what they are about is hidden, and nobody counts as there",
    ),
    _locked_too(
        "POST",
        "/api/v1/session/unlock",
        unlock,
        "Unlock the screen by the password, or by a code of the second factor",
        Unlock,
    ),
    Route(
        "GET",
        "/api/v1/me",
        me,
        Access.SIGNED_IN,
        "Who is signed in",
        answers={200: session_views.Me},
        while_locked=True,
    ),
    Route(
        "POST",
        "/api/v1/presence",
        presence,
        Permission.PRESENCE,
        "The console says that somebody sits there and can hear it",
        body=Presence,
        answers={204: None},
        while_locked=True,
    ),
)
