"""What intake counts and times of itself. `linkage.health` shows it in `/metrics`.

Since the process started; written and read in the event loop.
"""

from collections import Counter
from dataclasses import dataclass, field

from alarms.histogram import Histogram
from alarms.model import RefusalReason


@dataclass
class IntakeCounters:
    """How often what happened."""

    received: int = 0
    duplicates: int = 0
    refusals: Counter[RefusalReason] = field(default_factory=Counter)
    redelivered: int = 0
    """Presses that the broker sent again, because we had not acknowledged them."""
    commits: int = 0
    commits_failed: int = 0
    stale_acks: int = 0

    @property
    def refused(self) -> int:
        return self.refusals.total()


@dataclass(frozen=True)
class IntakeLegs:
    """How long each leg of a press's way took, one count a press; together they are `whole`."""

    taken: Histogram = field(default_factory=Histogram)
    """From the network's thread into our hands."""
    turn: Histogram = field(default_factory=Histogram)
    """Waiting for the batch before, and for its device's turn."""
    commit: Histogram = field(default_factory=Histogram)
    """Judged, appended, synced; with what had to be tried again."""
    answer: Histogram = field(default_factory=Histogram)
    """From the commit until PUBACK and reply were with the link."""
    whole: Histogram = field(default_factory=Histogram)
    batches: Histogram = field(default_factory=Histogram)
    """Not a leg: one count for each transaction that was committed."""
