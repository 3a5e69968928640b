"""paho's client as the service needs it: on the event loop's selector, and quick with messages.

paho connects, logs in, subscribes, keeps alive and ends. The messages and their confirmations, of
which a storm has thousands a second, pass it by: they are read and written many at a time. How
paho works inside is known here and nowhere else; `alarms.mqtt` says what is sent and when.
"""

import asyncio
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import MQTTErrorCode

from alarms.mqtt_packets import PUBACK, PUBLISH, Published, confirmed, puback, published
from alarms.read_ahead import ReadAhead
from alarms.unconfirmed import Unconfirmed

_LOOK_EVERY_S = 1.0
"""How often paho may look whether it must ping, or has heard nothing for too long."""


class PahoClient(paho.Client):
    """One connection after another, `serve` being the life of one. Only connecting is done in a
    thread; all else, callbacks too, in the event loop.

    (Where the wrapper for reading stands, paho puts one of its own for websockets.)
    """

    def __init__(
        self,
        *args: Any,
        on_messages: Callable[[Sequence[Published]], None],
        window: int,
        **options: Any,
    ) -> None:
        """`on_messages` is given what arrived and must be confirmed (`acknowledge`); `window` is
        how many messages of ours may be with the broker unconfirmed."""
        super().__init__(*args, **options)
        self.on_socket_close = self._on_closed
        self._on_messages = on_messages
        self._unconfirmed = Unconfirmed(self._mid_generate, window=window)
        self._pubacks: list[bytes] = []
        self._may_send = False
        self._sending_soon: asyncio.Handle | None = None
        self._watched: paho.SocketLike | None = None
        self._ended: asyncio.Future[None] | None = None
        self._ending = False
        self._waits_for_room = False

    async def serve(self, host: str, port: int, *, keepalive_s: int) -> None:
        """Connect and stay so; returns when the connection has ended.

        Raises OSError when there is none to be had, and what a callback raised.
        """
        ended = self._ended = asyncio.get_running_loop().create_future()
        # looking up the name, TCP and TLS take as long as they take
        await asyncio.to_thread(self.connect, host, port, keepalive_s)
        try:
            self._watch()
            if self._ending:
                self.disconnect()
            while not ended.done():
                await asyncio.wait({ended}, timeout=_LOOK_EVERY_S)
                self.loop_misc()
            await ended
        finally:
            self._sock_close()

    def begin(self) -> None:
        """Send messages from now on; first once more what the last connection left unconfirmed.
        For `on_connect`."""
        self._may_send = True
        self._queue(self._unconfirmed.packets_again())

    def end(self) -> None:
        """Disconnect, now or as soon as connected, and for good."""
        self._ending = True
        self.send_now()
        if self._watched is not None:
            self.disconnect()

    def acknowledge(self, message_id: int) -> None:
        """Confirm what arrived on this connection."""
        if message_id:
            self._pubacks.append(puback(message_id))
            self._send_soon()

    def post(
        self,
        topic: str,
        payload: bytes,
        *,
        retain: bool = False,
        on_confirmed: Callable[[], None] | None = None,
    ) -> None:
        """Publish with QoS 1, now or when connected, and again until the broker confirms it."""
        self._unconfirmed.add(topic, payload, retain=retain, on_confirmed=on_confirmed)
        self._send_soon()

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is acknowledged and posted within is sent on leaving, not a turn of the loop later:
        whoever pressed waits."""
        yield
        self.send_now()

    def send_now(self) -> None:
        """Write what may be sent; what the socket does not take follows by itself."""
        self._sending_soon = None
        if self._watched is None:
            return
        if self._may_send:
            pubacks, self._pubacks = self._pubacks, []
            self._queue([*pubacks, *self._unconfirmed.next_packets()])
        if self.want_write():
            self.loop_write()
        self._watch_for_room()

    def loop_read(self, max_packets: int = 1) -> MQTTErrorCode:
        """Deal with everything that has arrived."""
        sock = self.socket()
        if not isinstance(sock, ReadAhead):
            return MQTTErrorCode.MQTT_ERR_NO_CONN
        ahead: ReadAhead = sock
        heard: list[Published] = []
        for first, body, packet in ahead.packets():
            kind = first & 0xF0
            if kind == PUBLISH and (message := published(first, body)) is not None:
                heard.append(message)
            elif kind == PUBACK and body:
                self._unconfirmed.confirmed(confirmed(body))
            else:
                # what came before a CONNACK or a DISCONNECT is of another time
                self._tell(heard)
                heard = []
                ahead.hand(packet)
                super().loop_read(max_packets)
                if self.socket() is not ahead:
                    return MQTTErrorCode.MQTT_ERR_CONN_LOST
        self._tell(heard)
        if ahead.ended:
            return super().loop_read(max_packets)
        self.send_now()
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def _tell(self, heard: Sequence[Published]) -> None:
        if heard:
            self._on_messages(heard)

    def _queue(self, packets: Sequence[bytes]) -> None:
        if packets:
            # to paho it is one packet that needs nothing more than to be written
            self._packet_queue(PUBACK, b"".join(packets), 0, 1)

    def _send_soon(self) -> None:
        if self._sending_soon is None and self._watched is not None:
            self._sending_soon = asyncio.get_running_loop().call_soon(self.send_now)

    def _watch(self) -> None:
        self._watched = self.socket()
        if self._watched is not None:
            asyncio.get_running_loop().add_reader(self._watched, self._carefully, self.loop_read)
            self._watch_for_room()

    def _watch_for_room(self) -> None:
        if self._watched is None or self._waits_for_room == self.want_write():
            return
        self._waits_for_room = not self._waits_for_room
        loop = asyncio.get_running_loop()
        if self._waits_for_room:
            loop.add_writer(self._watched, self._carefully, self.send_now)
        else:
            loop.remove_writer(self._watched)

    def _carefully(self, work: Callable[[], object]) -> None:
        """Let `serve` raise what the event loop would only write down."""
        try:
            work()
        except Exception as error:  # noqa: BLE001 - no bulkhead: handed to `serve`
            if self._ended is not None and not self._ended.done():
                self._ended.set_exception(error)

    def _on_closed(self, _client: paho.Client, _userdata: object, _sock: object) -> None:
        self._may_send = False
        self._pubacks.clear()  # the next connection has other messages under these numbers
        watched, self._watched, self._waits_for_room = self._watched, None, False
        if watched is not None:
            loop = asyncio.get_running_loop()
            loop.remove_reader(watched)
            loop.remove_writer(watched)
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(None)

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
