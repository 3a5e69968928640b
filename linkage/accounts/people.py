"""The accounts of people."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from linkage.accounts.errors import BadAccount, NameTaken, NoSuchAccount
from linkage.accounts.rights import EVERYWHERE, Places, Principal, Role
from linkage.schema import accounts, sessions, villages

_USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


@dataclass(frozen=True)
class Account:
    """A person who may sign in."""

    username: str
    display_name: str
    unit: str
    """The person's unit, which the register of looks asks for."""
    role: Role
    places: Places
    enabled: bool
    created_at_ms: int
    password_hash: str = field(repr=False)
    expires_at_ms: int | None = None
    """It ends by itself then; None: never."""

    def has_ended(self, now_ms: int) -> bool:
        """Whether its time is over; it may be enabled all the same."""
        return self.expires_at_ms is not None and self.expires_at_ms <= now_ms

    @property
    def principal(self) -> Principal:
        return Principal(self.username, self.display_name, self.unit, self.role, self.places)


def add(
    conn: Connection,
    username: str,
    *,
    display_name: str,
    unit: str,
    role: str,
    places: Sequence[str],
    password_hash: str,
    now_ms: int,
    expires_at_ms: int | None = None,
) -> Account:
    """Make an account. Raises BadAccount (name, role, a place that is not there, an end that has
    passed), NameTaken."""
    if not _USERNAME.fullmatch(username):
        raise BadAccount(
            f"user name {username!r}: use lower-case letters, digits, dot, dash and underscore"
        )
    _check_names(display_name, unit)
    _check_end(expires_at_ms, now_ms)
    checked_role, checked_places = role_of(role), places_of(conn, places)
    if find(conn, username) is not None:
        raise NameTaken(f"there is an account {username!r} already")
    conn.execute(
        insert(accounts).values(
            username=username,
            display_name=display_name,
            unit=unit,
            role=checked_role.value,
            places=json.dumps(checked_places.names()),
            password_hash=password_hash,
            enabled=True,
            created_at_ms=now_ms,
            expires_at_ms=expires_at_ms,
        )
    )
    return Account(
        username,
        display_name,
        unit,
        checked_role,
        checked_places,
        True,
        now_ms,
        password_hash,
        expires_at_ms,
    )


@dataclass(frozen=True)
class Wanted:
    """What an account is to be from now on."""

    display_name: str
    unit: str
    role: str
    places: Sequence[str]
    enabled: bool
    expires_at_ms: int | None


def change(conn: Connection, username: str, wanted: Wanted, *, now_ms: int) -> list[str]:
    """Make the account so; the names of what changed. When its rights did, its sessions end.
    Raises NoSuchAccount, BadAccount."""
    found = find(conn, username)
    if found is None:
        raise NoSuchAccount(f"there is no account {username!r}")
    _check_names(wanted.display_name, wanted.unit)
    if wanted.expires_at_ms != found.expires_at_ms:
        _check_end(wanted.expires_at_ms, now_ms)
    rights: dict[str, object] = {
        "role": role_of(wanted.role),
        "places": places_of(conn, wanted.places),
        "enabled": wanted.enabled,
        "expires_at_ms": wanted.expires_at_ms,
    }
    names: dict[str, object] = {"display_name": wanted.display_name, "unit": wanted.unit}
    changed = [key for key, value in {**names, **rights}.items() if getattr(found, key) != value]
    if changed:
        conn.execute(
            update(accounts)
            .where(accounts.c.username == username)
            .values(
                **names,
                role=role_of(wanted.role).value,
                places=json.dumps(places_of(conn, wanted.places).names()),
                enabled=wanted.enabled,
                expires_at_ms=wanted.expires_at_ms,
            )
        )
    if not rights.keys().isdisjoint(changed):
        conn.execute(delete(sessions).where(sessions.c.username == username))
    return changed


def set_password(
    conn: Connection, username: str, password_hash: str, *, but: str | None = None
) -> None:
    """Change the password and end all of the person's sessions, `but` the one of this digest.
    Raises NoSuchAccount."""
    _change(conn, username, but, password_hash=password_hash)


def set_enabled(conn: Connection, username: str, *, enabled: bool) -> None:
    """Open or shut an account and end all of its sessions. Raises NoSuchAccount."""
    _change(conn, username, enabled=enabled)


def end_sessions(conn: Connection, username: str) -> None:
    """End all of the person's sessions."""
    conn.execute(delete(sessions).where(sessions.c.username == username))


def find(conn: Connection, username: str) -> Account | None:
    """The account of this name, enabled or not."""
    rows = conn.execute(select(accounts).where(accounts.c.username == username)).mappings()
    return next((_account(row) for row in rows), None)


def list_all(conn: Connection) -> list[Account]:
    """All accounts, by user name."""
    rows = conn.execute(select(accounts).order_by(accounts.c.username)).mappings()
    return [_account(row) for row in rows]


def role_of(name: str) -> Role:
    """The role of this name. Raises BadAccount, which lists the right ones."""
    try:
        return Role(name)
    except ValueError as error:
        raise BadAccount(f"role {name!r} is none of: {', '.join(Role)}") from error


def places_of(conn: Connection, names: Sequence[str]) -> Places:
    """The places of these village ids or `*`. Raises BadAccount for one that is not there."""
    if not names:
        raise BadAccount(f"give at least one place: a village id, or {EVERYWHERE} for everywhere")
    known = set(conn.scalars(select(villages.c.id)))
    for name in names:
        if name != EVERYWHERE and name not in known:
            raise BadAccount(f"there is no village {name!r}")
    return Places.of(names)


def _check_names(display_name: str, unit: str) -> None:
    if not 1 <= len(display_name) <= 100 or len(unit) > 100:
        raise BadAccount(
            "姓名 1 至 100 字，单位最多 100 字 / "
            "the display name has 1 to 100 characters, the unit at most 100"
        )


def _check_end(expires_at_ms: int | None, now_ms: int) -> None:
    if expires_at_ms is not None and expires_at_ms <= now_ms:
        raise BadAccount("到期时间已过 / the account would have ended already")


def _change(conn: Connection, username: str, but: str | None = None, **values: object) -> None:
    changed = conn.execute(update(accounts).where(accounts.c.username == username).values(**values))
    if changed.rowcount == 0:
        raise NoSuchAccount(f"there is no account {username!r}")
    whose = delete(sessions).where(sessions.c.username == username)
    conn.execute(whose if but is None else whose.where(sessions.c.token_sha256 != but))


def _account(row: RowMapping) -> Account:
    return Account(
        username=row["username"],
        display_name=row["display_name"],
        unit=row["unit"],
        role=Role(row["role"]),
        places=Places.of(json.loads(row["places"])),
        enabled=row["enabled"],
        created_at_ms=row["created_at_ms"],
        password_hash=row["password_hash"],
        expires_at_ms=row["expires_at_ms"],
    )
