"""The stages of the pipeline. Each is pure: what it may look at is in Facts.

Planning the actions is a stage too; it has a file of its own (`linkage.planning`).
"""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from typing import Any

from alarms.model import SYSTEM_KINDS, AlarmKind, AlarmSource
from linkage.facts import Facts, LinkedAlarm, OpenIncident
from linkage.model import NOWHERE, Decision, NearCamera, Place, PlannedAction
from linkage.planning import planned
from linkage.plans import DUTY_PLAN
from linkage.rules import BUILT_IN, Question, Rule, matching, priority_of

_URGENCY = {
    AlarmKind.DURESS: 0,
    AlarmKind.CANCEL: 2,
    AlarmKind.LOITERING: 3,
    AlarmKind.UNATTENDED: 3,
    AlarmKind.ROTA_GAP: 3,
}
"""What an incident is called when kinds meet in it: the lowest; presses for help are 1."""


@dataclass(frozen=True)
class Draft:
    """The decision as it grows from stage to stage."""

    decisions: tuple[Decision, ...] = ()
    finished: bool = False
    place: Place = NOWHERE
    rule: Rule = BUILT_IN
    kind: AlarmKind = AlarmKind.OTHER
    """The incident's kind with this alarm in it; likewise priority, plan and silent."""
    priority: int = 4
    plan: str = BUILT_IN.plan
    silent: bool = False
    extends: OpenIncident | None = None
    """The incident this alarm joins; None: it opens one."""
    rings: bool = False
    """The console sounds (again)."""
    restarts: bool = False
    """The escalation begins (again), and a sign-for that stood no longer does."""
    cancel_claimed: bool = False
    cameras: tuple[NearCamera, ...] = ()
    actions: tuple[PlannedAction, ...] = ()

    def because(self, stage: str, *, matched: bool, reason: str, **found: Any) -> "Draft":
        """This draft with the stage's decision added, and what it `found` by field name."""
        # not `replace`: eight times an alarm it would go through every field
        draft = copy(self)
        vars(draft).update(found, decisions=(*self.decisions, Decision(stage, matched, reason)))
        return draft


Stage = Callable[[Draft, Facts], Draft]


def dedupe(draft: Draft, facts: Facts) -> Draft:
    """An alarm that is in an incident already needs nothing more."""
    if facts.linked:
        reason = "已处理过 / dealt with before"
        return draft.because("dedupe", matched=True, reason=reason, finished=True)
    return draft.because("dedupe", matched=False, reason="首次处理 / first time")


def set_tests_aside(draft: Draft, facts: Facts) -> Draft:
    """A test press stays in the log and out of the queue."""
    if facts.alarm.kind is AlarmKind.TEST:
        reason = "测试按键，只留记录 / a test press: kept in the log only"
        return draft.because("set_tests_aside", matched=True, reason=reason, finished=True)
    return draft.because("set_tests_aside", matched=False, reason="不是测试 / not a test")


def place(draft: Draft, facts: Facts) -> Draft:
    """Where it comes from. An alarm from nowhere known is an alarm all the same."""
    found = facts.place
    if found == NOWHERE:
        reason = "没有登记地点 / no place is registered for it"
        return draft.because("place", matched=False, reason=reason, place=found)
    named = found.label or found.camera_id or found.village_id or ""
    return draft.because("place", matched=True, reason=f"来自 {named} / from {named}", place=found)


def match_rule(draft: Draft, facts: Facts) -> Draft:
    """The first rule that matches; it may set a camera's alarm aside, never a person's."""
    alarm = facts.alarm
    asked = Question(
        kind=alarm.kind,
        source=alarm.source,
        village_id=draft.place.village_id,
        layer=draft.place.layer,
        local=facts.local.time(),
    )
    rule = matching(facts.rules, asked)
    reason = f"规则 {rule.name} / rule {rule.name}"
    if rule.set_aside:
        reason = f"规则 {rule.name}：只留记录 / rule {rule.name}: kept in the log only"
    return draft.because(
        "match_rule",
        matched=rule is not BUILT_IN,
        reason=reason,
        rule=rule,
        kind=alarm.kind,
        priority=priority_of(rule, alarm.kind),
        plan=_plan_of(rule, alarm.kind),
        silent=alarm.silent or alarm.kind is AlarmKind.DURESS,
        finished=rule.set_aside,
    )


