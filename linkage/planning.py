"""Which actions follow from one alarm. Pure; `stages.plan_actions` calls it.

What follows from a person's step is planned by the desk, what follows from silence by the
escalation.
"""

from alarms.model import LIFE_SAFETY_KINDS, AlarmKind, AlarmSource
from linkage.facts import Facts, OpenIncident
from linkage.fanning_out import clips, fan_out, notices, snapshots
from linkage.model.action import ActionKind, PlannedAction, action_id
from linkage.model.place import NearCamera
from linkage.rules.model import Rule, RuleAction
from linkage.ways.planning import (
    NOTICE_PHRASE,
    loudspeaker_actions,
    siren_actions,
    siren_off,
    told_webhooks,
)

NOTICE_LASTS_MS = 10 * 60 * 1000
SNAPSHOT_AGAIN_MS = 60 * 1000


def planned(
    facts: Facts,
    *,
    rule: Rule,
    extends: OpenIncident | None,
    rings: bool,
    restarts: bool,
    cameras: tuple[NearCamera, ...],
    is_drill: bool = False,
) -> tuple[list[PlannedAction], str]:
    """The actions and the reason for them. The alarm's id makes theirs: a replay plans the same."""
    actions: list[PlannedAction] = []
    reasons: list[str] = []
    if restarts:
        actions.append(_escalate(facts, extends))
        reasons.append("启动升级时钟 / escalation clock starts")
    rest, why = _rest(facts, rule, extends, cameras, is_drill=is_drill) if rings else ([], [])
    actions += rest
    reasons += why
    # a drill is for the group: what the whole village hears is for the real thing
    sounding = _sounding(facts, rule, extends) if rings and not is_drill else []
    if sounding:
        actions += sounding
        reasons.append(
            f"警报器、喇叭 {len(sounding)} 条 / {len(sounding)} for sirens, loudspeakers"
        )
    webhooks = _webhooks(facts, extends, is_drill=is_drill) if rings else []
    if webhooks:
        actions += webhooks
        names = sorted({a.target for a in webhooks})
        reasons.append(f"推送 {'、'.join(names)} / told: {', '.join(names)}")
    return actions, "; ".join(reasons) or "无需新动作 / nothing new to do"


def _webhooks(facts: Facts, extends: OpenIncident | None, *, is_drill: bool) -> list[PlannedAction]:
    """Also what is silent: they are far from the household, and the police is who must know."""
    return told_webhooks(
        facts.ways,
        cause=facts.alarm.id,
        event="opened" if extends is None else "rang_again",
        kind=facts.alarm.kind,
        village_id=facts.place.village_id,
        now_ms=facts.now_ms,
        drill=is_drill,
    )


def _sounding(facts: Facts, rule: Rule, extends: OpenIncident | None) -> list[PlannedAction]:
    """Sirens and loudspeakers of the group. What is quiet keeps them silent, and silences them:
    after a cancel as after a duress, which looks like it."""
    cause = facts.alarm.id
    wanted = {
        ActionKind(action.value)
        for action in (RuleAction.SIREN, RuleAction.LOUDSPEAKER)
        if action in rule.actions
    }
    sirens = [s.device for s in facts.sounders if s.kind is ActionKind.SIREN]
    if facts.alarm.silent or facts.alarm.kind in (AlarmKind.DURESS, AlarmKind.CANCEL):
        if extends is None:
            return []
        return [siren_off(device, cause=cause, now_ms=facts.now_ms) for device in sirens]
    if extends is not None and any(a.is_quiet for a in extends.alarms):
        return []
    if facts.alarm.kind not in LIFE_SAFETY_KINDS or facts.alarm.source is AlarmSource.CAMERA:
        return []
    found: list[PlannedAction] = []
    if ActionKind.SIREN in wanted:
        found += siren_actions(facts.ways, sirens, cause=cause, now_ms=facts.now_ms)
    if ActionKind.LOUDSPEAKER in wanted:
        speakers = [s.device for s in facts.sounders if s.kind is ActionKind.LOUDSPEAKER]
        found += loudspeaker_actions(facts.ways, speakers, cause=cause, now_ms=facts.now_ms)
    return found


def _escalate(facts: Facts, extends: OpenIncident | None) -> PlannedAction:
    generation = 1 if extends is None else extends.ring + 1
    # a clock that runs already must not be set back by a further alarm: its next step stays
    pending = None if extends is None else extends.pending
    return PlannedAction(
        id=action_id(ActionKind.ESCALATE, facts.alarm.id, generation),
        kind=ActionKind.ESCALATE,
        target="incident",
        due_at_ms=facts.now_ms,
        payload={
            "step": 0,
            "round": 0,
            "generation": generation,
            "pending": None if pending is None else list(pending),
        },
    )


