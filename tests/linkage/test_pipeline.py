"""The stages of the pipeline, one by one and together; all of it pure."""

from dataclasses import replace
from datetime import UTC, datetime, time

import pytest

from alarms.model import LIFE_SAFETY_KINDS, AlarmKind, AlarmSource, LoggedAlarm
from linkage import stages
from linkage.custody.model import ClipPolicy
from linkage.duty.model import DayHours
from linkage.facts import Facts, LinkedAlarm, OpenIncident
from linkage.fanning_out import fanned_out
from linkage.model.action import ActionKind
from linkage.model.place import MemberDevice, NearCamera, Place
from linkage.pipeline import PIPELINE, decide
from linkage.rules.model import BUILT_IN, Layer, Match, Rule, Rules, SourceState
from linkage.stages import Draft
from linkage.ways.settings import Use, Ways, Webhook

HOME = Place("dongcun", "grid2", "g3", "h1", label="3组01号", latitude=30.0, longitude=120.0)
MEMBERS = (
    MemberDevice("b1", "h1", wants_notices=True),
    MemberDevice("b2", "h2", wants_notices=True),
    MemberDevice("b3", "h3", wants_notices=True),
    MemberDevice("b4", "h4", wants_notices=False),
)
NOW_MS = 1_800_000_000_000
_REST = (ActionKind.NOTICE, ActionKind.SNAPSHOT)


def an_alarm(
    kind: AlarmKind = AlarmKind.PANIC,
    *,
    device: str = "b1",
    source: AlarmSource = AlarmSource.BUTTON,
    silent: bool = False,
    at_ms: int = NOW_MS,
) -> LoggedAlarm:
    return LoggedAlarm(
        position=1,
        id="a1",
        source=source,
        device=device,
        boot=1,
        seq=1,
        kind=kind,
        silent=silent,
        at_ms=None,
        received_at_ms=at_ms,
        mac_ok=True,
        flags=frozenset(),
        detail={},
        chain="",
    )


def facts_of(alarm: LoggedAlarm | None = None, **changes: object) -> Facts:
    facts = Facts(
        alarm or an_alarm(),
        NOW_MS,
        datetime(2026, 11, 21, 12, 0, tzinfo=UTC),
        Rules(),
        place=HOME,
        cameras=(NearCamera("cam-near", 40.0), NearCamera("cam-mid", 200.0)),
        members=MEMBERS,
    )
    return replace(facts, **changes)  # type: ignore[arg-type]


def an_incident(**changes: object) -> OpenIncident:
    incident = OpenIncident(
        id="i1",
        number="20261121-0001",
        opened_at_ms=NOW_MS - 60_000,
        kind=AlarmKind.PANIC,
        priority=1,
        plan="default",
        silent=False,
        ring=1,
        cancel_claimed=False,
        acknowledged_by=None,
        group_id="g3",
        camera_id=None,
        alarms=(LinkedAlarm(AlarmKind.PANIC, False, "b1", "h1", NOW_MS - 60_000),),
        camera_ids=frozenset({"cam-near"}),
        pending=(1, NOW_MS + 10_000),
    )
    return replace(incident, **changes)  # type: ignore[arg-type]


ASKS_ALL = {
    "sources": frozenset({AlarmSource.CAMERA}),
    "villages": frozenset({"xicun"}),
    "grids": frozenset({"grid1"}),
    "groups": frozenset({"g4"}),
    "layers": frozenset({Layer.AREA}),
    "hours": DayHours(time(1), time(2)),
    "weekdays": frozenset({1}),
    "drill": True,
    "source_states": frozenset({SourceState.DOWN}),
}
"""A match that refuses a usual press by every key but the kind."""


def kinds_planned(draft: Draft) -> list[ActionKind]:
    return [a.kind for a in draft.actions]


def targets(draft: Draft, kind: ActionKind) -> set[str]:
    return {a.target for a in draft.actions if a.kind is kind}


def test_every_stage_leaves_its_decision_with_a_reason():
    decisions = decide(facts_of()).decisions
    assert [d.stage for d in decisions] == [s.__name__ for s in PIPELINE]
    assert all(" / " in d.reason for d in decisions)


