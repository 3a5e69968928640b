"""What changes a picture without a body in it: uneven light, a shaken pole, rain, what fills it."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from camerad.detection.background import Foreground
from camerad.detection.precipitation import Precipitation
from camerad.detection.steadying import steadied
from camerad.detection.strangeness import Look, Strangeness
from camerad.detection.uneven_light import lit, uneven_light, unlit

Luma = NDArray[np.uint8]
SIZE = (180, 320)
THRESHOLD = np.full(SIZE, 12, np.uint8)
CALM = np.zeros(SIZE, np.uint8)
MOVING = np.full(SIZE, 255, np.uint8)
WALKER = np.zeros(SIZE, np.uint8)
WALKER[60:140, 100:130] = 255
SCATTERED = np.zeros(SIZE, np.uint8)
SCATTERED[20:160:40, 20:300:40] = 255
SCATTERED[21:161:40, 20:300:40] = 255
SCATTERED = np.asarray(cv2.dilate(SCATTERED, np.ones((9, 9), np.uint8)), np.uint8)


def street(seed: int = 1) -> Luma:
    """Patches of grey with fine grain."""
    chance = np.random.default_rng(seed)
    patches = np.kron(chance.integers(70, 150, (9, 16)), np.ones((20, 20)))
    return np.clip(patches + chance.normal(0, 2, SIZE), 0, 255).astype(np.uint8)


def pool(strength: float) -> NDArray[np.float32]:
    columns = np.exp(-(((np.arange(SIZE[1]) - 160) / 60) ** 2))
    rows = np.exp(-(((np.arange(SIZE[0]) - 100) / 45) ** 2))
    return (1.0 + strength * rows[:, None] * columns[None, :]).astype(np.float32)


@pytest.mark.parametrize("strength", [0.8, -0.5])
def test_a_pool_of_light_and_the_shadow_of_a_cloud_are_explained(strength: float) -> None:
    shown = lit(street(), pool(strength))
    gain = uneven_light(street(), shown, THRESHOLD)
    assert gain is not None
    rest = np.abs(lit(street(), gain).astype(int) - shown)
    assert np.mean(rest > 12) < 0.005


def test_a_body_in_a_pool_of_light_is_not_taken_for_light() -> None:
    shown = lit(street(), pool(0.8))
    shown[70:150, 145:175] = 45
    gain = uneven_light(street(), shown, THRESHOLD)
    assert gain is not None
    rest = np.abs(lit(street(), gain).astype(int) - shown) > 12
    assert rest[70:150, 145:175].mean() > 0.85
    rest[66:154, 141:179] = False
    assert rest.mean() < 0.01


def test_a_body_in_steady_light_makes_no_light() -> None:
    shown = street()
    shown[70:150, 145:175] = 45
    gain = uneven_light(street(), shown, THRESHOLD)
    assert gain is None or np.abs(np.log(gain[75:145, 150:170])).mean() < 0.1


def test_unlit_undoes_lit() -> None:
    gain = pool(0.5)
    back = unlit(lit(street(), gain), gain)
    assert np.abs(back.astype(int) - street()).max() <= 2


@pytest.mark.parametrize("jump", [(2.0, -1.0), (-3.4, 0.6), (0.0, 1.0)])
def test_a_picture_that_jumped_is_moved_back(jump: tuple[float, float]) -> None:
    moved = np.array([[1, 0, jump[0]], [0, 1, jump[1]]], np.float32)
    shaken = cv2.warpAffine(street(), moved, SIZE[::-1], borderMode=cv2.BORDER_REPLICATE)
    still = steadied(np.asarray(shaken, np.uint8), street(), CALM)
    assert still is not None
    inside = np.s_[8:-8, 8:-8]
    before = np.abs(shaken[inside].astype(int) - street()[inside]).mean()
    assert np.abs(still[inside].astype(int) - street()[inside]).mean() < 0.5 * before


@pytest.mark.parametrize("size", [(180, 320), (17, 33), (1, 1)])
def test_what_has_not_jumped_and_what_has_no_features_is_left_alone(size: tuple[int, int]) -> None:
    flat = np.full(size, 90, np.uint8)
    assert steadied(flat, flat, np.zeros(size, np.uint8)) is None
    if size == SIZE:
        assert steadied(street(), street(), CALM) is None


def test_whoever_stands_in_a_shaken_picture_and_a_small_turn_do_not_lead_it_astray() -> None:
    moved = cv2.getRotationMatrix2D((159.5, 89.5), 0.3, 1.0)
    moved[:, 2] += (2.0, -1.5)
    shaken = cv2.warpAffine(street(), moved, SIZE[::-1], borderMode=cv2.BORDER_REPLICATE)
    shaken[40:160, 120:180] = 40
    held = np.zeros(SIZE, np.uint8)
    held[38:162, 118:182] = 255
    still = steadied(np.asarray(shaken, np.uint8), street(), held)
    assert still is not None
    free = cv2.erode(cv2.bitwise_not(held), np.ones((13, 13), np.uint8))[8:-8, 8:-8] > 0
    off = np.abs(still.astype(int) - street())[8:-8, 8:-8][free]
    assert off.mean() < 3.0


def drops(chance: np.random.Generator) -> Luma:
    return np.where(chance.random(SIZE) < 0.03, 255, 0).astype(np.uint8)


def test_in_rain_only_what_stays_is_believed() -> None:
    chance, rain = np.random.default_rng(3), Precipitation()
    body = np.zeros(SIZE, np.uint8)
    body[60:120, 100:120] = 255
    for _ in range(20):
        believed = rain.settled(cv2.bitwise_or(drops(chance), body))
        rain.count(12, 0.2)
    assert rain.falling
    assert (believed[body > 0] > 0).all()
    assert (believed[body == 0] > 0).mean() < 0.006


def test_without_rain_everything_is_believed_at_once() -> None:
    chance, rain = np.random.default_rng(3), Precipitation()
    for _ in range(20):
        mask = drops(chance)
        assert np.array_equal(rain.settled(mask), mask)
        rain.count(2, 0.2)


def test_rain_is_over_some_seconds_after_the_last_drop() -> None:
    rain = Precipitation()
    for _ in range(20):
        rain.count(12, 0.2)
    looks = 0
    while rain.falling:
        rain.count(0, 0.2)
        looks += 1
    assert 5 <= looks <= 30


def seen(picture: Luma, share: float, where: Luma = CALM) -> Foreground:
    return Foreground(where, where, street(), picture, share)


def test_a_picture_like_always_is_judged() -> None:
    strangeness = Strangeness()
    looks = {strangeness.look(seen(street(), 0.05), WALKER, CALM, 0.2 * i) for i in range(20)}
    assert looks == {Look.JUDGE}


def plain(seed: int) -> Luma:
    """A grey road with nothing on it but grain."""
    grain = np.random.default_rng(seed).normal(60.0, 3.0, SIZE)
    return np.clip(grain, 0, 255).astype(np.uint8)


def test_a_pool_of_light_on_a_plain_road_is_not_out_of_focus() -> None:
    strangeness = Strangeness()
    dark = Foreground(WALKER, WALKER, plain(0), plain(1), 0.05)
    for index in range(8):
        assert strangeness.look(dark, WALKER, CALM, 0.2 * index) is Look.JUDGE
    shown = lit(plain(2), pool(1.5))
    bright = Foreground(WALKER, WALKER, lit(plain(0), pool(1.5)), shown, 0.05)
    looks = {strangeness.look(bright, WALKER, CALM, 2.0 + 0.2 * i) for i in range(12)}
    assert looks == {Look.JUDGE}


def test_the_plain_side_of_a_car_is_not_out_of_focus() -> None:
    strangeness = Strangeness()
    for index in range(8):
        strangeness.look(seen(street(), 0.05), WALKER, CALM, 0.2 * index)
    parked = street()
    parked[30:160, 30:290] = 235
    looks = {strangeness.look(seen(parked, 0.3), CALM, CALM, 2.0 + 0.2 * i) for i in range(12)}
    assert looks == {Look.JUDGE}


def test_a_picture_that_loses_its_fine_detail_is_waited_for() -> None:
    strangeness = Strangeness()
    for index in range(8):
        strangeness.look(seen(street(), 0.05), WALKER, CALM, 0.2 * index)
    blurred = np.asarray(cv2.GaussianBlur(street(), (0, 0), 3.0), np.uint8)
    looks = [strangeness.look(seen(blurred, 0.2), WALKER, CALM, 2.0 + 0.2 * i) for i in range(12)]
    assert set(looks[4:]) == {Look.WAIT}


def test_what_fills_the_picture_and_moves_is_waited_for_as_long_as_a_lorry_takes() -> None:
    strangeness = Strangeness()
    strangeness.look(seen(street(), 0.05), MOVING, CALM, 0.0)
    looks = [strangeness.look(seen(street(2), 0.9), MOVING, CALM, 1.0 + 0.2 * i) for i in range(30)]
    assert set(looks) == {Look.WAIT}
    looks = [strangeness.look(seen(street(), 0.05), CALM, CALM, 7.2 + 0.2 * i) for i in range(5)]
    assert looks[-1] is Look.JUDGE
    assert Look.NEW_SCENE not in looks


def test_what_fills_the_picture_for_longer_is_the_scene() -> None:
    strangeness = Strangeness()
    looks = [strangeness.look(seen(street(2), 0.9), MOVING, CALM, 0.2 * i) for i in range(42)]
    assert looks.index(Look.NEW_SCENE) == 41


def test_another_light_that_does_not_move_is_the_scene_within_a_second() -> None:
    strangeness = Strangeness()
    looks = [strangeness.look(seen(street(2), 0.9), CALM, CALM, 0.2 * i) for i in range(5)]
    assert looks.index(Look.NEW_SCENE) <= 4


def test_what_is_different_all_over_after_the_light_has_jumped_is_the_scene() -> None:
    strangeness = Strangeness()
    strangeness.look(seen(street(), 0.02), CALM, CALM, 0.0)
    assert strangeness.look(seen(street(), 0.05, SCATTERED), MOVING, CALM, 0.2) is Look.WAIT
    after = seen(street(), 0.05, SCATTERED)
    looks = [strangeness.look(after, CALM, CALM, 0.4 + 0.2 * i) for i in range(5)]
    assert looks.index(Look.NEW_SCENE) <= 4


def test_who_is_there_when_the_light_has_jumped_is_no_scene() -> None:
    strangeness = Strangeness()
    strangeness.look(seen(street(), 0.02), CALM, CALM, 0.0)
    strangeness.look(seen(street(), 0.05, WALKER), MOVING, CALM, 0.2)
    somebody = seen(street(), 0.05, WALKER)
    looks = [strangeness.look(somebody, CALM, CALM, 0.4 + 0.2 * i) for i in range(8)]
    assert Look.NEW_SCENE not in looks
    assert looks[-1] is Look.JUDGE


def test_a_light_that_jumps_and_comes_back_changes_nothing() -> None:
    strangeness = Strangeness()
    strangeness.look(seen(street(), 0.02), CALM, CALM, 0.0)
    strangeness.look(seen(street(), 0.05, SCATTERED), MOVING, CALM, 0.2)
    assert strangeness.look(seen(street(), 0.0), CALM, CALM, 0.4) is Look.JUDGE
    assert strangeness.look(seen(street(), 0.05, WALKER), WALKER, CALM, 0.6) is Look.JUDGE


def test_black_and_unsharp_pictures_are_waited_for() -> None:
    strangeness = Strangeness()
    strangeness.look(seen(street(), 0.05), WALKER, CALM, 0.0)
    black = np.full(SIZE, 3, np.uint8)
    assert strangeness.look(seen(black, 0.3), CALM, CALM, 0.2) is Look.WAIT
    unsharp = np.asarray(cv2.GaussianBlur(street(), (0, 0), 5), np.uint8)
    looks = [strangeness.look(seen(unsharp, 0.05), CALM, CALM, 0.4 + 0.2 * i) for i in range(10)]
    assert looks.count(Look.JUDGE) <= 4
    assert looks[-1] is Look.WAIT
    assert strangeness.look(seen(street(), 0.05), CALM, CALM, 2.6) is Look.JUDGE
