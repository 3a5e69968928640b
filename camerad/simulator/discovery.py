"""Answers WS-Discovery probes for simulated cameras.

One responder speaks for many cameras; several processes may each have one.
"""

import asyncio
import socket
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self, cast
from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import escape

import defusedxml.ElementTree
import structlog
from defusedxml.common import DefusedXmlException

GROUP, PORT = "239.255.255.250", 3702

_SOAP = "http://www.w3.org/2003/05/soap-envelope"
_WSA = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
_WSD = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
_TYPES = "dn:NetworkVideoTransmitter tds:Device"
_TYPE_NAMES = frozenset({"NetworkVideoTransmitter", "Device"})
_LARGEST_PROBE = 8 * 1024

log = structlog.get_logger()


@dataclass(frozen=True)
class Announcement:
    """A camera as discovery shows it. `endpoint_reference` looks like urn:uuid:…"""

    endpoint_reference: str
    xaddrs: tuple[str, ...]
    scopes: tuple[str, ...]


@dataclass(frozen=True)
class Probe:
    """Who asks, and for what: local type names and scopes, either may be empty."""

    message_id: str
    types: tuple[str, ...]
    scopes: tuple[str, ...]


class DiscoveryResponder:
    """Joined to the discovery group on one interface while entered."""

    def __init__(self, cameras: Sequence[Announcement], *, interface: str = "127.0.0.1") -> None:
        self._cameras = tuple(cameras)
        self._interface = interface
        self._transport: asyncio.DatagramTransport | None = None

    async def __aenter__(self) -> Self:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            # another simulator, or our own discovery, may have the port too
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            sock.bind((GROUP, PORT))
            member = socket.inet_aton(GROUP) + socket.inet_aton(self._interface)
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
            source = socket.inet_aton(self._interface)
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, source)
            sock.setblocking(False)
            self._transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                lambda: _Listener(self._cameras), sock=sock
            )
        except BaseException:  # no bulkhead: cleaned up and raised again
            sock.close()
            raise
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._transport is not None:
            self._transport.close()

    def say(self, saying: str, camera: Announcement) -> None:
        """Multicast that `camera` came (`Hello`) or leaves (`Bye`), as one does by itself."""
        assert self._transport is not None  # entered
        self._transport.sendto(announcing(saying, camera).encode(), (GROUP, PORT))


class _Listener(asyncio.DatagramProtocol):
    def __init__(self, cameras: tuple[Announcement, ...]) -> None:
        self._cameras = cameras
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # no isinstance: Python 3.11's own class for it is not derived from DatagramTransport
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        probe = read_probe(data)
        if probe is None or self._transport is None:
            return
        for camera in self._cameras:
            if matches(camera, probe):
                self._transport.sendto(probe_match(camera, probe).encode(), addr)

    def error_received(self, exc: Exception) -> None:
        log.debug("simulator.discovery.not_sent", error=str(exc))


def read_probe(data: bytes) -> Probe | None:
    """The probe in a datagram; None for anything else (other devices' talk, noise)."""
    if len(data) > _LARGEST_PROBE:
        return None
    try:
        root = defusedxml.ElementTree.fromstring(data)
    except (ParseError, DefusedXmlException, ValueError):
        return None
    probe: Element | None = root.find(f"{{{_SOAP}}}Body/{{{_WSD}}}Probe")
    message = root.findtext(f"{{{_SOAP}}}Header/{{{_WSA}}}MessageID")
    if probe is None or not message:
        return None
    types = (probe.findtext(f"{{{_WSD}}}Types") or "").split()
    scopes = (probe.findtext(f"{{{_WSD}}}Scopes") or "").split()
    return Probe(message.strip(), tuple(t.rpartition(":")[2] for t in types), tuple(scopes))


def matches(camera: Announcement, probe: Probe) -> bool:
    """Whether this camera has all the types and scopes that are asked for."""
    return _TYPE_NAMES.issuperset(probe.types) and all(
        any(mine.startswith(asked) for mine in camera.scopes) for asked in probe.scopes
    )


def probe_match(camera: Announcement, probe: Probe) -> str:
    """The answer of one camera."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<env:Envelope xmlns:env="{_SOAP}" xmlns:wsa="{_WSA}" xmlns:d="{_WSD}"'
        ' xmlns:dn="http://www.onvif.org/ver10/network/wsdl"'
        ' xmlns:tds="http://www.onvif.org/ver10/device/wsdl"><env:Header>'
        f"<wsa:MessageID>urn:uuid:{uuid.uuid4()}</wsa:MessageID>"
        f"<wsa:RelatesTo>{escape(probe.message_id)}</wsa:RelatesTo>"
        f"<wsa:To>{_WSA}/role/anonymous</wsa:To><wsa:Action>{_WSD}/ProbeMatches</wsa:Action>"
        "</env:Header><env:Body><d:ProbeMatches><d:ProbeMatch><wsa:EndpointReference>"
        f"<wsa:Address>{escape(camera.endpoint_reference)}</wsa:Address>"
        f"</wsa:EndpointReference><d:Types>{_TYPES}</d:Types>"
        f"<d:Scopes>{escape(' '.join(camera.scopes))}</d:Scopes>"
        f"<d:XAddrs>{escape(' '.join(camera.xaddrs))}</d:XAddrs>"
        "<d:MetadataVersion>1</d:MetadataVersion>"
        "</d:ProbeMatch></d:ProbeMatches></env:Body></env:Envelope>"
    )


def announcing(saying: str, camera: Announcement) -> str:
    """A `Hello` or a `Bye` of one camera."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<env:Envelope xmlns:env="{_SOAP}" xmlns:wsa="{_WSA}" xmlns:d="{_WSD}"'
        ' xmlns:dn="http://www.onvif.org/ver10/network/wsdl"'
        ' xmlns:tds="http://www.onvif.org/ver10/device/wsdl"><env:Header>'
        f"<wsa:MessageID>urn:uuid:{uuid.uuid4()}</wsa:MessageID>"
        "<wsa:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</wsa:To>"
        f"<wsa:Action>{_WSD}/{saying}</wsa:Action>"
        f"</env:Header><env:Body><d:{saying}><wsa:EndpointReference>"
        f"<wsa:Address>{escape(camera.endpoint_reference)}</wsa:Address>"
        f"</wsa:EndpointReference><d:Types>{_TYPES}</d:Types>"
        f"<d:Scopes>{escape(' '.join(camera.scopes))}</d:Scopes>"
        f"<d:XAddrs>{escape(' '.join(camera.xaddrs))}</d:XAddrs>"
        f"<d:MetadataVersion>1</d:MetadataVersion></d:{saying}></env:Body></env:Envelope>"
    )
