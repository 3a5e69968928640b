"""Places where things keep coming into view from nowhere."""

from camerad.detection.restless import RestlessPlaces

SHAPE = (180, 320)
SPOT = (160.0, 90.0)
BODY = (150.0, 60.0, 20.0, 60.0)
ELSEWHERE = (20.0, 60.0, 20.0, 60.0)


def places(every_s: float, until_s: float, weight: float = 1.0) -> RestlessPlaces:
    """Something begins at SPOT every so often."""
    made = RestlessPlaces()
    t_s = 0.0
    while t_s <= until_s:
        made.note(SPOT, SHAPE, t_s, weight)
        t_s += every_s
    return made


def test_where_something_begins_every_other_second_is_restless() -> None:
    assert places(2.0, 20.0).around(BODY, SHAPE, 20.0)


def test_a_place_beside_it_is_not() -> None:
    assert not places(2.0, 20.0).around(ELSEWHERE, SHAPE, 20.0)


def test_where_somebody_comes_into_view_every_half_minute_is_not() -> None:
    assert not places(30.0, 300.0).around(BODY, SHAPE, 300.0)


def test_it_calms_down_when_nothing_begins_any_more() -> None:
    assert not places(2.0, 20.0).around(BODY, SHAPE, 140.0)


def test_what_breaks_up_when_a_stream_begins_does_not_count() -> None:
    assert not places(0.5, 7.5).around(BODY, SHAPE, 8.0)


def test_people_who_come_over_the_edge_one_after_another_make_no_restless_place() -> None:
    assert not places(8.0, 80.0, weight=0.25).around(BODY, SHAPE, 80.0)
    assert places(0.5, 30.0, weight=0.25).around(BODY, SHAPE, 30.0)
