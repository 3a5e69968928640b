"""A siren and a loudspeaker as the contract wants them, without the noise: for the demo and tests.

Both do as they are told until the command's own `until_ms` and remember what they were told.
"""

import asyncio
from typing import Any

import msgspec
import structlog

from alarms.device_topics import LOUDSPEAKER, OWN, SIREN
from alarms.simulated_device import SimulatedDevice
from lianfang_timing import unix_ms

log = structlog.get_logger()


class SirenOrder(msgspec.Struct, frozen=True):
    """What `siren/{device}/set` says."""

    on: bool
    until_ms: int


class SpokenOrder(msgspec.Struct, frozen=True):
    """What `loudspeaker/{device}/say` says; `phrase` is a code, never free words."""

    phrase: str
    until_ms: int
    repeat: int = 1


class SimulatedSiren(SimulatedDevice):
    """Sounds while it is told to, and never past the order's end."""

    def __init__(self, **device: Any) -> None:
        """As `SimulatedDevice`, without `kind` and `hears`."""
        super().__init__(kind=SIREN, hears=OWN[SIREN].device_reads, **device)
        self.sounding = False
        self.told: list[SirenOrder] = []
        """Orders that were still valid when they came."""
        self._end: asyncio.TimerHandle | None = None

    async def __aexit__(self, *exc: object) -> None:
        self._turn(on=False)
        await super().__aexit__(*exc)

    async def wait_for(self, *, sounding: bool, timeout_s: float = 10.0) -> None:
        """Return when it sounds or is silent; raises TimeoutError."""
        await self._until(lambda: True if self.sounding is sounding else None, timeout_s)

    def _hear(self, leaf: str, payload: bytes) -> None:
        order = msgspec.json.decode(payload, type=SirenOrder)
        left_ms = order.until_ms - unix_ms(self._clock.now())
        if left_ms <= 0:
            log.info("siren.order_too_old", device=self.device)
            return
        self.told.append(order)
        self._turn(on=order.on)
        if order.on:
            loop = asyncio.get_running_loop()
            self._end = loop.call_later(left_ms / 1000, self._fall_silent)
        self._publish_status()

    def _fall_silent(self) -> None:
        self._turn(on=False)
        self._publish_status()

    def _turn(self, *, on: bool) -> None:
        if self._end is not None:
            self._end.cancel()
            self._end = None
        self.sounding = on
        self._wake()

    def _more_status(self) -> dict[str, object]:
        return {"on": self.sounding}


class SimulatedLoudspeaker(SimulatedDevice):
    """Says phrases; a simulated one needs no time for them."""

    def __init__(self, **device: Any) -> None:
        """As `SimulatedDevice`, without `kind` and `hears`."""
        super().__init__(kind=LOUDSPEAKER, hears=OWN[LOUDSPEAKER].device_reads, **device)
        self.said: list[SpokenOrder] = []
        """Orders that were still valid when they came."""

    async def wait_for_phrase(self, phrase: str, timeout_s: float = 10.0) -> SpokenOrder:
        """The first order to say this; raises TimeoutError."""
        return await self._until(
            lambda: next((order for order in self.said if order.phrase == phrase), None), timeout_s
        )

    def _hear(self, leaf: str, payload: bytes) -> None:
        order = msgspec.json.decode(payload, type=SpokenOrder)
        if order.until_ms <= unix_ms(self._clock.now()):
            log.info("loudspeaker.order_too_old", device=self.device)
            return
        self.said.append(order)
        self._publish_status()
        self._wake()

    def _more_status(self) -> dict[str, object]:
        return {"said": self.said[-1].phrase if self.said else None}
