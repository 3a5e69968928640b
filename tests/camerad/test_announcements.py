"""Hello and Bye on the loopback interface, and what is none."""

import asyncio

import pytest

from camerad.announcements import Announcement, Listener, Saying, read_announcement
from camerad.discovery import probe_text
from camerad.simulator import discovery as simulated
from camerad.simulator.discovery import DiscoveryResponder, Probe, announcing, probe_match

LOOPBACK = "127.0.0.1"
YARD = simulated.Announcement(
    "urn:uuid:5f5a69c2-e0ae-504f-829b-0000000000aa",
    ("http://127.0.0.1:8000/onvif/device_service",),
    ("onvif://www.onvif.org/name/yard",),
)


async def test_a_camera_that_comes_and_goes_is_heard() -> None:
    heard: asyncio.Queue[Announcement] = asyncio.Queue()
    async with (
        Listener(heard.put_nowait, interfaces=[LOOPBACK]),
        DiscoveryResponder([YARD]) as responder,
        asyncio.timeout(10),
    ):
        said = []
        for saying in ("Hello", "Bye"):
            responder.say(saying, YARD)
            # other tests' cameras may talk on the same group
            while (got := await heard.get()).device.endpoint_reference != YARD.endpoint_reference:
                pass
            said.append(got)
    assert [s.saying for s in said] == [Saying.HELLO, Saying.BYE]
    assert said[0].device.xaddrs == YARD.xaddrs
    assert said[0].device.address == LOOPBACK


async def test_an_interface_that_cannot_be_joined_is_skipped() -> None:
    async with Listener(lambda _: None, interfaces=["203.0.113.7", LOOPBACK]):
        pass


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff" * 100,
        probe_text("urn:uuid:x", 'xmlns:a="b">a:B'),
        probe_match(YARD, Probe("urn:uuid:x", (), ())).encode(),
        announcing("Hello", simulated.Announcement("", (), ())).encode(),
        announcing("Hello", simulated.Announcement("urn:" + "x" * 300, (), ())).encode(),
        b'<!DOCTYPE x [<!ENTITY a "a">]><Hello>&a;</Hello>',
    ],
    ids=["empty", "noise", "probe", "answer", "nameless", "long-name", "entities"],
)
def test_what_announces_nobody_is_not_heard(data: bytes) -> None:
    assert read_announcement(data, LOOPBACK) is None


async def test_a_flood_is_dropped_and_not_passed_on() -> None:
    from camerad.announcements import _Ear

    heard: list[Announcement] = []
    ear = _Ear(heard.append)
    hello = announcing("Hello", YARD).encode()
    for _ in range(1000):
        ear.datagram_received(hello, (LOOPBACK, 1))
    # at most two of the loop's seconds are touched
    assert 0 < len(heard) <= 400
