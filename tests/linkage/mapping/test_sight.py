"""What cameras see: direction, width, reach, and what they leave blind. Pure."""

from math import cos, radians

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.cells import distance_m
from linkage.mapping.sight import (
    AT_ITS_FOOT_M,
    UNSEEN,
    Eye,
    FieldOfView,
    GroupSight,
    Seen,
    Sight,
    by_group,
    looked_at,
    sight_of,
)

HERE = (29.8, 121.5)
_DEGREE_M = 111_195.0


def off(north_m: float, east_m: float) -> tuple[float, float]:
    """So many metres from HERE."""
    east = east_m / (_DEGREE_M * cos(radians(HERE[0])))
    return HERE[0] + north_m / _DEGREE_M, HERE[1] + east


def eye(bearing: float, angle: float, range_m: float, id_: str = "cam") -> Eye:
    return Eye(id_, *HERE, FieldOfView(bearing, angle, range_m))


@pytest.mark.parametrize(
    ("bearing", "north_m", "east_m", "sight"),
    [
        (0, 40, 0, Sight.SEEN),
        (0, 40, 38, Sight.SEEN),
        (0, 40, 42, Sight.BLIND),
        (0, -40, 0, Sight.BLIND),
        (90, 0, 40, Sight.SEEN),
        (180, -40, 0, Sight.SEEN),
        (270, 0, -40, Sight.SEEN),
        (350, 40, 10, Sight.SEEN),
        (10, 40, -10, Sight.SEEN),
        (360, 40, 0, Sight.SEEN),
    ],
)
def test_a_camera_sees_within_its_angle_on_either_side(bearing, north_m, east_m, sight):
    assert sight_of(eye(bearing, 90, 80), *off(north_m, east_m)) is sight


def test_a_camera_sees_as_far_as_its_range_and_no_farther():
    assert sight_of(eye(0, 90, 50), *off(49, 0)) is Sight.SEEN
    assert sight_of(eye(0, 90, 50), *off(51, 0)) is Sight.BLIND


def test_a_dome_sees_all_round():
    assert sight_of(eye(0, 360, 50), *off(-40, 0)) is Sight.SEEN


def test_at_the_foot_of_a_camera_no_direction_is_asked_for():
    assert sight_of(eye(0, 60, 50), *off(-AT_ITS_FOOT_M / 2, 0)) is Sight.SEEN


def test_a_camera_nobody_wrote_the_direction_of_is_near_and_sees_nothing():
    unknown = Eye("cam", *HERE)
    assert sight_of(unknown, *off(0, 40)) is Sight.NEAR
    assert sight_of(unknown, *off(0, 70)) is Sight.BLIND
    assert sight_of(unknown, *off(0, 70), usual_range_m=80) is Sight.NEAR


def test_whoever_sees_counts_before_whoever_is_near_and_the_nearest_first():
    far = Eye("far", *off(-60, 0), FieldOfView(0, 90, 100))
    close = Eye("close", *off(-20, 0), FieldOfView(0, 90, 100))
    unknown = Eye("unknown", *off(5, 0))
    found = looked_at({"home": HERE, "nowhere": off(3000, 0)}, [far, close, unknown])
    assert found == {"home": Seen(Sight.SEEN, ("close", "far")), "nowhere": UNSEEN}


def test_a_camera_that_looks_away_leaves_a_blind_spot():
    assert looked_at({"home": off(-30, 0)}, [eye(0, 90, 80)]) == {"home": UNSEEN}


@given(
    north_m=st.floats(-400, 400),
    east_m=st.floats(-400, 400),
    bearing=st.floats(0, 360),
    angle=st.floats(1, 360),
    range_m=st.floats(1, 400),
)
def test_the_index_finds_whatever_asking_each_camera_finds(
    north_m, east_m, bearing, angle, range_m
):
    home, one = off(north_m, east_m), eye(bearing, angle, range_m)
    (seen,) = looked_at({"home": home}, [one]).values()
    assert seen.sight is sight_of(one, *home)
    if seen.sight is Sight.SEEN:
        assert distance_m(home, HERE) <= range_m


def test_groups_are_counted_by_how_their_households_are_seen():
    homes = [
        ("g1", Sight.SEEN),
        ("g1", Sight.BLIND),
        ("g1", Sight.BLIND),
        ("g1", None),
        ("g2", Sight.NEAR),
    ]
    assert by_group(homes) == {
        "g1": GroupSight(seen=1, blind=2, unplaced=1),
        "g2": GroupSight(near=1),
    }
