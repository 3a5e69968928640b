"""What devices are given and what is taken from them: keys and broker logins, in the store.

Every function here runs inside a transaction of its caller. Who may have it done, who writes it
down and who ends the sessions at the broker is `linkage.enrolment`'s business; how a press or a
login is checked is `alarms.devices`'.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, and_, bindparam, or_, select, update

from alarms import mosquitto, signature
from alarms.errors import UnknownDevice
from alarms.model import DeviceState
from alarms.store import SealedBox
from alarms.store.tables import devices

_LOGIN_SECRET_BYTES = 16
_LOGIN_LENGTH = 64
_TELLING_APART_BYTES = 4

_NO_PREVIOUS: Mapping[str, object] = {
    "previous_key_sealed": None,
    "previous_login": None,
    "previous_password_sha256": None,
    "previous_mosquitto_password": None,
    "previous_until_ms": None,
}


@dataclass(frozen=True)
class Credentials:
    """What a device is given once and we never show again."""

    device: str
    login: str
    password: str = field(repr=False)
    key: bytes = field(repr=False)
    """Empty for devices registered as unsigned."""

    @property
    def key_text(self) -> str:
        """As labels have it; empty where there is none."""
        return signature.key_to_text(self.key)


@dataclass(frozen=True)
class Ended:
    """A rotation that is over: who has the old login is to be thrown out."""

    device: str
    login: str
    proven: bool
    """The new label was scanned in; False: the time ran out, and nothing shows that it was."""


def issue_in(
    conn: Connection, box: SealedBox, device: str, *, at_ms: int, overlap_ms: int
) -> Credentials:
    """Draw a key and a login. Raises UnknownDevice.

    What an issued or enrolled device had counts on for `overlap_ms`, or until a press with the new
    key is heard. In an overlap that still runs, the device has what it had before it: that counts
    on, and the label that was never heard of is void.
    """
    row = conn.execute(select(devices).where(devices.c.id == device)).mappings().first()
    if row is None:
        raise _unknown(device)
    state = DeviceState(row["state"])
    kept: dict[str, object] = dict(_NO_PREVIOUS)
    if state in (DeviceState.ISSUED, DeviceState.ENROLLED) and row["login"] is not None:
        if row["previous_password_sha256"] is not None:
            kept = {name: row[name] for name in _NO_PREVIOUS}
        else:
            kept = {
                "previous_key_sealed": row["key_sealed"],
                "previous_login": row["login"],
                "previous_password_sha256": row["password_sha256"],
                "previous_mosquitto_password": row["mosquitto_password"],
            }
        kept["previous_until_ms"] = at_ms + overlap_ms
    given = Credentials(
        device=device,
        login=_free_login(conn, device),
        password=secrets.token_urlsafe(_LOGIN_SECRET_BYTES),
        key=b"" if row["unsigned"] else _drawn_key(),
    )
    anew = state in (DeviceState.PLANNED, DeviceState.REVOKED)
    conn.execute(
        update(devices)
        .where(devices.c.id == device)
        .values(
            key_sealed=_sealed(box, device, given.key) if given.key else None,
            login=given.login,
            password_sha256=hashlib.sha256(given.password.encode()).hexdigest(),
            mosquitto_password=mosquitto.hash_password(
                given.password,
                salt=secrets.token_bytes(mosquitto.SALT_BYTES),
                iterations=mosquitto.DEVICE_ITERATIONS,
            ),
            issued_at_ms=at_ms,
            **kept,
            **(_never_tested(DeviceState.ISSUED) if anew else {}),
        )
    )
    return given


def revoke_in(conn: Connection, device: str, *, at_ms: int) -> list[str]:
    """Hear it no more: lost, stolen or taken down. Its history stays. Raises UnknownDevice.

    The logins that it had: an outside broker knows when its files are written again, and whoever
    is connected must be thrown out.
    """
    d = devices.c
    row = conn.execute(select(d.login, d.previous_login).where(d.id == device)).first()
    if row is None:
        raise _unknown(device)
    conn.execute(
        update(devices)
        .where(d.id == device)
        .values(
            state=DeviceState.REVOKED.value,
            revoked_at_ms=at_ms,
            login=None,
            password_sha256=None,
            mosquitto_password=None,
            **_NO_PREVIOUS,
        )
    )
    return [login for login in row if login is not None]


def must_be_tested_again_in(conn: Connection, device: str) -> None:
    """It hangs elsewhere now: nothing shows yet that it works there."""
    was_tested = devices.c.state == DeviceState.ENROLLED.value
    conn.execute(
        update(devices)
        .where(devices.c.id == device, was_tested)
        .values(state=DeviceState.ISSUED.value, enrolled_at_ms=None)
    )
    conn.execute(update(devices).where(devices.c.id == device).values(tested_at_ms=None))


def enrol_tested_in(conn: Connection, tests: Mapping[str, int]) -> list[str]:
    """Note the last test of each device, by when it was received; those that are enrolled by it.

    A test of before the label was made shows nothing of the label.
    """
    d = devices.c
    rows = conn.execute(select(d.id, d.state, d.issued_at_ms).where(d.id.in_(list(tests)))).all()
    enrolled = [
        row.id
        for row in rows
        if row.state == DeviceState.ISSUED.value and tests[row.id] >= (row.issued_at_ms or 0)
    ]
    moved = (
        update(devices)
        .where(
            d.id == bindparam("device"),
            d.state != DeviceState.REVOKED.value,
            or_(d.tested_at_ms.is_(None), d.tested_at_ms < bindparam("at_ms")),
        )
        .values(tested_at_ms=bindparam("at_ms"))
    )
    if rows:
        conn.execute(moved, [{"device": r.id, "at_ms": tests[r.id]} for r in rows])
    if enrolled:
        conn.execute(
            update(devices)
            .where(d.id == bindparam("device"))
            .values(state=DeviceState.ENROLLED.value, enrolled_at_ms=bindparam("at_ms")),
            [{"device": device, "at_ms": tests[device]} for device in enrolled],
        )
    return enrolled


def end_overlaps_in(conn: Connection, *, now_ms: int) -> list[Ended]:
    """Forget what rotated devices had before, where its time is over.

    A device that was never heard with its new key counts as enrolled no more: what it holds may be
    worth nothing.
    """
    d = devices.c
    over = and_(d.previous_until_ms.is_not(None), d.previous_until_ms <= now_ms)
    found = [
        Ended(row.id, row.previous_login, proven=row.previous_password_sha256 is None)
        for row in conn.execute(
            select(d.id, d.previous_login, d.previous_password_sha256).where(over).order_by(d.id)
        )
    ]
    if found:
        lapsed = [one.device for one in found if not one.proven]
        conn.execute(
            update(devices)
            .where(d.id.in_(lapsed), d.state == DeviceState.ENROLLED.value)
            .values(state=DeviceState.ISSUED.value, enrolled_at_ms=None)
        )
        conn.execute(update(devices).where(over).values(**_NO_PREVIOUS))
    return found


def key_context(device: str) -> str:
    """What a device's sealed key is bound to."""
    return f"device:{device}"


def _never_tested(state: DeviceState) -> dict[str, object]:
    return {
        "state": state.value,
        "enrolled_at_ms": None,
        "revoked_at_ms": None,
        "tested_at_ms": None,
    }


def _free_login(conn: Connection, device: str) -> str:
    """The device's id, or, where a login of that name is in use, another that tells what it is of.

    mosquitto knows one password for a login, so a rotation needs a second name while both count.
    """
    d = devices.c
    login = device
    while conn.scalar(
        select(d.id).where(
            or_(d.login == login, d.previous_login == login, and_(d.id == login, d.id != device))
        )
    ):
        tail = f".{secrets.token_hex(_TELLING_APART_BYTES)}"
        login = device[: _LOGIN_LENGTH - len(tail)] + tail
    return login


def _drawn_key() -> bytes:
    return secrets.token_bytes(signature.KEY_BYTES)


def _sealed(box: SealedBox, device: str, key: bytes) -> bytes:
    return box.seal(key, context=key_context(device))


def _unknown(device: str) -> UnknownDevice:
    return UnknownDevice(
        f"device {device!r} is not in the registry: check the id, or register it first"
    )
