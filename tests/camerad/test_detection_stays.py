"""Dwell: identity, stream time, pauses, armed hours. No pictures."""

import datetime
from collections.abc import Sequence
from dataclasses import replace

import pytest

from camerad.detection.presence import Presence
from camerad.detection.settings import DetectionSettings
from camerad.detection.stays import Stays
from camerad.model import ArmedHours, Detection, EventName, Zone, ZoneKind

SQUARE = ((0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8))
NIGHT = ArmedHours(datetime.time(22), datetime.time(6))


def zone(dwell_s: float = 10.0, **more: object) -> Zone:
    return Zone("gate", ZoneKind.LOITER, SQUARE, dwell_s=dwell_s, **more)  # type: ignore[arg-type]


def somebody(
    track: int = 1,
    feet: tuple[float, float] = (0.5, 0.5),
    *,
    travelled: bool = True,
    upright: bool = True,
    lively: bool = True,
    born_s: float = 0.0,
    entered: bool = False,
    came_at: tuple[float, float] | None = None,
    high: float = 0.2,
) -> Presence:
    box = (feet[0] - high / 6, feet[1] - high, high / 3, high)
    return Presence(track, box, feet, travelled, upright, lively, born_s, entered, came_at=came_at)


def run(
    stays: Stays,
    present: Sequence[Presence],
    from_s: float,
    to_s: float,
    *,
    step_s: float = 0.2,
    local: datetime.time | None = None,
) -> list[Detection]:
    said = []
    count = round((to_s - from_s) / step_s)
    for index in range(count):
        said += stays.step(present, from_s + index * step_s, local, 16 / 9)
    return said


def names(said: Sequence[Detection]) -> list[str]:
    return [str(d.name) for d in said]


def test_loitering_begins_when_the_dwell_is_full() -> None:
    (event,) = run(Stays([zone(10.0)], DetectionSettings()), [somebody()], 0.0, 20.0)
    assert event.name is EventName.LOITERING_STARTED
    assert 10.0 <= event.t_s <= 10.2
    assert event.dwell_s is not None
    assert event.dwell_s >= 10.0
    assert event.track == 1


def test_dwell_is_stream_time_whatever_the_frame_rate() -> None:
    for step_s in (0.04, 0.2, 0.9):
        said = run(Stays([zone(10.0)], DetectionSettings()), [somebody()], 0.0, 20.0, step_s=step_s)
        assert 10.0 <= said[0].t_s <= 10.0 + 2 * step_s


def test_who_leaves_in_time_raises_nothing() -> None:
    stays = Stays([zone(10.0)], DetectionSettings())
    said = run(stays, [somebody()], 0.0, 9.0)
    said += run(stays, [somebody(feet=(0.9, 0.5))], 9.0, 30.0)
    assert said == []


def test_the_feet_decide_not_the_head() -> None:
    outside = somebody(feet=(0.5, 0.9), high=0.3)
    assert run(Stays([zone(5.0)], DetectionSettings()), [outside], 0.0, 20.0) == []


def test_stepping_out_pauses_the_dwell() -> None:
    stays = Stays([zone(10.0)], DetectionSettings())
    said = run(stays, [somebody()], 0.0, 6.0)
    said += run(stays, [somebody(feet=(0.9, 0.5))], 6.0, 8.0)
    said += run(stays, [somebody()], 8.0, 20.0)
    assert 12.0 <= said[0].t_s <= 12.6


def test_staying_out_for_some_seconds_resets_the_dwell() -> None:
    stays = Stays([zone(10.0)], DetectionSettings())
    said = run(stays, [somebody()], 0.0, 6.0)
    said += run(stays, [somebody(feet=(0.9, 0.5))], 6.0, 12.0)
    said += run(stays, [somebody()], 12.0, 30.0)
    assert 22.0 <= said[0].t_s <= 22.6


def test_many_who_pass_are_not_one_who_stays() -> None:
    stays = Stays([zone(10.0)], DetectionSettings())
    said = []
    for number in range(10):
        said += run(stays, [somebody(number, born_s=number * 3.0)], number * 3.0, number * 3.0 + 2)
        away = somebody(number, feet=(0.9, 0.5), born_s=number * 3.0)
        said += run(stays, [away], number * 3.0 + 2, number * 3.0 + 3)
    assert said == []


def test_two_who_stay_are_two() -> None:
    both = [somebody(1, (0.4, 0.5)), somebody(2, (0.6, 0.5))]
    said = run(Stays([zone(10.0)], DetectionSettings()), both, 0.0, 20.0)
    assert sorted(d.track or 0 for d in said) == [1, 2]


