"""What an incident is: its stages, its outcome, what is most urgent in it, its row."""

from dataclasses import dataclass
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


_URGENCY = {
    AlarmKind.DURESS: 0,
    # it spreads to those who did not press
    AlarmKind.FIRE: 1,
    AlarmKind.CANCEL: 3,
    AlarmKind.LOITERING: 4,
    AlarmKind.UNATTENDED: 4,
    AlarmKind.ROTA_GAP: 4,
    AlarmKind.CAMERA_FAULT: 5,
}


def urgency_of(kind: AlarmKind) -> int:
    """What an incident is called, and where it is, when kinds meet in it: the lowest first."""
    return _URGENCY.get(kind, 2)


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
