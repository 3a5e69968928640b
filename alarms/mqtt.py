"""The service's door to MQTT: paho-mqtt 2. (Simulated devices have theirs, `alarms.device_link`.)

One connection for intake and for everything we publish: QoS 1, manual acknowledgement, a
persistent session under a fixed client id, `service/status` retained and as our last will.
paho runs its network loop in a thread; messages are handed to the event loop.
"""

import asyncio
import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import paho.mqtt.client as paho
import structlog
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode

from alarms.device_topics import OWN
from alarms.errors import BrokerAway
from alarms.paho_client import PahoClient
from lianfang_timing import Clock

STATUS_EVERY_S = 30
_KEEPALIVE_S = 15
_RECONNECT_CAP_S = 2
_INFLIGHT = 2000
_CONFIRM_TIMEOUT_S = 10.0

log = structlog.get_logger()


@dataclass(frozen=True)
class BrokerAddress:
    """Where the broker is and how we log in."""

    host: str
    port: int
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    """PEM file of the authority that signed the broker's certificate; None: no TLS."""


@dataclass(frozen=True)
class Inbound:
    """A message that the broker keeps for us until `MqttLink.ack`."""

    topic: str
    payload: bytes
    retained: bool
    redelivered: bool
    mid: int
    generation: int
    """Which connection it came over; an ack on another one would confirm some other message."""
    arrived_s: float
    """When the network's thread had it, on the monotonic clock."""


@dataclass(frozen=True)
class LinkState:
    """Whether the broker is there, since when, and what is wrong when not."""

    up: bool
    since: datetime
    detail: str


