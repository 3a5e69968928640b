"""The words of `linkage`: stages, outcomes, actions, events, roles, incidents, decisions.

Only the standard library and the words of `alarms`; nothing here reads, writes or waits.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from alarms.model import AlarmKind


class Stage(StrEnum):
    """The six steps of an incident, in their order."""

    REPORTED = "reported"
    VERIFIED = "verified"
    DISPATCHED = "dispatched"
    RESPONDED = "responded"
    CLOSED = "closed"
    REVIEWED = "reviewed"

    @property
    def label(self) -> tuple[str, str]:
        """The stage in Chinese and in English."""
        return _STAGE_LABELS[self]

    @property
    def is_open(self) -> bool:
        return self not in (Stage.CLOSED, Stage.REVIEWED)


_STAGE_LABELS = {
    Stage.REPORTED: ("采集上报", "Reported"),
    Stage.VERIFIED: ("核查登记", "Verified"),
    Stage.DISPATCHED: ("指挥派遣", "Dispatched"),
    Stage.RESPONDED: ("处置反馈", "Responded"),
    Stage.CLOSED: ("核查结案", "Closed"),
    Stage.REVIEWED: ("考核评价", "Reviewed"),
}

OPEN_STAGES = tuple(stage for stage in Stage if stage.is_open)


class Outcome(StrEnum):
    """What an incident turned out to be; a named person decides it when closing."""

    REAL = "real"
    ACCIDENTAL = "accidental"
    FALSE = "false"
    MALICIOUS = "malicious"
    DUPLICATE = "duplicate"
    DRILL = "drill"
    TEST = "test"

    @property
    def label(self) -> tuple[str, str]:
        """The outcome in Chinese and in English."""
        return _OUTCOME_LABELS[self]


_OUTCOME_LABELS = {
    Outcome.REAL: ("属实", "Real"),
    Outcome.ACCIDENTAL: ("误按", "Pressed by accident"),
    Outcome.FALSE: ("误报", "False alarm"),
    Outcome.MALICIOUS: ("谎报", "Malicious report"),
    Outcome.DUPLICATE: ("重复报警", "Duplicate"),
    Outcome.DRILL: ("演练", "Drill"),
    Outcome.TEST: ("测试", "Test"),
}


class Role(StrEnum):
    """What a person is on the console (contract §4)."""

    DUTY_OFFICER = "duty-officer"
    SHIFT_LEADER = "shift-leader"
    DISPATCHER = "dispatcher"
    VILLAGE_HEAD = "village-head"
    PATROL = "patrol"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class ActionKind(StrEnum):
    """What can be planned; each kind has one carrier."""

    NOTICE = "notice"
    REPLY = "reply"
    SNAPSHOT = "snapshot"
    PAGE = "page"
    ESCALATE = "escalate"


class ActionState(StrEnum):
    PLANNED = "planned"
    SENT = "sent"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class EventType(StrEnum):
    """What the timeline of an incident can say."""

    OPENED = "opened"
    ALARM_ADDED = "alarm_added"
    RANG_AGAIN = "rang_again"
    ACKNOWLEDGED = "acknowledged"
    VERIFIED = "verified"
    DISPATCHED = "dispatched"
    RESPONDED = "responded"
    CLOSED = "closed"
    REVIEWED = "reviewed"
    NOTED = "noted"
    PAGED = "paged"
    ESCALATED = "escalated"
    UNATTENDED_SKIPPED = "unattended_skipped"
    NOTICE_SENT = "notice_sent"
    NOTICE_FAILED = "notice_failed"
    NOTICE_SEEN = "notice_seen"
    REPLY_SENT = "reply_sent"
    EVIDENCE_ADDED = "evidence_added"
    EVIDENCE_FAILED = "evidence_failed"
    CANCEL_CLAIMED = "cancel_claimed"


@dataclass(frozen=True)
class Decision:
    """What one stage of the pipeline found, and why; kept in the timeline."""

    stage: str
    matched: bool
    reason: str
    """Chinese first, then ` / `, then English."""


@dataclass(frozen=True)
class Actor:
    """The person (or machine) who acts on an incident."""

    username: str
    display_name: str


@dataclass(frozen=True)
class Incident:
    """An incident as its row says it. Times are Unix milliseconds UTC."""

    id: str
    number: str
    """Local date and the day's counter: 20261121-0007."""
    stage: Stage
    priority: int
    """1 (highest) … 4."""
    kind: AlarmKind
    silent: bool
    drill: bool
    plan: str
    opened_at_ms: int
    closed_at_ms: int | None
    village_id: str | None
    grid_id: str | None
    group_id: str | None
    household_id: str | None
    camera_id: str | None
    acknowledged_by: str | None
    acknowledged_at_ms: int | None
    cancel_claimed: bool
    outcome: Outcome | None
    ring: int
    next_due_at_ms: int | None
    version: int
    changed_position: int


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
