"""The service's door to MQTT: paho-mqtt 2. (Simulated devices have theirs, `alarms.device_link`.)

One connection for intake and for everything we publish: QoS 1, acknowledged by hand, a
persistent session under a fixed client id, `service/status` retained and as our last will.
"""

import asyncio
import contextlib
import json
import ssl
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime

import msgspec
import paho.mqtt.client as paho
import structlog
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from alarms.device_topics import OWN
from alarms.errors import BrokerAway
from alarms.mqtt_packets import Published
from alarms.paho_client import PahoClient
from lianfang_timing import Backoff, Clock

STATUS_EVERY_S = 30
_KEEPALIVE_S = 15
_RECONNECT = Backoff(first_s=1.0, cap_s=2.0)
_CLOSE_WITHIN_S = 6.0
"""A connection that is being made ends by itself in 5 s."""
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


class Inbound(msgspec.Struct, frozen=True):
    """A message that the broker keeps for us until `MqttLink.ack`."""

    topic: str
    payload: bytes
    retained: bool
    redelivered: bool
    mid: int
    generation: int
    """Which connection it came over; an ack on another one would confirm some other message."""
    arrived_s: float
    """When it was read, on the monotonic clock."""


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
        self._connected = asyncio.Event()
        self._closing = asyncio.Event()
        self._staying: asyncio.Task[None] | None = None
        self._client = PahoClient(
            CallbackAPIVersion.VERSION2,
            client_id=f"{prefix}-intake-{node}",
            clean_session=False,
            on_messages=self._on_messages,
            window=_INFLIGHT,
        )
        self._configure()

    @property
    def state(self) -> LinkState:
        return self._state

    async def start(self) -> None:
        """Begin connecting; returns at once. Losing the broker later is no error of ours."""
        self._staying = asyncio.create_task(self._stay_connected())

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
        self._closing.set()
        self._client.end()
        if self._staying is not None:
            await asyncio.wait({self._staying}, timeout=_CLOSE_WITHIN_S)
            self._staying.cancel()

    def ack(self, message: Inbound) -> bool:
        """Tell the broker that this message is safe. False when its connection is gone: then the
        broker sends it again, and nothing else may be acknowledged in its place."""
        if message.generation != self._generation:
            return False
        self._client.acknowledge(message.mid)
        return True

    def post(self, topic: str, payload: bytes) -> None:
        """Publish without waiting; kept through a reconnect, lost when this process ends."""
        self._client.post(topic, payload)

    def together(self) -> AbstractContextManager[None]:
        """What is acknowledged and posted within is sent on leaving, in one piece."""
        return self._client.together()

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish and return when the broker has confirmed.

        Raises BrokerAway at once while there is no connection, and when the broker did not within
        10 s (it may still arrive later).
        """
        if not self._state.up:
            # we would keep it as well as our caller, who tries again: a flood when it is back
            raise BrokerAway(f"the broker is away: {self._state.detail}")
        confirmed = asyncio.Event()
        self._client.post(topic, payload, retain=retain, on_confirmed=confirmed.set)
        try:
            async with asyncio.timeout(_CONFIRM_TIMEOUT_S):
                await confirmed.wait()
        except TimeoutError as error:
            raise BrokerAway(f"the broker did not confirm {topic} in time") from error

    async def keep_status(self) -> None:
        """Publish our `service/status` again and again until cancelled. Raises what ended the
        connection for good: a bug."""
        if self._staying is None:
            raise RuntimeError("the link was not started")
        saying = asyncio.create_task(self._say_status())
        try:
            await asyncio.wait({saying, self._staying}, return_when=asyncio.FIRST_COMPLETED)
            if self._staying.done():
                self._staying.result()
        finally:
            saying.cancel()

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
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe

    async def _say_status(self) -> None:
        while True:
            await self._connected.wait()
            self._client.post(self._topic_status, _status(online=True), retain=True)
            await asyncio.sleep(STATUS_EVERY_S)

    async def _stay_connected(self) -> None:
        attempt = 0
        while not self._closing.is_set():
            generation = self._generation
            try:
                await self._client.serve(
                    self._address.host, self._address.port, keepalive_s=_KEEPALIVE_S
                )
            except OSError:
                self._went_down("the broker does not answer")
            attempt = attempt + 1 if self._generation == generation else 0
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_RECONNECT.delay_s(attempt)):
                    await self._closing.wait()

    # --- called by paho -------------------------------------------------------------------------

    def _on_connect(
        self,
        client: paho.Client,
        _userdata: object,
        flags: paho.ConnectFlags,
        reason: ReasonCode,
        _properties: object,
    ) -> None:
        if reason.is_failure:
            self._went_down(f"the broker refused us: {reason}")
            return
        self._generation += 1
        client.subscribe([(f"{self.prefix}/{topic}", 1) for topic in _HEARD])
        self._client.begin()
        log.info("mqtt.connected", session_present=flags.session_present)

    def _on_disconnect(
        self,
        _client: paho.Client,
        _userdata: object,
        _flags: paho.DisconnectFlags,
        reason: ReasonCode,
        _properties: object,
    ) -> None:
        self._generation += 1
        self._went_down(f"connection lost: {reason}")

    def _on_subscribe(
        self,
        _client: paho.Client,
        _userdata: object,
        _mid: int,
        reasons: list[ReasonCode],
        _properties: object,
    ) -> None:
        if any(reason.is_failure for reason in reasons):
            self._went_down("the broker refused our subscription: check its ACL")
            return
        self._client.post(self._topic_status, _status(online=True), retain=True)
        self._state = LinkState(up=True, since=self._clock.now(), detail="")
        self._connected.set()

    def _on_messages(self, messages: Sequence[Published]) -> None:
        arrived_s = self._clock.monotonic()
        for message in messages:
            self.messages.put_nowait(
                Inbound(
                    message.topic,
                    message.payload,
                    message.retained,
                    message.redelivered,
                    message.mid,
                    self._generation,
                    arrived_s,
                )
            )

    def _went_down(self, detail: str) -> None:
        self._connected.clear()
        if self._state.up or self._state.detail != detail:
            log.warning("mqtt.down", detail=detail)
        since = self._clock.now() if self._state.up else self._state.since
        self._state = LinkState(up=False, since=since, detail=detail)


_HEARD = tuple(f"{kind}/+/{leaf}" for kind, leaves in OWN.items() for leaf in leaves.device_writes)


def _status(*, online: bool) -> bytes:
    return json.dumps({"v": 1, "online": online, "every_s": STATUS_EVERY_S}).encode()
