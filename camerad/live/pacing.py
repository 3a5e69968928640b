"""What is sent to a viewer next, and what is left out when it is too slow. Pure.

A viewer answers every part. So many may be under way (`WINDOW`), and nothing is queued beyond them:
what waits lies in the ring, which forgets by itself. Policy when full: pictures are left out up to
the next keyframe; counter: `left_out`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from typing import Final

from camerad.evidence.model import Chunk
from camerad.live.model import WINDOW

LATE_S: Final = 1.5
"""A viewer so far behind is brought to the newest keyframe, if there is one in between."""
PART_BYTES: Final = 256 * 1024
"""A part is of so much and the picture that goes beyond it."""
ENCODED_AT_ONCE: Final = 3
"""At twelve parts a second this is all there are, while there is time for them."""
_JUMP_S: Final = 2.0
_STEP_S: Final = 0.04


@dataclass
class Window:
    """Parts under way to one viewer."""

    size: int = WINDOW
    sent: int = 0
    taken: int = 0

    @property
    def is_open(self) -> bool:
        return self.sent - self.taken < self.size

    def next_number(self) -> int:
        """One more is sent: its number."""
        self.sent += 1
        return self.sent

    def note_taken(self, number: int) -> None:
        """The viewer has all up to it; what was never sent cannot have been taken."""
        self.taken = max(self.taken, min(number, self.sent))


def newest_key(chunks: Sequence[Chunk]) -> Chunk | None:
    """The last one from which a decoder can begin."""
    return next((chunk for chunk in reversed(chunks) if chunk.is_key), None)


def due(chunks: Sequence[Chunk], now_s: float, *, expected: int) -> tuple[Sequence[Chunk], bool]:
    """What of the waiting chunks is to be sent, and whether something was left out before it.

    `expected`: the number of the chunk that should be next. What the ring has forgotten meanwhile
    is left out too; it always begins with a keyframe then.
    """
    if not chunks:
        return chunks, False
    left_out = chunks[0].number != expected
    key = newest_key(chunks)
    if key is not None and key is not chunks[0] and now_s - chunks[0].arrived_s > LATE_S:
        chunks = [chunk for chunk in chunks if chunk.number >= key.number]
        left_out = True
    return chunks, left_out


def as_parts(chunks: Sequence[Chunk]) -> list[Sequence[Chunk]]:
    """The same in handy pieces: each beyond `PART_BYTES` by its last picture at most, and of one
    format."""
    parts: list[list[Chunk]] = [[chunk] for chunk in chunks[:1]]
    size = len(chunks[0].data) if chunks else 0
    for before, chunk in pairwise(chunks):
        if size > PART_BYTES or chunk.format is not before.format:
            parts.append([])
            size = 0
        parts[-1].append(chunk)
        size += len(chunk.data)
    return list(parts)


def worth_encoding(waiting: int, *, most: int = ENCODED_AT_ONCE) -> list[bool]:
    """Which of so many waiting pictures are encoded anew where that is needed: evenly, and always
    the newest. A processor with no time for all of them shows fewer pictures, not older ones."""
    step = max(1, ceil(waiting / most))
    return [(waiting - 1 - n) % step == 0 for n in range(waiting)]


class FilmTime:
    """Where pictures stand in a viewer's film: without holes, or a player would wait in them."""

    def __init__(self) -> None:
        self._shift_s = 0.0
        self._last_s: float | None = None

    def place(self, time_s: float, *, left_out: bool = False) -> float:
        """Seconds in the film of a picture at `time_s` of the stream's own; always growing.
        `left_out`: pictures are missing right before it."""
        last_s = self._last_s
        if last_s is None:
            self._shift_s = -time_s
        elif left_out or time_s + self._shift_s - last_s > _JUMP_S:
            self._shift_s = last_s + _STEP_S - time_s
        placed_s = time_s + self._shift_s
        self._last_s = placed_s
        return placed_s
