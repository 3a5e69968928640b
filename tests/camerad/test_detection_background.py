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


def test_another_picture_altogether_is_a_new_scene() -> None:
    background = Background(scene(), SETTINGS)
    other = np.random.default_rng(2).integers(0, 255, (96, 128)).astype(np.uint8)
    assert background.subtract(other, NOTHING).new_scene


def test_a_body_is_no_new_scene() -> None:
    background = Background(scene(), SETTINGS)
    assert not background.subtract(with_body(scene()), NOTHING).new_scene
