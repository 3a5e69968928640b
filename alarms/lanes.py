"""Whose turn it is: what waits, by sender, so that a flood holds up only who sends it. Pure."""

from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Lanes(Generic[T]):
    """One lane a sender, first in first out; senders take turns."""

    def __init__(self, *, at_a_turn: int) -> None:
        """`at_a_turn` is how much one sender may have taken at most before it waits again."""
        self._at_a_turn = at_a_turn
        self._lanes: dict[str, deque[T]] = {}
        """In the order of turns: whoever had one goes to the end."""
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def put(self, sender: str, item: T) -> None:
        """Keep what `sender` sent behind what it sent before."""
        self._lanes.setdefault(sender, deque()).append(item)
        self._size += 1

    def take(self, at_most: int) -> list[T]:
        """The next batch: every sender's turn once, as far as `at_most` goes."""
        taken: list[T] = []
        for sender in list(self._lanes):
            if len(taken) == at_most:
                break
            lane = self._lanes.pop(sender)
            count = min(len(lane), self._at_a_turn, at_most - len(taken))
            taken += [lane.popleft() for _ in range(count)]
            if lane:
                self._lanes[sender] = lane
        self._size -= len(taken)
        return taken
