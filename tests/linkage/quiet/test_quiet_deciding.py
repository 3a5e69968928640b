"""What quiet decides, alone: holding back, refusing, floods, drills. All of it pure."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alarms.model import LIFE_SAFETY_KINDS, AlarmKind, AlarmSource
from linkage.model.place import Place
from linkage.quiet.deciding import (
    drill_of,
    drill_refusal,
    flood_at,
    holder,
    start_refusal,
    why_real,
    window_refusal,
)
from linkage.quiet.model import (
    LONGEST_DRILL_MS,
    LONGEST_WINDOW_MS,
    MAY_BE_HELD,
    Drill,
    DrillState,
    FloodPolicy,
    QuietWindow,
    WindowSort,
)
from tests.linkage.test_pipeline import NOW_MS, an_alarm

AT_CAMERA = Place("dongcun", camera_id="cam-1", layer="area")
HOME = Place("dongcun", "grid2", "g3", "h1")
HOUR_MS = 3_600_000


def loitering(camera: str = "cam-1"):
    return an_alarm(AlarmKind.LOITERING, device=camera, source=AlarmSource.CAMERA)


def a_window(**changes) -> QuietWindow:
    window = QuietWindow(
        id="w1",
        sort=WindowSort.SILENCE,
        reason="集市",
        author="leader",
        made_at_ms=NOW_MS - HOUR_MS,
        begin_ms=NOW_MS - HOUR_MS,
        end_ms=NOW_MS + HOUR_MS,
        cameras=frozenset({"cam-1"}),
    )
    return replace(window, **changes)


def a_drill(**changes) -> Drill:
    drill = Drill(
        id="d1",
        name="秋季演练",
        begin_ms=NOW_MS - HOUR_MS,
        end_ms=NOW_MS + HOUR_MS,
        made_by="leader",
        made_at_ms=NOW_MS - HOUR_MS,
        groups=frozenset({"g3"}),
        started_by="leader",
        started_at_ms=NOW_MS - HOUR_MS,
    )
    return replace(drill, **changes)


def test_a_silence_holds_its_cameras_loitering_back():
    assert holder([a_window()], loitering(), AT_CAMERA) == a_window()


@pytest.mark.parametrize(
    "window",
    [
        a_window(begin_ms=NOW_MS + 1),
        a_window(end_ms=NOW_MS),
        a_window(cameras=frozenset({"cam-2"})),
        a_window(villages=frozenset({"xicun"})),
        a_window(layers=frozenset({"key_site"})),
        a_window(kinds=frozenset()),
        a_window(cameras=frozenset()),
    ],
)
def test_a_silence_of_another_time_place_or_kind_holds_nothing(window: QuietWindow):
    assert holder([window], loitering(), AT_CAMERA) is None


def test_a_silence_of_a_village_and_layer_asks_for_both():
    window = a_window(
        cameras=frozenset(), villages=frozenset({"dongcun"}), layers=frozenset({"area"})
    )
    assert holder([window], loitering(), AT_CAMERA) == window
    assert holder([window], loitering(), replace(AT_CAMERA, layer="key_site")) is None


@given(
    kind=st.sampled_from(sorted(LIFE_SAFETY_KINDS | {AlarmKind.CANCEL, AlarmKind.TEST})),
    source=st.sampled_from(AlarmSource),
    sort=st.sampled_from(WindowSort),
    silent=st.booleans(),
)
def test_no_window_ever_holds_a_press_whatever_it_says(kind, source, sort, silent):
    alarm = an_alarm(kind, device="cam-1", source=source, silent=silent)
    window = a_window(
        sort=sort,
        kinds=frozenset(AlarmKind),
        villages=frozenset({"dongcun"}),
        devices=frozenset({"cam-1"}),
    )
    assert holder([window], alarm, AT_CAMERA) is None


def test_what_is_good_is_not_refused():
    assert window_refusal(a_window(end_ms=NOW_MS + LONGEST_WINDOW_MS - HOUR_MS)) is None


@pytest.mark.parametrize(
    ("window", "says"),
    [
        (a_window(kinds=MAY_BE_HELD | {AlarmKind.PANIC}), "panic"),
        (a_window(kinds=frozenset()), "which kinds"),
        (a_window(cameras=frozenset()), "say where"),
        (a_window(devices=frozenset({"b1"})), "a button cannot be silenced"),
        (a_window(reason=" "), "reason"),
        (a_window(end_ms=NOW_MS - HOUR_MS), "later than"),
        (a_window(end_ms=NOW_MS + LONGEST_WINDOW_MS), "at most 7 days"),
    ],
)
def test_a_window_that_must_not_be_is_refused_with_its_reason(window: QuietWindow, says: str):
    assert says in (window_refusal(window) or "")


def test_maintenance_may_name_devices():
    window = a_window(sort=WindowSort.MAINTENANCE, devices=frozenset({"b1"}))
    assert window_refusal(window) is None


@pytest.mark.parametrize(
    ("drill", "says"),
    [
        (a_drill(groups=frozenset()), "say where"),
        (a_drill(name=" "), "its name"),
        (a_drill(end_ms=NOW_MS - HOUR_MS), "later than"),
        (a_drill(end_ms=NOW_MS + LONGEST_DRILL_MS), "at most 24 h"),
    ],
)
def test_a_drill_that_must_not_be_is_refused_with_its_reason(drill: Drill, says: str):
    assert drill_refusal(a_drill()) is None
    assert says in (drill_refusal(drill) or "")


@pytest.mark.parametrize(
    ("drill", "says"),
    [
        (a_drill(), "runs already"),
        (a_drill(started_at_ms=None, begin_ms=NOW_MS + 1), "not yet"),
        (a_drill(started_at_ms=None, end_ms=NOW_MS), "over"),
        (a_drill(ended_at_ms=NOW_MS), "over"),
    ],
)
def test_a_drill_starts_once_and_inside_its_window(drill: Drill, says: str):
    assert start_refusal(a_drill(started_at_ms=None), NOW_MS) is None
    assert says in (start_refusal(drill, NOW_MS) or "")


def test_a_drill_is_planned_then_runs_then_is_over():
    states = [
        a_drill(started_at_ms=None).state_at(NOW_MS),
        a_drill().state_at(NOW_MS),
        a_drill(ended_at_ms=NOW_MS).state_at(NOW_MS),
        a_drill().state_at(NOW_MS + HOUR_MS),
    ]
    assert states == [DrillState.PLANNED, DrillState.RUNNING, DrillState.ENDED, DrillState.ENDED]


@pytest.mark.parametrize(
    "drill",
    [
        a_drill(),
        a_drill(groups=frozenset(), devices=frozenset({"b1"})),
        a_drill(groups=frozenset(), villages=frozenset({"dongcun"})),
        a_drill(ended_at_ms=NOW_MS + 1),
    ],
)
def test_a_press_inside_a_running_drill_is_practice(drill: Drill):
    assert drill_of([drill], an_alarm(), HOME) == drill


@pytest.mark.parametrize(
    "alarm",
    [
        an_alarm(AlarmKind.FIRE),
        an_alarm(AlarmKind.DURESS),
        an_alarm(silent=True),
        an_alarm(source=AlarmSource.REPORT),
        an_alarm(AlarmKind.CANCEL),
        loitering(),
    ],
)
def test_fire_duress_silent_and_other_sources_are_never_practice(alarm):
    assert drill_of([a_drill()], alarm, HOME) is None


@pytest.mark.parametrize(
    "drill",
    [
        a_drill(started_at_ms=None),
        a_drill(started_at_ms=NOW_MS + 1),
        a_drill(begin_ms=NOW_MS + 1),
        a_drill(ended_at_ms=NOW_MS),
        a_drill(end_ms=NOW_MS),
        a_drill(groups=frozenset({"g4"})),
    ],
)
def test_a_press_outside_the_drills_time_or_scope_is_real(drill: Drill):
    assert drill_of([drill], an_alarm(), HOME) is None


@pytest.mark.parametrize(
    ("alarm", "drill", "before", "says"),
    [
        (an_alarm(AlarmKind.DURESS), a_drill(), False, "duress"),
        (an_alarm(silent=True), a_drill(), False, "silent"),
        (an_alarm(AlarmKind.CANCEL, silent=True), None, True, "silent"),
        (an_alarm(AlarmKind.FIRE), a_drill(), False, "fire"),
        (loitering(), None, False, "another source"),
        (an_alarm(source=AlarmSource.REPORT), None, False, "another source"),
        (an_alarm(), None, False, "outside"),
        (an_alarm(), a_drill(), True, "pressed again"),
    ],
)
def test_a_drill_becomes_real_by_anything_that_is_no_practice(alarm, drill, before, says):
    assert says in (why_real(alarm, drill, pressed_before=before) or "")


def test_another_households_drill_press_and_a_cancel_leave_it_a_drill():
    assert why_real(an_alarm(), a_drill(), pressed_before=False) is None
    assert why_real(an_alarm(AlarmKind.CANCEL), None, pressed_before=True) is None


POLICY = FloodPolicy(3, 60.0)


@pytest.mark.parametrize(
    ("times_s", "now_s", "since_s", "alarms"),
    [
        ([0, 10, 20], 20, 20, 3),
        ([0, 10, 20, 30, 40], 45, 20, 5),
        ([0, 10, 20, 65, 68, 75], 75, 65, 4),
        ([0, 200, 205, 210], 215, 210, 3),
        ([0, 10, 20, 500], 20, 20, 3),
    ],
)
def test_a_flood_has_lasted_since_the_alarm_that_began_it(times_s, now_s, since_s, alarms):
    flood = flood_at([t * 1000 for t in times_s], now_s * 1000, POLICY)
    assert flood is not None
    assert (flood.since_ms, flood.alarms) == (since_s * 1000, alarms)


@pytest.mark.parametrize(
    ("times_s", "now_s"), [([], 0), ([0, 10], 20), ([0, 10, 20], 60), ([0, 100, 200], 200)]
)
def test_too_few_in_the_time_are_no_flood(times_s, now_s):
    assert flood_at([t * 1000 for t in times_s], now_s * 1000, POLICY) is None


@given(
    times=st.lists(st.integers(0, 600), max_size=40).map(sorted),
    now=st.integers(0, 700),
)
def test_a_flood_is_exactly_when_enough_alarms_came_lately(times, now):
    recent = [t for t in times if now - 60 < t <= now]
    flood = flood_at([t * 1000 for t in times], now * 1000, POLICY)
    assert (flood is not None) == (len(recent) >= 3)
    if flood is not None:
        assert flood.alarms == len(recent)
        assert flood.since_ms <= now * 1000
