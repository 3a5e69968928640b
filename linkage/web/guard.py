"""The door: who is calling, may they, and what happens when a handler fails.

Denied by default. A handler runs only when its route is declared and the caller has what the
declaration asks for. What a caller may see *inside* a route (places) is the handler's part.
"""

import asyncio
import ipaddress
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import structlog
from aiohttp import web

from alarms.errors import StoreBusy
from lianfang_timing import unix_ms
from linkage.accounts import sessions, tokens
from linkage.accounts.rights import WEIGHTY, Permission, Principal
from linkage.accounts.settings import SecondFactorPolicy
from linkage.audit import AuditAction, AuditEntry
from linkage.model.person import Actor
from linkage.web.counting import COUNTERS
from linkage.web.ports import Ports
from linkage.web.problems import Problem, response_of
from linkage.web.routing import Access, Handler, declared

log = structlog.get_logger()

COOKIE = "lianfang_session"
REQUEST_TIMEOUT_S = 30.0
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_PICTURES = "img-src 'self' blob: data:"
_POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    _PICTURES,
    "font-src 'self'",
    "media-src 'self' blob: data:",
    "connect-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


@dataclass(frozen=True)
class Caller:
    """Who makes this request, and with which secret (its digest)."""

    principal: Principal
    token_sha256: str
    address: str
    is_locked: bool = False
    """The screen is locked: what it shows says little of anybody."""

    @property
    def actor(self) -> Actor:
        """The caller as the desk knows people."""
        who = self.principal
        return Actor(who.username, who.display_name, who.role, who.machine)

    def entry(
        self, action: AuditAction, about: str, detail: dict[str, object] | None = None
    ) -> AuditEntry:
        """An audit entry of this caller; the person's unit goes with it."""
        facts = {"unit": self.principal.unit, **(detail or {})}
        return AuditEntry(self.principal.username, action, about, self.address, facts)


PORTS: web.AppKey[Ports] = web.AppKey("ports", Ports)
HEADERS: web.AppKey[dict[str, str]] = web.AppKey("headers", dict)
"""What every answer bears; `headers_for`."""
_CALLER: web.RequestKey[Caller] = web.RequestKey("caller", Caller)
_REQUEST_ID: web.RequestKey[str] = web.RequestKey("request_id", str)


def caller_of(request: web.Request) -> Caller:
    """Who calls; every route that is not public has one."""
    return request[_CALLER]


def address_of(request: web.Request) -> str:
    """The address the call came from. Headers of proxies are not believed: anyone can send them."""
    return (request.remote or "")[:64]


def is_loopback(request: web.Request) -> bool:
    """Whether browser and server are one machine: by both the peer's address and the name used."""
    name = urlsplit(f"//{request.host}").hostname or ""
    return _is_loopback(address_of(request)) and (name == "localhost" or _is_loopback(name))


# what aiohttp refuses by itself
_REFUSED = {
    404: "没有这个地址 / there is no such address.",
    405: "这个地址不接受此方法 / this address does not take this method.",
    413: "内容太长 / the body is too long.",
}


