"""How far the cameras' clocks are off ours: asked now and then, without a login, and kept.

A wrong clock spoils nothing here, since what is kept is dated by our own; but it is burnt into the
picture, and many cameras refuse a login for it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final

import structlog

from alarms.errors import StoreBusy
from camerad.errors import CameradError
from lianfang_timing import Clock, unix_ms
from linkage.cameras import CameraRegistry, RegisteredCamera

FIRST_AFTER_S: Final = 60.0
EVERY_S: Final = 6 * 3600.0
WORTH_TELLING_S: Final = 5.0
"""Seen in the field: logins are refused from five seconds on."""
_APART_S: Final = 0.2

ReadClock = Callable[[str], Awaitable[float | None]]

log = structlog.get_logger()


class CameraClocks:
    """Reads the clocks of all cameras that have an ONVIF address, one after the other."""

    def __init__(self, registry: CameraRegistry, clock: Clock, read: ReadClock) -> None:
        self._registry = registry
        self._clock = clock
        self._read = read
        self.known: Mapping[str, float] = {}
        """By camera, as last read: seconds, the camera's clock minus ours."""

    async def run(self) -> None:
        """Again and again until cancelled."""
        await self._behind_the_store(self.recall)
        await asyncio.sleep(FIRST_AFTER_S)
        while True:
            await self._behind_the_store(self.run_once)
            await asyncio.sleep(EVERY_S)

    async def recall(self) -> None:
        """What was read before we began. Raises StoreBusy."""
        self.known = _known(await self._registry.enabled())

    async def run_once(self) -> None:
        """One round. A recorder's one clock is read once and kept with each of its channels."""
        read: dict[str, float | None] = {}
        cameras = await self._registry.enabled()
        known = _known(cameras)
        for camera in cameras:
            address = camera.onvif_address
            if address is None:
                continue
            if address not in read:
                read[address] = await self._skew_s(address)
                await asyncio.sleep(_APART_S)
            skew_s = read[address]
            if skew_s is not None:
                at_ms = unix_ms(self._clock.now())
                await self._registry.note_clock(camera.id, skew_s, at_ms=at_ms)
                known[camera.id] = skew_s
                if abs(skew_s) > WORTH_TELLING_S:
                    log.warning("cameras.clock_off", camera=camera.id, skew_s=round(skew_s, 1))
        self.known = known

    async def _behind_the_store(self, ask: Callable[[], Awaitable[None]]) -> None:
        try:
            await ask()
        except StoreBusy as busy:
            log.warning("cameras.clocks_not_kept", detail=str(busy))

    async def _skew_s(self, address: str) -> float | None:
        try:
            return await self._read(address)
        except CameradError as error:
            log.info("cameras.clock_not_read", address=address, detail=str(error))
            return None


def _known(cameras: Iterable[RegisteredCamera]) -> dict[str, float]:
    return {one.id: one.clock_skew_s for one in cameras if one.clock_skew_s is not None}
