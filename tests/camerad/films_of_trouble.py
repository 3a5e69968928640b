"""What is done to good pictures to make bad ones, and what only looks bad: pure functions of one
picture and the second it is taken at, so that they go over drawn and over real frames alike.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from camerad.model import Detection
from camerad.picture_health import PictureHealth

Luma = NDArray[np.uint8]
Change = Callable[[Luma, float], Luma]


def between(start_s: float, end_s: float, change: Callable[[Luma], Luma]) -> Change:
    """Good before `start_s` and from `end_s` on."""
    return lambda picture, t_s: change(picture) if start_s <= t_s < end_s else picture


def watched(
    film: Iterable[tuple[Luma, float]], change: Change, health: PictureHealth | None = None
) -> list[Detection]:
    """What picture health says of a film; only pictures it wants are changed and shown to it."""
    health = health or PictureHealth()
    said = []
    for picture, t_s in film:
        if health.wants(t_s):
            said += health.process(change(picture, t_s), t_s)
    return said


def still(picture: Luma, seconds: float, fps: float = 5.0) -> Iterator[tuple[Luma, float]]:
    """The same scene all the while, with a camera's noise."""
    for index in range(round(seconds * fps)):
        yield _noisy(picture, 2.0, index), index / fps


# -- what is wrong ---------------------------------------------------------------------------------


def black(picture: Luma) -> Luma:
    return _noisy(np.full(picture.shape, 17.0), 1.0)


def covered(picture: Luma) -> Luma:
    """A hand or a bag: what light comes through has no pattern."""
    return _noisy(60.0 + 0.1 * cv2.GaussianBlur(picture, (0, 0), picture.shape[1] / 10), 2.0)


def no_signal(picture: Luma) -> Luma:
    """What a recorder shows in place of a lost picture."""
    plain = np.full(picture.shape, 41, np.uint8)
    where = (picture.shape[1] // 3, picture.shape[0] // 2)
    cv2.putText(plain, "VIDEO LOSS", where, cv2.FONT_HERSHEY_SIMPLEX, 0.6, 235, 1)
    return plain


def washed_out(picture: Luma) -> Luma:
    return _noisy(np.minimum(picture.astype(np.float32) + 200.0, 250.0), 1.0)


def defocused(picture: Luma) -> Luma:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), picture.shape[1] / 100), np.uint8)


def turned(picture: Luma) -> Luma:
    """A third of the view to the side; what comes into it was never seen."""
    width = picture.shape[1]
    return np.ascontiguousarray(np.hstack([picture[:, width // 3 :], picture[::-1, : width // 3]]))


def sprayed(picture: Luma) -> Luma:
    """Paint in spots over most of the lens."""
    height, width = picture.shape
    dice = np.random.default_rng(3)
    paint = np.zeros(picture.shape, np.uint8)
    while np.count_nonzero(paint) < 0.75 * paint.size:
        where = (int(dice.integers(width)), int(dice.integers(height)))
        cv2.circle(paint, where, width // 12, 255, -1)
    paint = np.asarray(cv2.GaussianBlur(paint, (0, 0), width / 100), np.uint8)
    share = paint / 255.0
    return _noisy(picture * (1.0 - share) + 60.0 * share, 1.0)


# -- what only looks so ----------------------------------------------------------------------------


def lorry(at_s: float, stays_s: float = 6.0) -> Change:
    """It drives in within half a second, fills the picture for `stays_s`, and drives out."""

    def change(picture: Luma, t_s: float) -> Luma:
        width = picture.shape[1]
        front = round(2.0 * width * (t_s - at_s))
        tail = round(2.0 * width * (t_s - at_s - stays_s - 0.5))
        left, right = max(0, tail), min(width, front)
        if right <= left:
            return picture
        seen = picture.copy()
        seen[:, left:right] = 95
        for rib in range(0, width, max(8, width // 12)):
            if left <= rib < right - 4:
                seen[:, rib : rib + 3] = 130
        return seen

    return change


def nightfall(over_s: float, gain: float = 0.02, begins_s: float = 15.0) -> Change:
    """Down to `gain` of the light, with the camera's noise coming up."""

    def change(picture: Luma, t_s: float) -> Luma:
        share = min(1.0, max(0.0, (t_s - begins_s) / over_s))
        return _noisy(16.0 + (picture - 16.0) * gain**share, 1.0 + 3.0 * share, round(10 * t_s))

    return change


def infrared(picture: Luma) -> Luma:
    """Lamps beside the lens: the middle bright, the rest gone, greys of cloth and leaves others."""
    height, width = picture.shape
    across, down = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1.2, 0.8, height))
    lit = np.exp(-((across / 0.75) ** 2) - (down / 0.8) ** 2)
    return _noisy(20.0 + 1.1 * lit * 255.0 * (picture / 255.0) ** 0.6, 3.0)


def lamp_off(picture: Luma) -> Luma:
    return _noisy(16.0 + 0.18 * picture, 2.0)


def shaken(picture: Luma, t_s: float) -> Luma:
    """By wind, more than a hundredth of the width."""
    dice = np.random.default_rng(round(t_s * 1000))
    height, width = picture.shape
    x, y = dice.normal(0.0, 0.012 * width, 2)
    move = np.array([[1.0, 0.0, x], [0.0, 1.0, y]])
    moved = cv2.warpAffine(picture, move, (width, height), borderMode=cv2.BORDER_REFLECT)
    return np.asarray(moved, np.uint8)


def raining(picture: Luma, t_s: float) -> Luma:
    dice = np.random.default_rng(round(t_s * 1000))
    height, width = picture.shape
    wet = picture.copy()
    for x, y in dice.integers(0, (width, height), (120, 2)):
        cv2.line(wet, (int(x), int(y)), (int(x) + 2, int(y) + height // 30), 215, 1)
    return wet


def snowing(picture: Luma, t_s: float) -> Luma:
    dice = np.random.default_rng(round(t_s * 1000))
    height, width = picture.shape
    white = picture.copy()
    for x, y in dice.integers(0, (width, height), (120, 2)):
        cv2.circle(white, (int(x), int(y)), int(dice.integers(1, 3)), 240, -1)
    return white


def fog(over_s: float, begins_s: float = 15.0) -> Change:
    def change(picture: Luma, t_s: float) -> Luma:
        thick = 1.0 - 0.03 ** min(1.0, max(0.0, (t_s - begins_s) / over_s))
        return _noisy(picture * (1.0 - thick) + 190.0 * thick, 1.0, round(10 * t_s))

    return change


def headlights(at_s: float) -> Change:
    """A glare that crosses a dark picture within four seconds."""

    def change(picture: Luma, t_s: float) -> Luma:
        height, width = picture.shape
        dark = 0.4 * picture
        if at_s <= t_s < at_s + 4.0:
            across, down = np.meshgrid(np.linspace(0, 1, width), np.linspace(-0.6, 0.4, height))
            centre = (t_s - at_s) / 4.0
            dark = dark + 300.0 * np.exp(-(((across - centre) / 0.3) ** 2) - (down / 0.3) ** 2)
        return _noisy(dark, 1.0)

    return change


def _noisy(picture: NDArray[np.generic], size: float, seed: int | None = None) -> Luma:
    if seed is None:
        seed = int(picture[0, 0]) + int(picture[-1, -1])
    grain = np.roll(_grain(picture.shape), 17 * seed, axis=seed % 2)
    return np.clip(picture + size * grain, 0, 255).astype(np.uint8)


@cache
def _grain(shape: tuple[int, ...]) -> NDArray[np.float32]:
    return np.random.default_rng(11).normal(0.0, 1.0, shape).astype(np.float32)
