"""How long an incident took: from its timeline, whatever order its events are given in.

Pure. Measured is its way to its first end: what was done after it was opened again says nothing of
how long the household waited. What was a drill begins when it became real. A returned or reassigned
order begins anew for those who get it; the first who arrived have arrived.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from linkage.appraisal.model import Measure
from linkage.model.event import EventType
from linkage.model.incident import Stage

MEASURED = frozenset(
    {
        EventType.ACKNOWLEDGED,
        EventType.REASSIGNED,
        EventType.DISPATCHED,
        EventType.SET_OUT,
        EventType.ARRIVED,
        EventType.RESPONDED,
        EventType.RETURNED,
        EventType.MADE_REAL,
        EventType.REOPENED,
    }
)
"""What of a timeline must be known."""


class Moment(NamedTuple):
    """One event of a timeline. `data` as the event keeps it."""

    position: int
    type: EventType
    at_ms: int
    data: Mapping[str, Any]


@dataclass
class _Way:
    begun_ms: int
    signed_ms: int | None = None
    ordered_ms: int | None = None
    set_out_ms: int | None = None
    arrived_ms: int | None = None
    responded_ms: int | None = None
    took: dict[Measure, int] = field(default_factory=dict)

    def order(self, at_ms: int | None) -> None:
        self.ordered_ms, self.set_out_ms, self.responded_ms = at_ms, None, None


def took(opened_at_ms: int, moments: Iterable[Moment]) -> dict[Measure, int]:
    """Milliseconds of each measure that both ends are known of; negative where the clock was set
    back between them."""
    way = _Way(opened_at_ms)
    for moment in sorted(moments, key=lambda one: one.position):
        if moment.type is EventType.REOPENED:
            break
        way = _after(way, moment)
    spans = {
        Measure.SIGN_FOR: (way.begun_ms, way.signed_ms),
        Measure.SET_OUT: (way.ordered_ms, way.set_out_ms),
        Measure.ARRIVAL: (way.begun_ms, way.arrived_ms),
        Measure.FEEDBACK: (way.ordered_ms, way.responded_ms),
    }
    return {
        measure: end - begin
        for measure, (begin, end) in spans.items()
        if begin is not None and end is not None
    }


def was_reopened(moments: Iterable[Moment]) -> bool:
    return any(moment.type is EventType.REOPENED for moment in moments)


def _after(way: _Way, moment: Moment) -> _Way:
    at_ms, data = moment.at_ms, moment.data
    match moment.type:
        case EventType.MADE_REAL:
            return _Way(at_ms)
        case EventType.ACKNOWLEDGED:
            way.signed_ms = way.signed_ms or at_ms
        case EventType.REASSIGNED if data.get("sign_for"):
            # somebody has it from now on, as when that one had signed
            way.signed_ms = way.signed_ms or at_ms
        case EventType.REASSIGNED:
            way.order(at_ms)
        case EventType.DISPATCHED:
            if way.ordered_ms is None:
                way.order(at_ms)
        case EventType.SET_OUT:
            way.set_out_ms = way.set_out_ms or at_ms
        case EventType.ARRIVED:
            way.arrived_ms = way.arrived_ms or at_ms
        case EventType.RESPONDED:
            way.responded_ms = at_ms
        case EventType.RETURNED if data.get("stage") == Stage.DISPATCHED:
            way.responded_ms = None
        case EventType.RETURNED:
            way.order(None)
        case _:
            pass
    return way
