"""Tokens: how random secrets are drawn and kept, and the tokens of machine clients."""

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from linkage.accounts.errors import BadAccount, NameTaken, NoSuchAccount
from linkage.accounts.people import places_of, role_of
from linkage.accounts.rights import Places, Principal, Role
from linkage.schema import machine_tokens

MACHINE_PREFIX = "machine:"
"""What sets a machine's name apart from a person's wherever an actor is written down."""


@dataclass(frozen=True)
class MachineToken:
    """What is known of a token; the token itself is shown once, when it is made."""

    name: str
    role: Role
    places: Places
    created_at_ms: int
    revoked: bool


def draw() -> str:
    """A new secret of 256 random bits, fit for a cookie or a header."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """What is kept of a token. It is random, so no slow hash is needed. Bytes of a header that are
    no UTF-8 come as lone surrogates: they are hashed as they were sent, and found nowhere."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


def create(conn: Connection, name: str, *, role: str, places: Sequence[str], now_ms: int) -> str:
    """Make a token for a machine and return it. Raises BadAccount, NameTaken."""
    if not 1 <= len(name) <= 50 or not name.isprintable():
        raise BadAccount("a token's name has 1 to 50 printable characters")
    checked_role, checked_places = role_of(role), places_of(conn, places)
    taken = select(machine_tokens.c.name).where(
        machine_tokens.c.name == name, machine_tokens.c.revoked.is_(False)
    )
    if conn.scalar(taken) is not None:
        raise NameTaken(f"there is a token {name!r} already")
    token = draw()
    conn.execute(
        insert(machine_tokens).values(
            token_sha256=digest(token),
            name=name,
            role=checked_role.value,
            places=json.dumps(checked_places.names()),
            created_at_ms=now_ms,
            revoked=False,
        )
    )
    return token


def revoke(conn: Connection, name: str) -> None:
    """Make a token worthless. Raises NoSuchAccount."""
    changed = conn.execute(
        update(machine_tokens)
        .where(machine_tokens.c.name == name, machine_tokens.c.revoked.is_(False))
        .values(revoked=True)
    )
    if changed.rowcount == 0:
        raise NoSuchAccount(f"there is no token {name!r}")


def find(conn: Connection, token_sha256: str) -> Principal | None:
    """The machine that holds the token of this digest; None when unknown or revoked."""
    row = conn.execute(
        select(machine_tokens).where(
            machine_tokens.c.token_sha256 == token_sha256, machine_tokens.c.revoked.is_(False)
        )
    ).first()
    if row is None:
        return None
    return Principal(
        username=MACHINE_PREFIX + row.name,
        display_name=row.name,
        unit="",
        role=Role(row.role),
        places=Places.of(json.loads(row.places)),
        machine=True,
    )


def list_all(conn: Connection) -> list[MachineToken]:
    """All tokens ever made, by name."""
    rows = conn.execute(select(machine_tokens).order_by(machine_tokens.c.name))
    return [
        MachineToken(
            r.name, Role(r.role), Places.of(json.loads(r.places)), r.created_at_ms, r.revoked
        )
        for r in rows
    ]
