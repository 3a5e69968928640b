"""Whether a step is possible now for this person, and whether all is said that it needs.

Pure. The table of steps is in `linkage.steps.moves`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from linkage.accounts.rights import Permission, permissions_of
from linkage.errors import StepNotAllowed
from linkage.escalation.plans import DEFAULT_PLAN
from linkage.model.incident import Incident, Outcome, Stage
from linkage.model.person import Actor, Person
from linkage.steps.moves import MOVES, Step


class ClosingCheck(StrEnum):
    """Who may not close an incident (核查结案); `incidents.closing_check` in site.toml."""

    OTHER_THAN_RESPONDER = "other-than-responder"
    """Not those who were sent."""
    OTHER_PERSON = "other-person"
    """Nor whoever recorded the feedback, be it for others."""
    NONE = "none"


@dataclass(frozen=True)
class Ask:
    """What a person asks for, with what they saw and said."""

    step: Step
    actor: Actor
    version: int
    note: str | None = None
    reason: str | None = None
    outcome: Outcome | None = None
    to: str | None = None
    """Whom: a user name, or the words for people who have no account."""
    sign_for: bool = False
    """Reassigning: hand over the sign-for, not the errand."""
    until_ms: int | None = None
    stage: Stage | None = None
    """Reopening: to where; None: to where it was closed from."""
    into: str | None = None
    """The id of the incident that this one is merged into."""
    alarms: tuple[str, ...] = ()
    """The ids of the alarms that are split off."""


@dataclass(frozen=True)
class Situation:
    """What a step is checked against, beside the incident itself."""

    now_ms: int
    closing_check: ClosingCheck = ClosingCheck.OTHER_THAN_RESPONDER
    suspend_at_most_ms: int = 0
    signed_by: str | None = None
    """The display name of who has signed for it."""
    to: Person | None = None
    """The account that `Ask.to` names, where there is one."""
    to_attended: bool = False
    into: Incident | None = None
    alarms: Collection[str] = ()
    """The ids of all alarms of the incident."""
    real_plan: str = DEFAULT_PLAN
    """The plan of a drill's incident once it is real."""
    split_id: str | None = None
    split_number: str | None = None
    """Of the incident that is split off."""


def possible(incident: Incident, actor: Actor, closing_check: ClosingCheck) -> list[Step]:
    """The steps that this person may take now, in the table's order."""
    if actor.role is None:
        return []
    rights = permissions_of(actor.role, machine=actor.machine)
    here = Situation(now_ms=0, closing_check=closing_check)
    return [
        step
        for step, move in MOVES.items()
        if move.needs in rights and _hindrance(incident, step, actor, here) is None
    ]


def check(incident: Incident, ask: Ask, situation: Situation) -> None:
    """Raise StepNotAllowed when the incident, or what the person said, does not allow the step."""
    refusal = _hindrance(incident, ask.step, ask.actor, situation) or _missing(
        incident, ask, situation
    )
    if refusal is not None:
        raise StepNotAllowed(refusal)


def _hindrance(incident: Incident, step: Step, actor: Actor, situation: Situation) -> str | None:
    """Why the step is not possible now, whatever is said with it."""
    move = MOVES[step]
    if incident.merged_into is not None and step is not Step.NOTE:
        return "已并入另一警情，请在那里办理 / merged into another incident: go on there"
    if incident.stage not in move.allowed:
        zh, en = incident.stage.label
        return f"警情处于“{zh}”，不能{move.label} / not possible now: the incident is {en.lower()}"
    if incident.suspended_until_ms is not None and not move.while_suspended:
        return "已挂起，请先恢复 / suspended: resume it first"
    signed = incident.acknowledged_by is not None
    if move.needs_sign_for and not signed:
        return "请先签收 / sign for it first"
    match step:
        case Step.ACKNOWLEDGE if signed:
            name = situation.signed_by or incident.acknowledged_by
            return f"{name}已签收 / {name} has signed for it already"
        case Step.MAKE_REAL if not incident.drill:
            return "不是演练 / it is no drill"
        case Step.RESUME if incident.suspended_until_ms is None:
            return "没有挂起 / it is not suspended"
        case Step.SET_OUT if incident.set_out_at_ms or incident.arrived_at_ms:
            return "已登记出动或到场 / set-out or arrival is recorded already"
        case Step.ARRIVE if incident.arrived_at_ms:
            return "已登记到场 / arrival is recorded already"
        case Step.CLOSE:
            return _closing_refusal(incident, actor, situation.closing_check)
        case _:
            return None


