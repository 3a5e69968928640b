"""Declared correlation: which open incident an alarm joins, and what that says of it. Pure."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alarms.model import LIFE_SAFETY_KINDS, AlarmKind, AlarmSource
from linkage.cells import cell_of, cells_around, distance_m
from linkage.facts import MEANT_FOR, LinkedAlarm
from linkage.model.certainty import Certainty
from linkage.model.place import NearCamera, Place
from linkage.pipeline import decide
from linkage.rules.correlating import joined
from linkage.rules.correlation import Correlation, Same, built_in
from linkage.rules.model import Rules
from tests.linkage.test_pipeline import HOME, NOW_MS, an_alarm, an_incident, facts_of

GATE = Place("dongcun", camera_id="cam-gate", layer="area", latitude=30.0, longitude=120.0)


def loitering():
    return an_alarm(AlarmKind.LOITERING, device="cam-gate", source=AlarmSource.CAMERA)


def at_the_gate(**changes):
    """An incident that loitering at the gate has opened a minute ago."""
    incident = an_incident(
        kind=AlarmKind.LOITERING,
        priority=3,
        group_id=None,
        household_id=None,
        camera_id="cam-gate",
        alarms=(LinkedAlarm(AlarmKind.LOITERING, False, "cam-gate", None, NOW_MS - 60_000),),
        camera_ids=frozenset({"cam-gate"}),
    )
    return replace(incident, **changes)


def of_the_next_group(**changes):
    """An incident of another group, of a household 50 m away."""
    incident = an_incident(
        group_id="g9",
        household_id="h9",
        alarms=(LinkedAlarm(AlarmKind.PANIC, False, "b9", "h9", NOW_MS - 60_000),),
        latitude=30.00045,
        longitude=120.0,
        certainty=Certainty.LIKELY,
    )
    return replace(incident, **changes)


def only(correlation: Correlation) -> Rules:
    return Rules(correlations=(correlation,))


def test_a_press_joins_the_loitering_at_its_gate_and_rings_as_the_real_thing():
    facts = facts_of(incidents=(at_the_gate(),), cameras=(NearCamera("cam-gate", 30.0),))
    draft = decide(facts)
    assert draft.extends == at_the_gate()
    assert (draft.rings, draft.restarts) == (True, True)
    assert (draft.kind, draft.priority, draft.plan) == (AlarmKind.PANIC, 1, "default")
    assert draft.certainty is Certainty.OBSERVED


@pytest.mark.parametrize("distance", [80.1, None])
def test_a_gate_too_far_away_or_not_surveyed_is_another_place(distance: float | None):
    cameras = (NearCamera("cam-gate", distance),)
    assert decide(facts_of(incidents=(at_the_gate(),), cameras=cameras)).extends is None


def test_loitering_at_the_gate_after_a_press_makes_it_observed_without_ringing():
    incident = an_incident(
        kind=AlarmKind.MISSING,
        priority=2,
        camera_ids=frozenset({"cam-gate"}),
        certainty=Certainty.LIKELY,
    )
    draft = decide(facts_of(loitering(), place=GATE, incidents=(incident,)))
    assert draft.extends == incident
    assert (draft.certainty, draft.priority) == (Certainty.OBSERVED, 1)
    assert not draft.rings


def test_the_same_camera_again_raises_nothing_further():
    heard = LinkedAlarm(AlarmKind.LOITERING, False, "cam-gate", None, NOW_MS)
    incident = an_incident(
        kind=AlarmKind.MISSING,
        priority=2,
        camera_ids=frozenset({"cam-gate"}),
        alarms=(*an_incident().alarms, heard),
    )
    assert decide(facts_of(loitering(), place=GATE, incidents=(incident,))).priority == 2


def test_two_near_neighbours_of_different_groups_are_one_incident_that_is_observed():
    draft = decide(facts_of(incidents=(of_the_next_group(),)))
    assert draft.extends == of_the_next_group()
    assert (draft.rings, draft.restarts) == (True, True)
    assert draft.certainty is Certainty.OBSERVED


@pytest.mark.parametrize(
    "incident",
    [
        of_the_next_group(latitude=30.001),
        of_the_next_group(latitude=None, longitude=None),
        of_the_next_group(silent=True),
        of_the_next_group(
            alarms=(LinkedAlarm(AlarmKind.DURESS, False, "b9", "h9", NOW_MS - 60_000),)
        ),
        of_the_next_group(
            alarms=(LinkedAlarm(AlarmKind.PANIC, False, "b9", "h9", NOW_MS - 601_000),)
        ),
        of_the_next_group(
            alarms=tuple(
                LinkedAlarm(AlarmKind.PANIC, False, f"b{n}", f"h{n}", NOW_MS) for n in range(5, 9)
            )
        ),
        of_the_next_group(kind=AlarmKind.CANCEL),
        of_the_next_group(flood_village="dongcun"),
    ],
)
def test_far_long_ago_quiet_crowded_or_other_incidents_take_no_neighbour_in(incident):
    assert decide(facts_of(incidents=(incident,))).extends is None


@pytest.mark.parametrize("alarm", [an_alarm(silent=True), an_alarm(AlarmKind.DURESS)])
def test_a_quiet_press_joins_no_neighbour(alarm):
    assert decide(facts_of(alarm, incidents=(of_the_next_group(),))).extends is None


def test_a_press_from_a_place_not_surveyed_is_near_nothing():
    place = replace(HOME, latitude=None, longitude=None)
    assert decide(facts_of(place=place, incidents=(of_the_next_group(),))).extends is None


def test_the_own_group_comes_before_what_is_near():
    other = an_incident(id="i2", alarms=of_the_next_group().alarms)
    draft = decide(facts_of(incidents=(of_the_next_group(), other)))
    assert draft.extends == other


@pytest.mark.parametrize(
    ("kind", "source", "certainty"),
    [
        (AlarmKind.PANIC, AlarmSource.BUTTON, Certainty.LIKELY),
        (AlarmKind.LOITERING, AlarmSource.CAMERA, Certainty.POSSIBLE),
        (AlarmKind.CANCEL, AlarmSource.BUTTON, Certainty.POSSIBLE),
        (AlarmKind.UNATTENDED, AlarmSource.SYSTEM, Certainty.OBSERVED),
    ],
)
def test_one_alarm_alone_is_as_certain_as_its_kind(kind, source, certainty):
    assert decide(facts_of(an_alarm(kind, source=source))).certainty is certainty


def test_a_declared_village_gathers_and_rings_where_it_says_so():
    declared = Correlation(
        "village-night",
        Same.VILLAGE,
        kinds=frozenset({AlarmKind.LOITERING}),
        with_kinds=frozenset({AlarmKind.LOITERING}),
        within_s=600.0,
        rings=True,
    )
    incident = at_the_gate(village_id="dongcun", camera_id="cam-other")
    draft = decide(facts_of(loitering(), place=GATE, incidents=(incident,), rules=only(declared)))
    assert draft.extends == incident
    assert (draft.rings, draft.restarts) == (True, False)


@pytest.mark.parametrize(
    ("sources", "joins"),
    [
        ({AlarmSource.CAMERA}, True),
        ({AlarmSource.BUTTON}, False),
        ({AlarmSource.CAMERA, AlarmSource.BUTTON}, True),
    ],
)
def test_a_declared_source_is_what_the_incident_came_through(sources, joins):
    declared = Correlation(
        "by-source", Same.VILLAGE, with_sources=frozenset(sources), sources=frozenset()
    )
    incident = at_the_gate(village_id="dongcun")
    found = joined(facts_of(incidents=(incident,), rules=only(declared)))
    assert (found is not None) is joins


def test_a_press_incident_is_found_by_its_own_source():
    declared = Correlation("by-button", Same.VILLAGE, with_sources=frozenset({AlarmSource.BUTTON}))
    incident = an_incident(village_id="dongcun")
    assert joined(facts_of(incidents=(incident,), rules=only(declared))) is not None


def test_a_correlation_for_one_source_leaves_the_others_alone():
    declared = Correlation("reports", Same.HOUSEHOLD, sources=frozenset({AlarmSource.REPORT}))
    assert joined(facts_of(incidents=(an_incident(),), rules=only(declared))) is None


def an_empty_chair(**changes):
    alarm = LinkedAlarm(AlarmKind.UNATTENDED, False, "chair", None, NOW_MS - 60_000)
    incident = an_incident(kind=AlarmKind.UNATTENDED, group_id=None, alarms=(alarm,), plan="duty")
    return replace(incident, **changes)


@pytest.mark.parametrize(("signed", "rings"), [(None, False), ("leader", True)])
def test_the_same_empty_chair_joins_its_incident_and_rings_after_a_sign_for(signed, rings):
    alarm = an_alarm(AlarmKind.UNATTENDED, device="chair", source=AlarmSource.SYSTEM)
    incident = an_empty_chair(acknowledged_by=signed)
    draft = decide(facts_of(alarm, place=Place(), cameras=(), incidents=(incident,)))
    assert draft.extends == incident
    assert (draft.rings, draft.restarts, draft.plan) == (rings, rings, "duty")


def test_another_post_that_nobody_holds_is_another_incident():
    alarm = an_alarm(AlarmKind.ROTA_GAP, device="chair", source=AlarmSource.SYSTEM)
    draft = decide(facts_of(alarm, place=Place(), cameras=(), incidents=(an_empty_chair(),)))
    assert draft.extends is None


@pytest.mark.parametrize(("claimed", "rings"), [(False, True), (True, False)])
def test_the_first_cancel_claim_rings_and_the_second_does_not(claimed, rings):
    incident = an_incident(cancel_claimed=claimed)
    draft = decide(facts_of(an_alarm(AlarmKind.CANCEL), incidents=(incident,)))
    assert (draft.rings, draft.restarts, draft.cancel_claimed) == (rings, False, True)


@pytest.mark.parametrize(
    ("signed", "ago_ms", "rings"),
    [("duty", 601_000, True), ("duty", 60_000, False), (None, 601_000, False)],
)
def test_the_same_camera_rings_again_only_long_after_a_sign_for(signed, ago_ms, rings):
    first = LinkedAlarm(AlarmKind.LOITERING, False, "cam-gate", None, NOW_MS - ago_ms)
    incident = at_the_gate(acknowledged_by=signed, alarms=(first,))
    draft = decide(facts_of(loitering(), place=GATE, incidents=(incident,)))
    assert draft.extends == incident
    assert (draft.rings, draft.restarts) == (rings, rings)


def test_rules_without_cameras_or_places_look_nowhere():
    rules = only(Correlation("homes", Same.HOUSEHOLD))
    assert (rules.gate_m, rules.near_m_of(AlarmKind.PANIC)) == (0.0, 0.0)
    assert Rules().widest_m == 150.0


CORRELATIONS = st.lists(
    st.builds(
        Correlation,
        name=st.just("any"),
        same=st.sampled_from([s for s in Same if s is not Same.CAUSE]),
        kinds=st.frozensets(st.sampled_from(AlarmKind), max_size=3),
        with_kinds=st.frozensets(st.sampled_from(AlarmKind), max_size=3),
        within_s=st.sampled_from([None, 60.0, 86_400.0]),
        raises_priority_by=st.integers(0, 3),
        rings=st.booleans(),
        joins_quiet=st.booleans(),
    ),
    max_size=4,
)


@given(
    declared=CORRELATIONS,
    kind=st.sampled_from(sorted(LIFE_SAFETY_KINDS)),
    opened_by=st.sampled_from([AlarmKind.LOITERING, AlarmKind.PANIC, AlarmKind.MISSING]),
    home=st.sampled_from(["h1", "h2", None]),
    signed=st.sampled_from([None, "duty"]),
)
def test_no_declared_correlation_lets_a_press_go_unheard(declared, kind, opened_by, home, signed):
    first = LinkedAlarm(opened_by, False, "b1" if home == "h1" else "x", home, NOW_MS - 1000)
    incident = an_incident(
        kind=opened_by,
        plan="slow" if opened_by is AlarmKind.LOITERING else "default",
        village_id="dongcun",
        latitude=30.0,
        longitude=120.0,
        camera_id="cam-near" if opened_by is AlarmKind.LOITERING else None,
        alarms=(first,),
        acknowledged_by=signed,
    )
    rules = Rules(correlations=(*declared, *built_in()))
    draft = decide(facts_of(an_alarm(kind), incidents=(incident,), rules=rules))
    is_repeat = home == "h1" and opened_by is kind and signed is None
    assert not draft.finished
    assert draft.priority <= 2
    assert draft.plan == "default"
    assert draft.rings or is_repeat
    assert draft.restarts or is_repeat


@given(
    latitude=st.floats(18.0, 53.0),
    longitude=st.floats(75.0, 135.0),
    north_m=st.floats(-400.0, 400.0),
    east_m=st.floats(-400.0, 400.0),
)
def test_everything_near_lies_in_the_cells_around(latitude, longitude, north_m, east_m):
    there = (latitude + north_m / 111_000, longitude + east_m / 111_000)
    apart = distance_m((latitude, longitude), there)
    assert cell_of(*there) in cells_around(latitude, longitude, apart + 0.1)


def test_what_was_not_surveyed_has_no_cell():
    assert cell_of(None, 120.0) is None
    assert cells_around(30.0, None, 80.0) == []
    assert cells_around(30.0, 120.0, 0.0) == []


def a_camera_fault(device: str = "cam-1", trouble: object = "covered"):
    alarm = an_alarm(AlarmKind.CAMERA_FAULT, device=device, source=AlarmSource.SYSTEM)
    return replace(alarm, detail={"camera": device, "trouble": trouble})


def test_an_alarm_that_is_meant_for_one_incident_joins_that_one():
    both = [
        an_incident(id=name, camera_ids=frozenset({"cam-1"}), household_id=name)
        for name in ("newer", "older")
    ]
    alarm = a_camera_fault()
    place = Place(camera_id="cam-1")
    for meant, expected in (("older", "older"), ("closed", "newer"), (None, "newer")):
        detail = {**alarm.detail, MEANT_FOR: meant}
        facts = facts_of(replace(alarm, detail=detail), place=place, incidents=tuple(both))
        assert decide(facts).extends.id == expected


def a_faulty_camera(device: str = "cam-1"):
    alarm = LinkedAlarm(AlarmKind.CAMERA_FAULT, False, device, None, NOW_MS - 60_000)
    return an_incident(
        kind=AlarmKind.CAMERA_FAULT, group_id=None, camera_id=device, alarms=(alarm,), plan="duty"
    )


@pytest.mark.parametrize(("trouble", "says"), [("covered", "镜头被遮挡"), ("melted", "摄像机故障")])
def test_a_cameras_fault_is_heard_once_and_calls_nobody_up(trouble, says):
    draft = decide(facts_of(a_camera_fault(trouble=trouble), place=Place(camera_id="cam-1")))
    assert (draft.rings, draft.restarts) == (True, False)
    (why,) = [d for d in draft.decisions if d.stage == "ring"]
    assert says in why.reason


def test_a_fault_joins_that_of_the_same_camera_and_of_no_other():
    place = Place(camera_id="cam-1")
    same = decide(facts_of(a_camera_fault(), place=place, incidents=(a_faulty_camera(),)))
    assert same.extends is not None
    assert (same.rings, same.restarts) == (False, False)
    other = a_faulty_camera("cam-2")
    assert decide(facts_of(a_camera_fault(), place=place, incidents=(other,))).extends is None


def a_press_before(camera: str, **changes: object):
    return an_incident(camera_ids=frozenset({camera, "cam-2"}), **changes)


def a_fault_during(incident):
    return decide(facts_of(a_camera_fault(), place=Place(camera_id="cam-1"), incidents=(incident,)))


def test_a_camera_that_is_covered_while_it_looks_at_an_incident_is_raised_to_that_incident():
    incident = a_press_before("cam-1", acknowledged_by="wang")
    draft = a_fault_during(incident)
    assert draft.extends is incident
    assert (draft.rings, draft.restarts) == (True, False)
    assert (draft.kind, draft.priority, draft.plan) == (AlarmKind.PANIC, 1, "default")
    assert draft.certainty is incident.certainty
    (why,) = [d for d in draft.decisions if d.stage == "ring"]
    assert why.reason == "现场摄像机：镜头被遮挡 / a camera of the incident: covered"


def test_several_that_fall_together_are_told_with_their_number():
    alarm = a_camera_fault(trouble="signal-lost")
    alarm = replace(alarm, detail={**alarm.detail, "cameras": ["cam-1", "cam-2"]})
    draft = decide(
        facts_of(alarm, place=Place(camera_id="cam-1"), incidents=(a_press_before("cam-1"),))
    )
    (why,) = [d for d in draft.decisions if d.stage == "ring"]
    assert "视频信号丢失（2 个摄像机）" in why.reason
    assert "signal lost (2 cameras)" in why.reason


@pytest.mark.parametrize("claimed", [True, False])
def test_a_covered_camera_neither_claims_nor_forgets_a_cancel(claimed):
    assert a_fault_during(a_press_before("cam-1", cancel_claimed=claimed)).cancel_claimed is claimed


def test_a_covered_camera_joins_no_incident_elsewhere_and_ends_no_practice():
    assert a_fault_during(a_press_before("cam-9")).extends is None
    assert a_fault_during(a_press_before("cam-1", drill_id="d1", is_drill=True)).extends is None


def test_a_covered_camera_takes_no_neighbours_place_in_an_incident():
    presses = tuple(
        LinkedAlarm(AlarmKind.PANIC, False, f"b{n}", f"h{n}", NOW_MS - 60_000) for n in range(3)
    )
    fault = LinkedAlarm(AlarmKind.CAMERA_FAULT, False, "cam-1", None, NOW_MS - 60_000)
    here = {"latitude": 30.0, "longitude": 120.0}
    incident = an_incident(group_id="g9", alarms=(*presses, fault), **here)
    place = Place(household_id="h9", group_id="g8", **here)
    facts = facts_of(an_alarm(), place=place, incidents=(incident,))
    assert decide(facts).extends is incident


def test_nobody_who_lingers_joins_what_is_wrong_with_the_camera():
    alarm = an_alarm(AlarmKind.LOITERING, device="cam-1", source=AlarmSource.CAMERA)
    facts = facts_of(alarm, place=Place(camera_id="cam-1"), incidents=(a_faulty_camera(),))
    assert decide(facts).extends is None
