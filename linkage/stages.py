"""The stages of the pipeline. Each is pure: what it may look at is in Facts.

Planning the actions is a stage too; it has a file of its own (`linkage.planning`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from alarms.model import LIFE_SAFETY_KINDS, PRESS_KINDS, SYSTEM_KINDS, AlarmKind, AlarmSource
from camerad.model import Trouble
from linkage.escalation.plans import DUTY_PLAN
from linkage.facts import Facts, OpenIncident
from linkage.model.action import PlannedAction
from linkage.model.certainty import Certainty, usual_certainty
from linkage.model.event import Decision
from linkage.model.incident import urgency_of
from linkage.model.place import NOWHERE, NearCamera, Place
from linkage.planning import planned
from linkage.quiet.deciding import drill_of
from linkage.quiet.model import Drill
from linkage.rules.correlating import from_same_home, is_second_source, joined
from linkage.rules.correlation import Correlation
from linkage.rules.model import (
    BUILT_IN,
    SHOWN_ONLY,
    Question,
    Rule,
    Tried,
    priority_of,
    tried,
)


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
    by: Correlation | None = None
    """What says that it joins."""
    certainty: Certainty = Certainty.POSSIBLE
    drill: Drill | None = None
    """The drill that this alarm practises."""
    is_drill: bool = False
    """The incident is practice, with this alarm in it."""
    made_real: str | None = None
    """Why the incident, practice until now, is real with this alarm."""
    flood_village: str | None = None
    """The incident gathers a flood of this village's cameras."""
    muted: bool = False
    rings: bool = False
    """The console sounds (again)."""
    restarts: bool = False
    """The escalation begins (again), and a sign-for that stood no longer does."""
    cancel_claimed: bool = False
    cameras: tuple[NearCamera, ...] = ()
    actions: tuple[PlannedAction, ...] = ()

    def because(self, stage: str, *, matched: bool, reason: str, **found: Any) -> "Draft":
        """This draft with the stage's decision added, and what it `found` by field name."""
        # neither `replace` nor `copy.copy`: for each stage of each alarm they are most of the work
        fields = vars(self).copy()
        fields.update(found, decisions=(*self.decisions, Decision(stage, matched, reason)))
        draft = object.__new__(Draft)
        object.__setattr__(draft, "__dict__", fields)
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
    named = found.household_id or found.group_id or found.camera_id or found.village_id or ""
    return draft.because("place", matched=True, reason=f"来自 {named} / from {named}", place=found)


def question_of(draft: Draft, facts: Facts) -> Question:
    """What rules may look at of this alarm."""
    alarm = facts.alarm
    return Question(
        kind=alarm.kind,
        source=alarm.source,
        village_id=draft.place.village_id,
        layer=draft.place.layer,
        local=facts.local.time(),
        weekday=facts.local.isoweekday(),
        is_off=facts.rules.days.is_off(facts.local.date()),
        grid_id=draft.place.grid_id,
        group_id=draft.place.group_id,
        drill=draft.drill is not None,
        source_state=facts.camera_state,
    )


def note_drill(draft: Draft, facts: Facts) -> Draft:
    """Whether the press practises in a drill that runs; rules may ask, `rehearse` decides."""
    drill = drill_of(facts.drills, facts.alarm, draft.place)
    if drill is None:
        reason = "不在演练中 / no drill covers it"
        return draft.because("note_drill", matched=False, reason=reason)
    reason = f"演练 {drill.name} 范围内 / inside the drill {drill.name}"
    return draft.because("note_drill", matched=True, reason=reason, drill=drill)


def match_rule(draft: Draft, facts: Facts) -> Draft:
    """The first rule that matches; it may set a camera's alarm aside, never a person's."""
    alarm = facts.alarm
    asked = tried(facts.rules, question_of(draft, facts))
    rule = asked[-1].rule
    zh, en = rule.label
    if rule.set_aside:
        zh, en = f"{zh}：只留记录", f"{en}: kept in the log only"
    zh_over, en_over = _passed_over(asked[:-1])
    return draft.because(
        "match_rule",
        matched=rule is not BUILT_IN,
        reason=f"{zh}{zh_over} / {en}{en_over}",
        rule=rule,
        kind=alarm.kind,
        priority=priority_of(rule, alarm.kind),
        plan=_plan_of(rule, alarm.kind),
        silent=alarm.silent or alarm.kind is AlarmKind.DURESS,
        finished=rule.set_aside,
        muted=rule.mute,
    )


def _passed_over(asked: list[Tried]) -> tuple[str, str]:
    """The rules before the one that matched, with the keys that said no."""
    if not asked:
        return "", ""
    zh = "、".join(f"{one.rule.name}（{one.why_not[0]}不符）" for one in asked)
    en = ", ".join(f"{one.rule.name} ({one.why_not[1]})" for one in asked)
    return f"；未用：{zh}", f"; not used: {en}"


