"""Trying a password or a code: how often, and what is said and written down when it was wrong.

Signing in, unlocking a screen and whatever asks for the password once more share one counter: none
of them is a way around the others.
"""

import structlog
from aiohttp import web

from linkage.accounts import people
from linkage.accounts.gate import SignInGate
from linkage.audit import AuditAction, AuditEntry
from linkage.web.counting import COUNTERS
from linkage.web.guard import PORTS, Caller, address_of
from linkage.web.problems import Problem

log = structlog.get_logger()

GATE: web.AppKey[SignInGate] = web.AppKey("sign_in_gate", SignInGate)


def enter(request: web.Request, username: str) -> None:
    """Count a try. Raises Problem 429."""
    now_s = request.app[PORTS].clock.monotonic()
    wait_s = request.app[GATE].enter(username, address_of(request), now_s=now_s)
    if wait_s is not None:
        log.warning("sign_in_held_back", address=address_of(request))
        request.app[COUNTERS].sign_ins.labels("held-back").inc()
        raise Problem(
            429, "尝试次数过多，请稍候 / too many tries: wait a little.", retry_after_s=wait_s
        )


async def must_know_password(request: web.Request, caller: Caller, password: str) -> None:
    """Whoever changes how an account is proven types its password once more: a screen left open
    is not enough. Raises Problem 429 or 403; what was wrong is written down."""
    username = caller.principal.username
    if caller.principal.machine:
        raise Problem(403, "令牌没有密码 / a token has no password.")
    enter(request, username)
    if not await knows_password(request, username, password):
        await _note_wrong(request, caller)
        raise Problem(403, "密码不正确 / the password is wrong.")
    request.app[GATE].succeeded(username, address_of(request))


async def knows_password(request: web.Request, username: str, password: str) -> bool:
    """Whether it is this account's password."""
    ports = request.app[PORTS]
    account = await ports.database.read(lambda conn: people.find(conn, username))
    return await ports.passwords.matches(account.password_hash if account else None, password)


async def _note_wrong(request: web.Request, caller: Caller) -> None:
    about = f"account:{caller.principal.username}"
    entry = AuditEntry(
        caller.principal.username,
        AuditAction.SIGN_IN_FAILED,
        about,
        address_of(request),
        {"why": "password asked once more"},
    )
    await request.app[PORTS].audit.record(entry)
