"""What is planned and carried out: kinds, states, the identity of an action and its lane."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class ActionKind(StrEnum):
    """What can be planned; each kind has one carrier. Their targets and payloads (JSON):

    notice    device    household (the source's id), from, phrase, drill, until_ms; seen, once heard
    reply     device    boot, seq, state, alarm, time_ms
    snapshot  camera    nothing
    fan-out   incident  alarm, ring, group, notice (what notices say), spared, cameras: notices and
                        snapshots that are still to be planned
    clip      camera    clip (its id), from_ms, press_ms, until_ms, routine
    clip_kept camera    the same: what became of the clip
    page      username  username, display_name, role, step, round, way, attended; until, where one
                        sign-for is not enough; why, where it is no call of a plan's step
    escalate  incident  step, round, generation (the ring that began it), pending
    webhook   its name  event (opened, rang_again, escalated, closed, reopened), alarm, use; into
    siren     device    on, until_ms, drill
    loudspeaker  device phrase, repeat, until_ms, drill
    station   webhook   message (the webhook's action), number, within_s: has it confirmed?
    due       incident  step (what should be done by then, or `resume`), due_at_ms
    """

    NOTICE = "notice"
    REPLY = "reply"
    SNAPSHOT = "snapshot"
    FAN_OUT = "fan-out"
    CLIP = "clip"
    CLIP_KEPT = "clip_kept"
    PAGE = "page"
    ESCALATE = "escalate"
    WEBHOOK = "webhook"
    SIREN = "siren"
    LOUDSPEAKER = "loudspeaker"
    STATION = "station"
    DUE = "due"


class ActionState(StrEnum):
    PLANNED = "planned"
    SENT = "sent"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class PlannedAction:
    """Something we will do. `id` is made from what it is for, so that a repeat is harmless."""

    id: str
    kind: ActionKind
    target: str
    due_at_ms: int
    deadline_ms: int | None = None
    """After it the action is worthless: it expires and is shown so. None: it never is."""
    payload: Mapping[str, object] = field(default_factory=dict)

    @property
    def lane(self) -> str:
        return lane_of(self.kind, self.target)


def lane_of(kind: ActionKind, target: str) -> str:
    """Which queue an action waits in; a webhook that hangs must hold up no other."""
    return f"{kind.value}:{target}" if kind is ActionKind.WEBHOOK else kind.value


@dataclass(frozen=True)
class Action:
    """A planned action as the outbox takes it from the store."""

    id: str
    incident_id: str
    kind: ActionKind
    target: str
    payload: dict[str, object]
    attempts: int
    due_at_ms: int
    deadline_ms: int | None
    error: str | None = None
    """Why the last attempt failed."""


def action_id(kind: ActionKind, *parts: object) -> str:
    """One id for one purpose, at most 44 characters: planning it twice plans it once."""
    text = "|".join(map(str, parts))
    return f"{kind.value}-{hashlib.sha256(text.encode()).hexdigest()[:32]}"
