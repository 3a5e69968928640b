"""Reading packet by packet: every byte once, in order, whatever pieces they come in."""

import select
import socket
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alarms.mqtt_packets import puback, publish
from alarms.read_ahead import KEPT_BYTES, ReadAhead

Ends = tuple[socket.socket, ReadAhead]


@pytest.fixture
def ends() -> Iterator[Ends]:
    yield from _ends()


def _ends() -> Iterator[Ends]:
    theirs, ours = socket.socketpair()
    ahead = ReadAhead(ours)
    ahead.setblocking(False)
    yield theirs, ahead
    theirs.close()
    ahead.close()


PACKETS = [puback(7), publish("a/b", b"x" * 300, 9, retain=False), b"\xd0\x00"]


@given(cuts=st.lists(st.integers(0, len(b"".join(PACKETS))), max_size=12))
def test_packets_come_whole_and_in_order_in_whatever_pieces(cuts: list[int]) -> None:
    stream = b"".join(PACKETS)
    for theirs, ahead in _ends():
        found = []
        for begin, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(stream)], strict=True):
            theirs.send(stream[begin:end])
            found += [packet for _, _, packet in ahead.packets()]
        assert found == PACKETS


@given(size=st.integers(KEPT_BYTES, 10 * KEPT_BYTES), sent_at_once=st.integers(1, 3 * KEPT_BYTES))
def test_of_a_message_too_large_only_the_beginning_is_kept_and_the_next_is_whole(
    size: int, sent_at_once: int
) -> None:
    long = publish("a/b", b"y" * size, 9, retain=False)
    stream = b"".join([PACKETS[1], long, *PACKETS])

    def send(theirs: socket.socket) -> None:
        for at in range(0, len(stream), max(sent_at_once, len(stream) // 50)):
            theirs.sendall(stream[at : at + max(sent_at_once, len(stream) // 50)])

    for theirs, ahead in _ends():
        sending = threading.Thread(target=send, args=(theirs,))
        sending.start()
        found = []
        while len(found) < 2 + len(PACKETS):
            select.select([ahead], [], [], 10)
            found += [packet for _, _, packet in ahead.packets()]
        sending.join()
        before, cut, *after = found
        assert (before, after) == (PACKETS[1], PACKETS)
        assert long.startswith(cut)
        # what came in one piece need not be cut
        assert len(cut) == KEPT_BYTES or size <= 3 * KEPT_BYTES


def test_first_byte_and_body_are_told(ends: Ends) -> None:
    theirs, ahead = ends
    theirs.send(puback(258))
    assert list(ahead.packets()) == [(0x40, b"\x01\x02", puback(258))]


def test_with_nothing_there_there_is_no_packet_and_no_end(ends: Ends) -> None:
    assert list(ends[1].packets()) == []
    assert not ends[1].ended


def test_what_is_handed_is_given_in_the_pieces_asked_for_and_then_there_is_nothing(
    ends: Ends,
) -> None:
    ends[1].hand(b"abc")
    assert [ends[1].recv(1), ends[1].recv(9)] == [b"a", b"bc"]
    with pytest.raises(BlockingIOError):
        ends[1].recv(1)


def test_the_end_of_the_stream_is_seen_after_the_last_packet(ends: Ends) -> None:
    theirs, ahead = ends
    theirs.send(puback(1) + b"\x30")
    theirs.close()
    assert [packet for _, _, packet in ahead.packets()] == [puback(1)]
    assert list(ahead.packets()) == []
    assert ahead.ended
    assert ahead.recv(1) == b""


def test_a_length_without_end_is_no_packet(ends: Ends) -> None:
    theirs, ahead = ends
    theirs.send(b"\x30\xff\xff\xff\xff\xff")
    assert [body for _, body, _ in ahead.packets()] == [b""]
