"""The empty scene: what it learns, what it must not learn, and what light does to it."""

import numpy as np
import pytest
from numpy.typing import NDArray

from camerad.detection.background import Background
from camerad.detection.settings import DetectionSettings

SETTINGS = DetectionSettings()
Luma = NDArray[np.uint8]


def scene() -> Luma:
    """A street with a tone for every bin: 96 x 128."""
    ramp = np.linspace(30, 200, 128).astype(np.uint8)
    return np.tile(ramp, (96, 1))


def with_body(picture: Luma, grey: int = 20) -> Luma:
    shown = picture.copy()
    shown[30:70, 60:76] = grey
    return shown


NOTHING = np.zeros((96, 128), np.uint8)
BODY = with_body(NOTHING, 255) > 0


def share_found(background: Background, picture: Luma, held: Luma = NOTHING) -> float:
    return float((background.subtract(picture, held).mask[BODY] > 0).mean())


def test_a_held_body_is_not_learned_however_long_it_stands() -> None:
    background = Background(scene(), SETTINGS)
    held = np.where(BODY, 255, 0).astype(np.uint8)
    for _ in range(1500):
        background.subtract(with_body(scene()), held)
        background.learn(with_body(scene()), held, 0.2)
    assert share_found(background, with_body(scene()), held) > 0.95


def test_what_is_not_held_becomes_the_scene() -> None:
    background = Background(scene(), SETTINGS)
    for _ in range(300):
        background.subtract(with_body(scene()), NOTHING)
        background.learn(with_body(scene()), NOTHING, 0.2)
    assert share_found(background, with_body(scene())) == 0.0


@pytest.mark.parametrize(("gain", "offset"), [(0.7, 0.0), (1.2, 0.0), (1.0, 25.0), (0.5, 30.0)])
def test_a_change_of_light_over_the_whole_picture_is_no_foreground(
    gain: float, offset: float
) -> None:
    background = Background(scene(), SETTINGS)
    lit = np.clip(scene() * gain + offset, 0, 255).astype(np.uint8)
    assert not background.subtract(lit, NOTHING).mask.any()


def test_a_body_is_seen_in_other_light_too() -> None:
    background = Background(scene(), SETTINGS)
    lit = (with_body(scene(), 150) * 0.6).astype(np.uint8)
    found = background.subtract(lit, NOTHING).mask
    assert (found[BODY] > 0).mean() > 0.8
    assert (found[~BODY] > 0).mean() < 0.01


def test_light_is_followed_where_a_body_hides_the_scene() -> None:
    background = Background(scene(), SETTINGS)
    held = np.where(BODY, 255, 0).astype(np.uint8)
    dark = (scene() * 0.6).astype(np.uint8)
    for _ in range(400):
        background.subtract(with_body(dark), held)
        background.learn(with_body(dark), held, 0.2)
    assert share_found(background, dark) < 0.05


def test_a_patch_absorbed_in_the_dark_is_right_in_the_light() -> None:
    background = Background(with_body(scene()), SETTINGS)
    dark = (scene() * 0.6).astype(np.uint8)
    background.subtract(dark, np.where(BODY, 255, 0).astype(np.uint8))
    background.absorb(dark, np.s_[28:72, 58:78])
    assert share_found(background, scene()) < 0.05


def test_a_flickering_place_gets_a_higher_threshold() -> None:
    background = Background(scene(), SETTINGS)
    dice = np.random.default_rng(1)
    for _ in range(200):
        leaves = scene()
        leaves[:30, :40] = np.clip(leaves[:30, :40] + dice.normal(0, 20, (30, 40)), 0, 255)
        background.subtract(leaves, NOTHING)
        background.learn(leaves, NOTHING, 0.2)
    leaves = scene()
    leaves[:30, :40] += 30
    assert (background.subtract(leaves, NOTHING).mask[:30, :40] > 0).mean() < 0.1


def test_an_even_darkening_is_marked_as_possible_shadow() -> None:
    background = Background(scene(), SETTINGS)
    shown = scene()
    shown[BODY] = (shown[BODY] * 0.75).astype(np.uint8)
    found = background.subtract(shown, NOTHING)
    assert (found.mask[BODY] > 0).mean() > 0.9
    assert (found.solid[BODY] > 0).mean() < 0.1


def test_another_picture_altogether_differs_nearly_everywhere() -> None:
    background = Background(scene(), SETTINGS)
    other = np.random.default_rng(2).integers(0, 255, (96, 128)).astype(np.uint8)
    assert background.subtract(other, NOTHING).share > 0.6


def test_a_body_is_a_small_share_of_the_picture() -> None:
    background = Background(scene(), SETTINGS)
    share = background.subtract(with_body(scene()), NOTHING).share
    assert share == pytest.approx(BODY.mean(), abs=0.01)


def textured(seed: int) -> Luma:
    grain = np.random.default_rng(seed).integers(60, 140, (24, 32)).astype(np.uint8)
    return np.kron(grain, np.ones((4, 4), np.uint8))


def test_a_scene_that_was_left_is_known_again() -> None:
    background = Background(textured(1), SETTINGS)
    background.subtract(textured(2), NOTHING)
    background.restart(textured(2), NOTHING)
    assert not background.recall(textured(2))
    assert background.recall(textured(1))
    assert background.subtract(textured(1), NOTHING).share == 0.0


def test_a_new_light_over_all_does_not_make_a_held_body_part_of_the_scene() -> None:
    background = Background(scene(), SETTINGS)
    held = np.where(BODY, 255, 0).astype(np.uint8)
    dim = (with_body(scene()) * 0.5).astype(np.uint8)
    background.restart(dim, held)
    assert share_found(background, dim, held) > 0.9


def test_a_lamp_that_lights_a_part_of_the_scene_does_not_spoil_what_is_remembered() -> None:
    background = Background(textured(1), SETTINGS)
    columns = np.exp(-(((np.arange(128) - 64) / 40) ** 2))
    under_lamp = np.clip(textured(1) * (1.0 + 0.6 * columns), 0, 255).astype(np.uint8)
    for _ in range(200):
        assert background.subtract(under_lamp, NOTHING).share < 0.02
        background.learn(under_lamp, NOTHING, 0.2)
    for _ in range(200):
        assert background.subtract(textured(1), NOTHING).share < 0.02
        background.learn(textured(1), NOTHING, 0.2)
