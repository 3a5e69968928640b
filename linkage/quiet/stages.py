"""The stages of quiet: what cameras raise may be held back or gathered; a press never is. And what
a drill makes of a press. Pure, as all stages.
"""

from dataclasses import replace
from typing import Any

from alarms.model import LIFE_SAFETY_KINDS, AlarmSource
from linkage.escalation.plans import DRILL_PLAN
from linkage.facts import Facts, OpenIncident
from linkage.model.person import EVERYWHERE
from linkage.quiet.deciding import flood_at, holder, may_be_held, why_real
from linkage.quiet.model import MAY_BE_HELD
from linkage.rules.correlating import from_same_home
from linkage.rules.model import Question, SourceState, matching, priority_of
from linkage.stages import Draft, question_of


def mute_down_cameras(draft: Draft, facts: Facts) -> Draft:
    """What a camera says that is down is set aside: it is the fault that speaks."""
    if may_be_held(facts.alarm) and facts.camera_state is SourceState.DOWN:
        reason = "摄像机故障，报警只留记录 / the camera is down: kept in the log only"
        return draft.because("mute_down_cameras", matched=True, reason=reason, finished=True)
    reason = "来源正常 / its source works"
    return draft.because("mute_down_cameras", matched=False, reason=reason)


def hold_back(draft: Draft, facts: Facts) -> Draft:
    """A silence or maintenance window keeps it off the board; evidence for a press stays on it."""
    found = draft.extends
    window = None
    if found is None or found.kind in MAY_BE_HELD:
        window = holder(facts.windows, facts.alarm, draft.place)
    if window is None:
        reason = "没有静默或维护 / no silence or maintenance window"
        return draft.because("hold_back", matched=False, reason=reason)
    zh, en = window.sort.label
    reason = f"{zh}中（{window.author}），只留记录 / {en} {window.id}: kept in the log only"
    return draft.because("hold_back", matched=True, reason=reason, finished=True)


def gather_flood(draft: Draft, facts: Facts) -> Draft:
    """While cameras flood us, what they raise goes into one incident of their village."""
    found = draft.extends
    flood = None
    if may_be_held(facts.alarm) and (found is None or found.kind in MAY_BE_HELD):
        at_ms = facts.alarm.received_at_ms
        flood = flood_at(facts.camera_alarms_ms, at_ms, facts.rules.flood)
    if flood is None:
        reason = "报警不多 / no flood of camera alarms"
        return draft.because("gather_flood", matched=False, reason=reason)
    village = draft.place.village_id or EVERYWHERE
    gathered = _flood_incident(facts, village)
    reason = f"{flood.alarms} 条摄像机报警，按村归并 / {flood.alarms} camera alarms: one incident"
    return draft.because(
        "gather_flood",
        matched=True,
        reason=reason,
        extends=gathered,
        by=None,
        flood_village=village,
        **({} if gathered is None else {"priority": min(gathered.priority, draft.priority)}),
    )


def _flood_incident(facts: Facts, village: str) -> OpenIncident | None:
    """The one of the flood that lasts; one of an earlier flood rings no more and takes no more."""
    within_ms = facts.rules.flood.within_s * 1000
    for incident in facts.incidents:
        age_ms = facts.alarm.received_at_ms - incident.newest_alarm_ms
        if incident.flood_village == village and age_ms <= within_ms:
            return incident
    return None


def rehearse(draft: Draft, facts: Facts) -> Draft:
    """A press inside a drill is practice; what was practice is real when anything else speaks."""
    found, drill = draft.extends, draft.drill
    if found is not None and found.is_drill:
        before = any(from_same_home(a, facts) for a in found.alarms)
        why = why_real(facts.alarm, drill, pressed_before=before)
        if why is not None:
            return draft.because(
                "rehearse", matched=True, reason=why, made_real=why, **_as_real(draft, facts, found)
            )
        reason = "演练继续 / the drill goes on"
        return draft.because(
            "rehearse", matched=True, reason=reason, is_drill=True, plan=found.plan
        )
    if drill is None:
        return draft.because("rehearse", matched=False, reason="不是演练 / no drill")
    if found is not None:
        reason = f"并入实警 {found.number} / joins {found.number}, which is real"
        real = _as_real(draft, facts, found)
        if found.kind in LIFE_SAFETY_KINDS:
            real.pop("plan")
        return draft.because("rehearse", matched=False, reason=reason, **real)
    reason = f"演练 {drill.name}：轻声提示 / drill {drill.name}: rings softly"
    return draft.because("rehearse", matched=True, reason=reason, is_drill=True, plan=DRILL_PLAN)


def _as_real(draft: Draft, facts: Facts, found: OpenIncident) -> dict[str, Any]:
    """Rule, plan and priority as if no drill ran."""
    asked = replace(question_of(draft, facts), drill=False)
    rule = matching(facts.rules, asked)
    if facts.alarm.kind not in LIFE_SAFETY_KINDS:
        # what makes it real is not what it is about
        asked = Question(
            kind=found.kind,
            source=AlarmSource.BUTTON,
            village_id=found.village_id,
            layer=None,
            local=asked.local,
            weekday=asked.weekday,
            is_off=asked.is_off,
            grid_id=found.grid_id,
            group_id=found.group_id,
        )
    about = matching(facts.rules, asked)
    priority = min(draft.priority, priority_of(about, asked.kind))
    return {"rule": rule, "plan": about.plan, "priority": priority}