@web.middleware
async def bulkhead(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn whatever a request raises into a problem document; one request hurts no other."""
    request[_REQUEST_ID] = secrets.token_hex(8)
    try:
        return await handler(request)
    except Problem as problem:
        return response_of(problem)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        allow = {k: v for k, v in error.headers.items() if k == "Allow"}
        detail = _REFUSED.get(error.status, error.reason)
        return response_of(Problem(error.status, detail, headers=allow))
    except StoreBusy as busy:
        log.warning("request_found_store_busy", path=request.path, reason=str(busy))
        return response_of(
            Problem(
                503,
                "数据库暂时无法应答，请重试 / the database cannot answer now: try again.",
                retry_after_s=2,
            )
        )
    except TimeoutError:
        log.warning("request_timed_out", path=request.path, request_id=request[_REQUEST_ID])
        return response_of(
            Problem(503, "处理超时，请重试 / this took too long: try again.", retry_after_s=2)
        )
    except Exception:  # bulkhead: a bug in one handler must not reach other requests or the caller
        log.exception("request_failed", path=request.path, request_id=request[_REQUEST_ID])
        detail = (
            f"服务器出错，日志编号 {request[_REQUEST_ID]} / "
            f"the server failed; its log has the cause under {request[_REQUEST_ID]}."
        )
        return response_of(Problem(500, detail))


@web.middleware
async def count(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count what was answered; by the route's pattern, so that callers cannot make new series."""
    response = await handler(request)
    route = declared(request)
    path = route.path if route else "none"
    method = route.method if route else "other"
    request.app[COUNTERS].requests.labels(method, path, str(response.status)).inc()
    return response


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let the request through only with what its declaration asks for."""
    if request.match_info.http_exception is not None:
        return await handler(request)  # no such path or method: there is nothing to guard
    route = declared(request)
    if route is None:
        raise Problem(403, "接口未声明 / this route is not declared.")
    _check_origin(request)
    if route.needs is not Access.PUBLIC:
        caller = await _identify(request)
        request[_CALLER] = caller
        if caller.is_locked and not route.while_locked:
            raise Problem(423, "本机已锁屏，请先解锁 / the screen is locked: unlock it first.")
        if isinstance(route.needs, Permission) and not caller.principal.may(route.needs):
            raise _not_permitted(caller.principal, route.needs)
    if route.endless:
        return await handler(request)
    async with asyncio.timeout(REQUEST_TIMEOUT_S):
        return await handler(request)


def headers_for(tile_origins: Sequence[str]) -> dict[str, str]:
    """Security headers. Pages load pictures from here, and tiles of the map from exactly these
    hosts, where the settings name any."""
    pictures = " ".join((_PICTURES, *tile_origins))
    policy = "; ".join(pictures if one is _PICTURES else one for one in _POLICY)
    return {"Content-Security-Policy": policy, **_HEADERS}


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Security headers on every answer, streams and files too."""
    response.headers.update(request.app[HEADERS])
    response.headers["X-Request-Id"] = request.get(_REQUEST_ID, "")
    if request.secure:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    response.headers.setdefault("Cache-Control", "no-store")


def _check_origin(request: web.Request) -> None:
    """A changing call that a browser sends from another site's page is refused."""
    if request.method in _READING:
        return
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc.lower() != request.host.lower():
        raise Problem(403, "请求来自其他网站的页面 / this call came from another site's page.")
    from_browser = (
        COOKIE in request.cookies or origin is not None or "Sec-Fetch-Site" in request.headers
    )
    if from_browser and "Authorization" not in request.headers:
        require_own_page(request)


def require_own_page(request: web.Request) -> None:
    """Only our own pages can send this header without the server agreeing beforehand."""
    if request.headers.get("X-Requested-With") != "lianfang":
        raise Problem(
            403,
            "浏览器的修改请求须带 / a browser's change needs X-Requested-With: lianfang.",
        )


async def _identify(request: web.Request) -> Caller:
    ports = request.app[PORTS]
    address = address_of(request)
    authorization = request.headers.get("Authorization")
    if authorization is not None:
        scheme, _, token = authorization.partition(" ")
        digest = tokens.digest(token.strip())
        machine = None
        if scheme.lower() == "bearer":
            machine = await ports.database.read(lambda conn: tokens.find(conn, digest))
        if machine is None:
            raise _sign_in_first()
        return Caller(machine, digest, address)
    cookie = request.cookies.get(COOKIE)
    if cookie is None:
        raise _sign_in_first()
    digest = tokens.digest(cookie)
    now_ms = unix_ms(ports.clock.now())
    session = await ports.database.read(lambda conn: sessions.find(conn, digest, now_ms=now_ms))
    if session is None:
        raise _sign_in_first()
    if session.wants_sliding(now_ms):
        await _slide(ports, digest, now_ms)
    return Caller(_principal(ports, session), digest, address, session.is_locked)


def _principal(ports: Ports, session: sessions.Session) -> Principal:
    """Who it is, without what waits for a second factor where the site requires one."""
    is_required = ports.accounts.second_factor is SecondFactorPolicy.REQUIRED
    if is_required and not session.has_second_factor:
        return replace(session.principal, withheld=WEIGHTY & session.principal.permissions)
    return session.principal


def _not_permitted(principal: Principal, needed: Permission) -> Problem:
    if needed in principal.withheld:
        return Problem(
            403,
            "请先绑定动态码（两步验证），再做此事 / enrol a second factor first: this needs one.",
            more={"second_factor": "enrol"},
        )
    return Problem(403, "您的角色无此权限 / your role does not permit this.")


async def _slide(ports: Ports, digest: str, now_ms: int) -> None:
    try:
        await ports.database.write(lambda conn: sessions.slide(conn, digest, now_ms=now_ms))
    except StoreBusy as busy:
        # it holds for hours yet, the next call tries again, and reading must go on meanwhile
        log.warning("session_not_extended", reason=str(busy))


async def still_holds(ports: Ports, caller: Caller) -> bool:
    """Whether the caller's secret still gives the same rights; for streams, which live long."""
    now_ms = unix_ms(ports.clock.now())
    if caller.principal.machine:
        machine = await ports.database.read(lambda conn: tokens.find(conn, caller.token_sha256))
        return machine == caller.principal
    session = await ports.database.read(
        lambda conn: sessions.find(conn, caller.token_sha256, now_ms=now_ms)
    )
    if session is None or session.is_locked is not caller.is_locked:
        return False
    return _principal(ports, session) == caller.principal


def _sign_in_first() -> Problem:
    return Problem(
        401,
        "没有登录或令牌，或已失效 / there is no session or token, or it has ended.",
        headers={"WWW-Authenticate": "Bearer"},
    )


def _is_loopback(text: str) -> bool:
    if not re.fullmatch(r"[0-9a-fA-F:.]+", text):
        return False
    try:
        return ipaddress.ip_address(text).is_loopback
    except ValueError:
        return False