def correlate(draft: Draft, facts: Facts) -> Draft:
    """Join the open incident that this alarm belongs to, if there is one."""
    match facts.alarm.kind:
        case AlarmKind.LOITERING:
            found, reason = _incident_of_camera(facts)
        case AlarmKind.CANCEL:
            found, reason = _incident_of_household(facts)
        case AlarmKind.UNATTENDED | AlarmKind.ROTA_GAP:
            found, reason = _incident_of_cause(facts)
        case _:
            found, reason = _incident_of_household(facts)
            if found is None:
                found, reason = _incident_of_group(facts)
    if found is None:
        claimed = facts.alarm.kind is AlarmKind.CANCEL
        return draft.because("correlate", matched=False, reason=reason, cancel_claimed=claimed)
    more_urgent = draft.priority < found.priority
    return draft.because(
        "correlate",
        matched=True,
        reason=reason,
        extends=found,
        kind=min(found.kind, facts.alarm.kind, key=lambda kind: _URGENCY.get(kind, 1)),
        priority=min(found.priority, draft.priority),
        plan=draft.plan if more_urgent else found.plan,
        silent=found.silent or draft.silent,
        # a press after a cancel is no cancel: whoever claimed it must be asked again
        cancel_claimed=facts.alarm.kind is AlarmKind.CANCEL
        or (found.cancel_claimed and facts.alarm.kind is AlarmKind.LOITERING),
    )


def ring(draft: Draft, facts: Facts) -> Draft:
    """Whether the console sounds, and the escalation starts over."""
    rings, restarts, reason = _ring(draft.extends, facts)
    return draft.because("ring", matched=rings, reason=reason, rings=rings, restarts=restarts)


def gather_cameras(draft: Draft, facts: Facts) -> Draft:
    """The cameras that may see it: its own first, then the nearest within the rule's distance."""
    own = [NearCamera(draft.place.camera_id, 0.0)] if draft.place.camera_id is not None else []
    near = [
        camera
        for camera in facts.cameras
        if camera.camera_id != draft.place.camera_id
        and (camera.distance_m is None or camera.distance_m <= draft.rule.cameras_within_m)
    ]
    if facts.alarm.source is AlarmSource.SYSTEM:
        # it is about people who are not there, and no camera sees those
        near = []
    if own and draft.extends is not None:
        # from camera to camera an incident would creep over the whole village
        near = []
    found = (*own, *near[: draft.rule.cameras_at_most])
    within = f"{draft.rule.cameras_within_m:.0f} m"
    reason = f"{within} 内 {len(found)} 个摄像机 / {len(found)} cameras within {within}"
    return draft.because("gather_cameras", matched=bool(found), reason=reason, cameras=found)


def plan_actions(draft: Draft, facts: Facts) -> Draft:
    """Who and what is told; carried out by the outbox after the commit."""
    actions, reason = planned(
        facts,
        rule=draft.rule,
        extends=draft.extends,
        rings=draft.rings,
        restarts=draft.restarts,
        cameras=draft.cameras,
    )
    return draft.because(
        "plan_actions", matched=bool(actions), reason=reason, actions=tuple(actions)
    )


def _from_same_home(linked: LinkedAlarm, facts: Facts) -> bool:
    """The same household, or, where none is registered, the same button."""
    if facts.place.household_id is not None:
        return linked.household_id == facts.place.household_id
    return facts.alarm.source is AlarmSource.BUTTON and linked.device == facts.alarm.device


