"""Label sheets that wait to be printed: in memory, for minutes, each given out once.

What stands on them is never written down in clear, here or anywhere.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from lianfang_timing import Clock
from linkage.enrolment.changing import Label

KEPT_S = 600.0
"""Long enough to find the printer's paper."""
MOST_SHEETS = 50
MOST_LABELS = 200
"""On one sheet: a village's."""
_ID_BYTES = 24


@dataclass(frozen=True)
class _Waiting:
    owner: str
    until_s: float
    labels: tuple[Label, ...] = field(repr=False)


class Sheets:
    """The sheets of one process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: dict[str, _Waiting] = {}

    @property
    def is_full(self) -> bool:
        """Whether so many wait that no more can be kept."""
        self.forget_old()
        return len(self._waiting) >= MOST_SHEETS

    def keep(self, owner: str, labels: Sequence[Label]) -> str:
        """The id under which its owner, and nobody else, may have the sheet once."""
        sheet = secrets.token_urlsafe(_ID_BYTES)
        until_s = self._clock.monotonic() + KEPT_S
        self._waiting[sheet] = _Waiting(owner, until_s, tuple(labels))
        return sheet

    def take(self, sheet: str, owner: str) -> tuple[Label, ...] | None:
        """The sheet's labels, for the only time; None when it is not there, or somebody else's."""
        self.forget_old()
        waiting = self._waiting.get(sheet)
        if waiting is None or waiting.owner != owner:
            return None
        return self._waiting.pop(sheet).labels

    def forget_old(self) -> None:
        """Let go of what nobody came for."""
        now_s = self._clock.monotonic()
        for sheet in [key for key, one in self._waiting.items() if one.until_s <= now_s]:
            del self._waiting[sheet]
