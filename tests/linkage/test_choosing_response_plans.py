"""Which response plan holds for an incident."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from alarms.model import PRESS_KINDS, AlarmKind
from linkage.response_plans.built_in import BUILT_IN
from linkage.response_plans.model import PlanItem, ResponsePlan, choose, in_force

EAST, WEST = "dongcun", "xicun"
GENERAL = ResponsePlan(
    id="general",
    version=1,
    name="一般",
    kinds=frozenset(),
    villages=frozenset(),
    items=(PlanItem("ask", "询问"),),
    contacts=(),
    made_at_ms=0,
    made_by="leader",
)
FIRE = replace(GENERAL, id="fire", kinds=frozenset({AlarmKind.FIRE}))
OF_EAST = replace(GENERAL, id="east", villages=frozenset({EAST}))


def chosen(plans, kind=AlarmKind.FIRE, village=EAST, at_ms=100):
    found = choose(plans, kind, village, at_ms=at_ms)
    return None if found is None else (found.id, found.version)


def test_what_is_written_for_the_kind_goes_before_what_is_written_for_the_place():
    assert chosen([GENERAL, OF_EAST, FIRE]) == ("fire", 1)
    assert chosen([GENERAL, OF_EAST, FIRE], AlarmKind.PANIC) == ("east", 1)
    assert chosen([GENERAL, OF_EAST, FIRE], AlarmKind.PANIC, WEST) == ("general", 1)
    assert chosen([OF_EAST, FIRE], AlarmKind.PANIC, WEST) is None
    assert chosen([OF_EAST], AlarmKind.PANIC, None) is None


def test_a_change_leaves_the_incidents_that_were_open_before_it_alone():
    changed = replace(FIRE, version=2, made_at_ms=50)
    assert chosen([FIRE, changed], at_ms=49) == ("fire", 1)
    assert chosen([changed, FIRE], at_ms=50) == ("fire", 2)


def test_a_retired_plan_is_not_chosen_any_more():
    retired = replace(FIRE, version=2, made_at_ms=50, retired=True)
    assert chosen([FIRE, retired, GENERAL], at_ms=60) == ("general", 1)
    assert [p.id for p in in_force([FIRE, retired], 49)] == ["fire"]


@given(st.sampled_from(AlarmKind), st.sampled_from([EAST, WEST, None]), st.integers(0, 10**13))
def test_every_incident_has_a_built_in_plan_that_says_what_to_do(kind, village, at_ms):
    plan = choose(BUILT_IN, kind, village, at_ms=at_ms)
    assert plan is not None
    assert plan.items
    assert len({item.id for item in plan.items}) == len(plan.items)
    if kind in PRESS_KINDS:
        assert plan.contacts


def test_the_plan_for_duress_calls_nobody_back_and_tells_no_neighbour():
    plan = choose(BUILT_IN, AlarmKind.DURESS, EAST, at_ms=0)
    assert not {"call-back", "neighbours"} & {item.id for item in plan.items}
