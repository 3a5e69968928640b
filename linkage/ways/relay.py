"""The way of relays: a siren on the relay output of a camera, over ONVIF.

A relay goes back by itself when its time is over, whether we live then or not. Few are switched at
once: cameras that do not answer must not keep the sirens on MQTT waiting, which share the lane.
"""

from typing import Final, Protocol

from camerad.errors import CameradError
from lianfang_timing import Clock, unix_ms
from linkage.ways.port import Message, NotSent, Reached, Receipt, Way

AT_ONCE: Final = 6


class Relays(Protocol):
    """What is wired to cameras' relays; `linkage.camera_events.relays.CameraRelays`."""

    async def has(self, siren: str) -> bool:
        """Whether this siren hangs on a relay. May raise StoreBusy."""
        ...

    async def pulse(self, siren: str, *, for_s: float, key: str) -> None:
        """On now, off by itself. Raises CameradError, StoreBusy."""
        ...

    async def release(self, siren: str, *, key: str) -> None:
        """Off now. Raises CameradError, StoreBusy."""
        ...


class RelayWay:
    """Switches a siren on a camera's relay."""

    name = "onvif"
    near_household = True

    def __init__(self, relays: Relays, clock: Clock) -> None:
        self._relays = relays
        self._clock = clock
        self._busy = 0

    async def send(self, message: Message) -> Receipt:
        """Switch it. Raises NotSent, StoreBusy."""
        if self._busy >= AT_ONCE:
            raise NotSent("too many relays are being switched: this one is tried again in a moment")
        self._busy += 1
        try:
            await self._switch(message)
        except CameradError as error:
            raise NotSent(str(error)) from error
        finally:
            self._busy -= 1
        # the camera itself said that it has done it
        return Receipt(Reached.DELIVERED, way=self.name)

    async def _switch(self, message: Message) -> None:
        if message.content["on"] is False:
            await self._relays.release(message.target, key=message.key)
            return
        until_ms = message.content["until_ms"]
        assert isinstance(until_ms, int), "whoever planned it said until when it sounds"
        for_s = (until_ms - unix_ms(self._clock.now())) / 1000
        await self._relays.pulse(message.target, for_s=for_s, key=message.key)


class SirenWays:
    """Each siren by its own way: on a relay, or on MQTT."""

    name = "mqtt"
    """Of what says nothing else."""
    near_household = True

    def __init__(self, relays: Relays, relay: Way, mqtt: Way) -> None:
        self._relays = relays
        self._relay = relay
        self._mqtt = mqtt

    async def send(self, message: Message) -> Receipt:
        """Raises as the siren's own way does, and StoreBusy."""
        on_relay = await self._relays.has(message.target)
        return await (self._relay if on_relay else self._mqtt).send(message)
