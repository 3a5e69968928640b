"""Tamper: raised within 10 s, cleared by itself, and never by what merely happens to a picture."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camerad.model import EventName, Trouble, Zone, ZoneKind
from camerad.picture_health import HealthSettings, PictureHealth
from tests.camerad import films_of_trouble as made
from tests.camerad.drawn_scenes import Scene, Walker

STREET = np.ascontiguousarray(Scene([], 0.0, size=(480, 360))._street()[::2, ::2])
TROUBLES = {
    Trouble.BLACK: made.black,
    Trouble.COVERED: made.covered,
    Trouble.SIGNAL_LOST: made.no_signal,
    Trouble.WASHED_OUT: made.washed_out,
    Trouble.DEFOCUSED: made.defocused,
    Trouble.TURNED: made.turned,
    Trouble.SPRAYED: made.sprayed,
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_spoilt_picture_is_told_within_10_s_and_ends_by_itself(trouble: Trouble) -> None:
    film = made.still(STREET, 50.0)
    said = made.watched(film, made.between(20.0, 36.0, TROUBLES[trouble]))
    assert [d.name for d in said] == [EventName.TAMPER_STARTED, EventName.TAMPER_ENDED]
    assert [d.trouble for d in said] == [trouble, trouble]
    assert 20.0 < said[0].t_s <= 30.0
    assert 36.0 < said[1].t_s <= 41.0


HARMLESS = {
    "nothing": lambda picture, t_s: picture,
    "a lorry for 6 s": made.lorry(20.0),
    "a lorry at the start": made.lorry(-2.0),
    "nightfall": made.nightfall(60.0),
    "infrared comes on": made.between(20.0, 99.0, made.infrared),
    "infrared goes off": made.between(-1.0, 30.0, made.infrared),
    "a lamp goes out": made.between(20.0, 99.0, made.lamp_off),
    "a lamp comes on": made.between(-1.0, 30.0, made.lamp_off),
    "wind shakes the mast": made.shaken,
    "rain": lambda picture, t_s: made.raining(picture, t_s) if t_s > 20.0 else picture,
    "snow": lambda picture, t_s: made.snowing(picture, t_s) if t_s > 20.0 else picture,
    "fog": made.fog(45.0),
    "headlights": made.headlights(20.0),
    "autofocus hunts": made.between(20.0, 23.0, made.defocused),
    "six seconds of black": made.between(20.0, 26.0, made.black),
}


@pytest.mark.parametrize("harmless", HARMLESS)
def test_what_merely_happens_to_a_picture_is_no_tamper(harmless: str) -> None:
    assert made.watched(made.still(STREET, 80.0), HARMLESS[harmless]) == []


def frozen_at(begin_s: float, end_s: float):
    kept: list[np.ndarray] = []

    def spoil(picture: np.ndarray, t_s: float) -> np.ndarray:
        if not begin_s <= t_s < end_s:
            return picture
        kept.append(picture)
        return kept[0]

    return spoil


def test_a_picture_that_stands_quite_still_for_a_minute_is_told_until_it_moves() -> None:
    (begun, ended) = made.watched(made.still(STREET, 120.0), frozen_at(20.0, 100.0))
    assert begun.trouble is ended.trouble is Trouble.FROZEN
    assert begun.t_s == pytest.approx(80.0, abs=1.5)
    assert ended.t_s == pytest.approx(100.0, abs=1.5)


def test_a_picture_that_stood_still_for_less_is_none() -> None:
    assert made.watched(made.still(STREET, 120.0), frozen_at(20.0, 79.0)) == []


def test_a_still_picture_of_which_little_was_seen_is_told_with_none() -> None:
    """A camera that is seen for a moment, again and again, of whatever it shows."""
    health = PictureHealth()
    for n in range(40):
        assert health.process(STREET, 10.0 * n) == []


def test_people_and_a_car_that_parks_are_no_tamper() -> None:
    people = [Walker([(5, 20, 330), (25, 300, 330), (70, 300, 330)])]
    car = Walker([(20, -80, 300), (24, 200, 300), (80, 200, 300)], high=90, wide=190, plain=True)
    film = Scene([*people, car], 80.0, size=(480, 360), fps=1.0).frames()
    assert made.watched(film, lambda picture, t_s: picture) == []


def test_a_second_lorry_begins_the_waiting_anew() -> None:
    first, second = made.lorry(20.0, 5.0), made.lorry(27.5, 5.0)
    film = made.still(STREET, 45.0)
    assert made.watched(film, lambda picture, t_s: second(first(picture, t_s), t_s)) == []


def test_a_picture_that_shows_nothing_from_the_start_is_told_after_a_minute() -> None:
    film = made.still(STREET, 90.0)
    (begun, ended) = made.watched(film, made.between(-1.0, 75.0, made.covered))
    assert (begun.trouble, begun.t_s) == (Trouble.COVERED, pytest.approx(60.0, abs=1.0))
    assert 75.0 < ended.t_s <= 80.0


@pytest.mark.parametrize(
    ("spoil", "trouble"),
    [(made.black, Trouble.BLACK), (made.washed_out, Trouble.WASHED_OUT)],
)
def test_a_picture_black_or_white_from_the_start_is_called_so(spoil, trouble: Trouble) -> None:
    film = made.still(STREET, 70.0)
    assert [d.trouble for d in made.watched(film, lambda p, t: spoil(p))] == [trouble]


def test_what_was_learned_is_good_for_the_next_connection() -> None:
    health = PictureHealth()
    made.watched(made.still(STREET, 30.0), lambda picture, t_s: picture, health)
    later = ((picture, t_s + 300.0) for picture, t_s in made.still(STREET, 20.0))
    (begun,) = made.watched(later, lambda picture, t_s: made.turned(picture), health)
    assert begun.trouble is Trouble.TURNED
    assert begun.t_s <= 310.0


def test_a_view_turned_for_half_a_day_is_the_right_one() -> None:
    health = PictureHealth(settings=HealthSettings(accept_after_s=30.0))
    film = made.still(STREET, 80.0)
    said = made.watched(film, made.between(20.0, 99.0, made.turned), health)
    assert [d.name for d in said] == [EventName.TAMPER_STARTED, EventName.TAMPER_ENDED]
    assert said[1].t_s - said[0].t_s == pytest.approx(30.0, abs=1.0)


def test_a_covered_lens_is_not_accepted_ever() -> None:
    health = PictureHealth(settings=HealthSettings(accept_after_s=10.0))
    film = made.still(STREET, 60.0)
    said = made.watched(film, made.between(20.0, 99.0, made.covered), health)
    assert [d.name for d in said] == [EventName.TAMPER_STARTED]
    assert health.trouble is Trouble.COVERED


def test_the_end_of_the_film_ends_what_stands() -> None:
    health = PictureHealth()
    made.watched(made.still(STREET, 40.0), made.between(20.0, 99.0, made.black), health)
    (ended,) = health.finish(40.0)
    assert (ended.name, ended.trouble, ended.t_s) == (
        EventName.TAMPER_ENDED,
        Trouble.BLACK,
        40.0,
    )
    assert health.finish(41.0) == []


def test_another_size_of_picture_starts_from_nothing() -> None:
    health = PictureHealth()
    made.watched(made.still(STREET, 30.0), lambda picture, t_s: picture, health)
    small = np.ascontiguousarray(STREET[::2, ::2])
    later = ((picture, t_s + 30.0) for picture, t_s in made.still(small, 30.0))
    assert made.watched(later, lambda picture, t_s: picture, health) == []


def test_a_privacy_zone_is_not_looked_at() -> None:
    left = Zone("yard", ZoneKind.PRIVACY, ((0, 0), (0.6, 0), (0.6, 1), (0, 1)))
    health = PictureHealth([left])

    def change(picture, t_s):
        seen = picture.copy()
        if t_s > 20.0:
            seen[:, : round(0.58 * picture.shape[1])] = 128
        return seen

    assert made.watched(made.still(STREET, 45.0), change, health) == []


def test_a_picture_that_is_private_as_a_whole_is_never_judged() -> None:
    health = PictureHealth([Zone("all", ZoneKind.PRIVACY, ((0, 0), (1, 0), (1, 1), (0, 1)))])
    film = made.still(STREET, 100.0)
    assert made.watched(film, made.between(20.0, 60.0, made.turned), health) == []


@settings(max_examples=20, deadline=None)
@given(
    width=st.integers(1, 200),
    height=st.integers(1, 200),
    greys=st.lists(st.integers(0, 255), min_size=1, max_size=30),
    gaps=st.lists(st.floats(0.0, 100.0), min_size=1, max_size=30),
)
def test_any_size_any_grey_and_any_gap_give_ordered_pairs(width, height, greys, gaps) -> None:
    health = PictureHealth()
    dice = np.random.default_rng(1)
    said, t_s = [], 0.0
    for index, gap in enumerate(gaps):
        t_s += gap
        grey = greys[index % len(greys)]
        spread = 40 if grey % 3 == 0 else 0
        picture = np.clip(grey + dice.normal(0, spread, (height, width)), 0, 255)
        said += health.process(picture.astype(np.uint8), t_s)
    said += health.finish(t_s)
    assert [d.t_s for d in said] == sorted(d.t_s for d in said)
    names = [EventName.TAMPER_STARTED, EventName.TAMPER_ENDED] * len(said)
    assert [d.name for d in said] == names[: len(said)]
    assert all(d.trouble is not None for d in said)


@pytest.mark.parametrize("fps", [1.0, 2.0, 3.3, 25.0])
def test_the_frame_rate_does_not_change_the_answer(fps: float) -> None:
    film = made.still(STREET, 50.0, fps)
    said = made.watched(film, made.between(20.0, 36.0, made.covered))
    assert [d.trouble for d in said] == [Trouble.COVERED, Trouble.COVERED]
    assert said[0].t_s <= 30.0
    assert said[1].t_s <= 41.0
