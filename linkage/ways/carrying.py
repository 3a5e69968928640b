"""From the outbox to a way: what every way is spared. One carrier for all of them.

Here, once for all ways: what comes too late is not sent, what is quiet is never said near the
household, and what was observed becomes a line of the timeline.
"""

from collections.abc import Awaitable, Callable

from lianfang_timing import Clock, unix_ms
from linkage.carrier_port import CarryResult
from linkage.model.action import Action, ActionKind
from linkage.model.event import EventType
from linkage.timeline import NewEvent
from linkage.ways.port import Message, Reached, Receipt, Way
from linkage.ways.settings import Use

IsQuiet = Callable[[str], Awaitable[bool]]
"""Whether nothing may sound near this incident's household any more. May raise StoreBusy."""


class WayCarrier:
    """Carries the actions of one kind by one way."""

    def __init__(self, way: Way, clock: Clock, *, is_quiet: IsQuiet | None = None) -> None:
        """`is_quiet` is asked before anything sounds near a household; None where whoever planned
        it has seen to that household by household (members' notices)."""
        self._way = way
        self._clock = clock
        self._is_quiet = is_quiet

    async def carry(self, action: Action) -> CarryResult:
        """Say it, unless it is too late or must not be said. Raises what the way raises."""
        until_ms = action.payload.get("until_ms", action.deadline_ms)
        if isinstance(until_ms, int) and unix_ms(self._clock.now()) >= until_ms:
            # the receiver would ignore it; sending would only look like success
            return CarryResult(expired=True)
        if await self._must_be_quiet(action):
            return CarryResult(expired=True)
        message = Message(action.id, action.incident_id, action.target, action.payload)
        return CarryResult(self.event(action, await self._way.send(message)))

    def event(self, action: Action, receipt: Receipt) -> NewEvent | None:
        """The timeline's line on it; None where it has none."""
        if receipt.reached is Reached.ANSWERED and action.payload.get("use") == Use.STATION.value:
            confirmed = {"name": action.target, "action": action.id, **receipt.said}
            return NewEvent(EventType.STATION_CONFIRMED, confirmed)
        way = receipt.way or self._way.name
        return told(action, way, receipt.reached.value, **receipt.said)

    async def _must_be_quiet(self, action: Action) -> bool:
        if not self._way.near_household or action.payload.get("on") is False:
            return False
        if action.payload.get("quiet") is True:
            return True
        return self._is_quiet is not None and await self._is_quiet(action.incident_id)


def told(action: Action, way: str, state: str, **said: object) -> NewEvent:
    """What the timeline says of a message; `state` is a `Reached` or `failed`."""
    data: dict[str, object] = {
        "way": way,
        "kind": action.kind.value,
        "target": action.target,
        "state": state,
        "action": action.id,
        **said,
    }
    if action.kind is ActionKind.SIREN:
        data["on"] = action.payload.get("on")
    return NewEvent(EventType.TOLD, data)
