"""A simulated device's MQTT connection: paho on the event loop's selector.

Apart from `alarms.mqtt`, which is the service's own connection with its thread, its manual
acknowledgements and its last will. Nothing about presses belongs here.
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable, Sequence

import paho.mqtt.client as paho
import structlog
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from alarms.paho_client import no_delay
from lianfang_timing import Backoff

_KEEPALIVE_S = 30
_CONNECT_S = 5.0
_INFLIGHT = 200

log = structlog.get_logger()


class DeviceLink:
    """One connection, QoS 1, a persistent session, that comes back by itself while `run` runs.

    `up` is set while connected and subscribed. Callbacks come in the event loop.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        client_id: str,
        login: tuple[str, str],
        will: tuple[str, bytes] | None,
        topics: Sequence[str],
        reconnect: Backoff,
        on_message: Callable[[str, bytes], None],
        on_up: Callable[[], None],
        on_down: Callable[[], None],
        ca_file: str | None = None,
        lasting: bool = True,
    ) -> None:
        """`will` is published, retained, when we vanish; `topics` are subscribed to; a `lasting`
        session is kept by the broker while we are away; `ca_file` switches TLS on."""
        self.up = asyncio.Event()
        self._address = (host, port)
        self._topics = [(topic, 1) for topic in topics]
        self._reconnect = reconnect
        self._tell_message, self._tell_up, self._tell_down = on_message, on_up, on_down
        self._was_up = False
        self._lost = asyncio.Event()
        self._unconfirmed: set[int] = set()
        self._confirmed = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._watched: paho.SocketLike | None = None
        client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=client_id, clean_session=not lasting
        )
        client.username_pw_set(*login)
        if will is not None:
            client.will_set(*will, qos=1, retain=True)
        if ca_file is not None:
            client.tls_set_context(ssl.create_default_context(cafile=ca_file))
        client.max_inflight_messages_set(_INFLIGHT)
        client.connect_timeout = _CONNECT_S
        client.on_socket_open = no_delay
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        client.on_socket_register_write = self._on_register_write
        client.on_socket_unregister_write = self._on_unregister_write
        client.on_socket_close = self._on_socket_close
        self._client = client

    async def run(self) -> None:
        """Stay connected until cancelled."""
        self._loop = asyncio.get_running_loop()
        attempt = 0
        while True:
            await self._run_once()
            attempt = 0 if self._was_up else attempt + 1
            await asyncio.sleep(self._reconnect.delay_s(attempt))

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Hand a message to the broker; while the link is down it waits for the next one."""
        self._unconfirmed.add(self._client.publish(topic, payload, qos=1, retain=retain).mid)

    def drop(self) -> None:
        """Cut the connection as a bad line would: the broker publishes our will."""
        sock = self._client.socket()
        if isinstance(sock, socket.socket):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    async def say_goodbye(self, timeout_s: float) -> None:
        """Disconnect in good order, so that no will follows: what was published is confirmed first.

        (A socket closed with an answer still unread is reset, and the embedded broker then never
        frees its end.)
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while self._unconfirmed and not self._lost.is_set():
                    self._confirmed.clear()
                    await self._confirmed.wait()
                self._client.disconnect()
                await self._lost.wait()

    def close(self) -> None:
        """Free the socket, whatever its state; `run` must have ended."""
        sock = self._client.socket()
        self._unwatch()
        if sock is not None:
            sock.close()

    async def _run_once(self) -> None:
        """Connect and serve the connection to its end."""
        self._lost.clear()
        self._was_up = False
        try:
            await asyncio.to_thread(self._client.connect, *self._address, _KEEPALIVE_S)
        except OSError as error:
            log.debug("device.broker_away", error=str(error))
            return
        self._watch()
        while not self._lost.is_set():
            # not wait_for: on Python 3.11 it can swallow a cancellation that meets the event
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_KEEPALIVE_S / 6):
                    await self._lost.wait()
            self._client.loop_misc()

    def _watch(self) -> None:
        sock = self._client.socket()
        if sock is None or self._loop is None:
            self._lost.set()
            return
        self._watched = sock
        self._loop.add_reader(sock, self._client.loop_read)
        self._arm_writer()

    def _unwatch(self) -> None:
        sock, self._watched = self._watched, None
        if sock is not None and self._loop is not None:
            self._loop.remove_reader(sock)
            self._loop.remove_writer(sock)

    def _arm_writer(self) -> None:
        if self._watched is not None and self._client.want_write():
            self._client.loop_write()  # mostly there is room, and nothing more to wait for
        if self._watched is not None and self._loop is not None and self._client.want_write():
            self._loop.add_writer(self._watched, self._client.loop_write)

    # --- called by paho: in the loop, or in the thread that connects -----------------------------

    def _on_register_write(self, _client: paho.Client, _userdata: object, _sock: object) -> None:
        if self._watched is not None and self._loop is not None:
            self._loop.call_soon(self._arm_writer)

    def _on_unregister_write(self, _client: paho.Client, _userdata: object, _sock: object) -> None:
        # nothing is watched while the connecting thread works
        if self._watched is not None and self._loop is not None:
            self._loop.remove_writer(self._watched)

    def _on_socket_close(self, _client: paho.Client, _userdata: object, _sock: object) -> None:
        self._unwatch()

    def _on_connect(
        self,
        client: paho.Client,
        _userdata: object,
        _flags: paho.ConnectFlags,
        reason: ReasonCode,
        _properties: object,
    ) -> None:
        if reason.is_failure:
            log.warning("device.refused_by_broker", reason=str(reason))
        else:
            client.subscribe(self._topics)

    def _on_subscribe(
        self,
        _client: paho.Client,
        _userdata: object,
        _mid: int,
        _reasons: list[ReasonCode],
        _properties: object,
    ) -> None:
        self._was_up = True
        self.up.set()
        self._tell_up()

    def _on_disconnect(
        self,
        _client: paho.Client,
        _userdata: object,
        _flags: paho.DisconnectFlags,
        _reason: ReasonCode,
        _properties: object,
    ) -> None:
        was_up = self.up.is_set()
        self.up.clear()
        self._lost.set()
        if was_up:
            self._tell_down()

    def _on_publish(
        self,
        _client: paho.Client,
        _userdata: object,
        mid: int,
        _reason: ReasonCode,
        _properties: object,
    ) -> None:
        self._unconfirmed.discard(mid)
        self._confirmed.set()

    def _on_message(
        self, _client: paho.Client, _userdata: object, message: paho.MQTTMessage
    ) -> None:
        self._tell_message(message.topic, bytes(message.payload))