def correlate(draft: Draft, facts: Facts) -> Draft:
    """Join the open incident that this alarm belongs to, if there is one."""
    alarm, found = facts.alarm, joined(facts)
    is_cancel = alarm.kind is AlarmKind.CANCEL
    if found is None:
        reason = "没有可并入的警情 / no open incident to join"
        return draft.because("correlate", matched=False, reason=reason, cancel_claimed=is_cancel)
    incident, by = found.incident, found.by
    # what a life hangs on brings its own plan to what none hung on
    first_of_life = alarm.kind in LIFE_SAFETY_KINDS and incident.kind not in LIFE_SAFETY_KINDS
    zh, en = by.label
    takes_plan = draft.priority < incident.priority or first_of_life
    return draft.because(
        "correlate",
        matched=True,
        reason=f"{zh}：并入 {incident.number} / {en}: joins {incident.number}",
        extends=incident,
        by=by,
        kind=min(incident.kind, alarm.kind, key=urgency_of),
        priority=min(incident.priority, draft.priority),
        plan=draft.plan if takes_plan else incident.plan,
        silent=incident.silent or draft.silent,
        # a press after a cancel is no cancel: whoever claimed it must be asked again
        cancel_claimed=is_cancel or (incident.cancel_claimed and alarm.kind not in PRESS_KINDS),
    )


def corroborate(draft: Draft, facts: Facts) -> Draft:
    """How sure it is, and how urgent when a second source of another kind says so too."""
    own = usual_certainty(facts.alarm.kind)
    found, by = draft.extends, draft.by
    if found is None or by is None:
        zh, en = own.label
        reason = f"{zh} / {en.lower()}"
        return draft.because("corroborate", matched=False, reason=reason, certainty=own)
    of_the_system = facts.alarm.kind in SYSTEM_KINDS - {found.kind}
    certainty = found.certainty if of_the_system else own.or_more(found.certainty)
    priority = draft.priority
    is_second = is_second_source(facts, found)
    if is_second:
        priority = max(1, priority - by.raises_priority_by)
        certainty = certainty.or_more(by.raises_certainty_to or certainty)
    zh, en = certainty.label
    reason = f"{zh}，优先级 {priority} / {en.lower()}, priority {priority}"
    return draft.because(
        "corroborate", matched=is_second, reason=reason, certainty=certainty, priority=priority
    )


def ring(draft: Draft, facts: Facts) -> Draft:
    """Whether the console sounds, and the escalation starts over."""
    rings, restarts, reason = _ring(draft, facts)
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
        is_drill=draft.is_drill,
    )
    return draft.because(
        "plan_actions", matched=bool(actions), reason=reason, actions=tuple(actions)
    )


def _plan_of(rule: Rule, kind: AlarmKind) -> str:
    """The rule's; of what the system raises itself only where the rule names its kind."""
    return DUTY_PLAN if kind in SYSTEM_KINDS - rule.match.kinds else rule.plan


def _ring(draft: Draft, facts: Facts) -> tuple[bool, bool, str]:
    """(rings, restarts the escalation, why)"""
    found, alarm = draft.extends, facts.alarm
    if alarm.kind in SHOWN_ONLY:
        zh, en = _trouble_of(alarm.detail)
        if found is not None and found.kind not in SHOWN_ONLY:
            return True, False, f"现场摄像机：{zh} / a camera of the incident: {en}"
        return found is None, False, f"{zh}：只提示，不呼叫 / {en}: shown, nobody is called"
    if draft.made_real is not None:
        return True, True, draft.made_real
    if draft.muted and (found is None or alarm.source is AlarmSource.CAMERA):
        zh, en = draft.rule.label
        return False, False, f"{zh}：不响铃 / {en}: muted"
    if found is None:
        return True, True, "新警情 / a new incident"
    if draft.flood_village is not None:
        return False, False, "摄像机报警过多，并入 / joined the flood of camera alarms"
    rings, restarts, reason = _ring_again(found, facts)
    if not rings and draft.by is not None and draft.by.rings:
        zh, en = draft.by.label
        return True, False, f"{zh}：再次响铃 / {en}: rings again"
    return rings, restarts, reason


def _trouble_of(detail: Mapping[str, object]) -> tuple[str, str]:
    """What is wrong with the camera, in Chinese and in English."""
    told = detail.get("trouble")
    known = [trouble.label for trouble in Trouble if trouble.value == told]
    zh, en = known[0] if known else AlarmKind.CAMERA_FAULT.label
    many = detail.get("cameras")
    if isinstance(many, list) and len(many) > 1:
        return f"{zh}（{len(many)} 个摄像机）", f"{en.lower()} ({len(many)} cameras)"
    return zh, en.lower()


def _ring_again(found: OpenIncident, facts: Facts) -> tuple[bool, bool, str]:
    alarm = facts.alarm
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
    if not any(from_same_home(a, facts) for a in found.alarms):
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