def _incident_of_household(facts: Facts) -> tuple[OpenIncident | None, str]:
    for incident in facts.incidents:
        if incident.kind is AlarmKind.LOITERING:
            continue
        if any(_from_same_home(a, facts) for a in incident.alarms):
            number = incident.number
            return incident, f"本户警情 {number} 未结 / the household's incident {number} is open"
    return None, "没有可并入的警情 / no open incident to join"


def _plan_of(rule: Rule, kind: AlarmKind) -> str:
    """The rule's; of what the system raises itself only where the rule names its kind."""
    return DUTY_PLAN if kind in SYSTEM_KINDS - rule.match.kinds else rule.plan


def _incident_of_cause(facts: Facts) -> tuple[OpenIncident | None, str]:
    """Of the same chair, or of the same post."""
    for incident in facts.incidents:
        if incident.kind is facts.alarm.kind:
            return incident, f"同一空缺警情 {incident.number} 未结 / {incident.number} is open"
    return None, "没有可并入的警情 / no open incident to join"


def _incident_of_group(facts: Facts) -> tuple[OpenIncident | None, str]:
    group = facts.place.group_id
    for incident in facts.incidents:
        if group is None or incident.group_id != group or incident.kind is AlarmKind.CANCEL:
            continue
        age_s = (facts.alarm.received_at_ms - incident.newest_alarm_ms) / 1000
        if abs(age_s) <= facts.rules.fold_within_s:
            number = incident.number
            return incident, f"同组警情 {number} 未结 / incident {number} of the group is open"
    return None, "没有可并入的警情 / no open incident to join"


def _incident_of_camera(facts: Facts) -> tuple[OpenIncident | None, str]:
    camera = facts.place.camera_id or facts.alarm.device
    for incident in facts.incidents:
        if incident.camera_id != camera and camera in incident.camera_ids:
            number = incident.number
            return incident, f"摄像机在警情 {number} 附近 / the camera is near incident {number}"
    for incident in facts.incidents:
        if incident.camera_id == camera:
            number = incident.number
            return incident, f"同一摄像机警情 {number} 未结 / the camera's {number} is open"
    return None, "没有可并入的警情 / no open incident to join"


def _ring(found: OpenIncident | None, facts: Facts) -> tuple[bool, bool, str]:
    """(rings, restarts the escalation, why)"""
    alarm = facts.alarm
    if found is None:
        return True, True, "新警情 / a new incident"
    signed = found.acknowledged_by is not None
    if alarm.source is AlarmSource.CAMERA:
        return _ring_for_camera(found, facts)
    if alarm.source is AlarmSource.SYSTEM:
        return signed, signed, "仍有空缺 / still nobody there"
    if alarm.kind is AlarmKind.CANCEL:
        if found.cancel_claimed:
            return False, False, "已声明取消 / cancel claimed before"
        # whoever signed keeps it: a claim changes what to ask, not who must
        return True, False, "住户声明取消，须与住户通话 / a cancel claim: speak to the household"
    if signed:
        return True, True, "签收后再次报警 / an alarm after the sign-for"
    if found.cancel_claimed:
        return True, True, "声明取消后再次报警 / an alarm after a cancel claim"
    if not any(_from_same_home(a, facts) for a in found.alarms):
        return True, True, "另一户报警 / an alarm from another household"
    if all((a.kind, a.silent) != (alarm.kind, alarm.silent) for a in found.alarms):
        return True, True, "另一类报警 / an alarm of another kind"
    return False, False, "同户重复报警 / the same household again"


def _ring_for_camera(found: OpenIncident, facts: Facts) -> tuple[bool, bool, str]:
    if found.kind is not AlarmKind.LOITERING:
        return False, False, "作为现场证据并入 / joined as evidence"
    age_s = (facts.alarm.received_at_ms - found.newest_alarm_ms) / 1000
    if found.acknowledged_by is not None and abs(age_s) > facts.rules.fold_within_s:
        return True, True, "签收后再次徘徊 / loitering again, long after the sign-for"
    return False, False, "同一摄像机持续徘徊 / the same camera still"
