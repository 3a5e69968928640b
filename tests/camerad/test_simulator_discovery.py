"""Simulated cameras on the wire of WS-Discovery, asked over real multicast on loopback."""

import asyncio
import socket
import uuid
from xml.etree.ElementTree import Element

import defusedxml.ElementTree
import pytest

from camerad.simulator.discovery import (
    GROUP,
    PORT,
    Announcement,
    DiscoveryResponder,
    matches,
    read_probe,
)

WSA = "{http://schemas.xmlsoap.org/ws/2004/08/addressing}"
WSD = "{http://schemas.xmlsoap.org/ws/2005/04/discovery}"


def _announcement(name: str) -> Announcement:
    return Announcement(
        f"urn:uuid:{uuid.uuid4()}",
        ("http://127.0.0.1:1/onvif/device_service",),
        (f"onvif://www.onvif.org/name/{name}", "onvif://www.onvif.org/location/town"),
    )


def _probe(message_id: str, types: str = "dn:NetworkVideoTransmitter", scopes: str = "") -> bytes:
    return (
        '<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"'
        ' xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing"'
        ' xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"'
        ' xmlns:dn="http://www.onvif.org/ver10/network/wsdl"><e:Header>'
        f"<w:MessageID>{message_id}</w:MessageID></e:Header><e:Body><d:Probe>"
        f"<d:Types>{types}</d:Types><d:Scopes>{scopes}</d:Scopes></d:Probe></e:Body></e:Envelope>"
    ).encode()


class _Answers(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.heard: asyncio.Queue[bytes] = asyncio.Queue()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.heard.put_nowait(data)


async def _ask(probe: bytes, wanted: set[str]) -> dict[str, Element]:
    """Sends the probe by multicast; waits for these endpoints' answers (others may answer too)."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
    sock.bind(("127.0.0.1", 0))
    sock.setblocking(False)
    transport, answers = await asyncio.get_running_loop().create_datagram_endpoint(
        _Answers, sock=sock
    )
    found: dict[str, Element] = {}
    try:
        transport.sendto(probe, (GROUP, PORT))
        async with asyncio.timeout(5):
            while not wanted <= found.keys():
                root = defusedxml.ElementTree.fromstring(await answers.heard.get())
                endpoint = root.findtext(f".//{WSA}EndpointReference/{WSA}Address") or ""
                found[endpoint] = root
    finally:
        transport.close()
    return found


async def test_each_camera_answers_the_probe_it_was_asked() -> None:
    cameras = [_announcement("gate"), _announcement("bridge")]
    wanted = {camera.endpoint_reference for camera in cameras}
    message_id = f"urn:uuid:{uuid.uuid4()}"
    async with DiscoveryResponder(cameras):
        found = await _ask(_probe(message_id), wanted)
    for endpoint in wanted:
        answer = found[endpoint]
        assert answer.findtext(f".//{WSA}RelatesTo") == message_id
        assert "onvif/device_service" in (answer.findtext(f".//{WSD}XAddrs") or "")
        types = (answer.findtext(f".//{WSD}Types") or "").split()
        assert types == ["dn:NetworkVideoTransmitter", "tds:Device"]


async def test_two_responders_share_the_port() -> None:
    one, other = _announcement("gate"), _announcement("bridge")
    async with DiscoveryResponder([one]), DiscoveryResponder([other]):
        found = await _ask(_probe("urn:uuid:1"), {one.endpoint_reference, other.endpoint_reference})
    assert one.endpoint_reference in found


@pytest.mark.parametrize(
    ("types", "scopes", "answered"),
    [
        ("", "", True),
        ("tds:Device dn:NetworkVideoTransmitter", "", True),
        ("wsdp:Printer", "", False),
        ("", "onvif://www.onvif.org/name/gate", True),
        ("", "onvif://www.onvif.org/name/bridge", False),
    ],
)
def test_only_what_fits_the_probe_answers(types: str, scopes: str, answered: bool) -> None:
    probe = read_probe(_probe("urn:uuid:1", types, scopes))
    assert probe is not None
    assert matches(_announcement("gate"), probe) is answered


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff" * 60,
        b"<a/>",
        b"x" * 60_000,
        b'<!DOCTYPE l [<!ENTITY a "b">]><l>&a;</l>',
        _probe(""),
    ],
)
def test_other_talk_is_not_a_probe(data: bytes) -> None:
    assert read_probe(data) is None
