"""Which step of an incident is possible when, and where it leads: the whole table.

Pure. Taking a step, with all that hangs on it, is the desk's (`linkage.incidents`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from alarms.model import ReplyState
from linkage.errors import StepNotAllowed
from linkage.model import OPEN_STAGES, Actor, EventType, Incident, Outcome, Stage


class Step(StrEnum):
    """What a person can do with an incident; the words of the API."""

    ACKNOWLEDGE = "acknowledge"
    VERIFY = "verify"
    DISPATCH = "dispatch"
    RESPOND = "respond"
    CLOSE = "close"
    REVIEW = "review"
    NOTE = "note"


@dataclass(frozen=True)
class Move:
    """From where a step is possible, and where it leads."""

    allowed: frozenset[Stage]
    leads_to: Stage | None
    """None: the stage stays."""
    event: EventType
    label: str
    needs_sign_for: bool = True
    reply: ReplyState | None = None


MOVES: Mapping[Step, Move] = {
    Step.ACKNOWLEDGE: Move(
        frozenset(OPEN_STAGES),
        None,
        EventType.ACKNOWLEDGED,
        "签收",
        needs_sign_for=False,
        reply=ReplyState.ACKNOWLEDGED,
    ),
    Step.VERIFY: Move(frozenset({Stage.REPORTED}), Stage.VERIFIED, EventType.VERIFIED, "核查登记"),
    Step.DISPATCH: Move(
        frozenset({Stage.VERIFIED, Stage.DISPATCHED}),  # again: somebody else is sent too
        Stage.DISPATCHED,
        EventType.DISPATCHED,
        "指挥派遣",
        reply=ReplyState.DISPATCHED,
    ),
    Step.RESPOND: Move(
        frozenset({Stage.DISPATCHED}), Stage.RESPONDED, EventType.RESPONDED, "处置反馈"
    ),
    Step.CLOSE: Move(
        frozenset({Stage.VERIFIED, Stage.RESPONDED}),  # verified: nobody had to be sent
        Stage.CLOSED,
        EventType.CLOSED,
        "核查结案",
        reply=ReplyState.CLOSED,
    ),
    Step.REVIEW: Move(
        frozenset({Stage.CLOSED}),
        Stage.REVIEWED,
        EventType.REVIEWED,
        "考核评价",
        needs_sign_for=False,
    ),
    Step.NOTE: Move(frozenset(Stage), None, EventType.NOTED, "备注", needs_sign_for=False),
}

_USUAL_NEXT = {
    Stage.REPORTED: Step.VERIFY,
    Stage.VERIFIED: Step.DISPATCH,
    Stage.DISPATCHED: Step.RESPOND,
    Stage.RESPONDED: Step.CLOSE,
    Stage.CLOSED: Step.REVIEW,
}


def next_step(stage: Stage, *, acknowledged: bool) -> Step | None:
    """The step that usually comes next; None when nothing is left to do."""
    if stage.is_open and not acknowledged:
        return Step.ACKNOWLEDGE
    return _USUAL_NEXT.get(stage)


@dataclass(frozen=True)
class Ask:
    """What a person asks for, with what they saw and said."""

    step: Step
    actor: Actor
    version: int
    note: str | None = None
    outcome: Outcome | None = None
    to: str | None = None


def check(incident: Incident, ask: Ask, signed_by: str | None) -> None:
    """Raise StepNotAllowed when the incident, or what the person said, does not allow the step.

    `signed_by` is the display name of who has signed for it.
    """
    move = MOVES[ask.step]
    if incident.stage not in move.allowed:
        zh, en = incident.stage.label
        raise StepNotAllowed(
            f"警情处于“{zh}”，不能{move.label} / not possible now: the incident is {en.lower()}"
        )
    if ask.step is Step.ACKNOWLEDGE and signed_by is not None:
        raise StepNotAllowed(f"{signed_by}已签收 / {signed_by} has signed for it already")
    if move.needs_sign_for and signed_by is None:
        raise StepNotAllowed("请先签收 / sign for it first")
    if ask.step is Step.CLOSE and ask.outcome is None:
        raise StepNotAllowed("结案须选择结论 / closing needs an outcome")
    if ask.step is Step.NOTE and not (ask.note or "").strip():
        raise StepNotAllowed("备注不能为空 / a note needs its text")
