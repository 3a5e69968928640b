"""The devices at the door: their keys, broker logins and last words, in the store."""

import hashlib
import json
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, bindparam, insert, select, update

from alarms import mosquitto, signature
from alarms.errors import UnknownDevice
from alarms.model import DeviceRecord, DeviceState
from alarms.store import Database, SealedBox
from alarms.store.prepared import PreparedIn
from alarms.store.tables import devices

_LOGIN_SECRET_BYTES = 16

# every press looks its device up
_BY_IDS = PreparedIn(
    lambda ids: select(
        devices.c.id,
        devices.c.kind,
        devices.c.household_id,
        devices.c.key_sealed,
        devices.c.unsigned,
        devices.c.last_boot,
        devices.c.last_seq,
    ).where(devices.c.id.in_(ids))
)


@dataclass(frozen=True)
class Credentials:
    """What a new device is given once and we never show again."""

    device: str
    login: str
    password: str = field(repr=False)
    key: bytes = field(repr=False)

    @property
    def key_text(self) -> str:
        return signature.key_to_text(self.key)


@dataclass(frozen=True)
class PlannedDevice:
    """A device that will hang somewhere; nobody has anything of it yet."""

    id: str
    kind: str
    """`button`, `siren` or `loudspeaker`."""
    household_id: str | None = None
    group_id: str | None = None
    unsigned: bool = False


class DeviceRegistry:
    """Reads and writes the `devices` table."""

    def __init__(self, database: Database, box: SealedBox) -> None:
        self._database = database
        self._box = box

    async def lookup(self, ids: Collection[str]) -> dict[str, DeviceRecord]:
        """The known ones among `ids`. Raises StoreBusy."""
        if not ids:
            return {}
        return await self._database.read(lambda conn: self.lookup_in(conn, ids))

    def lookup_in(self, conn: Connection, ids: Collection[str]) -> dict[str, DeviceRecord]:
        """As `lookup`, inside a transaction."""
        return {row[0]: self._record(*row) for row in _BY_IDS.rows(conn, list(ids))}

    def get_in(self, conn: Connection, device: str) -> DeviceRecord:
        """One device. Raises UnknownDevice."""
        found = self.lookup_in(conn, [device]).get(device)
        if found is None:
            raise UnknownDevice(
                f"device {device!r} is not in the registry: check the id, or register it first"
            )
        return found

    async def may_log_in(self, login: str, password: str) -> str | None:
        """The kind of device that this broker login is for, or None. Raises StoreBusy."""
        columns = devices.c.kind, devices.c.password_sha256
        statement = select(*columns).where(devices.c.login == login)
        row = await self._database.read(lambda conn: conn.execute(statement).first())
        if row is None or row.password_sha256 is None:
            return None
        given = hashlib.sha256(password.encode()).hexdigest()
        return str(row.kind) if secrets.compare_digest(given, row.password_sha256) else None

    async def note_statuses(
        self,
        statuses: Mapping[str, dict[str, object]],
        *,
        at_ms: int,
        spoke: Collection[str] = (),
    ) -> None:
        """Keep what devices last said of themselves, all in one commit. Raises StoreBusy.

        `spoke` are those that said it themselves, just now: no last will, and nothing that a
        broker had retained.
        """
        statement = update(devices).where(devices.c.id == bindparam("device"))
        heard = update(devices).where(devices.c.id.in_(spoke)).values(heard_at_ms=at_ms)
        rows = [
            {
                "device": device,
                "online": bool(status.get("online")),
                "status_at_ms": at_ms,
                "status": json.dumps(status),
            }
            for device, status in statuses.items()
        ]

        def work(conn: Connection) -> None:
            conn.execute(statement, rows)
            if spoke:
                conn.execute(heard)

        await self._database.write(work)

    def enrol_in(
        self,
        conn: Connection,
        device: str,
        *,
        kind: str = "button",
        household_id: str | None = None,
        group_id: str | None = None,
    ) -> Credentials:
        """Register a signed device with a key and a login drawn at random."""
        made = Credentials(
            device=device,
            login=device,
            password=secrets.token_urlsafe(_LOGIN_SECRET_BYTES),
            key=secrets.token_bytes(signature.KEY_BYTES),
        )
        conn.execute(
            insert(devices).values(
                id=device,
                kind=kind,
                household_id=household_id,
                group_id=group_id,
                key_sealed=self._box.seal(made.key, context=_context(device)),
                unsigned=False,
                login=made.login,
                password_sha256=hashlib.sha256(made.password.encode()).hexdigest(),
                mosquitto_password=mosquitto.hash_password(
                    made.password,
                    salt=secrets.token_bytes(mosquitto.SALT_BYTES),
                    iterations=mosquitto.DEVICE_ITERATIONS,
                ),
            )
        )
        return made

    def register_planned_in(self, conn: Connection, planned: Sequence[PlannedDevice]) -> None:
        """Register devices whose labels are not made yet.

        They cannot log in, and the key that each signed one has was seen by nobody: it is drawn
        anew when the label is made.
        """
        if planned:
            conn.execute(insert(devices), self.planned_rows(planned))

    def planned_rows(self, planned: Iterable[PlannedDevice]) -> list[dict[str, object]]:
        """The rows of `register_planned_in`: sealing thousands of keys is no work for a
        transaction."""
        return [
            {
                "id": one.id,
                "kind": one.kind,
                "household_id": one.household_id,
                "group_id": one.group_id,
                "key_sealed": None
                if one.unsigned
                else self._box.seal(
                    secrets.token_bytes(signature.KEY_BYTES), context=_context(one.id)
                ),
                "unsigned": one.unsigned,
                "state": DeviceState.PLANNED.value,
            }
            for one in planned
        ]

    def broker_logins_in(self, conn: Connection) -> dict[str, str]:
        """Every login that devices have, with its password as mosquitto's files hold it."""
        columns = devices.c.login, devices.c.mosquitto_password
        rows = conn.execute(select(*columns).where(*(c.is_not(None) for c in columns)))
        return {row.login: row.mosquitto_password for row in rows}

    def login_kinds_in(self, conn: Connection) -> dict[str, str]:
        """The kind of device that each broker login is for."""
        columns = devices.c.login, devices.c.kind
        rows = conn.execute(select(*columns).where(devices.c.login.is_not(None)))
        return {row.login: row.kind for row in rows}

    def revoke_login_in(self, conn: Connection, device: str) -> None:
        """Take a device's broker login away: stolen, lost, or taken down. Raises UnknownDevice.

        Its key and its history stay. An outside broker knows when its files are written again.
        """
        self.get_in(conn, device)
        nothing = {"login": None, "password_sha256": None, "mosquitto_password": None}
        conn.execute(update(devices).where(devices.c.id == device).values(nothing))

    def _record(
        self,
        device: str,
        kind: str,
        household_id: str | None,
        sealed: bytes | None,
        unsigned: int,
        last_boot: int | None,
        last_seq: int | None,
    ) -> DeviceRecord:
        return DeviceRecord(
            id=device,
            kind=kind,
            household_id=household_id,
            key=None if sealed is None else self._box.open(sealed, context=_context(device)),
            unsigned=bool(unsigned),
            last_boot=last_boot,
            last_seq=last_seq,
        )


def _context(device: str) -> str:
    return f"device:{device}"
