"""Which messages follow from an alarm, a step of the escalation, a close. Pure.

Webhooks are far from the household and are told of everything; sirens and loudspeakers are near
it, and no quiet alarm ever reaches them.
"""

from collections.abc import Iterable

from alarms.model import LIFE_SAFETY_KINDS, AlarmKind
from linkage.model.action import ActionKind, PlannedAction, action_id
from linkage.ways.settings import Use, Ways, Webhook

ESCALATED = "escalated"
CLOSED = "closed"
REOPENED = "reopened"
_OF_INCIDENT = frozenset({ESCALATED, CLOSED, REOPENED})
"""What is said of the incident, not of one alarm of it."""

NOTICE_PHRASE = "neighbour-needs-help"
OFF_LASTS_MS = 10 * 60 * 1000
"""A siren that cannot be reached for so long has stopped by itself (its own `until_ms`)."""


def told_webhooks(
    ways: Ways,
    *,
    cause: str,
    event: str,
    kind: AlarmKind,
    village_id: str | None,
    now_ms: int,
    drill: bool = False,
) -> list[PlannedAction]:
    """What the webhooks are told of an incident that opened or rang again, and when we look
    whether the station has confirmed; nobody need confirm a drill. `cause` is the alarm's id: a
    replay plans the same."""
    planned: list[PlannedAction] = []
    for webhook in ways.webhooks.values():
        if not webhook.wants(kind, village_id):
            continue
        told = webhook_action(
            webhook, cause=cause, event=event, now_ms=now_ms, use=webhook.use, drill=drill
        )
        planned.append(told)
        if not drill and webhook.use is Use.STATION and kind in LIFE_SAFETY_KINDS:
            planned.append(_look(webhook, told, now_ms))
    return planned


def webhook_action(
    webhook: Webhook,
    *,
    cause: str,
    event: str,
    now_ms: int,
    use: Use | None = None,
    drill: bool = False,
) -> PlannedAction:
    """One message to one webhook. What it says of the incident is read when it is sent; `drill`:
    it was practice when it was planned."""
    return PlannedAction(
        id=action_id(ActionKind.WEBHOOK, cause, event, webhook.name),
        kind=ActionKind.WEBHOOK,
        target=webhook.name,
        due_at_ms=now_ms,
        deadline_ms=now_ms + round(webhook.deadline_s * 1000),
        payload={
            "event": event,
            "alarm": None if event in _OF_INCIDENT else cause,
            "use": None if use is None else use.value,
            **({"drill": True} if drill else {}),
        },
    )


def _look(webhook: Webhook, told: PlannedAction, now_ms: int) -> PlannedAction:
    due_ms = now_ms + round(webhook.confirm_within_s * 1000)
    return PlannedAction(
        id=action_id(ActionKind.STATION, told.id),
        kind=ActionKind.STATION,
        target=webhook.name,
        due_at_ms=due_ms,
        payload={
            "message": told.id,
            "number": webhook.telephone,
            "within_s": webhook.confirm_within_s,
        },
    )


def siren_actions(
    ways: Ways, devices: Iterable[str], *, cause: str, now_ms: int, drill: bool = False
) -> list[PlannedAction]:
    """Each siren on now, and off when its time is over."""
    until_ms = now_ms + round(ways.siren.lasts_s * 1000)
    planned: list[PlannedAction] = []
    for device in devices:
        on = PlannedAction(
            id=action_id(ActionKind.SIREN, cause, device, "on"),
            kind=ActionKind.SIREN,
            target=device,
            due_at_ms=now_ms,
            deadline_ms=until_ms,
            payload={"on": True, "until_ms": until_ms, "drill": drill},
        )
        planned += [on, siren_off(device, cause=f"{cause}|over", now_ms=until_ms)]
    return planned


def siren_off(device: str, *, cause: str, now_ms: int) -> PlannedAction:
    """A siren off at `now_ms`."""
    until_ms = now_ms + OFF_LASTS_MS
    return PlannedAction(
        id=action_id(ActionKind.SIREN, cause, device, "off"),
        kind=ActionKind.SIREN,
        target=device,
        due_at_ms=now_ms,
        deadline_ms=until_ms,
        payload={"on": False, "until_ms": until_ms},
    )


def loudspeaker_actions(
    ways: Ways, devices: Iterable[str], *, cause: str, now_ms: int, drill: bool = False
) -> list[PlannedAction]:
    """The phrase on each loudspeaker. No address and no name: it is heard by everybody."""
    until_ms = now_ms + round(ways.loudspeaker.lasts_s * 1000)
    return [
        PlannedAction(
            id=action_id(ActionKind.LOUDSPEAKER, cause, device),
            kind=ActionKind.LOUDSPEAKER,
            target=device,
            due_at_ms=now_ms,
            deadline_ms=until_ms,
            payload={
                "phrase": NOTICE_PHRASE,
                "repeat": ways.loudspeaker.repeat,
                "until_ms": until_ms,
                "drill": drill,
            },
        )
        for device in devices
    ]
