"""paho's client as the service needs it: reading ahead, writing from the event loop at once.

How paho works inside is known here and nowhere else; `alarms.mqtt` says what is sent and when.
"""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import MQTTErrorCode

from alarms.read_ahead import ReadAhead


class PahoClient(paho.Client):
    """paho's client, reading ahead, and writing from any thread, one at a time.

    (Where the wrapper for reading stands, paho puts one of its own for websockets.)
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        self._writing = threading.Lock()
        self._quiet_in: int | None = None
        self._waker: socket.socket | None = None
        super().__init__(*args, **options)

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """What the event loop queues meanwhile does not wake the network's thread, which would
        take the interpreter away from the loop between two packets."""
        self._quiet_in = threading.get_ident()
        try:
            yield
        finally:
            self._quiet_in = None

    def send_now(self) -> None:
        """Write what is queued, or wake the network's thread for what could not be written."""
        if self._writing.acquire(blocking=False):
            try:
                # what goes wrong here goes wrong again in the network's thread, whose business it
                # is; what could not be written is back in the queue
                super()._packet_write()
            finally:
                self._writing.release()
        waker = self._waker
        if self.want_write() and waker is not None:
            with contextlib.suppress(OSError):  # woken often enough, or closed this moment
                waker.send(b"0")

    @property
    def _sockpairW(self) -> socket.socket | None:  # noqa: N802
        """What paho wakes its thread by; the quiet thread has none, all others have it still."""
        return None if self._quiet_in == threading.get_ident() else self._waker

    @_sockpairW.setter
    def _sockpairW(self, waker: socket.socket | None) -> None:  # noqa: N802
        self._waker = waker

    def _packet_write(self) -> MQTTErrorCode:
        # waits: it must not fall asleep over a packet that `send_now` has in its hand
        with self._writing:
            return super()._packet_write()

    def _create_socket(self) -> "paho.SocketLike":
        sock = super()._create_socket()
        if not isinstance(sock, socket.socket):
            return sock
        no_delay(self, None, sock)
        return ReadAhead(sock)


def no_delay(_client: paho.Client, _userdata: object, sock: object) -> None:
    """Send small packets at once: a reply behind a PUBACK would else wait 40 ms for TCP's ack."""
    if isinstance(sock, socket.socket):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
