"""The port that every way out has: one call that says one thing to one receiver.

A new way (SMS, DingTalk, voice) is a class with this shape, a line in the composition root, and a
line in `tests/contracts`, whose tests every way passes. What is said, to whom and whether it may
be said at all is decided before (`linkage.ways.planning`, `linkage.ways.carrying`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from linkage.errors import LinkageError


class NotSent(LinkageError):
    """The receiver has not taken it, as happens; the same message may get through later."""


class Reached(StrEnum):
    """How far a message is known to have come. Only what was observed counts."""

    SENT = "sent"
    """Whoever carries it (a broker) has it."""
    DELIVERED = "delivered"
    """The receiver itself said that it has it."""
    READ = "read"
    ANSWERED = "answered"
    """A person, or the station's own system on its behalf, has taken it."""

    @property
    def rank(self) -> int:
        return list(Reached).index(self)


@dataclass(frozen=True)
class Message:
    """One thing to say to one receiver."""

    key: str
    """The receiver does nothing a second time under the same key; a repeat carries it again."""
    incident_id: str
    target: str
    """A device's id, a webhook's name: whatever the way calls its receivers."""
    content: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Receipt:
    """What was observed of a message that went out."""

    reached: Reached
    said: Mapping[str, object] = field(default_factory=dict)
    """What the receiver said besides, fit for the timeline."""
    way: str | None = None
    """By which way it went, where that is not the name of who was asked."""


class Way(Protocol):
    """One way out."""

    @property
    def name(self) -> str:
        """What the API calls it: `mqtt`, `webhook`."""
        ...

    @property
    def near_household(self) -> bool:
        """Whether somebody at the household might hear or see it: then nothing quiet goes out."""
        ...

    async def send(self, message: Message) -> Receipt:
        """Say it once. Raises NotSent, BrokerAway or TimeoutError to be called again later."""
        ...
