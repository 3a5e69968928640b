"""What recurs is said once a period, with how often it happened: a flood must not flood the log.

Pure. What is counted for `/metrics` and what is kept in the store stays exact; this is for lines
that people read.
"""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


@dataclass
class _Heard:
    times: int
    detail: str
    said_at_s: float | None = None


class Seldom(Generic[K]):
    """Counts by key. A key is said at once when it is new, and then once a period while it recurs.

    At most `keys` are kept apart: senders choose some of them. What comes beyond is counted
    together under `others`.
    """

    def __init__(self, *, period_s: float, keys: int, others: K) -> None:
        self._period_s, self._keys, self._others = period_s, keys, others
        self._heard: dict[K, _Heard] = {}

    def count(self, key: K, detail: str) -> None:
        """It happened again; the last `detail` is the one that is said."""
        if key not in self._heard and len(self._heard) >= self._keys:
            key = self._others
        heard = self._heard.setdefault(key, _Heard(0, detail))
        heard.times, heard.detail = heard.times + 1, detail

    def due(self, now_s: float) -> Iterator[tuple[K, int, str]]:
        """What is to be said now: key, how often since it was last said, detail.

        `now_s` is monotonic. Keys that were quiet for a period are forgotten.
        """
        for key, heard in list(self._heard.items()):
            if heard.said_at_s is not None and now_s < heard.said_at_s + self._period_s:
                continue
            if heard.times == 0:
                del self._heard[key]
                continue
            yield key, heard.times, heard.detail
            heard.times, heard.said_at_s = 0, now_s
