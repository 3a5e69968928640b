"""A socket that reads ahead: what has arrived is taken at once and given out in small pieces.

paho asks for a packet's first byte, its length byte by byte, then its body, each a system call
that lets other threads take the interpreter; in a storm its thread then waits for its turn again.
"""

import socket
import ssl
import threading

_CHUNK_BYTES = 1 << 16


class ReadAhead:
    """Has what paho uses of a socket; `pending` tells it not to wait for what is here already.

    One thread may read while another writes, on TLS too, whose state both change. The socket must
    not block.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._ahead, self._at = b"", 0
        self._one_at_a_time = threading.Lock()

    def recv(self, size: int) -> bytes:
        """At most `size` bytes; empty at the end of the stream. Raises what the socket raises."""
        if self._at == len(self._ahead):
            with self._one_at_a_time:
                self._ahead, self._at = self._sock.recv(_CHUNK_BYTES), 0
        given = self._ahead[self._at : self._at + size]
        self._at += len(given)
        return given

    def pending(self) -> int:
        """How many bytes `recv` can give although the socket itself may have no more."""
        below = self._sock.pending() if isinstance(self._sock, ssl.SSLSocket) else 0
        return len(self._ahead) - self._at + below

    def send(self, data: bytes | bytearray) -> int:
        with self._one_at_a_time:
            return self._sock.send(data)

    def close(self) -> None:
        self._sock.close()

    def fileno(self) -> int:
        return self._sock.fileno()

    def setblocking(self, flag: bool) -> None:
        self._sock.setblocking(flag)