def reason_of(stage: str, facts: Facts) -> str:
    return next(d.reason for d in decide(facts).decisions if d.stage == stage)


def test_reasons_name_what_is_built_in_in_chinese_first():
    assert reason_of("match_rule", facts_of()) == "内置规则 / the built-in rule"
    joined = reason_of("correlate", facts_of(incidents=(an_incident(),)))
    assert joined == "同一户：并入 20261121-0001 / same-household: joins 20261121-0001"
    assert all(one.zh for one in Rules().correlations)


def test_rules_that_said_no_are_told_with_why_in_chinese_first():
    match = Match(**{**ASKS_ALL, "kinds": frozenset({AlarmKind.FIRE})})
    rules = (Rule("fires", match), Rule("mine"), BUILT_IN)
    assert reason_of("match_rule", facts_of(rules=Rules(rules))) == (
        "规则 mine；未用：fires（类型、来源、村、网格、联防组、布防层、时段、星期、演练、"
        "摄像机状态不符）"
        " / rule mine; not used: fires (kinds, sources, villages, grids, groups, layers, armed, "
        "weekdays, drill, source_state)"
    )


def test_an_alarm_that_is_linked_already_ends_at_dedupe():
    draft = decide(facts_of(linked=True))
    assert draft.finished
    assert [d.stage for d in draft.decisions] == ["dedupe"]


def test_a_test_press_is_set_aside():
    draft = stages.set_tests_aside(Draft(), facts_of(an_alarm(AlarmKind.TEST)))
    assert draft.finished
    assert draft.actions == ()


def test_an_alarm_from_nowhere_is_an_alarm_all_the_same():
    draft = decide(facts_of(place=Place(), cameras=(), members=()))
    assert not draft.finished
    assert ActionKind.ESCALATE in kinds_planned(draft)


def test_in_a_burst_one_note_stands_for_the_neighbours_notices_and_the_pictures():
    draft = decide(facts_of(members=None))
    [note] = [a for a in draft.actions if a.kind is ActionKind.FAN_OUT]
    assert not {ActionKind.NOTICE, ActionKind.SNAPSHOT} & set(kinds_planned(draft))
    at_once = [a for a in decide(facts_of()).actions if a.kind in _REST]
    assert fanned_out(note.payload, MEMBERS, due_at_ms=NOW_MS) == at_once
    assert len(at_once) > 2


def test_in_a_burst_a_silent_press_leaves_a_note_of_its_pictures_only():
    draft = decide(facts_of(an_alarm(silent=True), members=None))
    [note] = [a for a in draft.actions if a.kind is ActionKind.FAN_OUT]
    planned = fanned_out(note.payload, MEMBERS, due_at_ms=NOW_MS)
    assert {a.kind for a in planned} == {ActionKind.SNAPSHOT}


def test_in_a_burst_what_rings_again_says_so_in_its_note():
    before = LinkedAlarm(AlarmKind.PANIC, False, "b2", "h2", NOW_MS)
    found = an_incident(ring=3, alarms=(before,))
    [note] = [
        a
        for a in decide(facts_of(members=None, incidents=(found,))).actions
        if a.kind is ActionKind.FAN_OUT
    ]
    assert note.payload["ring"] == 4


def test_in_a_burst_nothing_is_noted_where_nothing_follows():
    draft = decide(facts_of(an_alarm(silent=True), members=None, cameras=()))
    assert ActionKind.FAN_OUT not in kinds_planned(draft)


def test_a_rule_may_set_loitering_aside():
    rule = Rule("market", Match(kinds=frozenset({AlarmKind.LOITERING})), set_aside=True)
    facts = facts_of(
        an_alarm(AlarmKind.LOITERING, device="cam-near", source=AlarmSource.CAMERA),
        rules=Rules((rule,)),
    )
    assert decide(facts).finished


