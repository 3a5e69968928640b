"""What we published with QoS 1, until the broker has confirmed it. Pure.

The packets are made here; sending them is `alarms.paho_client`'s.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from alarms.mqtt_packets import once_more, publish


@dataclass(slots=True, eq=False)
class _Message:
    topic: str
    payload: bytes
    retain: bool
    on_confirmed: Callable[[], None] | None


class Unconfirmed:
    """Messages in the order they were given; at most `window` are with the broker unconfirmed.

    Unbounded: presses are answered, and who publishes otherwise waits for the confirmation.
    """

    def __init__(self, number: Callable[[], int], *, window: int) -> None:
        """`number` gives the next packet identifier of the connection, 1 to 65 535, round and
        round."""
        self._number, self._window = number, window
        self._sent: dict[int, tuple[bytes, _Message]] = {}
        self._waiting: deque[_Message] = deque()

    def __len__(self) -> int:
        return len(self._sent) + len(self._waiting)

    def add(
        self,
        topic: str,
        payload: bytes,
        *,
        retain: bool = False,
        on_confirmed: Callable[[], None] | None = None,
    ) -> None:
        """Take a message on; `next_packets` makes it a packet."""
        self._waiting.append(_Message(topic, payload, retain, on_confirmed))

    def next_packets(self) -> list[bytes]:
        """What may be sent now and was not yet."""
        packets = []
        while self._waiting and len(self._sent) < self._window:
            message, mid = self._waiting.popleft(), self._number()
            while mid in self._sent:
                mid = self._number()
            packet = publish(message.topic, message.payload, mid, retain=message.retain)
            self._sent[mid] = packet, message
            packets.append(packet)
        return packets

    def confirmed(self, mid: int) -> None:
        """The broker has it; a number that we do not wait for is nothing to us."""
        found = self._sent.pop(mid, None)
        if found is not None and (told := found[1].on_confirmed) is not None:
            told()

    def packets_again(self) -> list[bytes]:
        """All that was sent and not confirmed, for a new connection, in its order and under its
        old numbers."""
        return [once_more(packet) for packet, _ in self._sent.values()]
