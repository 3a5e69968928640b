"""The lanes of the outbox: how wide each is, and what one has in hand.

In memory only: what is true stands in the store. Who fills and empties them is `linkage.outbox`.
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from lianfang_timing import Backoff
from linkage.model.action import Action, ActionKind, lane_of

UNMARKED_MOST = 1024
"""In one lane: what was carried and is not marked yet. Beyond it the lane waits for the store."""


@dataclass(frozen=True)
class Lane:
    """How one kind is carried: at most `width` at a time, each for at most `limit_s`."""

    width: int
    limit_s: float
    retry: Backoff


LANES: Mapping[ActionKind, Lane] = {
    ActionKind.ESCALATE: Lane(4, 20.0, Backoff(first_s=0.2, cap_s=2.0)),
    ActionKind.DUE: Lane(4, 20.0, Backoff(first_s=0.2, cap_s=5.0)),
    ActionKind.PAGE: Lane(16, 5.0, Backoff(first_s=0.2, cap_s=5.0)),
    ActionKind.REPLY: Lane(64, 12.0, Backoff(first_s=1.0, cap_s=30.0)),
    ActionKind.NOTICE: Lane(64, 12.0, Backoff(first_s=1.0, cap_s=15.0)),
    ActionKind.SNAPSHOT: Lane(4, 15.0, Backoff(first_s=1.0, cap_s=15.0)),
    # they share transactions: many at once are one commit
    ActionKind.FAN_OUT: Lane(128, 20.0, Backoff(first_s=0.2, cap_s=2.0)),
    ActionKind.CLIP: Lane(16, 10.0, Backoff(first_s=0.5, cap_s=3.0)),
    ActionKind.CLIP_KEPT: Lane(4, 60.0, Backoff(first_s=2.0, cap_s=15.0)),
    # each webhook has one of its own; its try ends by its own `timeout`
    ActionKind.WEBHOOK: Lane(64, 35.0, Backoff(first_s=1.0, cap_s=30.0)),
    ActionKind.SIREN: Lane(16, 12.0, Backoff(first_s=0.5, cap_s=5.0)),
    ActionKind.LOUDSPEAKER: Lane(16, 12.0, Backoff(first_s=0.5, cap_s=5.0)),
    ActionKind.STATION: Lane(4, 20.0, Backoff(first_s=0.2, cap_s=2.0)),
}


@dataclass
class Flight:
    """What one lane has in hand. In memory only: after a restart it is planned still."""

    kind: ActionKind
    lane: Lane
    name: str
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    in_hand: set[str] = field(default_factory=set)
    """Ids of what is being carried, or was and is not marked."""
    handed: deque[Action] = field(default_factory=deque)
    """What waits for room without being looked for; it is in hand."""
    more: bool = False
    """There may be more in the store than the last look took."""
    looks: bool = False
    """A look is under way: what it will find is not known yet."""
    looked: int = 0
    """How many looks have begun."""
    moved: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when there is room again, or something new."""

    @property
    def free(self) -> int:
        unmarked = len(self.in_hand) - len(self.tasks) - len(self.handed)
        return min(self.lane.width - len(self.tasks), UNMARKED_MOST - unmarked)

    @property
    def looks_again(self) -> bool:
        """The last look left something, and there is room for so much that a look is worth it."""
        return self.more and not self.handed and self.free * 2 >= self.lane.width


def lane_names(kind: ActionKind, webhooks: Iterable[str]) -> list[str]:
    """The lanes of a kind: one, or one a webhook."""
    return [lane_of(kind, n) for n in webhooks] if kind is ActionKind.WEBHOOK else [kind.value]
