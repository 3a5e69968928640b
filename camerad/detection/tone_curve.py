"""How the light has changed between the empty scene and the picture, as one curve of greys.

What belongs here: exposure, dusk, a lamp, an infrared switch: whatever moves each grey of the scene
to another grey all over the picture. What does not: light that falls on one place only, which is
foreground to be judged like any other.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

Luma = NDArray[np.uint8]
Mask = NDArray[np.uint8]

_WIDTH_PX = 96
"""Width of the thinned picture that the curve is made from."""
_BINS = 32
"""Grey levels are put in this many bins."""
_CENTRES = np.arange(_BINS) * 8 + 3.5
_LEVELS = np.arange(256)
_CHANGES = np.arange(256, dtype=np.float32) - 128.0
_PULL_PX = 30.0
"""So many made-up pixels pull a bin to the first guess: few pixels say little."""
_LEAST_PX = 60
"""With fewer free pixels than this nothing is said about the light."""
_CLOSE = 6.0
"""Grey levels within which a guess explains a pixel."""
_HABIT = 1.02
"""The last curve stays unless another explains this much more of the picture."""


def thinned(picture: Luma) -> Luma:
    """A small copy made by leaving pixels out, not by mixing them."""
    step = max(1, round(picture.shape[1] / _WIDTH_PX))
    height, width = picture.shape
    return picture[min(step // 2, height - 1) :: step, min(step // 2, width - 1) :: step]


def identity() -> NDArray[np.uint8]:
    """The curve of unchanged light."""
    return _LEVELS.astype(np.uint8)


def tone_curve(scene: Luma, frame: Luma, held: Mask, last: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Grey level of the empty scene -> the level it has now, 256 entries.

    Per bin of scene grey a trimmed mean of the change, pulled to the guess that explains most of
    the picture. Bodies are a minority of a bin and are trimmed away. `last` is the curve before.
    """
    few = thinned(scene)
    change = thinned(frame).astype(np.int16) - few
    free = np.asarray(cv2.bitwise_not(np.ascontiguousarray(thinned(held))), np.uint8)
    counts = _histogram(few, change, free)
    if counts.sum() < _LEAST_PX:
        return last
    shift = _first_guess(counts, last)
    base = shift
    for reach in (40.0, 20.0, 10.0):
        near = counts * (np.abs(_CHANGES - shift[:, None]) < reach)
        shift = (near @ _CHANGES + _PULL_PX * base) / (near.sum(axis=1) + _PULL_PX)
    curve = _LEVELS + np.interp(_LEVELS, _CENTRES, shift)
    return np.clip(np.rint(curve), 0, 255).astype(np.uint8)


def _histogram(scene: Luma, change: NDArray[np.int16], free: Mask) -> NDArray[np.float32]:
    """Pixels by bin of scene grey (rows) and change of grey (columns, -128 first)."""
    changes = np.clip(change + 128, 0, 255).astype(np.uint8)
    planes = [np.ascontiguousarray(scene), changes]
    spans = [0.0, 256.0, 0.0, 256.0]
    return np.asarray(cv2.calcHist(planes, [0, 1], free, [_BINS, 256], spans), np.float32)


def _first_guess(counts: NDArray[np.float32], last: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Per bin, the change of light that explains most pixels: the last one, an even shift, or a
    gain that fits the spread of the greys.
    """
    changes = counts.sum(axis=0)
    before = last[np.rint(_CENTRES).astype(int)] - np.rint(_CENTRES)
    even = np.full(_BINS, _quantile(changes, 0.5) - 128.0)
    guesses = [before, even, _stretch(counts)]
    explained = [
        float(counts[np.abs(_CHANGES - np.asarray(guess)[:, None]) < _CLOSE].sum())
        for guess in guesses
    ]
    explained[0] *= _HABIT
    return np.asarray(guesses[int(np.argmax(explained))], np.float32)


def _stretch(counts: NDArray[np.float32]) -> NDArray[np.float64]:
    """The gain and offset that take the dark and the bright end of the greys where they are now."""
    greys = counts.sum(axis=1)
    dark, bright = (8.0 * _quantile(greys, q) + 3.5 for q in (0.1, 0.9))
    levels = (_CENTRES[:, None] + _CHANGES).ravel()
    spread = np.clip(levels, 0, 255).astype(np.int64)
    now = np.bincount(spread, weights=counts.ravel(), minlength=256).astype(np.float64)
    now_dark, now_bright = _quantile(now, 0.1), _quantile(now, 0.9)
    gain = 1.0
    if bright - dark > 20.0:
        gain = min(4.0, max(0.2, (now_bright - now_dark) / (bright - dark)))
    return now_dark + gain * (_CENTRES - dark) - _CENTRES


def _quantile(counts: NDArray[np.floating], share: float) -> float:
    """The index below which `share` of the counts lie."""
    running = np.cumsum(counts)
    return float(np.searchsorted(running, share * running[-1]))
