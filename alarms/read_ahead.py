"""A socket that is read packet by packet: what has arrived is taken at once.

paho asks for a packet's first byte, its length byte by byte, then its body, each a system call.
What is its business is handed to it from here.
"""

import socket
import ssl
from collections.abc import Iterator

from alarms.mqtt_packets import end_of

_CHUNK_BYTES = 1 << 16


class ReadAhead:
    """Has what paho uses of a socket. The socket must not block; TLS or not."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._held = bytearray()
        """A packet's beginning."""
        self._wanted = 0
        """How long `_held` must be before it is looked at again."""
        self._handed = b""
        self.ended = False
        """Nothing more will come."""

    def packets(self) -> Iterator[tuple[int, bytes, bytes]]:
        """The whole packets that are here: first byte, body, and all of it.

        What is no packet has an empty body. At the end of the stream `recv` says so.
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
        """What has arrived, from the beginning of a packet on; None when it is too little."""
        try:
            data = self._sock.recv(_CHUNK_BYTES)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None
        except OSError:  # paho tells of it as of the stream's end
            data = b""
        self.ended = not data
        if self._held:
            self._held += data
            if len(self._held) < self._wanted:
                return None
            data = bytes(self._held)
            self._held.clear()
        return data or None

    def _cut(self, data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
        at = 0
        while at < len(data):
            try:
                found = end_of(data, at)
            except ValueError:
                yield data[at], b"", data[at:]
                return
            if found is None or found[1] > len(data):
                self._held += data[at:]
                self._wanted = 0 if found is None else found[1] - at
                return
            begins, ends = found
            yield data[at], data[begins:ends], data[at:ends]
            at = ends
