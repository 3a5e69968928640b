"""WS-Discovery on the loopback interface, with responders that behave and some that do not."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camerad import discovery
from camerad.discovery import Answers, discover, interface_addresses, probe_text
from camerad.errors import CameraUnreachable
from camerad.model import DiscoveredDevice
from camerad.simulator.discovery import (
    Announcement,
    DiscoveryResponder,
    Probe,
    probe_match,
    read_probe,
)

LOOPBACK = "127.0.0.1"
YARD = Announcement(
    "urn:uuid:5f5a69c2-e0ae-504f-829b-000000000001",
    ("http://192.168.9.9/onvif/device_service", "http://127.0.0.1:8000/onvif/device_service"),
    ("onvif://www.onvif.org/name/%E4%B8%9C%E6%9D%91", "onvif://www.onvif.org/hardware/Sim"),
)


def answer_to(message_id: str, announcement: Announcement = YARD) -> bytes:
    return probe_match(announcement, Probe(message_id, (), ())).encode()


def answers() -> Answers:
    return Answers(asked={"urn:uuid:ours"})


async def test_a_camera_on_the_network_is_found_once_although_probed_many_times() -> None:
    async with DiscoveryResponder([YARD]):
        found = await discover(timeout_s=1, interfaces=[LOOPBACK])
    mine = [device for device in found if device.endpoint_reference == YARD.endpoint_reference]
    assert len(mine) == 1
    assert mine[0].name == "东村"
    assert mine[0].hardware == "Sim"
    assert mine[0].address == LOOPBACK
    assert set(mine[0].types) == {"NetworkVideoTransmitter", "Device"}


async def test_the_address_that_answered_comes_first() -> None:
    seen = answers()
    seen.take(answer_to("urn:uuid:ours"), LOOPBACK)
    assert seen.devices[YARD.endpoint_reference].xaddrs == YARD.xaddrs[::-1]


async def test_each_device_is_told_as_it_answers() -> None:
    told: list[DiscoveredDevice] = []
    async with DiscoveryResponder([YARD]):
        found = await discover(timeout_s=1, interfaces=[LOOPBACK], on_device=told.append)
    assert [d.endpoint_reference for d in told] == [d.endpoint_reference for d in found]


class Recorder(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.probes: list[bytes] = []

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.probes.append(data)


@asynccontextmanager
async def recording() -> AsyncIterator[Recorder]:
    """A member of the discovery group that only listens."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sock.bind((discovery.GROUP, discovery.PORT))
    member = socket.inet_aton(discovery.GROUP) + socket.inet_aton(LOOPBACK)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
    sock.setblocking(False)
    transport, recorder = await asyncio.get_running_loop().create_datagram_endpoint(
        Recorder, sock=sock
    )
    try:
        yield recorder
    finally:
        transport.close()


async def test_both_kinds_of_probe_go_out_several_times_and_without_newlines() -> None:
    async with recording() as recorder:
        await discover(timeout_s=0.5, interfaces=[LOOPBACK])
    for kind in (b"dn:NetworkVideoTransmitter<", b"tds:Device<"):
        assert sum(kind in probe for probe in recorder.probes) == 3
    assert not any(b"\n" in probe for probe in recorder.probes)


async def test_an_interface_that_cannot_be_used_is_skipped() -> None:
    async with DiscoveryResponder([YARD]):
        found = await discover(timeout_s=0.5, interfaces=["203.0.113.7", "nonsense", LOOPBACK])
    assert YARD.endpoint_reference in [device.endpoint_reference for device in found]


async def test_no_usable_interface_at_all_is_an_error() -> None:
    with pytest.raises(CameraUnreachable):
        await discover(timeout_s=0.5, interfaces=["203.0.113.7"])


class Answering(asyncio.DatagramProtocol):
    """A camera behind a router: no multicast reaches it, a probe of its own does."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        probe = read_probe(data)
        assert probe is not None
        self._transport.sendto(answer_to(probe.message_id), addr)


async def test_a_camera_that_no_multicast_reaches_is_asked_by_its_address() -> None:
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        Answering, local_addr=("127.0.0.77", discovery.PORT)
    )
    try:
        found = await discover(timeout_s=0.5, interfaces=[LOOPBACK], unicast=["127.0.0.77"])
    finally:
        transport.close()
    assert ("127.0.0.77", YARD.endpoint_reference) in [
        (device.address, device.endpoint_reference) for device in found
    ]


class Counting(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.at_s: list[float] = []

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.at_s.append(asyncio.get_running_loop().time())


async def test_listed_addresses_are_asked_at_the_set_rate_and_once() -> None:
    transport, counting = await asyncio.get_running_loop().create_datagram_endpoint(
        Counting, local_addr=("127.0.0.78", discovery.PORT)
    )
    try:
        await discover(timeout_s=0.1, interfaces=[LOOPBACK], unicast=["127.0.0.78"] * 5, per_s=20.0)
    finally:
        transport.close()
    assert len(counting.at_s) == 10
    assert counting.at_s[-1] - counting.at_s[0] >= 0.19


def test_this_machine_has_at_least_its_loopback() -> None:
    assert LOOPBACK in interface_addresses()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00\xff" * 700,
        b"<not-closed>",
        probe_text("urn:uuid:ours", 'xmlns:a="b">a:B'),
        b'<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>',
        answer_to("urn:uuid:somebody-else's"),
        answer_to("urn:uuid:ours") + b" " * discovery.ANSWER_LIMIT,
    ],
    ids=["empty", "noise", "cut", "probe", "entities", "not-ours", "too-large"],
)
def test_what_is_no_answer_to_us_is_ignored_and_counted(data: bytes) -> None:
    seen = answers()
    seen.take(data, "192.0.2.1")
    assert seen.devices == {}
    assert seen.ignored == 1


@given(st.binary(max_size=400), st.integers(0, 900), st.integers(0, 900))
def test_no_datagram_makes_it_raise(noise: bytes, start: int, end: int) -> None:
    whole = answer_to("urn:uuid:ours")
    answers().take(whole[:start] + noise + whole[end:], "192.0.2.1")


def test_a_second_answer_adds_its_addresses() -> None:
    seen = answers()
    seen.take(answer_to("urn:uuid:ours"), LOOPBACK)
    further = Announcement(YARD.endpoint_reference, ("https://192.168.9.9/x",), ())
    seen.take(answer_to("urn:uuid:ours", further), LOOPBACK)
    assert len(seen.devices) == 1
    assert "https://192.168.9.9/x" in seen.devices[YARD.endpoint_reference].xaddrs


def test_addresses_that_are_not_of_the_web_are_left_out() -> None:
    seen = answers()
    odd = Announcement(YARD.endpoint_reference, ("file:///etc/passwd", "http://", "http://a/b"), ())
    seen.take(answer_to("urn:uuid:ours", odd), LOOPBACK)
    assert seen.devices[YARD.endpoint_reference].xaddrs == ("http://a/b",)


def test_a_liar_cannot_fill_the_memory_with_devices() -> None:
    seen = Answers(asked={"urn:uuid:ours"}, device_limit=3)
    for n in range(10):
        seen.take(answer_to("urn:uuid:ours", Announcement(f"urn:uuid:{n}", (), ())), "192.0.2.1")
    assert len(seen.devices) == 3
