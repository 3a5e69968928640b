"""Reading ahead of paho: every byte once, in order, and it is told what is here already."""

import socket
from collections.abc import Iterator

import pytest

from alarms.read_ahead import ReadAhead


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, ReadAhead]]:
    theirs, ours = socket.socketpair()
    ahead = ReadAhead(ours)
    ahead.setblocking(False)
    yield theirs, ahead
    theirs.close()
    ahead.close()


def test_bytes_come_in_order_in_the_pieces_asked_for(
    ends: tuple[socket.socket, ReadAhead],
) -> None:
    theirs, ahead = ends
    theirs.send(b"abcdef")
    assert [ahead.recv(1), ahead.recv(2), ahead.recv(99)] == [b"a", b"bc", b"def"]
    theirs.send(b"gh")
    assert ahead.recv(1) == b"g"


def test_it_says_what_is_here_already(ends: tuple[socket.socket, ReadAhead]) -> None:
    theirs, ahead = ends
    theirs.send(b"abcdef")
    assert ahead.pending() == 0
    ahead.recv(2)
    assert ahead.pending() == 4
    ahead.recv(4)
    assert ahead.pending() == 0


def test_with_nothing_there_it_raises_as_a_socket_does(
    ends: tuple[socket.socket, ReadAhead],
) -> None:
    with pytest.raises(BlockingIOError):
        ends[1].recv(1)


def test_the_end_of_the_stream_is_seen_after_the_last_byte(
    ends: tuple[socket.socket, ReadAhead],
) -> None:
    theirs, ahead = ends
    theirs.send(b"z")
    theirs.shutdown(socket.SHUT_WR)
    assert [ahead.recv(1), ahead.recv(1)] == [b"z", b""]
