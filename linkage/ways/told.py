"""Who was told of an incident, by which way, and how far it came. Pure.

Folded from the actions and the timeline: a state is shown only when it was observed.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from linkage.model.action import ActionKind, ActionState
from linkage.model.event import EventType
from linkage.ways.planning import CLOSED
from linkage.ways.port import Reached
from linkage.ways.settings import Use

RECIPIENTS: Mapping[ActionKind, tuple[str, str]] = {
    ActionKind.NOTICE: ("member", "mqtt"),
    ActionKind.SIREN: ("siren", "mqtt"),
    ActionKind.LOUDSPEAKER: ("loudspeaker", "mqtt"),
    ActionKind.WEBHOOK: ("webhook", "webhook"),
    ActionKind.PAGE: ("person", "console"),
}
"""What its target is, and by which way it goes."""

_SEEN = {
    "delivered": Reached.DELIVERED,
    "read": Reached.READ,
    "coming": Reached.ANSWERED,
    "cannot": Reached.ANSWERED,
}


@dataclass(frozen=True)
class ToldAction:
    """An action, as far as it matters here."""

    id: str
    kind: ActionKind
    target: str
    payload: Mapping[str, object]
    state: ActionState
    planned_at_ms: int
    done_at_ms: int | None
    error: str | None


@dataclass(frozen=True)
class ToldEvent:
    """An event of the timeline: NOTICE_SEEN, TOLD or STATION_CONFIRMED."""

    type: EventType
    at_ms: int
    data: Mapping[str, object]


@dataclass(frozen=True)
class Told:
    """How one recipient stands."""

    kind: str
    target: str
    way: str
    state: str
    """planned, sent, delivered, read, answered, failed, cancelled or unattended."""
    at_ms: int
    error: str | None


def told(
    actions: Iterable[ToldAction], events: Iterable[ToldEvent], acted: Collection[str]
) -> list[Told]:
    """One line a recipient and way, of the newest message to it. `acted`: user names of those who
    have taken a step of the incident."""
    newest: dict[tuple[str, str], tuple[ToldAction, Told]] = {}
    for action in actions:
        line = _as_planned(action, acted)
        if line is not None:
            newest[line.kind, line.target] = action, line
    for event in events:
        _hear(newest, event)
    return [line for _, line in newest.values()]


def _as_planned(action: ToldAction, acted: Collection[str]) -> Told | None:
    recipient = RECIPIENTS.get(action.kind)
    # that it is over says nothing of how far the call for help came
    if recipient is None or "over" in action.payload or action.payload.get("event") == CLOSED:
        return None
    kind, way = recipient
    at_ms = action.done_at_ms or action.planned_at_ms
    state = {
        ActionState.PLANNED: "planned",
        ActionState.SENT: "delivered" if action.kind is ActionKind.WEBHOOK else "sent",
        ActionState.FAILED: "failed",
        ActionState.EXPIRED: "failed",
        ActionState.CANCELLED: "cancelled",
    }[action.state]
    if action.kind is ActionKind.PAGE:
        way = str(action.payload.get("way", way))
        if state == "sent" and action.payload.get("attended") is False:
            state = "unattended"
        if action.target in acted:
            state = "answered"
    error = action.error if state in ("planned", "failed") else None
    return Told(kind, action.target, way, state, at_ms, error)


def _hear(newest: dict[tuple[str, str], tuple[ToldAction, Told]], event: ToldEvent) -> None:
    match event.type:
        case EventType.NOTICE_SEEN:
            _reach(newest, ("member", str(event.data.get("device"))), _said(event), event.at_ms)
        case EventType.TOLD:
            reached = event.data.get("state")
            where = (str(event.data.get("kind")), str(event.data.get("target")))
            _note_way(newest, where, event)
            if reached in (Reached.DELIVERED, Reached.READ, Reached.ANSWERED):
                _reach(newest, where, Reached(str(reached)), event.at_ms)
        case EventType.STATION_CONFIRMED:
            for where, (action, _) in list(newest.items()):
                of_station = action.payload.get("use") == Use.STATION.value
                if of_station and event.data.get("name") in (None, action.target):
                    _reach(newest, where, Reached.ANSWERED, event.at_ms)
        case _:
            return


def _note_way(
    newest: dict[tuple[str, str], tuple[ToldAction, Told]],
    where: tuple[str, str],
    event: ToldEvent,
) -> None:
    """A siren on a relay goes another way than those on MQTT: only who carried it knows."""
    way = event.data.get("way")
    if where in newest and isinstance(way, str):
        action, line = newest[where]
        newest[where] = action, replace(line, way=way)


def _said(event: ToldEvent) -> Reached:
    return _SEEN.get(str(event.data.get("state")), Reached.DELIVERED)


def _reach(
    newest: dict[tuple[str, str], tuple[ToldAction, Told]],
    where: tuple[str, str],
    reached: Reached,
    at_ms: int,
) -> None:
    """Note that it came so far; what was said of an older message says nothing of a newer one."""
    if where not in newest:
        return
    action, line = newest[where]
    if at_ms < action.planned_at_ms:
        return
    before = Reached(line.state).rank if line.state in list(Reached) else -1
    if reached.rank > before:
        newest[where] = action, replace(line, state=reached.value, at_ms=at_ms, error=None)
