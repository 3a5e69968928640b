"""Speaking to cameras that are not in service yet: finding them, asking them, a first picture.

Only those of a private network, and one search at a time. Who may do it is the web's matter, what
becomes of the answers `judging`'s and `writing`'s.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from camerad.errors import CameraRefused
from camerad.makes import TEMPLATES, Make, make_of, stream_addresses
from camerad.model import CameraDescription, Channel, DiscoveredDevice
from camerad.profiles import channels
from camerad.web_address import is_web_address
from linkage.adoption.judging import host_of, must_be_near, stream_address
from linkage.registry.errors import BadEntry
from linkage.registry.model import Said

_DESCRIBE_S = 20.0
"""A recorder of sixteen channels is asked for thirty-two streams."""
_PICTURE_S = 8.0


class Describe(Protocol):
    """`camerad.onvif_door.describe`."""

    async def __call__(
        self, xaddr: str, username: str | None, password: str | None, *, timeout_s: float
    ) -> CameraDescription: ...


class FirstPicture(Protocol):
    """`camerad.first_picture.first_picture`."""

    async def __call__(
        self, uri: str, username: str | None, password: str | None, *, timeout_s: float
    ) -> bytes: ...


@dataclass(frozen=True)
class Asked:
    """What a device said, sorted into cameras."""

    about: CameraDescription
    make: Make | None
    channels: tuple[Channel, ...]


class CameraNetwork:
    """The cameras around us. `changed` is called when one was taken into service."""

    def __init__(
        self,
        *,
        discover: Callable[[], Awaitable[list[DiscoveredDevice]]],
        describe: Describe,
        picture: FirstPicture,
        changed: Callable[[], None],
        interfaces: Sequence[str] | None = None,
    ) -> None:
        """`interfaces`: where the site looks for cameras; loopback only where it is among them."""
        self._discover = discover
        self._describe = describe
        self._picture = picture
        self._searching = asyncio.Lock()
        self._loopback = any(address.startswith("127.") for address in interfaces or ())
        self.changed = changed

    async def find(self) -> list[DiscoveredDevice]:
        """Who answers now, by address. Raises CameraUnreachable when nobody can be asked."""
        async with self._searching:
            devices = await self._discover()
        return sorted(devices, key=lambda d: (_numbers(d.address), d.endpoint_reference))

    async def ask(self, xaddr: str, username: str | None, password: str | None) -> Asked:
        """What the device at this ONVIF address is, and the cameras it speaks for.

        Raises BadEntry for the address, CameraRefused with its make's own hint, and what
        `describe` raises.
        """
        if not is_web_address(xaddr):
            raise BadEntry(
                "address",
                Said(
                    "ONVIF 地址应如 http://192.168.1.64/onvif/device_service",
                    "an ONVIF address is like http://192.168.1.64/onvif/device_service",
                ),
            )
        must_be_near(urlsplit(xaddr).hostname or "", loopback=self._loopback)
        about = await self._describe(xaddr, username, password, timeout_s=_DESCRIBE_S)
        return Asked(about, make_of(about.manufacturer, about.model), channels(about.profiles))

    async def picture(self, uri: str, username: str | None, password: str | None) -> bytes:
        """A JPEG of now. Raises BadEntry for the address, and what `first_picture` raises."""
        bare = stream_address(uri)
        must_be_near(host_of(bare), loopback=self._loopback)
        return await self._picture(bare, username, password, timeout_s=_PICTURE_S)

    def addresses(self, make: Make, host: str, channel: int, port: int) -> tuple[str, str]:
        """(main, sub) as this make writes them. Raises BadEntry, CameraTalksNonsense."""
        main, sub = stream_addresses(make, host, channel, port)
        must_be_near(host_of(sub), loopback=self._loopback)
        return main, sub


def refusal(refused: CameraRefused, make: Make | None) -> Said:
    """What to tell whoever gave the login: with the hint of the device's make, where known."""
    text = str(refused) if make is None else refused.bare
    zh, _, en = text.partition(" / ")
    if make is None:
        return Said(zh, en or zh)
    hint_zh, _, hint_en = TEMPLATES[make].hint.partition(" / ")
    return Said(f"{zh}{hint_zh}", f"{en or zh} {hint_en}")


def _numbers(address: str) -> tuple[int, ...]:
    return tuple(int(part) for part in address.split(".") if part.isdecimal())
