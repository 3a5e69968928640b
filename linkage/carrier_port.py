"""What a carrier is to the outbox: what it is asked, what it may answer and what it may raise.

The carriers themselves: `linkage.carriers`, `linkage.escalation`, `linkage.steps.overdue`,
`linkage.ways`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from alarms.errors import BrokerAway, StoreBusy
from camerad.errors import NoSnapshot
from linkage.errors import EvidenceNotKept
from linkage.model.action import Action, ActionKind
from linkage.timeline import NewEvent
from linkage.ways.port import NotSent

EXPECTED = (BrokerAway, NoSnapshot, StoreBusy, EvidenceNotKept, NotSent, TimeoutError)
"""What a carrier may raise to be tried again; anything else is a bug."""


@dataclass(frozen=True)
class CarryResult:
    """What a carrier has to say: the event for the timeline, and a row of evidence."""

    event: NewEvent | None = None
    evidence: Mapping[str, object] | None = None
    expired: bool = False
    """It came too late to be of use and was not sent."""
    planned: frozenset[ActionKind] = frozenset()
    """Kinds of which more was planned that is due: their lanes look."""


class Carrier(Protocol):
    """Carries out actions of one kind; many at once."""

    async def carry(self, action: Action) -> CarryResult:
        """Do it. Raises one of EXPECTED to be tried again later."""
        ...