def test_loitering_ends_when_the_person_has_gone() -> None:
    stays = Stays([zone(5.0)], DetectionSettings())
    said = run(stays, [somebody()], 0.0, 10.0)
    said += run(stays, [somebody(feet=(0.95, 0.5))], 10.0, 20.0)
    assert names(said) == ["loitering.started", "loitering.ended"]
    assert 12.5 <= said[1].t_s <= 14.0


def test_a_broken_track_hands_its_stay_on() -> None:
    stays = Stays([zone(10.0)], DetectionSettings())
    said = run(stays, [somebody(1)], 0.0, 6.0)
    said += run(stays, [], 6.0, 7.0)
    said += run(stays, [somebody(2, (0.51, 0.5), travelled=False, born_s=6.6)], 7.0, 15.0)
    assert names(said) == ["loitering.started"]
    assert said[0].track == 2
    assert 10.0 <= said[0].t_s <= 10.6


def test_a_newcomer_over_the_frames_edge_takes_over_no_stay() -> None:
    stays = Stays([zone(10.0)], DetectionSettings())
    said = run(stays, [somebody(1)], 0.0, 6.0)
    said += run(stays, [], 6.0, 7.0)
    said += run(stays, [somebody(2, (0.51, 0.5), born_s=6.6, entered=True)], 7.0, 15.0)
    assert said == []


def test_whoever_was_seen_to_come_from_elsewhere_takes_over_no_stay() -> None:
    stays = Stays([zone(10)], DetectionSettings())
    run(stays, [somebody(1)], 0.0, 7.0)
    run(stays, [], 7.2, 9.0)
    walker = somebody(2, (0.52, 0.5), born_s=7.2, came_at=(0.9, 0.5))
    assert names(run(stays, [walker], 9.2, 15.0)) == []


def test_who_was_hidden_for_long_must_stay_a_moment_before_they_are_told() -> None:
    stays = Stays([zone(10.0)], DetectionSettings())
    run(stays, [somebody(1)], 0.0, 7.0)
    run(stays, [], 7.0, 13.0)
    said = run(stays, [somebody(2, (0.51, 0.5), born_s=12.6)], 13.0, 20.0)
    assert names(said) == ["loitering.started"]
    assert 14.5 <= said[0].t_s <= 15.5


def test_what_appears_where_somebody_was_hidden_for_long_must_come_walking() -> None:
    stays = Stays([zone(10.0)], DetectionSettings())
    run(stays, [somebody(1)], 0.0, 7.0)
    run(stays, [], 7.0, 13.0)
    said = run(stays, [somebody(2, (0.51, 0.5), travelled=False, born_s=12.6)], 13.0, 40.0)
    assert said == []


def test_somebody_far_off_takes_over_no_stay() -> None:
    stays = Stays([zone(10.0)], DetectionSettings())
    said = run(stays, [somebody(1, (0.3, 0.5))], 0.0, 6.0)
    said += run(stays, [], 6.0, 7.0)
    said += run(stays, [somebody(2, (0.7, 0.5), born_s=6.6)], 7.0, 15.0)
    assert said == []


def test_what_never_walked_in_does_not_loiter() -> None:
    said = run(Stays([zone()], DetectionSettings()), [somebody(travelled=False)], 0.0, 60.0)
    assert said == []


def test_what_is_not_upright_does_not_loiter() -> None:
    said = run(Stays([zone()], DetectionSettings()), [somebody(upright=False)], 0.0, 60.0)
    assert said == []


def test_what_has_stopped_moving_altogether_does_not_count_on() -> None:
    stays = Stays([zone(10.0)], DetectionSettings())
    said = run(stays, [somebody()], 0.0, 6.0)
    said += run(stays, [somebody(lively=False)], 6.0, 60.0)
    assert said == []


def test_what_is_too_small_for_the_zone_is_ignored() -> None:
    small = somebody(high=0.07)
    assert run(Stays([zone(min_height=0.08)], DetectionSettings()), [small], 0.0, 20.0) == []
    assert run(Stays([zone(min_height=0.06)], DetectionSettings()), [small], 0.0, 20.0) != []


def test_by_day_a_night_zone_says_nothing() -> None:
    stays = Stays([zone(5.0, armed=NIGHT)], DetectionSettings())
    assert run(stays, [somebody()], 0.0, 20.0, local=datetime.time(12)) == []


def test_at_night_a_night_zone_speaks() -> None:
    stays = Stays([zone(5.0, armed=NIGHT)], DetectionSettings())
    assert names(run(stays, [somebody()], 0.0, 20.0, local=datetime.time(2))) == [
        "loitering.started"
    ]


