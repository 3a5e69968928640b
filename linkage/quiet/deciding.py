"""What quiet decides: who holds an alarm back, whether cameras flood us, what a drill makes of a
press, and when a drill is none any more. Pure.

Nothing here may hold back an alarm on which a life hangs; each function says so first.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from alarms.model import LIFE_SAFETY_KINDS, AlarmKind, AlarmSource, LoggedAlarm
from linkage.model.place import Place
from linkage.quiet.model import (
    LONGEST_DRILL_MS,
    LONGEST_WINDOW_MS,
    MAY_BE_HELD,
    Drill,
    Flood,
    FloodPolicy,
    QuietWindow,
    WindowSort,
)

PRACTISED = LIFE_SAFETY_KINDS - {AlarmKind.DURESS, AlarmKind.FIRE}
"""What a drill may practise: fire and duress are real wherever they come from."""


def may_be_held(alarm: LoggedAlarm) -> bool:
    """Whether anything may keep this alarm off the board."""
    return alarm.kind in MAY_BE_HELD and alarm.source is AlarmSource.CAMERA


def holder(windows: Iterable[QuietWindow], alarm: LoggedAlarm, place: Place) -> QuietWindow | None:
    """The silence or maintenance window that holds the alarm back; never one for a press."""
    if not may_be_held(alarm):
        return None
    for window in windows:
        if (
            window.holds_at(alarm.received_at_ms)
            and alarm.kind in window.kinds
            and window.covers(place, alarm.device)
        ):
            return window
    return None


def window_refusal(window: QuietWindow) -> str | None:
    """Why this silence or maintenance window must not be; None where it may."""
    zh, en = window.sort.label
    never = sorted(kind.value for kind in window.kinds - MAY_BE_HELD)
    if never:
        names = ", ".join(never)
        return f"{zh}不能挡住求助报警 / a {en} never holds back what a life may hang on: {names}"
    if not window.kinds:
        return f"请写明{zh}哪类报警 / say which kinds"
    if not (window.cameras or window.villages or window.layers or window.devices):
        return (
            "请写明范围：摄像机、村、层级或设备 / say where: cameras, villages, layers or devices"
        )
    if window.devices and window.sort is WindowSort.SILENCE:
        return "按键不能静默 / a button cannot be silenced"
    if not window.reason.strip():
        return "请写明原因 / say the reason"
    if window.end_ms <= max(window.begin_ms, window.made_at_ms):
        return "结束时间须晚于开始和现在 / the end must be later than the begin and than now"
    if window.end_ms - window.begin_ms > LONGEST_WINDOW_MS:
        return "最长 7 天 / at most 7 days"
    return None


def drill_refusal(drill: Drill) -> str | None:
    """Why this drill must not be planned; None where it may."""
    if not (drill.villages or drill.groups or drill.devices):
        return "请写明演练范围 / say where: villages, groups or devices"
    if not drill.name.strip():
        return "请写明演练名称 / say its name"
    if drill.end_ms <= max(drill.begin_ms, drill.made_at_ms):
        return "结束时间须晚于开始和现在 / the end must be later than the begin and than now"
    if drill.end_ms - drill.begin_ms > LONGEST_DRILL_MS:
        return "演练最长 24 小时 / a drill lasts at most 24 h"
    return None


def start_refusal(drill: Drill, now_ms: int) -> str | None:
    """Why the drill cannot be started now; None where it can."""
    if drill.ended_at_ms is not None or now_ms >= drill.end_ms:
        return "演练已结束 / the drill is over"
    if drill.started_at_ms is not None:
        return "演练已开始 / the drill runs already"
    if now_ms < drill.begin_ms:
        return "未到演练时间 / it is not yet the drill's time"
    return None


def drill_of(drills: Iterable[Drill], alarm: LoggedAlarm, place: Place) -> Drill | None:
    """The drill that this press practises; None where it is a real one."""
    if alarm.source is not AlarmSource.BUTTON or alarm.kind not in PRACTISED or alarm.silent:
        return None
    for drill in drills:
        if drill.runs_at(alarm.received_at_ms) and drill.covers(place, alarm.device):
            return drill
    return None


def why_real(alarm: LoggedAlarm, drill: Drill | None, *, pressed_before: bool) -> str | None:
    """Why an open practice incident is real from this alarm on; None where it still is practice.

    `drill`: the drill the alarm practises itself. `pressed_before`: the same household, or button,
    has pressed in this incident.
    """
    if alarm.kind is AlarmKind.CANCEL and not alarm.silent:
        # to say that it is over is part of the practice; whoever means otherwise presses again
        return None
    if alarm.kind is AlarmKind.DURESS or alarm.silent:
        return "演练中收到胁迫或静默报警，转为实警 / duress or silent inside a drill: it is real"
    if alarm.kind is AlarmKind.FIRE:
        return "演练中收到火警，转为实警 / fire inside a drill: it is real"
    if alarm.source is not AlarmSource.BUTTON:
        return "演练中另有来源，转为实警 / another source inside a drill: it is real"
    if drill is None:
        return "演练范围外报警，转为实警 / a press from outside the drill: it is real"
    if pressed_before:
        return "演练中同户再次报警，转为实警 / the household pressed again: it is real"
    return None


def flood_at(times_ms: Sequence[int], now_ms: int, policy: FloodPolicy) -> Flood | None:
    """Whether cameras flood us now. `times_ms`: when their alarms came, oldest first, from some
    time before the flood may have begun. Nothing is remembered: the log says it all."""
    within_ms = round(policy.within_s * 1000)
    times = times_ms[: bisect_right(times_ms, now_ms)]
    n = policy.alarms
    if len(times) < n or times[-n] <= now_ms - within_ms:
        return None
    last = len(times) - 1
    # back to the alarm that found no flood yet when it came
    while last >= n and times[last - n] > times[last] - within_ms:
        last -= 1
    recent = len(times) - bisect_right(times, now_ms - within_ms)
    return Flood(times[last], recent)