@pytest.mark.parametrize(
    ("kind", "priority"),
    [
        (AlarmKind.PANIC, 1),
        (AlarmKind.DURESS, 1),
        (AlarmKind.MISSING, 2),
        (AlarmKind.CANCEL, 2),
        (AlarmKind.LOITERING, 3),
    ],
)
def test_each_kind_has_its_priority(kind: AlarmKind, priority: int):
    assert stages.match_rule(Draft(), facts_of(an_alarm(kind))).priority == priority


def test_the_households_second_press_joins_and_does_not_ring():
    draft = decide(facts_of(incidents=(an_incident(),)))
    assert draft.extends is not None
    assert (draft.rings, draft.restarts, draft.actions) == (False, False, ())


def test_a_household_joins_its_own_incident_however_old():
    old = an_incident(alarms=(LinkedAlarm(AlarmKind.PANIC, False, "b1", "h1", 0),))
    assert decide(facts_of(incidents=(old,))).extends == old


def test_a_neighbours_press_joins_and_rings_again():
    incident = an_incident(alarms=(LinkedAlarm(AlarmKind.PANIC, False, "b2", "h2", NOW_MS),))
    draft = decide(facts_of(incidents=(incident,)))
    assert draft.extends == incident
    assert (draft.rings, draft.restarts) == (True, True)


def test_a_neighbours_press_after_the_window_opens_its_own():
    long_ago = LinkedAlarm(AlarmKind.PANIC, False, "b2", "h2", NOW_MS - 601_000)
    draft = decide(facts_of(incidents=(an_incident(alarms=(long_ago,)),)))
    assert draft.extends is None


def test_a_press_of_another_kind_rings_again():
    facts = facts_of(an_alarm(AlarmKind.FIRE), incidents=(an_incident(),))
    assert decide(facts).rings


def test_a_press_after_the_sign_for_rings_again():
    draft = decide(facts_of(incidents=(an_incident(acknowledged_by="duty"),)))
    assert (draft.rings, draft.restarts) == (True, True)


def test_ringing_again_does_not_set_the_running_clock_back():
    incident = an_incident(alarms=(LinkedAlarm(AlarmKind.PANIC, False, "b2", "h2", NOW_MS),))
    draft = decide(facts_of(incidents=(incident,)))
    [escalate] = [a for a in draft.actions if a.kind is ActionKind.ESCALATE]
    assert escalate.payload["pending"] == [1, NOW_MS + 10_000]


def test_a_press_notices_the_group_but_neither_the_presser_nor_who_declined():
    assert targets(decide(facts_of()), ActionKind.NOTICE) == {"b2", "b3"}


@pytest.mark.parametrize(
    "alarm",
    [
        an_alarm(AlarmKind.DURESS),
        an_alarm(AlarmKind.PANIC, silent=True),
        an_alarm(AlarmKind.FIRE, silent=True),
        an_alarm(AlarmKind.CANCEL),
    ],
)
def test_duress_silent_and_cancel_notice_nobody(alarm: LoggedAlarm):
    draft = decide(facts_of(alarm))
    assert targets(draft, ActionKind.NOTICE) == set()
    assert ActionKind.ESCALATE in kinds_planned(draft)


def test_a_neighbours_press_spares_the_household_under_duress():
    duress = LinkedAlarm(AlarmKind.DURESS, True, "b2", "h2", NOW_MS)
    draft = decide(facts_of(incidents=(an_incident(alarms=(duress,), kind=AlarmKind.DURESS),)))
    assert targets(draft, ActionKind.NOTICE) == {"b3"}


def test_an_audible_press_of_a_household_under_duress_notices_nobody():
    duress = LinkedAlarm(AlarmKind.DURESS, True, "b1", "h1", NOW_MS)
    draft = decide(facts_of(incidents=(an_incident(alarms=(duress,), kind=AlarmKind.DURESS),)))
    assert draft.rings
    assert targets(draft, ActionKind.NOTICE) == set()


def test_duress_in_an_open_incident_makes_it_one_of_duress():
    draft = decide(facts_of(an_alarm(AlarmKind.DURESS), incidents=(an_incident(),)))
    assert (draft.kind, draft.priority, draft.silent) == (AlarmKind.DURESS, 1, True)


