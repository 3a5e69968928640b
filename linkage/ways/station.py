"""Where the station's word stands: told, delivered, confirmed, or to be telephoned. Pure.

GB 55029 6.0.4: who watches makes sure that the police have received it. A 2xx is a machine's
word that the message arrived; only `confirmed` says that somebody has it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from linkage.model.action import ActionState
from linkage.model.event import EventType
from linkage.ways.settings import Use


class StationState(StrEnum):
    PLANNED = "planned"
    DELIVERED = "delivered"
    CONFIRMED = "confirmed"
    UNCONFIRMED = "unconfirmed"
    """Its time to confirm has passed."""
    FAILED = "failed"
    """It could not be told until the deadline."""
    TELEPHONED = "telephoned"


STATION_EVENTS = (
    EventType.STATION_CONFIRMED,
    EventType.STATION_UNCONFIRMED,
    EventType.STATION_TELEPHONED,
)

_WORST_FIRST = (
    StationState.FAILED,
    StationState.UNCONFIRMED,
    StationState.PLANNED,
    StationState.DELIVERED,
    StationState.TELEPHONED,
    StationState.CONFIRMED,
)


@dataclass(frozen=True)
class Sent:
    """One webhook action, as far as it matters here."""

    id: str
    name: str
    use: str | None
    state: ActionState
    planned_at_ms: int
    done_at_ms: int | None
    error: str | None
    cancelled: bool = False
    drill: bool = False
    """It was practice when it was planned: nobody telephones for it."""


@dataclass(frozen=True)
class Happened:
    """One event of STATION_EVENTS."""

    type: EventType
    at_ms: int
    name: str | None
    """The webhook; None: all of the incident."""
    message: str | None = None
    """The action that was not confirmed in time."""
    number: str | None = None


@dataclass(frozen=True)
class Standing:
    name: str
    state: StationState
    at_ms: int
    telephone: bool
    """An officer must telephone the station now."""
    number: str | None
    error: str | None


def standing(sent: Iterable[Sent], happened: Sequence[Happened]) -> Standing | None:
    """How the station is told of one incident; None where none is. Of several, the worst."""
    newest: dict[str, Sent] = {}
    for one in sent:
        if one.use != Use.STATION.value or one.state is ActionState.CANCELLED:
            continue
        before = newest.get(one.name)
        if before is None or one.planned_at_ms >= before.planned_at_ms:
            newest[one.name] = one
    found = [_one(message, happened) for message in newest.values()]
    return min(found, key=lambda one: _WORST_FIRST.index(one.state), default=None)


def _one(message: Sent, happened: Sequence[Happened]) -> Standing:
    ours = [h for h in happened if h.name in (None, message.name)]
    late = [h for h in ours if h.type is EventType.STATION_UNCONFIRMED and h.message == message.id]
    settled = [
        h
        for h in ours
        if h.type is not EventType.STATION_UNCONFIRMED and h.at_ms >= message.planned_at_ms
    ]
    confirmed = [h for h in settled if h.type is EventType.STATION_CONFIRMED]
    number = next((h.number for h in late), None)
    failed = message.state in (ActionState.EXPIRED, ActionState.FAILED)
    if confirmed:
        state, at_ms = StationState.CONFIRMED, confirmed[0].at_ms
    elif settled:
        state, at_ms = StationState.TELEPHONED, settled[0].at_ms
    elif failed:
        state, at_ms = StationState.FAILED, message.done_at_ms or message.planned_at_ms
    elif late:
        state, at_ms = StationState.UNCONFIRMED, late[0].at_ms
    elif message.state is ActionState.SENT:
        state, at_ms = StationState.DELIVERED, message.done_at_ms or message.planned_at_ms
    else:
        state, at_ms = StationState.PLANNED, message.planned_at_ms
    return Standing(
        name=message.name,
        state=state,
        at_ms=at_ms,
        telephone=state in (StationState.FAILED, StationState.UNCONFIRMED) and not message.drill,
        number=number,
        error=None if state is StationState.CONFIRMED else message.error,
    )
