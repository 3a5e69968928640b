"""The embedded MQTT broker: amqtt in our own process, for a first run and for demos.

Each device logs in with its own name and may use only its own topics; our own login has a secret
kept beside the site key. It acknowledges a device before the press is in our log and does not
redeliver after a crash: only the device's repeat makes a press safe here (docs/adr/0005).
"""

import asyncio
import contextlib
import errno
import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from amqtt.adapters import ReaderAdapter
from amqtt.broker import Broker
from amqtt.contexts import Action, BaseContext
from amqtt.errors import AMQTTError
from amqtt.errors import BrokerError as AmqttError
from amqtt.mqtt.connack import NOT_AUTHORIZED, ConnackPacket
from amqtt.mqtt.connect import ConnectPacket
from amqtt.plugins.base import BaseAuthPlugin, BaseTopicPlugin
from amqtt.session import Session

from alarms.broker_rules import OWN_LOGIN, DoorRules, LoginCheck
from alarms.errors import PortTaken
from alarms.mosquitto import MAX_PACKET_BYTES

log = structlog.get_logger()

_CONNECT_WITHIN_S = 10.0
"""Who has a connection and says nothing holds a file handle of ours."""

_LAST_WORD_S = 1.0
"""For those who have said nothing when the broker stops."""

_WHOLE_BYTES = 1 << 16
"""Up to here a packet is taken as it is. A topic has at most as many bytes, so that a message's
beginning is still a message."""
_AFTER_TOO_LARGE_S = 0.05
_PUBLISH = 0x30

_STOP_TRIES = 3
_STOP_TRY_S = 0.5


class DeviceDoor(BaseAuthPlugin, BaseTopicPlugin):  # type: ignore[misc]  # amqtt is untyped
    """amqtt's hooks for login and topics, answered by `DoorRules`."""

    @dataclass
    class Config:
        rules: Any

    def __init__(self, context: BaseContext) -> None:
        super().__init__(context)
        self._rules: DoorRules = context.config.rules

    async def authenticate(self, *, session: Session) -> bool:
        # `_MendedBroker` has checked the password before amqtt saw the connection
        return self._rules.knows(session.username)

    async def topic_filtering(
        self,
        *,
        session: Session | None = None,
        topic: str | None = None,
        action: Action | None = None,
    ) -> bool:
        if session is None or topic is None or action is None:
            return False
        if action is Action.PUBLISH:
            return self._rules.may_publish(session.username, topic)
        return self._rules.may_receive(session.username, topic)


class _Steady(dict[Any, Any]):
    """A dict whose loops see it as it was when they began.

    amqtt writes its subscriptions, each with its session, into a log that nobody reads, whenever
    somebody subscribes: with four thousand devices that was most of a login.
    """

    def __repr__(self) -> str:
        return f"<{len(self)} entries>"

    def __iter__(self) -> Iterator[Any]:
        return iter(list(super().keys()))

    def items(self) -> Any:
        return list(super().items())


class _Reader(ReaderAdapter):  # type: ignore[misc]  # amqtt is untyped
    """A connection, packet by packet, that gives nothing large to amqtt and can be read again.

    amqtt would keep a packet of up to 256 MB, and queue it for whoever listens. Of a message that
    is too large only its beginning goes on: enough for intake to answer `too-large`, which knows
    then that it is too large and not how large. Its sender waits a moment for the next.
    """

    def __init__(self, rest: ReaderAdapter) -> None:
        self._rest = rest
        self._ahead = b""

    def put_back(self, first: bytes) -> None:
        """Give these bytes out once more before what follows."""
        self._ahead = first + self._ahead

    async def read(self, n: int = -1) -> bytes:
        if not self._ahead and n:
            self._ahead = await self._packet()
        size = len(self._ahead) if n < 0 else n
        given, self._ahead = self._ahead[:size], self._ahead[size:]
        return given

    def feed_eof(self) -> None:
        self._rest.feed_eof()

    async def _packet(self) -> bytes:
        """The next packet, cut where it is a message that is too large."""
        head, size = await self._head()
        if size <= _WHOLE_BYTES:
            return head + bytes(await self._rest.read(size))
        if head[0] & 0xF0 != _PUBLISH or size > MAX_PACKET_BYTES:
            raise AMQTTError(f"a packet of {size} bytes is announced")
        kept, left = bytes(await self._rest.read(_WHOLE_BYTES)), size - _WHOLE_BYTES
        while left:
            left -= len(await self._rest.read(min(left, _WHOLE_BYTES)))
        await asyncio.sleep(_AFTER_TOO_LARGE_S)
        return head[:1] + _remaining_length(_WHOLE_BYTES) + kept

    async def _head(self) -> tuple[bytes, int]:
        """A packet's first byte and its length as they stand there, and the length."""
        head, size = bytes(await self._rest.read(1)), 0
        for place in range(4):
            head += await self._rest.read(1)
            size |= (head[-1] & 0x7F) << (7 * place)
            if not head[-1] & 0x80:
                return head, size
        raise AMQTTError("a packet's length has more than four bytes")


