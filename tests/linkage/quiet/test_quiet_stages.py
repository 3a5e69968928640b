"""The stages of quiet in the pipeline: what is held back, gathered, practised, and what never."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alarms.model import LIFE_SAFETY_KINDS, AlarmKind, AlarmSource
from linkage.facts import Facts, LinkedAlarm, OpenIncident
from linkage.model.action import ActionKind
from linkage.model.place import Place, Sounder
from linkage.pipeline import decide
from linkage.quiet.deciding import PRACTISED
from linkage.quiet.model import FloodPolicy, WindowSort
from linkage.rules.model import Match, Rule, RuleAction, Rules, SourceState
from linkage.stages import Draft
from tests.linkage.quiet.test_quiet_deciding import AT_CAMERA, a_drill, a_window, loitering
from tests.linkage.test_pipeline import NOW_MS, an_alarm, an_incident, facts_of, targets

FLOODED = tuple(NOW_MS - 1000 * n for n in range(9, -1, -1))


def at_camera(**changes) -> Facts:
    return facts_of(loitering(), place=AT_CAMERA, cameras=(), **changes)


def of_loitering(**changes) -> OpenIncident:
    incident = an_incident(
        kind=AlarmKind.LOITERING,
        priority=3,
        group_id=None,
        camera_id="cam-9",
        village_id="dongcun",
        alarms=(LinkedAlarm(AlarmKind.LOITERING, False, "cam-9", None, NOW_MS - 60_000),),
        camera_ids=frozenset({"cam-9"}),
    )
    return replace(incident, **changes)


def a_practice(**changes) -> OpenIncident:
    return an_incident(
        **{"is_drill": True, "drill_id": "d1", "plan": "drill", "village_id": "dongcun"} | changes
    )


def reason_of(draft: Draft, stage: str) -> str:
    return next(d.reason for d in draft.decisions if d.stage == stage)


def test_a_camera_that_is_down_is_set_aside_with_its_reason():
    draft = decide(at_camera(camera_states={"cam-1": (SourceState.DOWN, NOW_MS - 1)}))
    assert draft.finished
    assert "the camera is down" in draft.decisions[-1].reason


@pytest.mark.parametrize(
    "states",
    [
        {},
        {"cam-1": (SourceState.WATCHING, 0)},
        {"cam-1": (SourceState.DOWN, NOW_MS + 1)},
        {"cam-2": (SourceState.DOWN, 0)},
    ],
)
def test_a_camera_that_worked_when_it_spoke_is_heard(states):
    assert not decide(at_camera(camera_states=states)).finished


def test_a_press_is_heard_whatever_camera_is_down():
    facts = facts_of(an_alarm(device="cam-1"), camera_states={"cam-1": (SourceState.DOWN, 0)})
    assert decide(facts).rings


def test_a_silence_keeps_loitering_off_the_board_and_names_its_author():
    draft = decide(at_camera(windows=(a_window(),)))
    assert draft.finished
    assert "leader" in draft.decisions[-1].reason


def test_a_silence_does_not_keep_evidence_from_a_press():
    incident = an_incident(camera_ids=frozenset({"cam-1"}))
    draft = decide(at_camera(windows=(a_window(),), incidents=(incident,)))
    assert draft.extends == incident


def test_the_tenth_camera_alarm_opens_one_flood_incident_that_rings():
    draft = decide(at_camera(camera_alarms_ms=FLOODED))
    assert (draft.flood_village, draft.extends, draft.rings) == ("dongcun", None, True)


def test_the_ninth_does_not():
    assert decide(at_camera(camera_alarms_ms=FLOODED[1:])).flood_village is None


def test_further_ones_join_the_flood_without_a_sound():
    flood = of_loitering(flood_village="dongcun", camera_id=None, priority=2)
    draft = decide(at_camera(camera_alarms_ms=FLOODED, incidents=(flood,)))
    assert (draft.extends, draft.rings, draft.priority) == (flood, False, 2)


def test_the_flood_of_another_village_or_of_an_hour_ago_is_another():
    long_ago = (LinkedAlarm(AlarmKind.LOITERING, False, "cam-9", None, NOW_MS - 3_600_000),)
    for other in (
        of_loitering(flood_village="xicun", camera_id=None),
        of_loitering(flood_village="dongcun", camera_id=None, alarms=long_ago),
    ):
        draft = decide(at_camera(camera_alarms_ms=FLOODED, incidents=(other,)))
        assert (draft.extends, draft.rings) == (None, True)


def test_a_flood_of_nowhere_known_has_its_own_incident():
    facts = replace(at_camera(camera_alarms_ms=FLOODED), place=Place(camera_id="cam-1"))
    assert decide(facts).flood_village == "*"


def test_in_a_flood_evidence_for_a_press_still_joins_the_press():
    incident = an_incident(camera_ids=frozenset({"cam-1"}))
    draft = decide(at_camera(camera_alarms_ms=FLOODED, incidents=(incident,)))
    assert (draft.extends, draft.flood_village) == (incident, None)


def test_after_the_flood_a_camera_opens_its_own_again():
    flood = of_loitering(flood_village="dongcun", camera_id=None, camera_ids=frozenset({"cam-1"}))
    assert decide(at_camera(incidents=(flood,))).extends is None


def test_the_flood_is_what_the_rules_say():
    rules = Rules(flood=FloodPolicy(2, 60.0))
    draft = decide(at_camera(camera_alarms_ms=(NOW_MS - 1000, NOW_MS), rules=rules))
    assert draft.flood_village == "dongcun"


def test_a_muted_alarm_is_on_the_board_and_calls_nobody():
    rule = Rule("quiet", Match(kinds=frozenset({AlarmKind.LOITERING})), mute=True)
    draft = decide(at_camera(rules=Rules((rule,))))
    assert not draft.finished
    assert (draft.rings, draft.restarts) == (False, False)
    assert all(a.kind is not ActionKind.ESCALATE for a in draft.actions)


def test_a_rule_may_ask_for_the_state_of_the_camera():
    rule = Rule("unsure", Match(source_states=frozenset({SourceState.CONNECTING})), priority=4)
    states = {"cam-1": (SourceState.CONNECTING, 0)}
    rules = Rules((rule,))
    assert decide(at_camera(rules=rules, camera_states=states)).rule is rule
    assert decide(at_camera(rules=rules)).rule is not rule


def test_the_decision_says_which_rules_were_passed_over_and_why():
    rule = Rule("elsewhere", Match(villages=frozenset({"xicun"}), grids=frozenset({"g9"})))
    draft = decide(facts_of(rules=Rules((rule,))))
    assert "elsewhere (villages, grids)" in reason_of(draft, "match_rule")


# --- drills --------------------------------------------------------------------------------------


def test_a_press_inside_a_drill_rings_is_marked_and_calls_by_the_drills_plan():
    draft = decide(facts_of(drills=(a_drill(),)))
    assert (draft.is_drill, draft.plan, draft.rings, draft.restarts) == (True, "drill", True, True)
    notices = [a for a in draft.actions if a.kind is ActionKind.NOTICE]
    assert [a.payload["drill"] for a in notices] == [True, True]


def test_another_household_of_the_drill_rings_and_leaves_it_a_drill():
    other = (LinkedAlarm(AlarmKind.PANIC, False, "b2", "h2", NOW_MS - 1000),)
    draft = decide(facts_of(drills=(a_drill(),), incidents=(a_practice(alarms=other),)))
    assert (draft.is_drill, draft.plan, draft.rings) == (True, "drill", True)


@pytest.mark.parametrize(
    "facts",
    [
        facts_of(drills=(a_drill(),)),
        facts_of(),
        facts_of(an_alarm(AlarmKind.FIRE), drills=(a_drill(),)),
        facts_of(an_alarm(AlarmKind.DURESS), drills=(a_drill(),)),
        facts_of(an_alarm(silent=True), drills=(a_drill(),)),
        facts_of(an_alarm(source=AlarmSource.REPORT), drills=(a_drill(),)),
        facts_of(loitering(), place=AT_CAMERA),
    ],
    ids=["again", "outside", "fire", "duress", "silent", "report", "camera"],
)
def test_a_drill_becomes_real_rings_and_begins_anew(facts: Facts):
    practice = a_practice(camera_ids=frozenset({"cam-1"}), acknowledged_by="duty")
    draft = decide(replace(facts, incidents=(practice,)))
    assert draft.made_real is not None
    assert (draft.is_drill, draft.rings, draft.restarts) == (False, True, True)
    assert (draft.plan, draft.priority) == ("default", 1)
    assert all(a.payload["drill"] is False for a in draft.actions if a.kind is ActionKind.NOTICE)


def test_a_drill_press_that_joins_a_real_incident_is_real():
    other = (LinkedAlarm(AlarmKind.PANIC, False, "b2", "h2", NOW_MS - 1000),)
    real = an_incident(alarms=other, plan="night")
    draft = decide(facts_of(drills=(a_drill(),), incidents=(real,)))
    assert (draft.is_drill, draft.plan, draft.rings, draft.restarts) == (False, "night", True, True)
    assert draft.made_real is None


def test_a_drill_press_that_joins_loitering_brings_the_plan_of_a_press():
    slow = of_loitering(plan="slow", alarms=(*of_loitering().alarms, an_old_press()))
    draft = decide(facts_of(drills=(a_drill(),), incidents=(replace(slow, group_id="g3"),)))
    assert (draft.is_drill, draft.plan) == (False, "default")


def an_old_press() -> LinkedAlarm:
    return LinkedAlarm(AlarmKind.TEST, False, "b2", "h2", NOW_MS - 1000)


def test_a_rule_for_drills_has_no_say_once_it_is_real():
    rules = Rules((Rule("drill", Match(drill=True), actions=frozenset()), *Rules().rules))
    facts = facts_of(drills=(a_drill(),), rules=rules)
    assert targets(decide(facts), ActionKind.NOTICE) == set()
    again = decide(replace(facts, incidents=(a_practice(),)))
    assert targets(again, ActionKind.NOTICE) == {"b2", "b3"}


SOUNDERS = (Sounder("s1", ActionKind.SIREN), Sounder("l1", ActionKind.LOUDSPEAKER))


def test_sirens_and_loudspeakers_sound_for_the_real_thing_and_not_in_a_drill():
    loud = Rules((Rule("loud", actions=frozenset(RuleAction)),))
    real = decide(facts_of(rules=loud, sounders=SOUNDERS))
    assert targets(real, ActionKind.SIREN) | targets(real, ActionKind.LOUDSPEAKER) == {"s1", "l1"}
    practice = decide(facts_of(drills=(a_drill(),), rules=loud, sounders=SOUNDERS))
    assert {a.kind for a in practice.actions} == {
        ActionKind.NOTICE,
        ActionKind.SNAPSHOT,
        ActionKind.ESCALATE,
    }


QUIET = st.fixed_dictionaries(
    {
        "windows": st.lists(
            st.builds(
                a_window,
                sort=st.sampled_from(WindowSort),
                kinds=st.just(frozenset(AlarmKind)),
                cameras=st.sampled_from([frozenset(), frozenset({"b1"})]),
                villages=st.sampled_from([frozenset(), frozenset({"dongcun"})]),
                devices=st.sampled_from([frozenset(), frozenset({"b1"})]),
            ),
            max_size=2,
        ).map(tuple),
        "drills": st.lists(st.just(a_drill()), max_size=1).map(tuple),
        "camera_states": st.sampled_from([{}, {"b1": (SourceState.DOWN, 0)}]),
        "camera_alarms_ms": st.sampled_from([(), FLOODED]),
    }
)
INCIDENTS = st.sampled_from(
    [
        (),
        (an_incident(),),
        (a_practice(),),
        (a_practice(alarms=(LinkedAlarm(AlarmKind.PANIC, False, "b2", "h2", NOW_MS - 1),)),),
        (of_loitering(flood_village="dongcun", camera_id=None, group_id="g3"),),
    ]
)


@given(
    quiet=QUIET,
    incidents=INCIDENTS,
    kind=st.sampled_from(sorted(LIFE_SAFETY_KINDS)),
    silent=st.booleans(),
    source=st.sampled_from([AlarmSource.BUTTON, AlarmSource.REPORT]),
)
def test_nothing_quiet_takes_anything_from_a_press_but_the_loudness_of_practice(
    quiet, incidents, kind, silent, source
):
    alarm = an_alarm(kind, silent=silent, source=source)
    loud = decide(facts_of(alarm, incidents=incidents))
    draft = decide(facts_of(alarm, incidents=incidents, **quiet))
    assert not draft.finished
    assert draft.rings >= loud.rings
    assert draft.restarts >= loud.restarts
    assert targets(draft, ActionKind.NOTICE) >= targets(loud, ActionKind.NOTICE)
    assert draft.priority <= loud.priority
    is_practice = bool(quiet["drills"]) and kind in PRACTISED and not silent
    assert not draft.is_drill or (is_practice and source is AlarmSource.BUTTON)
    if not draft.is_drill:
        assert draft.plan == loud.plan


@given(
    rules=st.lists(
        st.builds(
            Rule,
            name=st.text(min_size=1, max_size=4),
            match=st.builds(
                Match,
                kinds=st.frozensets(st.sampled_from([AlarmKind.LOITERING]), min_size=1),
                drill=st.none() | st.booleans(),
                weekdays=st.frozensets(st.integers(1, 7)),
            ),
            set_aside=st.booleans(),
            mute=st.booleans(),
        ),
        max_size=4,
    ),
    kind=st.sampled_from(sorted(LIFE_SAFETY_KINDS)),
)
def test_no_rule_that_may_be_loaded_silences_a_press(rules, kind):
    draft = decide(facts_of(an_alarm(kind), rules=Rules((*rules, *Rules().rules))))
    assert (draft.rings, draft.restarts, draft.plan) == (True, True, "default")
