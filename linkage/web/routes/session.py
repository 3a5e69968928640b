"""Signing in and out, who I am, and whether I sit at the console."""

from typing import Literal

import structlog
from aiohttp import web
from msgspec import Struct
from sqlalchemy import Connection

from lianfang_timing import unix_ms
from linkage import audit
from linkage.accounts import people, sessions, tokens
from linkage.accounts.gate import SignInGate
from linkage.accounts.rights import Permission
from linkage.audit import AuditAction, AuditEntry
from linkage.web import session_views
from linkage.web.answering import answer
from linkage.web.counting import COUNTERS
from linkage.web.guard import COOKIE, PORTS, address_of, caller_of, is_loopback
from linkage.web.problems import Problem
from linkage.web.reading import body_of
from linkage.web.routing import Access, Route

log = structlog.get_logger()

GATE: web.AppKey[SignInGate] = web.AppKey("sign_in_gate", SignInGate)


class SignIn(Struct, forbid_unknown_fields=True):
    username: str
    password: str
    otp: str | None = None
    """For second factors, which no account has yet."""

    def __repr__(self) -> str:
        return f"SignIn(username={self.username!r}, password=…)"


class Presence(Struct, forbid_unknown_fields=True):
    sound: Literal["unlocked", "locked"]
    visible: bool


async def sign_in(request: web.Request) -> web.Response:
    ports = request.app[PORTS]
    asked = await body_of(request, SignIn)
    address = address_of(request)
    gate = request.app[GATE]
    wait_s = gate.enter(asked.username, address, now_s=ports.clock.monotonic())
    if wait_s is not None:
        log.warning("sign_in_held_back", address=address)
        request.app[COUNTERS].sign_ins.labels("held-back").inc()
        raise Problem(
            429, "尝试次数过多，请稍候 / too many tries: wait a little.", retry_after_s=wait_s
        )
    account = await ports.database.read(lambda conn: people.find(conn, asked.username))
    known_hash = account.password_hash if account else None
    matches = await ports.passwords.matches(known_hash, asked.password)
    if account is None or not matches or not account.enabled:
        # what was typed as an unknown name may be a password typed into the wrong field
        about = f"account:{account.username}" if account else "account:unknown"
        actor = account.username if account else "unknown"
        await ports.audit.record(AuditEntry(actor, AuditAction.SIGN_IN_FAILED, about, address))
        request.app[COUNTERS].sign_ins.labels("failed").inc()
        raise Problem(401, "用户名或密码错误 / user name or password is wrong.")
    now_ms = unix_ms(ports.clock.now())
    old = request.cookies.get(COOKIE)
    entry = AuditEntry(
        account.username,
        AuditAction.SIGN_IN,
        f"account:{account.username}",
        address,
        {"unit": account.unit},
    )

    def begin(conn: Connection) -> str:
        if old is not None:
            sessions.end(conn, tokens.digest(old))
        audit.record(conn, ports.audit.writer, [entry], at_ms=now_ms)
        return sessions.start(conn, account.username, now_ms=now_ms)

    token = await ports.database.write(begin)
    gate.succeeded(asked.username, address)
    request.app[COUNTERS].sign_ins.labels("good").inc()
    response = web.Response(status=204)
    response.set_cookie(
        COOKIE, token, path="/", httponly=True, samesite="Strict", secure=not is_loopback(request)
    )
    return response


async def sign_out(request: web.Request) -> web.Response:
    ports = request.app[PORTS]
    caller = caller_of(request)
    if caller.principal.machine:
        raise Problem(403, "令牌没有会话 / a token has no session to end.")
    entry = caller.entry(AuditAction.SIGN_OUT, f"account:{caller.principal.username}")
    now_ms = unix_ms(ports.clock.now())

    def finish(conn: Connection) -> None:
        audit.record(conn, ports.audit.writer, [entry], at_ms=now_ms)
        sessions.end(conn, caller.token_sha256)

    await ports.database.write(finish)
    response = web.Response(status=204)
    response.del_cookie(COOKIE, path="/")
    return response


async def me(request: web.Request) -> web.Response:
    site = request.app[PORTS].site
    principal = caller_of(request).principal
    page = site.demo_button_page
    return answer(
        session_views.Me(
            username=principal.username,
            display_name=principal.display_name,
            role=principal.role.value,
            places=principal.places.names(),
            permissions=sorted(principal.permissions),
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
    Route("DELETE", "/api/v1/session", sign_out, Access.SIGNED_IN, "Sign out", answers={204: None}),
    Route(
        "GET",
        "/api/v1/me",
        me,
        Access.SIGNED_IN,
        "Who is signed in",
        answers={200: session_views.Me},
    ),
    Route(
        "POST",
        "/api/v1/presence",
        presence,
        Permission.PRESENCE,
        "The console says that somebody sits there and can hear it",
        body=Presence,
        answers={204: None},
    ),
)