def _remaining_length(size: int) -> bytes:
    """As MQTT writes a packet's length."""
    written = bytearray()
    while size > 0x7F:
        written.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes([*written, size])


class _MendedBroker(Broker):  # type: ignore[misc]  # amqtt is untyped
    """amqtt 0.12 with faults mended that lose presses, let strangers in or never end.

    It awaits inside loops over its subscriptions, so that somebody who subscribes meanwhile makes
    the loop fail and the message under way is lost; to whoever connects it sends the retained
    messages of everybody's subscriptions; and a connection that it ends may not hear of it and
    holds up the end of the whole broker. Before it looks at the password it throws out whoever has
    the same client id, and gives that session the newcomer's name and so its rights; last wills it
    publishes wherever they want. tests/alarms/test_embedded_broker.py and
    tests/scenarios/test_attacks_on_the_embedded_broker.py show them.
    """

    def __init__(self, rules: DoorRules, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._rules = rules
        self._subscriptions: dict[str, list[tuple[Session, int]]] = _Steady()
        self._retained_messages: dict[str, Any] = _Steady()
        self._nameless: dict[asyncio.Task[Any], Any] = {}
        self._connections: set[asyncio.Task[Any]] = set()

    async def shutdown(self) -> None:
        # whoever comes back meanwhile would begin a session that nobody ends, and whose reading
        # can swallow the one cancellation that the end of the event loop has for it
        self._rules.closing = True
        for server in self._servers.values():
            if server.instance is not None:
                server.instance.close()
        # nobody is told anything any more; each session would look for its own among all
        self._subscriptions.clear()
        # amqtt ends its sessions one after another; those that must be told again (`_stop_handler`)
        # take half a second each, and there may be hundreds
        await asyncio.gather(*(self._cleanup_session(each) for each in list(self._sessions)))
        await super().shutdown()
        # amqtt forgets those who have not said yet who they are; their reading would end with the
        # event loop, which on Python 3.11 writes a traceback for each
        nameless = dict(self._nameless)
        for writer in nameless.values():
            await writer.close()
        if nameless:
            await asyncio.wait(nameless, timeout=_LAST_WORD_S)
        if self._connections:
            await asyncio.wait(self._connections, timeout=_LAST_WORD_S)

    async def end_sessions(self, logins: Collection[str]) -> None:
        """Throw out whoever came in with these; nothing waits for them here any more."""
        theirs = [key for key, (one, _) in list(self._sessions.items()) if one.username in logins]
        await asyncio.gather(*(self._cleanup_session(each) for each in theirs))

    async def _client_connected(
        self, listener_name: str, reader: ReaderAdapter, writer: Any
    ) -> Any:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            return await super()._client_connected(listener_name, _Reader(reader), writer)
        finally:
            self._connections.discard(task)

    async def _initialize_client_session(
        self, reader: _Reader, writer: Any, host: str, port: int
    ) -> Any:
        task = asyncio.current_task()
        assert task is not None
        self._nameless[task] = writer
        try:
            async with asyncio.timeout(_CONNECT_WITHIN_S):
                connect = await ConnectPacket.from_stream(reader)
        except TimeoutError as error:
            await writer.close()
            raise AMQTTError("it did not say who it is") from error
        finally:
            del self._nameless[task]
        admitted = await self._admits(connect)
        if self._rules.closing:
            await writer.close()
            raise AMQTTError("the broker is closing")
        if not admitted:
            writer.write(ConnackPacket.build(0, NOT_AUTHORIZED).to_bytes())
            await writer.drain()
            await writer.close()
            raise AMQTTError(f"login {connect.username!r} is refused")
        if connect.username != OWN_LOGIN:
            # a login reaches no session but its own, and may still have several at once
            connect.payload.client_id = f"{connect.username}/{connect.payload.client_id or ''}"
        reader.put_back(bytes(connect.to_bytes()))
        return await super()._initialize_client_session(reader, writer, host, port)

    async def _admits(self, connect: ConnectPacket) -> bool:
        if connect.payload is None or not connect.username_flag or not connect.password_flag:
            return False
        if not await self._rules.admits(connect.username, connect.password):
            return False
        will = connect.will_topic if connect.will_flag else None
        return will is None or self._rules.may_publish(connect.username, will)

    async def _publish_retained_messages_for_subscription(
        self, subscription: tuple[str, int], session: Session
    ) -> None:
        subscribers = self._subscriptions.get(subscription[0], ())
        if any(subscriber is session for subscriber, _ in subscribers):
            await super()._publish_retained_messages_for_subscription(subscription, session)

    async def _stop_handler(self, handler: Any) -> None:
        # its reader waits with asyncio.wait_for, which on Python 3.11 can swallow the cancellation
        for _ in range(_STOP_TRIES):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_STOP_TRY_S):
                    await super()._stop_handler(handler)
                    return