def test_a_cancel_claims_rings_and_keeps_the_kind():
    draft = decide(facts_of(an_alarm(AlarmKind.CANCEL), incidents=(an_incident(),)))
    assert (draft.cancel_claimed, draft.rings, draft.restarts) == (True, True, False)
    assert draft.kind is AlarmKind.PANIC


def test_a_cancel_without_an_incident_opens_its_own_at_priority_2():
    draft = decide(facts_of(an_alarm(AlarmKind.CANCEL)))
    assert (draft.extends, draft.kind, draft.priority) == (None, AlarmKind.CANCEL, 2)


def test_a_cancel_does_not_claim_a_neighbours_incident():
    neighbours = an_incident(alarms=(LinkedAlarm(AlarmKind.PANIC, False, "b2", "h2", NOW_MS),))
    draft = decide(facts_of(an_alarm(AlarmKind.CANCEL), incidents=(neighbours,)))
    assert draft.extends is None


def test_a_press_after_a_cancel_claim_rings_and_undoes_the_claim():
    draft = decide(facts_of(incidents=(an_incident(cancel_claimed=True),)))
    assert (draft.rings, draft.cancel_claimed) == (True, False)


def loitering_facts(**changes: object) -> Facts:
    alarm = an_alarm(AlarmKind.LOITERING, device="cam-near", source=AlarmSource.CAMERA)
    camera = Place("dongcun", camera_id="cam-near", layer="area")
    return facts_of(alarm, place=camera, members=(), **changes)


def test_loitering_opens_its_own_incident_with_its_camera_first():
    draft = decide(loitering_facts())
    assert (draft.extends, draft.priority) == (None, 3)
    assert draft.cameras[0] == NearCamera("cam-near", 0.0)
    assert targets(draft, ActionKind.NOTICE) == set()


def test_loitering_near_a_press_is_evidence_and_lowers_nothing():
    draft = decide(loitering_facts(incidents=(an_incident(),)))
    assert (draft.kind, draft.priority, draft.rings) == (AlarmKind.PANIC, 1, False)
    assert draft.extends is not None


def test_loitering_at_a_camera_joins_that_cameras_incident():
    linked = LinkedAlarm(AlarmKind.LOITERING, False, "cam-near", None, NOW_MS - 1000)
    own = an_incident(
        kind=AlarmKind.LOITERING, camera_id="cam-near", alarms=(linked,), group_id=None
    )
    draft = decide(loitering_facts(incidents=(own,)))
    assert (draft.extends, draft.rings) == (own, False)


@pytest.mark.parametrize(("seconds_ago", "again"), [(59, set()), (60, {"cam-near"})])
def test_neighbours_pressing_at_once_are_one_picture(seconds_ago: int, again: set[str]):
    linked = LinkedAlarm(AlarmKind.PANIC, False, "b2", "h2", NOW_MS - seconds_ago * 1000)
    draft = decide(facts_of(incidents=(an_incident(alarms=(linked,)),)))
    assert draft.rings
    assert targets(draft, ActionKind.SNAPSHOT) == again


def test_cameras_beyond_the_rules_distance_are_left_out():
    assert [c.camera_id for c in decide(facts_of()).cameras] == ["cam-near"]


def test_reports_from_the_same_desk_are_not_one_incident():
    report = an_alarm(source=AlarmSource.REPORT, device="desk")
    linked = LinkedAlarm(AlarmKind.PANIC, False, "desk", None, NOW_MS)
    elsewhere = an_incident(alarms=(linked,), group_id=None)
    draft = decide(facts_of(report, place=Place("xicun"), incidents=(elsewhere,)))
    assert draft.extends is None


@pytest.mark.parametrize("kind", sorted(LIFE_SAFETY_KINDS))
def test_a_new_life_safety_alarm_always_rings_and_starts_the_clock(kind: AlarmKind):
    draft = decide(facts_of(an_alarm(kind)))
    assert draft.rings
    assert ActionKind.ESCALATE in kinds_planned(draft)


