"""RTP packets of H.264 pictures (RFC 6184, packetization mode 1), framed for RTSP's TCP channel.

Pure: bytes in, bytes out.
"""

import struct
from collections.abc import Iterable

CLOCK_HZ = 90_000
PAYLOAD_TYPE = 96
_LARGEST = 1400
_FU_A = 28
_MARKER = 0x80


def packets(
    units: Iterable[bytes], *, channel: int, sequence: int, timestamp: int, ssrc: int
) -> tuple[bytes, int]:
    """One picture as interleaved RTP, and the sequence number after it."""
    payloads = [piece for unit in units for piece in _pieces(unit)]
    framed = bytearray()
    for i, payload in enumerate(payloads):
        marker = _MARKER if i == len(payloads) - 1 else 0
        framed += struct.pack("!cBH", b"$", channel, len(payload) + 12)
        framed += struct.pack(
            "!BBHII",
            0x80,
            marker | PAYLOAD_TYPE,
            sequence & 0xFFFF,
            timestamp & 0xFFFFFFFF,
            ssrc,
        )
        framed += payload
        sequence += 1
    return bytes(framed), sequence & 0xFFFF


def _pieces(unit: bytes) -> Iterable[bytes]:
    if len(unit) <= _LARGEST:
        return (unit,)
    indicator, kind = unit[0] & 0xE0 | _FU_A, unit[0] & 0x1F
    body = unit[1:]
    step = _LARGEST - 2
    starts = range(0, len(body), step)
    return tuple(
        bytes(
            (indicator, kind | (0x80 if at == 0 else 0) | (0x40 if at + step >= len(body) else 0))
        )
        + body[at : at + step]
        for at in starts
    )
