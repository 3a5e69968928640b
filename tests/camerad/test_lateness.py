"""How far behind the camera we read."""

import pytest

from camerad.lateness import Lateness


def test_a_stream_read_as_fast_as_it_comes_is_never_late() -> None:
    lateness = Lateness()
    assert [lateness.note(100 + n / 25, 5 + n / 25) for n in range(100)] == pytest.approx([0] * 100)


def test_falling_behind_shows_as_seconds() -> None:
    lateness = Lateness(drift=0)
    lateness.note(0, 0)
    assert lateness.note(3, 1) == pytest.approx(2)


def test_catching_up_ends_it() -> None:
    lateness = Lateness(drift=0)
    lateness.note(0, 0)
    lateness.note(3, 1)
    assert lateness.note(3.1, 3.1) == pytest.approx(0)


def test_a_camera_whose_clock_runs_slow_is_not_late() -> None:
    lateness = Lateness(drift=0.02)
    late = [lateness.note(second, second * 0.985) for second in range(3600)]
    assert max(late) < 0.1


@pytest.mark.parametrize("jump_s", [-3600.0, 3600.0])
def test_a_camera_that_sets_its_clock_starts_afresh(jump_s: float) -> None:
    lateness = Lateness()
    lateness.note(0, 0)
    assert lateness.note(1, 1 + jump_s) == 0
