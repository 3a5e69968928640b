"""What is written into an incident's timeline."""

from enum import StrEnum
from typing import NamedTuple


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
    TOLD_AGAIN = "told_again"
    """An officer had somebody told once more: kind, target."""
    STATION_CONFIRMED = "station_confirmed"
    STATION_UNCONFIRMED = "station_unconfirmed"
    STATION_TELEPHONED = "station_telephoned"
    SILENCED = "silenced"
    SOUNDED = "sounded"
    """A person had a siren sound."""
    MADE_REAL = "made_real"
    """A drill's incident is a real one from now on."""


class Decision(NamedTuple):
    """What one stage of the pipeline found, and why; kept in the timeline. Fourteen of them are
    made for every alarm: a tuple takes half as long as a dataclass."""

    stage: str
    matched: bool
    reason: str
    """Chinese first, then ` / `, then English."""
