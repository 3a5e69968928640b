"""Sirens on cameras' relay outputs: which hangs where, and switching it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

import structlog
from sqlalchemy import Connection, select

from alarms.store import Database, SealedBox
from camerad.errors import RelayRefused
from linkage.camera_events.schema import camera_relays
from linkage.cameras import password_context
from linkage.schema import cameras

Login = tuple[str | None, str | None]

log = structlog.get_logger()


class PulseRelay(Protocol):
    """`camerad.onvif_door.pulse_relay`."""

    async def __call__(self, xaddr: str, login: Login, token: str, *, for_s: float) -> None: ...


ReleaseRelay = Callable[[str, Login, str], Awaitable[None]]


@dataclass(frozen=True)
class WiredRelay:
    """A siren on a relay."""

    camera_id: str
    token: str
    onvif_address: str | None
    """None: the camera is out of service, or was never found."""
    username: str | None
    password: str | None = field(repr=False)


class CameraRelays:
    """One a site."""

    def __init__(
        self, database: Database, box: SealedBox, pulse: PulseRelay, release: ReleaseRelay
    ) -> None:
        self._database = database
        self._box = box
        self._pulse = pulse
        self._release = release

    async def has(self, siren: str) -> bool:
        """Whether this siren hangs on a relay. Raises StoreBusy."""
        return await self._find(siren) is not None

    async def pulse(self, siren: str, *, for_s: float, key: str) -> None:
        """On now, off by itself. Raises CameradError, StoreBusy."""
        one, address = await self._must_find(siren)
        await self._pulse(address, (one.username, one.password), one.token, for_s=for_s)
        log.info("relay.pulsed", camera=one.camera_id, siren=siren, action=key)

    async def release(self, siren: str, *, key: str) -> None:
        """Off now. Raises CameradError, StoreBusy."""
        one, address = await self._must_find(siren)
        await self._release(address, (one.username, one.password), one.token)
        log.info("relay.released", camera=one.camera_id, siren=siren, action=key)

    async def _must_find(self, siren: str) -> tuple[WiredRelay, str]:
        one = await self._find(siren)
        if one is None or one.onvif_address is None:
            raise RelayRefused(
                "该警号所接摄像机已停用或未找到。 / "
                "The camera of this siren is out of service, or was never found."
            )
        return one, one.onvif_address

    async def _find(self, siren: str) -> WiredRelay | None:
        return await self._database.read(lambda conn: self._read(conn, siren))

    def _read(self, conn: Connection, siren: str) -> WiredRelay | None:
        r, c = camera_relays.c, cameras.c
        row = conn.execute(
            select(c.id, c.onvif_address, c.username, c.password_sealed, r.token)
            .join_from(camera_relays, cameras, c.id == r.camera_id)
            .where(r.siren == siren)
        ).first()
        if row is None:
            return None
        password = None
        if row.password_sealed is not None:
            opened = self._box.open(row.password_sealed, context=password_context(row.id))
            password = opened.decode()
        return WiredRelay(row.id, row.token, row.onvif_address, row.username, password)
