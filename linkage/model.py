"""The words of `linkage`: stages, outcomes, actions, events, roles, incidents, decisions.

Only the standard library and the words of `alarms`; nothing here reads, writes or waits.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from alarms.model import LIFE_SAFETY_KINDS, SYSTEM_KINDS, AlarmKind


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


class Certainty(StrEnum):
    """How sure it is that something happens there (the words of CAP)."""

    POSSIBLE = "possible"
    LIKELY = "likely"
    OBSERVED = "observed"
    """Two sources that know nothing of each other say so."""

    @property
    def label(self) -> tuple[str, str]:
        """The certainty in Chinese and in English."""
        return _CERTAINTY_LABELS[self]

    @property
    def rank(self) -> int:
        """Higher is more certain."""
        return _CERTAINTY_RANKS[self]

    def or_more(self, other: "Certainty") -> "Certainty":
        """The more certain of the two."""
        return self if _CERTAINTY_RANKS[self] >= _CERTAINTY_RANKS[other] else other


_CERTAINTY_RANKS = {Certainty.POSSIBLE: 0, Certainty.LIKELY: 1, Certainty.OBSERVED: 2}
_CERTAINTY_LABELS = {
    Certainty.POSSIBLE: ("可能", "Possible"),
    Certainty.LIKELY: ("很可能", "Likely"),
    Certainty.OBSERVED: ("已证实", "Observed"),
}


_URGENCY = {
    AlarmKind.DURESS: 0,
    # it spreads to those who did not press
    AlarmKind.FIRE: 1,
    AlarmKind.CANCEL: 3,
    AlarmKind.LOITERING: 4,
    AlarmKind.UNATTENDED: 4,
    AlarmKind.ROTA_GAP: 4,
}


def urgency_of(kind: AlarmKind) -> int:
    """What an incident is called, and where it is, when kinds meet in it: the lowest first."""
    return _URGENCY.get(kind, 2)


def usual_certainty(kind: AlarmKind) -> Certainty:
    """What one alarm of this kind is worth alone."""
    if kind in SYSTEM_KINDS:
        return Certainty.OBSERVED
    return Certainty.LIKELY if kind in LIFE_SAFETY_KINDS else Certainty.POSSIBLE


class Role(StrEnum):
    """What a person is on the console (contract §4)."""

    DUTY_OFFICER = "duty-officer"
    SHIFT_LEADER = "shift-leader"
    DISPATCHER = "dispatcher"
    VILLAGE_HEAD = "village-head"
    PATROL = "patrol"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"

    @property
    def label(self) -> tuple[str, str]:
        """The role in Chinese and in English."""
        return _ROLE_LABELS[self]


_ROLE_LABELS = {
    Role.DUTY_OFFICER: ("值班员", "Duty officer"),
    Role.SHIFT_LEADER: ("带班领导", "Shift leader"),
    Role.DISPATCHER: ("派出所调度", "Police-station dispatcher"),
    Role.VILLAGE_HEAD: ("村负责人", "Village head"),
    Role.PATROL: ("巡防队员", "Patrol"),
    Role.AUDITOR: ("审计员", "Auditor"),
    Role.ADMINISTRATOR: ("管理员", "Administrator"),
}


class ActionKind(StrEnum):
    """What can be planned; each kind has one carrier. Their targets and payloads (JSON):

    notice    device    household (the source's id), from, phrase, drill, until_ms; seen, once heard
    reply     device    boot, seq, state, alarm, time_ms
    snapshot  camera    nothing
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


class EventType(StrEnum):
    """What the timeline of an incident can say."""

    OPENED = "opened"
    ALARM_ADDED = "alarm_added"
    RANG_AGAIN = "rang_again"
    ACKNOWLEDGED = "acknowledged"
    CONFIRMED = "confirmed"
    """Somebody else knows of it too, where the plan asks for more than one."""
    VERIFIED = "verified"
    DISPATCHED = "dispatched"
    RESPONDED = "responded"
    CLOSED = "closed"
    REVIEWED = "reviewed"
    NOTED = "noted"
    PAGED = "paged"
    INFORMED = "informed"
    """Told as `paged` is, and waited for by nobody."""
    ESCALATED = "escalated"
    UNATTENDED_SKIPPED = "unattended_skipped"
    NOTICE_SENT = "notice_sent"
    NOTICE_FAILED = "notice_failed"
    NOTICE_SEEN = "notice_seen"
    REPLY_SENT = "reply_sent"
    EVIDENCE_ADDED = "evidence_added"
    EVIDENCE_FAILED = "evidence_failed"
    CANCEL_CLAIMED = "cancel_claimed"
    RECOVERED = "recovered"
    """What the system raised about itself is over: somebody sits there again, a shift is filled."""
    PLAN_TICKED = "plan_ticked"
    SET_OUT = "set_out"
    ARRIVED = "arrived"
    RETURNED = "returned"
    REASSIGNED = "reassigned"
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    SUPERVISED = "supervised"
    OVERDUE = "overdue"
    MERGED = "merged"
    """This incident became a part of another."""
    ABSORBED = "absorbed"
    """Another incident became a part of this one."""
    SPLIT = "split"
    """Some of its alarms became an incident of their own."""
    REOPENED = "reopened"
    TOLD = "told"
    """A message went out, or was given up: way, kind, target, state, action."""
    STATION_CONFIRMED = "station_confirmed"
    STATION_UNCONFIRMED = "station_unconfirmed"
    STATION_TELEPHONED = "station_telephoned"
    SILENCED = "silenced"
    MADE_REAL = "made_real"
    """A drill's incident is a real one from now on."""


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
    role: Role | None = None
    machine: bool = False


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
    """When the escalation acts next, or once somebody has signed: when `due_step` is due."""
    version: int
    changed_position: int
    stepped_at_ms: int | None = None
    """When the last step was taken; no later one has an earlier time."""
    verified_at_ms: int | None = None
    dispatched_at_ms: int | None = None
    set_out_at_ms: int | None = None
    arrived_at_ms: int | None = None
    responded_at_ms: int | None = None
    reviewed_at_ms: int | None = None
    dispatched_to: str | None = None
    """Whom it was sent to last, in the words of whoever sent."""
    responders: tuple[str, ...] = ()
    """User names of those who were sent, or recorded the feedback from the spot."""
    responded_by: str | None = None
    supervised_at_ms: int | None = None
    supervised_by: str | None = None
    """None where `supervised_at_ms` is set: nobody did, it was overdue twice."""
    suspended_until_ms: int | None = None
    merged_into: str | None = None
    """The id of the incident that this one became a part of."""
    due_step: str | None = None
    overdue: int = 0
    """How often the due time of `due_step` has passed."""
    relinks: int | None = None
    """How often people moved alarms in or out, by merging and splitting."""
    certainty: str | None = None
    """A word of `Certainty`; None: as its kind has it."""
    drill_id: str | None = None
    """The drill in which it was pressed, also when it has become real since."""
    flood_village: str | None = None
    """It gathers a flood of camera alarms of this village (`*`: of nowhere known)."""
    latitude: float | None = None
    longitude: float | None = None
    cell: str | None = None


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
    text = "|".join(str(part) for part in parts)
    return f"{kind.value}-{hashlib.sha256(text.encode()).hexdigest()[:32]}"


@dataclass(frozen=True)
class Place:
    """As much as is known of where something is; None where unknown. `label` is what neighbours
    may see of the household."""

    village_id: str | None = None
    grid_id: str | None = None
    group_id: str | None = None
    household_id: str | None = None
    camera_id: str | None = None
    label: str | None = None
    layer: str | None = None
    latitude: float | None = None
    longitude: float | None = None


NOWHERE = Place()


@dataclass(frozen=True)
class NearCamera:
    """A camera and how far it is; `distance_m` None where one of the two was not surveyed."""

    camera_id: str
    distance_m: float | None


@dataclass(frozen=True)
class MemberDevice:
    """A button of a household of the group."""

    device: str
    household_id: str
    wants_notices: bool
    """On this button: false as well where it wants to be telephoned only."""


@dataclass(frozen=True)
class Sounder:
    """A siren or a loudspeaker of the group; `kind` is the one of its actions."""

    device: str
    kind: ActionKind


EVERYWHERE = "*"


@dataclass(frozen=True)
class Person:
    """An enabled account. `places` holds village ids, or `*` for all."""

    username: str
    display_name: str
    role: Role
    places: frozenset[str]

    def covers(self, village_id: str | None) -> bool:
        """Whether the village is this person's; an unknown place is only theirs who have all."""
        return EVERYWHERE in self.places or village_id in self.places
