"""Finding ONVIF devices on the network: WS-Discovery probes out, answers in.

What comes in is anybody's datagram: it is bounded, parsed by a hardened parser, and counts only
when it answers a probe of ours. What devices say unasked is heard in `announcements`; asking one
what it can do belongs to `onvif_door`.
"""

import asyncio
import contextlib
import fcntl
import ipaddress
import socket
import struct
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree
import structlog
from defusedxml.common import DefusedXmlException

from camerad.errors import CameraUnreachable
from camerad.model import DiscoveredDevice
from camerad.web_address import is_web_address

GROUP: Final = "239.255.255.250"
PORT: Final = 3702
ANSWER_LIMIT: Final = 32 * 1024
DEVICE_LIMIT: Final = 4096
"""Further devices are ignored: no town has as many, but a liar may say so."""
UNICAST_PER_S: Final = 50.0
"""Listed addresses asked a second: seen by a switch, not by its users."""
_WAITING_LIMIT: Final = 1000
_XADDR_LIMIT: Final = 8
_REFERENCE_LIMIT: Final = 200
# older cameras know only the first, newer ones only the second, and a probe that asks for both
# is answered by devices that are both
_TYPES: Final = (
    'xmlns:dn="http://www.onvif.org/ver10/network/wsdl">dn:NetworkVideoTransmitter',
    'xmlns:tds="http://www.onvif.org/ver10/device/wsdl">tds:Device',
)
# shares of the time limit at which probes go out: datagrams get lost, devices answer late
_ROUNDS: Final = (0.0, 0.15, 0.4)
_SIOCGIFADDR: Final = 0x8915

_log = structlog.get_logger()

_Datagram = tuple[bytes, str]


async def discover(
    *,
    timeout_s: float = 3.0,
    interfaces: Sequence[str] | None = None,
    unicast: Sequence[str] = (),
    per_s: float = UNICAST_PER_S,
    on_device: Callable[[DiscoveredDevice], None] | None = None,
) -> list[DiscoveredDevice]:
    """Every device that answers within `timeout_s`, each once, in order of its first answer.

    `interfaces` are this machine's IPv4 addresses to probe from, all of them when None. `unicast`
    are addresses asked besides, for devices behind a router, `per_s` of them a second: answers are
    waited for until `timeout_s` after the last. `on_device` is called at a device's first answer.
    Raises CameraUnreachable when no interface can be used.
    """
    answers = Answers(on_device)
    waiting: asyncio.Queue[_Datagram] = asyncio.Queue(_WAITING_LIMIT)
    async with contextlib.AsyncExitStack() as exits:
        senders: list[asyncio.DatagramTransport] = []
        for address in interface_addresses() if interfaces is None else interfaces:
            if (sender := await _open(address, waiting)) is not None:
                exits.callback(sender.close)
                senders.append(sender)
        if not senders:
            raise CameraUnreachable("No network interface of this machine can send a probe.")
        probing = asyncio.create_task(_send_probes(senders, answers, timeout_s))
        exits.callback(probing.cancel)
        if unicast:
            routed = await _open_routed(waiting)
            exits.callback(routed.close)
            asking = asyncio.create_task(_ask_each(routed, unicast, answers, per_s))
            exits.callback(asking.cancel)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s + len(unicast) / per_s):
                while True:
                    answers.take(*await waiting.get())
    _log.info("discovery.done", devices=len(answers.devices), ignored=answers.ignored)
    return list(answers.devices.values())


def interface_addresses() -> list[str]:
    """The first IPv4 address of every network interface that has one, loopback included."""
    addresses = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        for _, name in socket.if_nameindex():
            request = struct.pack("256s", name.encode()[:15])
            # an interface without IPv4 answers with an error
            with contextlib.suppress(OSError):
                found = fcntl.ioctl(any_socket.fileno(), _SIOCGIFADDR, request)
                addresses.append(socket.inet_ntoa(found[20:24]))
    return addresses


