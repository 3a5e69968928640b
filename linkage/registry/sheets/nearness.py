"""What was probably meant by a word with a slip of the pen. Pure."""

import re
from collections import defaultdict
from collections.abc import Iterable


def slips(one: str, other: str) -> int:
    """How many letters were left out, put in, mistaken or swapped with their neighbour."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        row = [i]
        for j, b in enumerate(other, start=1):
            best = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                best = min(best, before[j - 2] + 1)
            row.append(best)
        before, last = last, row
    return last[-1]


def nearest(text: str, words: Iterable[str], *, within: int) -> str | None:
    """The word with the fewest slips, `within` at most; None where there is none."""
    near = [
        (slips(text, word), word)
        for word in words
        if word != text and abs(len(word) - len(text)) <= within
    ]
    best = min(near, default=None)
    return None if best is None or best[0] > within else best[1]


class Ids:
    """Ids, among which one that was mistyped is found quickly.

    Numbers in ids are what tells neighbours apart: `dongcun-017` is no slip of `dongcun-018`, but
    `dongcnu-017` is one of `dongcun-017`.
    """

    def __init__(self, ids: Iterable[str]) -> None:
        self._by_numbers: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for one in ids:
            self.add(one)

    def add(self, one: str) -> None:
        self._by_numbers[_numbers(one)].append(one)

    def nearest(self, text: str) -> str | None:
        """The id that was probably meant; None where there is none."""
        letters = sum(c.isalpha() for c in text)
        within = 2 if letters >= 8 else 1
        if letters < 4:
            return None
        return nearest(text, self._by_numbers.get(_numbers(text), ()), within=within)


def _numbers(text: str) -> tuple[str, ...]:
    return tuple(number.lstrip("0") for number in re.findall(r"\d+", text))