def _why_no_notices(facts: Facts, extends: OpenIncident | None) -> str | None:
    alarm = facts.alarm
    if alarm.kind is AlarmKind.DURESS or alarm.silent:
        return "静默报警，不通知周边 / silent: nobody near is told"
    if alarm.kind not in LIFE_SAFETY_KINDS or alarm.source is AlarmSource.CAMERA:
        return "此类报警不通知周边 / this kind tells nobody near"
    if facts.place.household_id in _quiet_households(extends):
        return "本户已静默报警，不通知周边 / the household was silent before: nobody near is told"
    if facts.place.household_id is None:
        return "不知哪户，不通知周边 / household unknown: nobody near is told"
    return None


def _quiet_households(extends: OpenIncident | None) -> frozenset[str]:
    """Households where nothing may sound; after a cancel as after a duress, which looks like it."""
    linked = () if extends is None else extends.alarms
    return frozenset(a.household_id for a in linked if a.is_quiet and a.household_id is not None)


def _rest(
    facts: Facts,
    rule: Rule,
    extends: OpenIncident | None,
    cameras: tuple[NearCamera, ...],
    *,
    is_drill: bool,
) -> tuple[list[PlannedAction], list[str]]:
    """What follows the first messages: notices to the group and pictures, with the reasons. In a
    burst, where nobody has looked who is in the group, a note that it is still to be planned."""
    cause, due_ms, reasons = facts.alarm.id, facts.now_ms, []
    spared = _quiet_households(extends) | {facts.place.household_id}
    told: dict[str, object] | None = None
    if RuleAction.NOTICES in rule.actions:
        why_not = _why_no_notices(facts, extends)
        if why_not is None:
            told = _notice(facts, is_drill=is_drill)
        else:
            reasons.append(why_not)
    wanted, filmed = [], None
    if RuleAction.SNAPSHOT in rule.actions:
        wanted = _to_look(facts, extends, cameras)
        filmed = _to_film(facts, extends, cameras, is_drill=is_drill)
    if facts.members is None:
        if told is None and not wanted and filmed is None:
            return [], reasons
        if told is not None:
            reasons.append("随后通知组内各户设备 / notices to the group follow")
        note = fan_out(
            cause,
            group_id=facts.place.group_id,
            told=told,
            spared=spared,
            cameras=wanted,
            clips=filmed,
            ring=1 if extends is None else extends.ring + 1,
            due_at_ms=due_ms,
        )
        return [note], reasons
    planned: list[PlannedAction] = []
    if told is not None:
        planned = notices(cause, told, facts.members, spared=spared, due_at_ms=due_ms)
        reasons.append(f"通知组内 {len(planned)} 户设备 / {len(planned)} notices to the group")
    planned += snapshots(cause, wanted, due_at_ms=due_ms)
    return planned + clips(cause, filmed, due_at_ms=due_ms), reasons


def _notice(facts: Facts, *, is_drill: bool) -> dict[str, object]:
    """What the notices say: one payload for all of them, which is encoded once."""
    return {
        "household": facts.place.household_id,
        "from": facts.place.label,
        "phrase": NOTICE_PHRASE,
        "drill": is_drill,
        "until_ms": facts.now_ms + NOTICE_LASTS_MS,
    }


def _to_look(
    facts: Facts, extends: OpenIncident | None, cameras: tuple[NearCamera, ...]
) -> list[str]:
    """The cameras that are asked for a picture, unless their last one is of a moment ago."""
    # a camera that sent its picture with the alarm need not be asked for another
    looked_at = _looked_at(facts, extends, SNAPSHOT_AGAIN_MS)
    has_picture = facts.place.camera_id if facts.alarm.detail.get("picture") else None
    return [
        camera.camera_id
        for camera in cameras
        if camera.camera_id != has_picture and camera.camera_id not in looked_at
    ]


def _to_film(
    facts: Facts,
    extends: OpenIncident | None,
    cameras: tuple[NearCamera, ...],
    *,
    is_drill: bool,
) -> dict[str, object] | None:
    """Of which cameras clips are cut, unless they are being made, and from when to when."""
    policy, alarm = facts.clips, facts.alarm
    if policy is None:
        return None
    after_ms = round(policy.after_s * 1000)
    looked_at = _looked_at(facts, extends, after_ms)
    wanted = [camera.camera_id for camera in cameras if camera.camera_id not in looked_at]
    if not wanted:
        return None
    return {
        "cameras": wanted,
        "from_ms": alarm.received_at_ms - round(policy.before_s * 1000),
        "press_ms": alarm.received_at_ms,
        "until_ms": alarm.received_at_ms + after_ms,
        "routine": is_drill or alarm.kind not in LIFE_SAFETY_KINDS,
    }


def _looked_at(facts: Facts, extends: OpenIncident | None, within_ms: int) -> frozenset[str]:
    """The cameras of the incident, while its last alarm is so young that it is one scene: ten
    neighbours pressing at once are not ten."""
    if extends is None or facts.now_ms - extends.newest_alarm_ms >= within_ms:
        return frozenset()
    return extends.camera_ids