class EmbeddedBroker:
    """An amqtt broker on one TCP address, in the running event loop."""

    def __init__(
        self, host: str, port: int, *, prefix: str, own_password: str, may_log_in: LoginCheck
    ) -> None:
        """`own_password` is what `OWN_LOGIN` (intake, and our own commands) logs in with."""
        self.host = host
        self.port = port
        self._rules = DoorRules(prefix, own_password, may_log_in)
        self._broker: _MendedBroker | None = None

    async def start(self) -> None:
        """Listen. Raises PortTaken."""
        config = {
            "listeners": {"default": {"type": "tcp", "bind": f"{self.host}:{self.port}"}},
            "plugins": {f"{__name__}.{DeviceDoor.__name__}": {"rules": self._rules}},
        }
        broker = _MendedBroker(self._rules, config, loop=asyncio.get_running_loop())
        try:
            with _told_by_us():
                await broker.start()
        except (AmqttError, OSError) as error:
            raise _refused(self.host, self.port, error) from error
        self._broker = broker

    async def let_go(self, device: str, login: str | None = None) -> None:
        """End every session of this device at once, or those of this login of it; who still has a
        login that counts may come back."""
        gone = self._rules.forget(device, login)
        if self._broker is not None and gone:
            await self._broker.end_sessions(gone)

    async def stop(self) -> None:
        """Close every connection and stop listening."""
        if self._broker is not None:
            await self._broker.shutdown()
            self._broker = None


@contextmanager
def _told_by_us() -> Iterator[None]:
    """amqtt logs a traceback for what it raises too; we say it in one sentence."""

    def never(_record: logging.LogRecord) -> bool:
        return False

    theirs = logging.getLogger("amqtt.broker")
    theirs.addFilter(never)
    try:
        yield
    finally:
        theirs.removeFilter(never)


def _refused(host: str, port: int, error: Exception) -> PortTaken:
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, OSError):
        cause = cause.__cause__ or cause.__context__
    taken = isinstance(cause, OSError) and cause.errno == errno.EADDRINUSE
    why = "another program is using it" if taken else str(cause or error)
    return PortTaken(
        f"the embedded MQTT broker cannot listen on {host}:{port}: {why}; "
        "choose another port, or set an outside broker in site.toml"
    )