@pytest.mark.parametrize(("kind", "told"), [(AlarmKind.DURESS, True), (AlarmKind.LOITERING, False)])
def test_a_station_is_told_also_of_what_is_silent_and_not_of_everything(
    kind: AlarmKind, told: bool
):
    station = Webhook("station", "https://example.org", b"-", frozenset({Use.STATION}))
    draft = decide(facts_of(an_alarm(kind), ways=Ways({"station": station})))
    assert (targets(draft, ActionKind.WEBHOOK) == {"station"}) is told


def test_alarms_that_differ_in_their_time_only_are_the_same_press_again():
    first = LinkedAlarm(AlarmKind.PANIC, False, "b1", "h1", NOW_MS)
    assert first.differs_in_time_only(replace(first, received_at_ms=NOW_MS + 1))
    assert not first.differs_in_time_only(replace(first, silent=True))


# -- clips ----------------------------------------------------------------------------------------

NEAR = (NearCamera("cam-1", 10.0), NearCamera("cam-2", 20.0))


def test_a_clip_of_each_camera_is_begun_at_once_and_asked_after_when_it_ends():
    facts = replace(facts_of(), cameras=NEAR, clips=ClipPolicy(before_s=30, after_s=60))
    actions = decide(facts).actions
    begun = [a for a in actions if a.kind is ActionKind.CLIP]
    asked = [a for a in actions if a.kind is ActionKind.CLIP_KEPT]
    assert [a.target for a in begun] == [a.target for a in asked] == ["cam-1", "cam-2"]
    assert {a.due_at_ms for a in begun} == {NOW_MS}
    assert {a.due_at_ms for a in asked} == {NOW_MS + 63_000}
    assert begun[0].payload == asked[0].payload
    assert begun[0].payload["from_ms"] == NOW_MS - 30_000
    assert begun[0].payload["routine"] is False


def test_without_a_policy_no_clip_is_cut():
    actions = decide(replace(facts_of(), cameras=NEAR)).actions
    assert not [a for a in actions if a.kind is ActionKind.CLIP]


def test_loitering_and_practice_are_routine():
    alarm = an_alarm(AlarmKind.LOITERING, device="cam-1", source=AlarmSource.CAMERA)
    place = Place("dongcun", camera_id="cam-1")
    facts = replace(facts_of(alarm), place=place, clips=ClipPolicy())
    begun, *_ = (a for a in decide(facts).actions if a.kind is ActionKind.CLIP)
    assert begun.payload["routine"] is True


def test_a_camera_whose_clip_is_being_made_is_not_asked_again():
    linked = LinkedAlarm(AlarmKind.PANIC, False, "b1", "h1", NOW_MS - 59_000)
    extends = an_incident(alarms=(linked,), camera_ids=frozenset({"cam-1"}))
    facts = replace(
        facts_of(an_alarm(device="b2")),
        place=replace(HOME, household_id="h2"),
        incidents=(extends,),
        cameras=NEAR,
        clips=ClipPolicy(),
    )
    assert [a.target for a in decide(facts).actions if a.kind is ActionKind.CLIP] == ["cam-2"]


def test_neighbours_pressing_at_once_are_one_clip():
    linked = LinkedAlarm(AlarmKind.PANIC, False, "b2", "h2", NOW_MS - 59_000)
    extends = an_incident(alarms=(linked,), camera_ids=frozenset({"cam-1", "cam-2"}))
    draft = decide(
        replace(facts_of(incidents=(extends,)), cameras=NEAR, clips=ClipPolicy(after_s=60))
    )
    assert draft.rings
    assert targets(draft, ActionKind.CLIP) == set()


def test_a_rule_without_pictures_has_no_clips_either():
    rule = Rule("bare", actions=frozenset())
    facts = replace(facts_of(rules=Rules(rules=(rule, BUILT_IN))), cameras=NEAR, clips=ClipPolicy())
    assert not {ActionKind.CLIP, ActionKind.SNAPSHOT} & {a.kind for a in decide(facts).actions}
