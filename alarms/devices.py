"""The devices at the door: their keys, broker logins and last words, in the store."""

import hashlib
import json
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, insert, or_, select, update

from alarms import signature
from alarms.credentials import Credentials, issue_in, key_context
from alarms.errors import UnknownDevice
from alarms.model import DeviceRecord, DeviceState, LoginOwner
from alarms.news import known_after
from alarms.store import Database, SealedBox
from alarms.store.prepared import PreparedIn
from alarms.store.tables import devices
from lianfang_timing import Clock, SystemClock, unix_ms

_AT_ONCE = 500

__all__ = ["BrokerLogin", "Credentials", "DeviceRegistry", "PlannedDevice"]

_REVOKED = DeviceState.REVOKED.value
_REFUSED = "refused"

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
        devices.c.state,
        devices.c.previous_key_sealed,
        devices.c.previous_until_ms,
    ).where(devices.c.id.in_(ids))
)


@dataclass(frozen=True)
class BrokerLogin:
    """A login that counts, as an outside broker must be told of it."""

    owner: LoginOwner
    mosquitto_password: str


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

    def __init__(self, database: Database, box: SealedBox, clock: Clock | None = None) -> None:
        self._database = database
        self._box = box
        self._clock = clock or SystemClock()

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

    async def may_log_in(self, login: str, password: str) -> LoginOwner | None:
        """Whom this broker login is for, or None. Raises StoreBusy."""
        d = devices.c
        statement = select(
            d.id,
            d.kind,
            d.login,
            d.password_sha256,
            d.previous_password_sha256,
            d.previous_until_ms,
        ).where(or_(d.login == login, d.previous_login == login), d.state != _REVOKED)
        row = await self._database.read(lambda conn: conn.execute(statement).first())
        if row is None:
            return None
        kept = row.password_sha256
        if row.login != login:
            is_over = unix_ms(self._clock.now()) >= (row.previous_until_ms or 0)
            kept = None if is_over else row.previous_password_sha256
        if kept is None:
            return None
        given = hashlib.sha256(password.encode()).hexdigest()
        return LoginOwner(row.id, row.kind) if secrets.compare_digest(given, kept) else None

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
        goodbyes = [device for device, status in statuses.items() if not status.get("online")]

        def work(conn: Connection) -> None:
            before = _statuses_in(conn, goodbyes)
            rows = [
                {
                    "device": device,
                    "online": bool(status.get("online")),
                    "status_at_ms": at_ms,
                    "status": json.dumps(known_after(before.get(device, {}), status)),
                }
                for device, status in statuses.items()
            ]
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
        """Register a signed device and issue its key and login at once."""
        self.register_planned_in(conn, [PlannedDevice(device, kind, household_id, group_id)])
        now_ms = unix_ms(self._clock.now())
        return issue_in(conn, self._box, device, at_ms=now_ms, overlap_ms=0)

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
                    secrets.token_bytes(signature.KEY_BYTES), context=key_context(one.id)
                ),
                "unsigned": one.unsigned,
                "state": DeviceState.PLANNED.value,
            }
            for one in planned
        ]

    def seal_head(self, head: bytes) -> bytes:
        """The beginning of a refused message as it may be kept: it may say anything of anybody."""
        return self._box.seal(head, context=_REFUSED)

    def open_head(self, sealed: bytes) -> bytes:
        """The bytes again. Raises StoreUnusable."""
        return self._box.open(sealed, context=_REFUSED)

    def broker_logins_in(self, conn: Connection) -> dict[str, BrokerLogin]:
        """Every login that counts at this moment; a device that is being rotated has two."""
        d = devices.c
        found = {
            row.login: BrokerLogin(LoginOwner(row.id, row.kind), row.mosquitto_password)
            for row in conn.execute(
                select(d.id, d.kind, d.login, d.mosquitto_password).where(
                    d.login.is_not(None), d.mosquitto_password.is_not(None), d.state != _REVOKED
                )
            )
        }
        still = conn.execute(
            select(d.id, d.kind, d.previous_login, d.previous_mosquitto_password).where(
                d.previous_mosquitto_password.is_not(None),
                d.state != _REVOKED,
                d.previous_until_ms > unix_ms(self._clock.now()),
            )
        )
        for row in still:
            found[row.previous_login] = BrokerLogin(
                LoginOwner(row.id, row.kind), row.previous_mosquitto_password
            )
        return found

    def _record(
        self,
        device: str,
        kind: str,
        household_id: str | None,
        sealed: bytes | None,
        unsigned: int,
        last_boot: int | None,
        last_seq: int | None,
        state: str,
        previous_sealed: bytes | None,
        previous_until_ms: int | None,
    ) -> DeviceRecord:
        return DeviceRecord(
            id=device,
            kind=kind,
            household_id=household_id,
            key=self._opened(device, sealed),
            unsigned=bool(unsigned),
            last_boot=last_boot,
            last_seq=last_seq,
            state=DeviceState(state),
            previous_key=self._opened(device, previous_sealed),
            previous_until_ms=previous_until_ms or 0,
        )

    def _opened(self, device: str, sealed: bytes | None) -> bytes | None:
        return None if sealed is None else self._box.open(sealed, context=key_context(device))


def _statuses_in(conn: Connection, ids: Sequence[str]) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = {}
    for start in range(0, len(ids), _AT_ONCE):
        some = devices.c.id.in_(ids[start : start + _AT_ONCE])
        for row in conn.execute(select(devices.c.id, devices.c.status).where(some)):
            found[row.id] = {} if row.status is None else json.loads(row.status)
    return found
