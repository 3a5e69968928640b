"""The three packets of MQTT 3.1.1 that a storm is made of: PUBLISH, its PUBACK, and where one ends.

Pure bytes, QoS 1. Every other packet is paho's business (`alarms.paho_client`).
"""

from dataclasses import dataclass

PUBLISH, PUBACK = 0x30, 0x40
_DUP, _QOS, _QOS_1, _RETAIN = 0x08, 0x06, 0x02, 0x01
_NUMBER_BYTES = 2


@dataclass(slots=True)
class Published:
    """A PUBLISH that was received."""

    topic: str
    payload: bytes
    mid: int
    """What a PUBACK must name; 0 where the broker waits for none (QoS 0)."""
    retained: bool
    redelivered: bool


def publish(topic: str, payload: bytes, mid: int, *, retain: bool) -> bytes:
    """A PUBLISH with QoS 1."""
    name = topic.encode()
    size = _NUMBER_BYTES + len(name) + _NUMBER_BYTES + len(payload)
    return b"".join(
        (
            bytes((PUBLISH | _QOS_1 | retain,)),
            remaining_length(size),
            len(name).to_bytes(_NUMBER_BYTES, "big"),
            name,
            mid.to_bytes(_NUMBER_BYTES, "big"),
            payload,
        )
    )


def once_more(packet: bytes) -> bytes:
    """The same PUBLISH, marked as sent before."""
    return bytes((packet[0] | _DUP,)) + packet[1:]


def puback(mid: int) -> bytes:
    """What confirms a PUBLISH with QoS 1."""
    return b"\x40\x02" + mid.to_bytes(_NUMBER_BYTES, "big")


def remaining_length(size: int) -> bytes:
    """As MQTT writes a packet's length."""
    written = bytearray()
    while size > 0x7F:
        written.append(size & 0x7F | 0x80)
        size >>= 7
    written.append(size)
    return bytes(written)


def end_of(data: bytes, at: int) -> tuple[int, int] | None:
    """Where the body of the packet at `at` begins and where the packet ends (which may be beyond
    `data`); None while its length is not all there.

    Raises ValueError when there is no end to its length.
    """
    size, shift, i = 0, 0, at + 1
    while i < len(data):
        byte = data[i]
        size |= (byte & 0x7F) << shift
        i += 1
        if byte < 0x80:
            return i, i + size
        shift += 7
        if shift > 21:
            raise ValueError("a packet's length has more than four bytes")
    return None


def published(first: int, body: bytes) -> Published | None:
    """The message in a PUBLISH; None when it has QoS 2 or is none (too short)."""
    name_ends = _NUMBER_BYTES + int.from_bytes(body[:_NUMBER_BYTES], "big")
    qos = first & _QOS
    begins = name_ends + _NUMBER_BYTES if qos == _QOS_1 else name_ends
    if qos > _QOS_1 or len(body) < begins:
        return None
    return Published(
        # a broker lets no other topic through; if one did, it is nobody's
        topic=body[_NUMBER_BYTES:name_ends].decode("utf-8", "replace"),
        payload=body[begins:],
        mid=int.from_bytes(body[name_ends:begins], "big"),
        retained=bool(first & _RETAIN),
        redelivered=bool(first & _DUP),
    )


def confirmed(body: bytes) -> int:
    """Which PUBLISH a PUBACK confirms."""
    return int.from_bytes(body[:_NUMBER_BYTES], "big")