def test_dwell_counts_from_arming() -> None:
    stays = Stays([zone(5.0, armed=NIGHT)], DetectionSettings())
    said = run(stays, [somebody()], 0.0, 20.0, local=datetime.time(21, 59))
    said += run(stays, [somebody()], 20.0, 40.0, local=datetime.time(22, 0))
    assert 25.0 <= said[0].t_s <= 25.6


def test_disarming_ends_what_is_open() -> None:
    stays = Stays([zone(5.0, armed=NIGHT)], DetectionSettings())
    said = run(stays, [somebody()], 0.0, 10.0, local=datetime.time(5, 59))
    said += run(stays, [somebody()], 10.0, 11.0, local=datetime.time(6, 0))
    assert names(said) == ["loitering.started", "loitering.ended"]


def test_the_end_of_the_stream_ends_what_is_open() -> None:
    stays = Stays([zone(5.0)], DetectionSettings())
    run(stays, [somebody()], 0.0, 10.0)
    assert names(stays.finish(10.0)) == ["loitering.ended"]
    assert stays.finish(11.0) == []


def test_feet_on_the_frames_lower_edge_are_in_a_zone_drawn_to_it() -> None:
    low = Zone("low", ZoneKind.LOITER, ((0, 0.5), (1, 0.5), (1, 1), (0, 1)), dwell_s=5.0)
    assert run(Stays([low], DetectionSettings()), [somebody(feet=(0.5, 1.02))], 0.0, 9.0)


def test_dwell_from_before_it_walked_counts_little() -> None:
    stays = Stays([zone(10.0)], DetectionSettings())
    said = run(stays, [somebody(travelled=False)], 0.0, 30.0)
    said += run(stays, [somebody()], 30.0, 45.0)
    assert 35.0 <= said[0].t_s <= 37.0


def test_what_is_upright_only_now_and_then_does_not_loiter() -> None:
    stays = Stays([zone(10.0)], DetectionSettings())
    said = []
    for at in range(0, 60, 4):
        said += run(stays, [somebody(upright=False)], at, at + 3.0)
        said += run(stays, [somebody()], at + 3.0, at + 4.0)
    assert said == []


def test_when_a_stay_walks_off_with_a_passer_by_it_goes_on_with_who_stands_there() -> None:
    stays = Stays([zone(10.0)], DetectionSettings())
    run(stays, [somebody(1)], 0.0, 7.0)
    # the passer-by stops where they met and the number of who stayed goes on
    run(stays, [somebody(1, (0.6, 0.5)), somebody(2, (0.51, 0.5))], 7.0, 8.0)
    said = run(stays, [somebody(1, (0.9, 0.5)), somebody(2, (0.5, 0.5))], 8.0, 11.0)
    (event,) = said
    assert event.track == 2
    assert 10.0 <= event.t_s <= 10.4


def test_whoever_stands_elsewhere_when_a_stay_leaves_takes_nothing_over() -> None:
    stays = Stays([zone(10.0)], DetectionSettings())
    run(stays, [somebody(1)], 0.0, 7.0)
    run(stays, [somebody(1, (0.6, 0.5)), somebody(2, (0.3, 0.5))], 7.0, 8.0)
    said = run(stays, [somebody(1, (0.9, 0.5)), somebody(2, (0.3, 0.5))], 8.0, 14.0)
    assert said == []


def test_who_walked_straight_through_gives_their_time_to_nobody() -> None:
    stays = Stays([zone(10.0)], DetectionSettings())
    said = []
    for step in range(20):
        # from the left edge of the zone to the right, past who comes to stand in the middle
        passer = somebody(1, (0.21 + 0.03 * step, 0.5))
        comes = [somebody(2, (0.5, 0.5))] if step >= 10 else []
        said += stays.step([passer, *comes], 0.2 * step, None, 16 / 9)
    said += run(stays, [somebody(1, (0.9, 0.5)), somebody(2, (0.5, 0.5))], 4.0, 14.0)
    (event,) = said
    assert event.track == 2
    assert event.t_s >= 12.0


@pytest.mark.parametrize(("parted_s", "told_s"), [(5.0, 10.0), (1.0, 16.0)])
def test_two_who_came_as_one_share_their_time_only_if_they_parted_in_the_zone(
    parted_s: float, told_s: float
) -> None:
    stays = Stays([zone(10.0)], DetectionSettings())
    run(stays, [somebody(1, (0.4, 0.5))], 2.0 if parted_s < 2.0 else 0.0, 6.0)
    other = replace(somebody(2, (0.6, 0.5), born_s=parted_s), came_with=(1,))
    said = run(stays, [somebody(1, (0.9, 0.5)), other], 6.0, 20.0)
    assert [d.track for d in said if d.name is EventName.LOITERING_STARTED] == [2]
    assert said[0].t_s == pytest.approx(told_s, abs=0.5)
