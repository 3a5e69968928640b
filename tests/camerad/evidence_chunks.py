"""Packets of a main stream that nobody sent, for the pure parts of evidence."""

from collections.abc import Iterator
from fractions import Fraction

from camerad.evidence.model import Chunk, StreamFormat

START_MS = 1_780_000_000_000


def form(width: int = 320) -> StreamFormat:
    return StreamFormat("h264", width, 240, b"x", Fraction(1, 90_000))


def chunks(
    *,
    seconds: float,
    rate: int = 10,
    group: int = 10,
    size: int = 100,
    first: int = 1,
    start_s: float = 0.0,
    stamps_from_s: float | None = 0.0,
    of: StreamFormat | None = None,
) -> Iterator[Chunk]:
    """A group of pictures every `group` packets; the keyframes are as large as the others."""
    shape = of or form()
    for n in range(round(seconds * rate)):
        at_s = start_s + n / rate
        yield Chunk(
            number=first + n,
            data=bytes(size),
            is_key=n % group == 0,
            arrived_s=at_s,
            at_ms=START_MS + round(at_s * 1000),
            stamp_s=None if stamps_from_s is None else stamps_from_s + n / rate,
            format=shape,
        )
