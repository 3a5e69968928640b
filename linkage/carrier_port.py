"""What a carrier is to the outbox: what it is asked, what it may answer and what it may raise.

The carriers themselves: `linkage.carriers`, `linkage.escalation`, `linkage.steps.overdue`,
`linkage.ways`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from alarms.errors import BrokerAway, StoreBusy
from camerad.errors import NoClip, NoSnapshot
from linkage.errors import ClipNotReady, EvidenceNotKept
from linkage.model.action import Action, ActionKind
from linkage.timeline import NewEvent
from linkage.ways.port import NotSent

EXPECTED = (
    BrokerAway,
    NoSnapshot,
    NoClip,
    ClipNotReady,
    StoreBusy,
    EvidenceNotKept,
    NotSent,
    TimeoutError,
)
"""What a carrier may raise to be tried again; anything else is a bug."""


@dataclass(frozen=True)
class CarryResult:
    """What a carrier has to say: the event for the timeline, and rows of evidence."""

    event: NewEvent | None = None
    evidence: Sequence[Mapping[str, object]] = ()
    """Whole rows, as `linkage.evidence.evidence_row` makes them."""
    gap: Mapping[str, object] | None = None
    """A row of what is not there."""
    expired: bool = False
    """It came too late to be of use and was not sent."""
    planned: frozenset[ActionKind] = frozenset()
    """Kinds of which more was planned that is due: their lanes look."""


class Carrier(Protocol):
    """Carries out actions of one kind; many at once."""

    async def carry(self, action: Action) -> CarryResult:
        """Do it. Raises one of EXPECTED to be tried again later."""
        ...