class MqttLink:
    """One MQTT connection that comes back by itself."""

    def __init__(self, address: BrokerAddress, *, node: str, prefix: str, clock: Clock) -> None:
        self.prefix = prefix
        self.messages: asyncio.Queue[Inbound] = asyncio.Queue()
        """What arrived and is not yet taken. The broker's inflight limit is its bound; a press is
        never dropped here: it stays unacknowledged until it is in the log."""
        self._address = address
        self._clock = clock
        self._generation = 0
        self._state = LinkState(up=False, since=clock.now(), detail="not connected yet")
        self._waiting: dict[int, asyncio.Future[None]] = {}
        self._publishing = 0
        """Calls of `publish` under way: without one nobody asks what the broker has confirmed."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._connected = asyncio.Event()
        self._client = PahoClient(
            CallbackAPIVersion.VERSION2,
            client_id=f"{prefix}-intake-{node}",
            clean_session=False,
            manual_ack=True,
        )
        self._configure()

    @property
    def state(self) -> LinkState:
        return self._state

    async def start(self) -> None:
        """Begin connecting; returns at once. Losing the broker later is no error of ours."""
        self._loop = asyncio.get_running_loop()
        self._client.connect_async(self._address.host, self._address.port, keepalive=_KEEPALIVE_S)
        self._client.loop_start()

    async def wait_connected(self) -> None:
        """Return when connected and subscribed."""
        await self._connected.wait()

    async def close(self) -> None:
        """Say that we are gone, then disconnect. Unacknowledged messages stay with the broker."""
        if self._state.up:
            try:
                await self.publish(self._topic_status, _status(online=False), retain=True)
            except BrokerAway as error:
                log.warning("mqtt.goodbye_unconfirmed", detail=str(error))
        self._client.disconnect()
        await asyncio.to_thread(self._client.loop_stop)

    def ack(self, message: Inbound) -> bool:
        """Tell the broker that this message is safe. False when its connection is gone: then the
        broker sends it again, and nothing else may be acknowledged in its place."""
        if message.generation != self._generation:
            return False
        return self._client.ack(message.mid, 1) == MQTTErrorCode.MQTT_ERR_SUCCESS

    def post(self, topic: str, payload: bytes) -> None:
        """Publish without waiting; kept through a reconnect, lost when this process ends."""
        self._client.publish(topic, payload, qos=1)

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is acknowledged and posted within is sent on leaving, from here: the network's
        thread would have to wake and get the interpreter first, and whoever pressed waits."""
        with self._client.quiet():
            yield
        self._client.send_now()

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish and return when the broker has confirmed.

        Raises BrokerAway at once while there is no connection, and when the broker did not within
        10 s (it may still arrive later).
        """
        if not self._state.up:
            # paho would queue it as well as our caller, who tries again: a flood when it is back
            raise BrokerAway(f"the broker is away: {self._state.detail}")
        self._publishing += 1
        try:
            await self._publish(topic, payload, retain=retain)
        finally:
            self._publishing -= 1

    async def _publish(self, topic: str, payload: bytes, *, retain: bool) -> None:
        loop = asyncio.get_running_loop()
        info = self._client.publish(topic, payload, qos=1, retain=retain)
        if _is_confirmed(info):
            return
        confirmed: asyncio.Future[None] = loop.create_future()
        self._waiting[info.mid] = confirmed
        if _is_confirmed(info):  # confirmed between the two lines above
            self._waiting.pop(info.mid, None)
            return
        try:
            async with asyncio.timeout(_CONFIRM_TIMEOUT_S):
                await confirmed
        except TimeoutError as error:
            raise BrokerAway(f"the broker did not confirm {topic} in time") from error
        finally:
            self._waiting.pop(info.mid, None)

    async def keep_status(self) -> None:
        """Publish our `service/status` again and again until cancelled."""
        while True:
            await self._connected.wait()
            self._client.publish(self._topic_status, _status(online=True), qos=1, retain=True)
            await asyncio.sleep(STATUS_EVERY_S)

    @property
    def _topic_status(self) -> str:
        return f"{self.prefix}/service/status"

    def _configure(self) -> None:
        client = self._client
        if self._address.username is not None:
            client.username_pw_set(self._address.username, self._address.password)
        if self._address.ca_file is not None:
            client.tls_set_context(ssl.create_default_context(cafile=self._address.ca_file))
        client.will_set(self._topic_status, _status(online=False), qos=1, retain=True)
        client.reconnect_delay_set(1, _RECONNECT_CAP_S)
        client.max_inflight_messages_set(_INFLIGHT)
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        client.on_subscribe = self._on_subscribe

    # --- called by paho in its own thread -------------------------------------------------------

    def _on_connect(
        self,
        client: paho.Client,
        _userdata: object,
        flags: paho.ConnectFlags,
        reason: ReasonCode,
        _properties: object,
    ) -> None:
        if reason.is_failure:
            self._call(self._went_down, f"the broker refused us: {reason}")
            return
        self._generation += 1
        client.subscribe([(f"{self.prefix}/{topic}", 1) for topic in _HEARD])
        log.info("mqtt.connected", session_present=flags.session_present)

    def _on_connect_fail(self, _client: paho.Client, _userdata: object) -> None:
        self._call(self._went_down, "the broker does not answer")

    def _on_disconnect(
        self,
        _client: paho.Client,
        _userdata: object,
        _flags: paho.DisconnectFlags,
        reason: ReasonCode,
        _properties: object,
    ) -> None:
        self._generation += 1
        self._call(self._went_down, f"connection lost: {reason}")

    def _on_subscribe(
        self,
        client: paho.Client,
        _userdata: object,
        _mid: int,
        reasons: list[ReasonCode],
        _properties: object,
    ) -> None:
        if any(reason.is_failure for reason in reasons):
            self._call(self._went_down, "the broker refused our subscription: check its ACL")
            return
        client.publish(self._topic_status, _status(online=True), qos=1, retain=True)
        self._call(self._went_up)

    def _on_message(
        self, _client: paho.Client, _userdata: object, message: paho.MQTTMessage
    ) -> None:
        inbound = Inbound(
            topic=message.topic,
            payload=bytes(message.payload),
            retained=message.retain,
            redelivered=message.dup,
            mid=message.mid,
            generation=self._generation,
            arrived_s=self._clock.monotonic(),
        )
        self._call(self.messages.put_nowait, inbound)

    def _on_publish(
        self,
        _client: paho.Client,
        _userdata: object,
        mid: int,
        _reason: ReasonCode,
        _properties: object,
    ) -> None:
        if self._publishing:
            self._call(self._confirm, mid)

    def _call(self, function: object, *args: object) -> None:
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(function, *args)  # type: ignore[arg-type]

    # --- in the event loop ----------------------------------------------------------------------

    def _went_up(self) -> None:
        self._state = LinkState(up=True, since=self._clock.now(), detail="")
        self._connected.set()

    def _went_down(self, detail: str) -> None:
        self._connected.clear()
        if self._state.up or self._state.detail != detail:
            log.warning("mqtt.down", detail=detail)
        since = self._clock.now() if self._state.up else self._state.since
        self._state = LinkState(up=False, since=since, detail=detail)

    def _confirm(self, mid: int) -> None:
        waiting = self._waiting.get(mid)
        if waiting is not None and not waiting.done():
            waiting.set_result(None)


_HEARD = tuple(f"{kind}/+/{leaf}" for kind, leaves in OWN.items() for leaf in leaves.device_writes)


def _is_confirmed(info: paho.MQTTMessageInfo) -> bool:
    # paho raises when asked this of a message that met a lost connection and is queued for the next
    return info.rc == MQTTErrorCode.MQTT_ERR_SUCCESS and info.is_published()


def _status(*, online: bool) -> bytes:
    return json.dumps({"v": 1, "online": online, "every_s": STATUS_EVERY_S}).encode()
