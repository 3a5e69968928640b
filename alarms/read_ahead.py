"""A socket that is read packet by packet: what has arrived is taken at once.

paho asks for a packet's first byte, its length byte by byte, then its body, each a system call.
What is its business is handed to it from here. Of a message far too large to be a press only the
beginning is kept: whoever sends many of them neither fills our memory nor keeps us from reading.
"""

import socket
import ssl
from collections.abc import Iterator

from alarms.mqtt_packets import PUBLISH, end_of

_CHUNK_BYTES = 1 << 18

KEPT_BYTES = 1 << 17
"""So much of a longer PUBLISH: its topic, of 64 KiB at most, and more than any of ours may hold."""

_Packet = tuple[int, bytes, bytes]


class ReadAhead:
    """Has what paho uses of a socket. The socket must not block; TLS or not."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._room = memoryview(bytearray(_CHUNK_BYTES))
        self._held = bytearray()
        """A packet's beginning."""
        self._wanted = 0
        """How long `_held` must be before it is looked at again."""
        self._cut_short: _Packet | None = None
        """A long message whose rest is still to come, and to be dropped."""
        self._to_drop = 0
        self._handed = b""
        self.ended = False
        """Nothing more will come."""

    def packets(self) -> Iterator[_Packet]:
        """The packets that are here: first byte, body, and all of it.

        They are whole but for a PUBLISH of more than KEPT_BYTES, which may be cut to these. What is
        no packet has an empty body. At the end of the stream `recv` says so.
        """
        while (data := self._read()) is not None:
            yield from self._cut(data)
            # the selector does not know of what TLS has decrypted already
            if not (isinstance(self._sock, ssl.SSLSocket) and self._sock.pending()):
                return

    def hand(self, packet: bytes) -> None:
        """Let `recv` give these bytes."""
        self._handed = packet

    def recv(self, size: int) -> bytes:
        """At most `size` bytes of what was handed; empty at the end of the stream. Raises
        BlockingIOError when there is nothing."""
        given, self._handed = self._handed[:size], self._handed[size:]
        if not given and not self.ended:
            raise BlockingIOError
        return given

    def send(self, data: bytes | bytearray) -> int:
        return self._sock.send(data)

    def close(self) -> None:
        self._sock.close()

    def fileno(self) -> int:
        return self._sock.fileno()

    def setblocking(self, flag: bool) -> None:
        self._sock.setblocking(flag)

    def _read(self) -> bytes | None:
        """What has arrived, from the beginning of a packet on; None when nothing has, or the
        stream has ended."""
        try:
            size = self._sock.recv_into(self._room)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None
        except OSError:  # paho tells of it as of the stream's end
            size = 0
        self.ended = not size
        return bytes(self._room[:size]) or None

    def _cut(self, data: bytes) -> Iterator[_Packet]:
        at = min(len(data), self._to_drop)
        self._to_drop -= at
        if self._cut_short is not None and not self._to_drop:
            yield self._cut_short
            self._cut_short = None
        if self._held:
            self._held += data
            if len(self._held) < self._wanted:
                return
            data, at = bytes(self._held), 0
            self._held.clear()
        while at < len(data):
            try:
                found = end_of(data, at)
            except ValueError:
                yield data[at], b"", data[at:]
                return
            if found is None or found[1] > len(data):
                self._hold(data[at:], None if found is None else (found[0] - at, found[1] - at))
                return
            begins, ends = found
            yield data[at], data[begins:ends], data[at:ends]
            at = ends

    def _hold(self, data: bytes, found: tuple[int, int] | None) -> None:
        """Keep a packet's beginning until the rest is there, where it must not be dropped."""
        begins, ends = found or (0, 0)
        if ends <= KEPT_BYTES or data[0] & 0xF0 != PUBLISH:
            self._held += data
            self._wanted = ends
        elif len(data) < KEPT_BYTES:
            self._held += data
            self._wanted = KEPT_BYTES
        else:
            self._cut_short = (data[0], data[begins:KEPT_BYTES], data[:KEPT_BYTES])
            self._to_drop = ends - len(data)
