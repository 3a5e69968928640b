"""The second factor of an account: an authenticator app, and recovery codes for when it is lost.

A secret lies sealed under the site key; of a recovery code only the site's signature is kept. A
code that was used is used up, in the transaction that lets its bearer in.
"""

import secrets
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, delete, func, insert, select, update

from alarms.store import SealedBox
from linkage.accounts import totp
from linkage.accounts.errors import WrongCode
from linkage.schema import recovery_codes, second_factors

RECOVERY_CODES = 10
PENDING_HOLDS_MS = 15 * 60 * 1000
"""So long may pass between the secret's being shown and the first code of it."""

# without what is easily taken for something else: 0 O, 1 I L
_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_HALF = 5
_T, _R = second_factors.c, recovery_codes.c


class Proof(StrEnum):
    """What proved the second factor."""

    CODE = "code"
    RECOVERY = "recovery"


@dataclass(frozen=True)
class Enrolled:
    """That an account has a second factor."""

    since_ms: int
    recovery_left: int


def enrolled(conn: Connection, username: str) -> Enrolled | None:
    """The account's second factor; None when it has none that was confirmed."""
    since_ms = conn.scalar(select(_T.confirmed_at_ms).where(_T.username == username))
    if since_ms is None:
        return None
    left = conn.scalar(
        select(func.count())
        .select_from(recovery_codes)
        .where(_R.username == username, _R.used_at_ms.is_(None))
    )
    return Enrolled(since_ms, left or 0)


def all_enrolled(conn: Connection) -> frozenset[str]:
    """The accounts that have one."""
    return frozenset(conn.scalars(select(_T.username).where(_T.confirmed_at_ms.is_not(None))))


def begin(conn: Connection, box: SealedBox, username: str, *, now_ms: int) -> bytes:
    """Draw a new secret and return it, to be shown once. Until `confirm` it counts for nothing,
    and what the account had before goes on."""
    secret = totp.draw_secret()
    values = {
        "pending_sealed": box.seal(secret, context=_context(username)),
        "pending_at_ms": now_ms,
    }
    changed = conn.execute(
        update(second_factors).where(_T.username == username).values(**values)
    ).rowcount
    if changed == 0:
        conn.execute(insert(second_factors).values(username=username, **values))
    return secret


def confirm(
    conn: Connection, box: SealedBox, username: str, code: str, *, now_ms: int
) -> list[str]:
    """The first code of the secret that was begun: from now on it is the account's second factor.
    The recovery codes, to be shown once; those from before are void. Raises WrongCode."""
    row = conn.execute(
        select(_T.pending_sealed, _T.pending_at_ms).where(_T.username == username)
    ).first()
    if row is None or row.pending_sealed is None or now_ms - row.pending_at_ms > PENDING_HOLDS_MS:
        raise WrongCode("请重新开始绑定 / begin again: nothing is waiting for a code.")
    secret = box.open(row.pending_sealed, context=_context(username))
    step = totp.step_that_fits(secret, _digits(code), at_ms=now_ms, last_step=None)
    if step is None:
        raise WrongCode(
            "动态码不正确，请核对手机时间 / the code is wrong: is the telephone's clock right?"
        )
    conn.execute(
        update(second_factors)
        .where(_T.username == username)
        .values(
            secret_sealed=row.pending_sealed,
            confirmed_at_ms=now_ms,
            last_step=step,
            pending_sealed=None,
            pending_at_ms=None,
        )
    )
    conn.execute(delete(recovery_codes).where(_R.username == username))
    codes = [_draw() for _ in range(RECOVERY_CODES)]
    conn.execute(
        insert(recovery_codes),
        [{"username": username, "code_mac": _mac(box, username, code)} for code in codes],
    )
    return codes


def use(conn: Connection, box: SealedBox, username: str, code: str, *, now_ms: int) -> Proof:
    """Take a code or a recovery code; it is used up. Raises WrongCode."""
    row = conn.execute(
        select(_T.secret_sealed, _T.last_step).where(_T.username == username)
    ).first()
    if row is not None and row.secret_sealed is not None:
        secret = box.open(row.secret_sealed, context=_context(username))
        step = totp.step_that_fits(secret, _digits(code), at_ms=now_ms, last_step=row.last_step)
        if step is not None:
            conn.execute(
                update(second_factors).where(_T.username == username).values(last_step=step)
            )
            return Proof.CODE
        taken = conn.execute(
            update(recovery_codes)
            .where(
                _R.username == username,
                _R.code_mac == _mac(box, username, code),
                _R.used_at_ms.is_(None),
            )
            .values(used_at_ms=now_ms)
        ).rowcount
        if taken:
            return Proof.RECOVERY
    raise WrongCode("动态码不正确，或已用过 / the code is wrong, or was used before.")


def reset(conn: Connection, username: str) -> bool:
    """Take the second factor away; whether there was one."""
    had = enrolled(conn, username) is not None
    conn.execute(delete(recovery_codes).where(_R.username == username))
    conn.execute(delete(second_factors).where(_T.username == username))
    return had


def _draw() -> str:
    halves = ("".join(secrets.choice(_LETTERS) for _ in range(_HALF)) for _ in range(2))
    return "-".join(halves)


def _mac(box: SealedBox, username: str, code: str) -> str:
    plain = "".join(letter for letter in code.upper() if letter.isalnum())
    return box.sign(f"recovery-v1|{username}|{plain}")


def _digits(code: str) -> str:
    """Apps show `123 456`; people type what they see."""
    return code.replace(" ", "")


def _context(username: str) -> str:
    return f"second-factor:{username}"
