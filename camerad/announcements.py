"""Hearing what devices say unasked: Hello when they come up or move, Bye when they leave.

Anybody may say it in anybody's name, so a Hello is no more than a hint where to ask next; nothing
is believed of a device here. Asking the network belongs to `discovery`.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

import structlog

from camerad.discovery import GROUP, PORT, device_in, interface_addresses, local_name, parsed
from camerad.model import DiscoveredDevice

_A_SECOND: Final = 200

_log = structlog.get_logger()


class Saying(StrEnum):
    HELLO = "hello"
    BYE = "bye"


_SAYINGS: Final = {"Hello": Saying.HELLO, "Bye": Saying.BYE}


@dataclass(frozen=True)
class Announcement:
    """A device that came or moved, or that leaves."""

    saying: Saying
    device: DiscoveredDevice


def read_announcement(data: bytes, address: str) -> Announcement | None:
    """What one datagram from `address` announces; None for probes, answers, noise."""
    root = parsed(data)
    if root is None:
        return None
    # one datagram says one thing, and says it in the first such element
    said = next((e for e in root.iter() if local_name(e) in _SAYINGS), None)
    device = None if said is None else device_in(said, address)
    if said is None or device is None:
        return None
    return Announcement(_SAYINGS[local_name(said)], device)


class Listener:
    """Joined to the discovery group while entered; calls `on_announcement` in the event loop.

    Interfaces that cannot be joined are skipped and logged. At most `_A_SECOND` datagrams a
    second are looked at, the rest is dropped and counted.
    """

    def __init__(
        self,
        on_announcement: Callable[[Announcement], None],
        *,
        interfaces: Sequence[str] | None = None,
    ) -> None:
        self._on_announcement = on_announcement
        self._interfaces = interfaces
        self._transport: asyncio.DatagramTransport | None = None

    async def __aenter__(self) -> Self:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with contextlib.ExitStack() as on_failure:
            on_failure.callback(sock.close)
            # a camera's simulator, or another program that discovers, may have the port too
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            sock.setblocking(False)
            sock.bind((GROUP, PORT))
            for address in self._interfaces or interface_addresses():
                _join(sock, address)
            self._transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                lambda: _Ear(self._on_announcement), sock=sock
            )
            on_failure.pop_all()
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._transport is not None:
            self._transport.close()


class _Ear(asyncio.DatagramProtocol):
    def __init__(self, on_announcement: Callable[[Announcement], None]) -> None:
        self._on_announcement = on_announcement
        self._second = 0
        self._taken = 0
        self._dropped = 0

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        second = int(asyncio.get_running_loop().time())
        if second != self._second:
            if self._dropped:
                _log.warning("discovery.announcements_dropped", datagrams=self._dropped)
            self._second, self._taken, self._dropped = second, 0, 0
        if self._taken >= _A_SECOND:
            self._dropped += 1
            return
        self._taken += 1
        announcement = read_announcement(data, addr[0])
        if announcement is not None:
            self._on_announcement(announcement)

    def error_received(self, exc: Exception) -> None:
        _log.info("discovery.not_heard", error=str(exc))


def _join(sock: socket.socket, address: str) -> None:
    try:
        member = socket.inet_aton(GROUP) + socket.inet_aton(address)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
    except OSError as why:
        _log.info("discovery.interface_not_heard", interface=address, error=str(why))
