"""As little MQTT 3.1.1 as a load of thousands of devices needs; for tests, and for attacks.

paho costs a thread or a selector dance a client; this is one asyncio protocol each. It does not
check the broker: what a broker must never send ends the connection with an error.
"""

import asyncio
import struct
from collections.abc import Callable, Sequence

CONNACK, PUBLISH, PUBACK, SUBACK, PINGRESP = 0x20, 0x30, 0x40, 0x90, 0xD0
_PINGREQ, _DISCONNECT = b"\xc0\x00", b"\xe0\x00"


def packet(kind: int, body: bytes) -> bytes:
    """A control packet: its first byte, the remaining length, the body."""
    head, left = bytearray([kind]), len(body)
    while True:
        left, low = divmod(left, 128)
        head.append(low | (0x80 if left else 0))
        if not left:
            return bytes(head) + body


def text(value: str) -> bytes:
    """A UTF-8 string with its length before it."""
    raw = value.encode()
    return struct.pack("!H", len(raw)) + raw


class TinyMqtt(asyncio.Protocol):
    """One connection of one client, QoS 1 both ways, a clean session."""

    def __init__(
        self,
        client_id: str,
        login: tuple[str, str] | None,
        topics: Sequence[str] = (),
        *,
        keepalive_s: int = 60,
        will: tuple[str, bytes] | None = None,
        on_message: Callable[[str, bytes], None] = lambda _topic, _payload: None,
        on_up: Callable[[], None] = lambda: None,
        on_lost: Callable[[], None] = lambda: None,
    ) -> None:
        self.refused: int | None = None
        """The CONNACK's return code when it was not 0."""
        self.subscribed: list[int] = []
        """What the broker granted, topic by topic; 0x80 is a refusal."""
        self.up, self.lost = asyncio.Event(), asyncio.Event()
        self._client_id, self._login, self._topics = client_id, login, topics
        self._keepalive_s, self._will = keepalive_s, will
        self._on_message, self._on_up, self._on_lost = on_message, on_up, on_lost
        self._mid = 0
        self._confirmed: dict[int, asyncio.Future[None]] = {}
        self._held = b""
        self._can_write = asyncio.Event()
        self._can_write.set()
        self._transport: asyncio.Transport | None = None
        self._pinging: asyncio.TimerHandle | None = None

    def publish(self, topic: str, payload: bytes) -> None:
        """Send with QoS 1, not retained; nothing while the line is down."""
        self._publish(topic, payload, retain=False)

    async def publish_confirmed(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """As `publish`, and return at the broker's PUBACK."""
        mid = self._publish(topic, payload, retain=retain)
        self._confirmed[mid] = asyncio.get_running_loop().create_future()
        await self._confirmed[mid]

    async def send(self, raw: bytes) -> None:
        """Raw bytes, when the line has taken what was sent before. Raises ConnectionError."""
        await self._can_write.wait()
        if self._transport is None or self._transport.is_closing():
            raise ConnectionResetError("the line is down")
        self._transport.write(raw)
        await asyncio.sleep(0)

    def vanish(self) -> None:
        """Cut the line without a word: the broker publishes the will."""
        if self._transport is not None:
            self._transport.abort()

    def close(self) -> None:
        """Disconnect in good order."""
        if self._transport is not None:
            self._transport.write(_DISCONNECT)
            self._transport.close()

    def _publish(self, topic: str, payload: bytes, *, retain: bool) -> int:
        self._mid = self._mid % 0xFFFF + 1
        body = text(topic) + struct.pack("!H", self._mid) + payload
        if self._transport is not None:
            self._transport.write(packet(PUBLISH | 0x02 | int(retain), body))
        return self._mid

    # --- called by asyncio ------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        flags = 0x02 if self._login is None else 0xC2
        flags |= 0 if self._will is None else 0x0C
        body = text("MQTT") + struct.pack("!BBH", 4, flags, self._keepalive_s)
        body += text(self._client_id)
        if self._will is not None:
            topic, payload = self._will
            body += text(topic) + struct.pack("!H", len(payload)) + payload
        body += b"".join(text(part) for part in self._login or ())
        transport.write(packet(0x10, body))

    def pause_writing(self) -> None:
        self._can_write.clear()

    def resume_writing(self) -> None:
        self._can_write.set()

    def connection_lost(self, _error: Exception | None) -> None:
        self._transport = None
        self._can_write.set()
        if self._pinging is not None:
            self._pinging.cancel()
        self.up.clear()
        self.lost.set()
        self._on_lost()

    def data_received(self, data: bytes) -> None:
        data, self._held = self._held + data, b""
        at = 0
        while (found := _frame(data, at)) is not None:
            begin, end = found
            self._take(data[at], data[begin:end])
            at = end
        self._held = data[at:]

    def _take(self, first: int, body: bytes) -> None:
        match first & 0xF0:
            case 0x30:  # PUBLISH
                size = int.from_bytes(body[:2], "big")
                topic, rest = body[2 : 2 + size].decode(), body[2 + size :]
                if first & 0x06:
                    self._write(packet(PUBACK, rest[:2]))
                    rest = rest[2:]
                self._on_message(topic, rest)
            case 0x40:  # PUBACK
                waiting = self._confirmed.pop(int.from_bytes(body[:2], "big"), None)
                if waiting is not None:
                    waiting.set_result(None)
            case 0x20:  # CONNACK
                self._connected(body[1])
            case 0x90:  # SUBACK
                self.subscribed = list(body[2:])
                self._is_up()

    def _connected(self, code: int) -> None:
        if code:
            self.refused = code
            return
        self._ping()
        if self._topics:
            self._mid += 1
            asked = b"".join(text(topic) + b"\x01" for topic in self._topics)
            self._write(packet(0x82, struct.pack("!H", self._mid) + asked))
        else:
            self._is_up()

    def _is_up(self) -> None:
        self.up.set()
        self._on_up()

    def _ping(self) -> None:
        self._write(_PINGREQ)
        loop = asyncio.get_running_loop()
        self._pinging = loop.call_later(self._keepalive_s / 2, self._ping)

    def _write(self, raw: bytes) -> None:
        if self._transport is not None:
            self._transport.write(raw)


def _frame(data: bytes, at: int) -> tuple[int, int] | None:
    """Where the body of the packet at `at` begins and ends; None while it is not all there."""
    size, shift, i = 0, 0, at + 1
    while i < len(data):
        size |= (data[i] & 0x7F) << shift
        i += 1
        if not data[i - 1] & 0x80:
            return (i, i + size) if i + size <= len(data) else None
        shift += 7
    return None