def _closing_refusal(incident: Incident, actor: Actor, rule: ClosingCheck) -> str | None:
    if rule is ClosingCheck.NONE:
        return None
    if actor.username in incident.responders:
        return "处置人不能自己结案，须由他人核查 / whoever responded cannot close it"
    if rule is ClosingCheck.OTHER_PERSON and actor.username == incident.responded_by:
        return "反馈人不能自己结案，须由他人核查 / whoever gave the feedback cannot close it"
    return None


def _missing(incident: Incident, ask: Ask, situation: Situation) -> str | None:
    """What is not, or wrongly, said with the step."""
    move = MOVES[ask.step]
    if move.needs_reason and not _said(ask.reason):
        return f"{move.label}须说明原因 / say the reason"
    match ask.step:
        case Step.CLOSE:
            return _outcome_refusal(ask)
        case Step.NOTE if not _said(ask.note):
            return "备注不能为空 / a note needs its text"
        case Step.REASSIGN:
            return _reassign_refusal(incident, ask, situation)
        case Step.SUSPEND:
            return _suspend_refusal(ask, situation)
        case Step.MERGE:
            return _merge_refusal(incident, situation.into)
        case Step.SPLIT:
            return _split_refusal(ask, situation)
        case Step.REOPEN if ask.stage is not None and not was_reached(incident, ask.stage):
            zh, en = ask.stage.label
            return f"不能重开到“{zh}” / cannot be reopened as {en.lower()}"
        case _:
            return None


def _said(text: str | None) -> bool:
    return text is not None and text.strip() != ""


def _outcome_refusal(ask: Ask) -> str | None:
    if ask.outcome is None:
        return "结案须选择结论 / closing needs an outcome"
    if ask.outcome is Outcome.MALICIOUS and (ask.actor.machine or not _said(ask.note)):
        return "认定谎报须由本人说明依据 / a malicious report needs a person and the grounds"
    return None


def _reassign_refusal(incident: Incident, ask: Ask, situation: Situation) -> str | None:
    if not _said(ask.to):
        return "请写明转派给谁 / say to whom"
    if not ask.sign_for:
        if incident.stage is Stage.DISPATCHED:
            return None
        return "尚无派遣可转，只能移交签收 / nobody is sent: only the sign-for can be handed over"
    to = situation.to
    if to is None or Permission.INCIDENT_ACKNOWLEDGE not in permissions_of(to.role):
        return "签收只能移交给值班账号 / the sign-for goes to an account that may sign"
    if not to.covers(incident.village_id):
        return "对方不负责此地 / this place is not theirs"
    if to.username == incident.acknowledged_by:
        return "已由对方签收 / they have signed for it already"
    if not situation.to_attended:
        return "对方不在值班台前，不能移交 / nobody sits at their console"
    return None


def _suspend_refusal(ask: Ask, situation: Situation) -> str | None:
    if ask.until_ms is None or ask.until_ms <= situation.now_ms:
        return "请写明挂起到何时 / say until when, later than now"
    if ask.until_ms > situation.now_ms + situation.suspend_at_most_ms:
        hours = situation.suspend_at_most_ms / 3_600_000
        return f"最多挂起 {hours:g} 小时 / at most {hours:g} h"
    return None


def _merge_refusal(incident: Incident, into: Incident | None) -> str | None:
    if into is None or into.id == incident.id:
        return "请写明并入哪个警情 / say into which incident"
    if not into.stage.is_open or into.suspended_until_ms is not None:
        return f"{into.number} 已结案或挂起 / {into.number} is closed or suspended"
    if into.drill != incident.drill:
        return "演练与实警不能合并 / a drill and a real incident are never merged"
    return None


def _split_refusal(ask: Ask, situation: Situation) -> str | None:
    chosen, present = set(ask.alarms), set(situation.alarms)
    if not chosen or not chosen < present:
        return "请选择部分报警拆出，不能全部 / choose some of its alarms, not all"
    return None


def was_reached(incident: Incident, stage: Stage) -> bool:
    """Whether a closed incident has been at this open stage."""
    match stage:
        case Stage.REPORTED:
            return True
        case Stage.VERIFIED:
            return incident.verified_at_ms is not None
        case Stage.DISPATCHED:
            return incident.dispatched_at_ms is not None
        case Stage.RESPONDED:
            return incident.responded_at_ms is not None
        case _:
            return False
