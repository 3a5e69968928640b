"""Which step of an incident is possible at which stage, where it leads, and who may take it.

Pure, and the whole table. What must be said with a step is checked in `linkage.steps.checks`, what
it changes is in `linkage.steps.events`; taking it, with all that hangs on it, is the desk's
(`linkage.steps.desk`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from alarms.model import ReplyState
from linkage.accounts.rights import Permission
from linkage.model.event import EventType
from linkage.model.incident import OPEN_STAGES, Stage
from linkage.model.person import Role


class Step(StrEnum):
    """What a person can do with an incident; the words of the API."""

    ACKNOWLEDGE = "acknowledge"
    VERIFY = "verify"
    DISPATCH = "dispatch"
    SET_OUT = "set-out"
    ARRIVE = "arrive"
    RESPOND = "respond"
    CLOSE = "close"
    REVIEW = "review"
    RETURN = "return"
    REASSIGN = "reassign"
    SUSPEND = "suspend"
    RESUME = "resume"
    SUPERVISE = "supervise"
    MERGE = "merge"
    SPLIT = "split"
    REOPEN = "reopen"
    MAKE_REAL = "make-real"
    NOTE = "note"


@dataclass(frozen=True)
class Move:
    """From where a step is possible, where it leads, and who may take it."""

    allowed: frozenset[Stage]
    leads_to: Stage | None
    """None: the stage stays, or is said with the step."""
    event: EventType
    label: str
    needs: Permission
    needs_sign_for: bool = True
    while_suspended: bool = False
    needs_reason: bool = False
    reply: ReplyState | None = None


_OPEN = frozenset(OPEN_STAGES)
_UNDER_WAY = frozenset({Stage.DISPATCHED})

MOVES: Mapping[Step, Move] = {
    Step.ACKNOWLEDGE: Move(
        _OPEN,
        None,
        EventType.ACKNOWLEDGED,
        "签收",
        Permission.INCIDENT_ACKNOWLEDGE,
        needs_sign_for=False,
        reply=ReplyState.ACKNOWLEDGED,
    ),
    Step.VERIFY: Move(
        frozenset({Stage.REPORTED}),
        Stage.VERIFIED,
        EventType.VERIFIED,
        "核查登记",
        Permission.INCIDENT_VERIFY,
    ),
    Step.DISPATCH: Move(
        frozenset({Stage.VERIFIED, Stage.DISPATCHED}),  # again: somebody else is sent too
        Stage.DISPATCHED,
        EventType.DISPATCHED,
        "指挥派遣",
        Permission.INCIDENT_DISPATCH,
        reply=ReplyState.DISPATCHED,
    ),
    Step.SET_OUT: Move(
        _UNDER_WAY, None, EventType.SET_OUT, "登记出动", Permission.INCIDENT_RESPOND
    ),
    Step.ARRIVE: Move(_UNDER_WAY, None, EventType.ARRIVED, "登记到场", Permission.INCIDENT_RESPOND),
    Step.RESPOND: Move(
        _UNDER_WAY, Stage.RESPONDED, EventType.RESPONDED, "处置反馈", Permission.INCIDENT_RESPOND
    ),
    Step.CLOSE: Move(
        frozenset({Stage.VERIFIED, Stage.RESPONDED}),  # verified: nobody had to be sent
        Stage.CLOSED,
        EventType.CLOSED,
        "核查结案",
        Permission.INCIDENT_CLOSE,
        reply=ReplyState.CLOSED,
    ),
    Step.REVIEW: Move(
        frozenset({Stage.CLOSED}),
        Stage.REVIEWED,
        EventType.REVIEWED,
        "考核评价",
        Permission.INCIDENT_REVIEW,
        needs_sign_for=False,
    ),
    Step.RETURN: Move(
        _OPEN - {Stage.REPORTED},
        None,
        EventType.RETURNED,
        "退回",
        Permission.INCIDENT_RETURN,
        needs_reason=True,
    ),
    Step.REASSIGN: Move(
        _OPEN,
        None,
        EventType.REASSIGNED,
        "转派",
        Permission.INCIDENT_REASSIGN,
        needs_reason=True,
    ),
    Step.SUSPEND: Move(
        _OPEN, None, EventType.SUSPENDED, "挂起", Permission.INCIDENT_SUSPEND, needs_reason=True
    ),
    Step.RESUME: Move(
        _OPEN, None, EventType.RESUMED, "恢复", Permission.INCIDENT_SUSPEND, while_suspended=True
    ),
    Step.SUPERVISE: Move(
        _OPEN,
        None,
        EventType.SUPERVISED,
        "督办",
        Permission.INCIDENT_SUPERVISE,
        needs_sign_for=False,
        while_suspended=True,
    ),
    Step.MERGE: Move(
        _OPEN, Stage.CLOSED, EventType.MERGED, "合并", Permission.INCIDENT_MERGE, needs_reason=True
    ),
    Step.SPLIT: Move(
        _OPEN, None, EventType.SPLIT, "拆分", Permission.INCIDENT_SPLIT, needs_reason=True
    ),
    Step.REOPEN: Move(
        frozenset({Stage.CLOSED, Stage.REVIEWED}),
        None,
        EventType.REOPENED,
        "重开",
        Permission.INCIDENT_REOPEN,
        needs_sign_for=False,
        needs_reason=True,
    ),
    Step.MAKE_REAL: Move(
        _OPEN,
        None,
        EventType.MADE_REAL,
        "转为实警",
        Permission.INCIDENT_ACKNOWLEDGE,
        needs_sign_for=False,
        while_suspended=True,
    ),
    Step.NOTE: Move(
        frozenset(Stage),
        None,
        EventType.NOTED,
        "备注",
        Permission.INCIDENT_NOTE,
        needs_sign_for=False,
        while_suspended=True,
    ),
}

_USUAL_NEXT = {
    Stage.REPORTED: Step.VERIFY,
    Stage.VERIFIED: Step.DISPATCH,
    Stage.DISPATCHED: Step.RESPOND,
    Stage.RESPONDED: Step.CLOSE,
    Stage.CLOSED: Step.REVIEW,
}

BEFORE: Mapping[Stage, Stage] = {
    Stage.VERIFIED: Stage.REPORTED,
    Stage.DISPATCHED: Stage.VERIFIED,
    Stage.RESPONDED: Stage.DISPATCHED,
}
"""To where a stage is returned (退回)."""

ON_THE_SPOT = frozenset({Role.PATROL, Role.DISPATCHER, Role.VILLAGE_HEAD})
"""Whose feedback is their own: they were there, or command those who were."""


def next_step(stage: Stage, *, acknowledged: bool) -> Step | None:
    """The step of the six that usually comes next; None when nothing is left to do."""
    if stage.is_open and not acknowledged:
        return Step.ACKNOWLEDGE
    return _USUAL_NEXT.get(stage)