def probe_text(message_id: str, types: str) -> bytes:
    """One probe. Without a newline, because some cameras do not answer one that has any."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"'
        ' xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing"'
        ' xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"><e:Header>'
        f"<w:MessageID>{message_id}</w:MessageID>"
        '<w:To e:mustUnderstand="1">urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To>'
        '<w:Action e:mustUnderstand="1">'
        "http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action>"
        f"</e:Header><e:Body><d:Probe><d:Types {types}</d:Types></d:Probe></e:Body></e:Envelope>"
    ).encode()


@dataclass
class Answers:
    """What has come in. Pure but for the callback."""

    on_device: Callable[[DiscoveredDevice], None] | None = None
    asked: set[str] = field(default_factory=set)
    """Message ids of our probes."""
    devices: dict[str, DiscoveredDevice] = field(default_factory=dict)
    """By endpoint reference, in order of first answer."""
    device_limit: int = DEVICE_LIMIT
    ignored: int = 0
    """Datagrams that were garbage, too large, or no answer to us."""

    def take(self, data: bytes, address: str) -> None:
        """Take in one datagram from `address`; never raises for what is in it."""
        found = list(read_answer(data, address, self.asked))
        if not found:
            self.ignored += 1
        for device in found:
            known = self.devices.get(device.endpoint_reference)
            if known is not None:
                self.devices[device.endpoint_reference] = _merged(known, device)
            elif len(self.devices) < self.device_limit:
                self.devices[device.endpoint_reference] = device
                if self.on_device is not None:
                    self.on_device(device)


def read_answer(data: bytes, address: str, asked: set[str]) -> Iterator[DiscoveredDevice]:
    """The devices in one datagram; none when it is not an answer to a probe in `asked`."""
    root = parsed(data)
    if root is None or text_of(root, "RelatesTo") not in asked:
        return
    for match in root.iter():
        if local_name(match) == "ProbeMatch" and (device := device_in(match, address)) is not None:
            yield device


def parsed(data: bytes) -> Element | None:
    """The XML of a datagram; None when it is too large or no harmless XML."""
    if len(data) > ANSWER_LIMIT:
        return None
    try:
        root: Element = defusedxml.ElementTree.fromstring(data, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        return None
    return root


def device_in(element: Element, address: str) -> DiscoveredDevice | None:
    """The device that a ProbeMatch, Hello or Bye from `address` is about; None without identity."""
    reference = text_of(element, "Address")
    if not reference or len(reference) > _REFERENCE_LIMIT:
        return None
    return DiscoveredDevice(
        endpoint_reference=reference,
        xaddrs=_usable(text_of(element, "XAddrs").split(), address),
        # a prefix means nothing away from the document that declares it
        types=tuple(t.rpartition(":")[2] for t in text_of(element, "Types").split()),
        scopes=tuple(text_of(element, "Scopes").split()),
        address=address,
    )


def _merged(known: DiscoveredDevice, again: DiscoveredDevice) -> DiscoveredDevice:
    return replace(
        known,
        xaddrs=_usable([*known.xaddrs, *again.xaddrs], known.address),
        types=tuple(dict.fromkeys([*known.types, *again.types])),
        scopes=tuple(dict.fromkeys([*known.scopes, *again.scopes])),
    )


def _usable(xaddrs: Sequence[str], answered_from: str) -> tuple[str, ...]:
    """Web addresses only, each once; those at the address that really answered come first."""
    web = [xaddr for xaddr in dict.fromkeys(xaddrs) if is_web_address(xaddr)]
    return tuple(sorted(web, key=lambda x: urlsplit(x).hostname != answered_from)[:_XADDR_LIMIT])


def local_name(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def text_of(element: Element, name: str) -> str:
    """The text of the first element below with this local name, or empty."""
    found = next((e.text for e in element.iter() if local_name(e) == name), None)
    return (found or "").strip()


class _Receiver(asyncio.DatagramProtocol):
    def __init__(self, waiting: "asyncio.Queue[_Datagram]", interface: str) -> None:
        self._waiting = waiting
        self._log = _log.bind(interface=interface)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        try:
            self._waiting.put_nowait((data, addr[0]))
        except asyncio.QueueFull:
            # whoever sends as much is no camera; cameras answer again in the next round
            self._log.debug("discovery.flooded", sender=addr[0])

    def error_received(self, exc: Exception) -> None:
        self._log.info("discovery.probe_unsent", error=str(exc))


async def _open(
    address: str, waiting: "asyncio.Queue[_Datagram]"
) -> asyncio.DatagramTransport | None:
    """A socket that multicasts from `address`; None, with the reason logged, when it cannot."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        source = ipaddress.IPv4Address(address).packed
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, source)
        sock.bind((address, 0))
        # connecting sends nothing, but fails like sending when there is no way to the group
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
            trial.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, source)
            trial.connect((GROUP, PORT))
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Receiver(waiting, address), sock=sock
        )
    except (OSError, ValueError) as why:
        sock.close()
        _log.info("discovery.interface_skipped", interface=address, error=str(why))
        return None
    return transport


async def _open_routed(waiting: "asyncio.Queue[_Datagram]") -> asyncio.DatagramTransport:
    """A socket bound to no interface: which way a listed address is reached, routing knows."""
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _Receiver(waiting, "routed"),
        local_addr=("0.0.0.0", 0),
    )
    return transport


async def _send_probes(
    senders: Sequence[asyncio.DatagramTransport], answers: Answers, timeout_s: float
) -> None:
    sent = 0.0
    for share in _ROUNDS:
        await asyncio.sleep((share - sent) * timeout_s)
        sent = share
        for types in _TYPES:
            probe = _new_probe(answers, types)
            for sender in senders:
                sender.sendto(probe, (GROUP, PORT))


async def _ask_each(
    sender: asyncio.DatagramTransport, hosts: Sequence[str], answers: Answers, per_s: float
) -> None:
    """Both probes to each listed address, once: who asks again and again calls `discover` again."""
    for host in hosts:
        for types in _TYPES:
            sender.sendto(_new_probe(answers, types), (host, PORT))
        await asyncio.sleep(1.0 / per_s)


def _new_probe(answers: Answers, types: str) -> bytes:
    # a new id each time: a device that saw one takes a second for a mere repetition
    message_id = f"urn:uuid:{uuid.uuid4()}"
    answers.asked.add(message_id)
    return probe_text(message_id, types)
