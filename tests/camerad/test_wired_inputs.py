"""When a digital input's message is a press: to lose one is worse than to raise it twice."""

import pytest

from camerad.device_events.inputs import DOUBLED_WITHIN_MS, Heard, Known, Verdict, judged

NOW = 1_000_000_000


def after(*heard: tuple[bool, bool, int | None, int]) -> tuple[Known, list[Verdict]]:
    known, verdicts = Known(), []
    for active, initial, camera_ms, at_ms in heard:
        known, verdict = judged(known, Heard(active, initial, camera_ms, NOW + at_ms))
        verdicts.append(verdict)
    return known, verdicts


RELEASED_AT_FIRST = (False, True, None, 0)


def test_an_edge_is_a_press_and_its_end_is_none() -> None:
    known, verdicts = after(RELEASED_AT_FIRST, (True, False, 5, 1000), (False, False, 6, 2000))
    assert verdicts == [Verdict.STATE, Verdict.PRESSED, Verdict.RELEASED]
    assert known == Known(active=False, edge_ms=5, pressed_ms=NOW + 1000, presses=1)
    assert [v.is_press for v in verdicts] == [False, True, False]


def test_how_an_input_stands_at_the_very_first_is_no_press() -> None:
    assert after((True, True, 5, 0))[1] == [Verdict.STATE]
    assert after((True, True, 5, 0), (True, True, 9, 50_000))[1][1] is Verdict.STATE


def test_an_edge_is_a_press_also_where_nothing_was_known() -> None:
    assert after((True, False, 5, 0))[1] == [Verdict.PRESSED]


def test_pressed_while_nobody_listened_is_a_press_that_was_missed() -> None:
    _known, verdicts = after(RELEASED_AT_FIRST, (True, True, 9, 60_000), (True, True, 9, 61_000))
    assert verdicts == [Verdict.STATE, Verdict.MISSED, Verdict.STATE]
    assert verdicts[1].is_press


def test_held_over_a_lost_subscription_it_is_one_press() -> None:
    known, verdicts = after(RELEASED_AT_FIRST, (True, False, 5, 0), (True, True, 70, 65_000))
    assert verdicts[-1] is Verdict.STATE
    assert known.presses == 1


def test_the_same_edge_told_again_after_subscribing_anew_is_one_press() -> None:
    edges = [(True, False, 5, 0), (False, False, 6, 1000)]
    again = [(True, False, 5, 60_000), (False, False, 6, 60_001)]
    known, verdicts = after(RELEASED_AT_FIRST, *edges, *again)
    assert verdicts[3:] == [Verdict.DOUBLED, Verdict.RELEASED]
    assert known.presses == 1


def test_where_the_release_is_never_told_a_second_press_is_one() -> None:
    _known, verdicts = after((True, False, 5, 0), (True, False, 8000, 8000))
    assert verdicts == [Verdict.PRESSED, Verdict.PRESSED]


@pytest.mark.parametrize("clock", [None, 0], ids=["tells no time", "stands still"])
def test_a_clock_that_is_useless_loses_no_later_press(clock) -> None:
    later = DOUBLED_WITHIN_MS + 1
    _known, verdicts = after(
        (True, False, clock, 0), (False, False, clock, 500), (True, False, clock, later)
    )
    assert verdicts[-1] is Verdict.PRESSED


def test_a_contact_that_bounces_is_one_press() -> None:
    known, verdicts = after((True, False, 5, 0), (False, False, 20, 20), (True, False, 40, 40))
    assert verdicts[-1] is Verdict.DOUBLED
    assert known.presses == 1


def test_our_clock_set_back_loses_no_press() -> None:
    _known, verdicts = after((True, False, 5, 0), (False, False, 6, 1), (True, False, 5, -5000))
    assert verdicts[-1] is Verdict.PRESSED
