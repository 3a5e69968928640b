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
_MIDDLES = np.rint(_CENTRES).astype(int)
_ROWS = np.arange(_BINS) * 257
_TENTHS = np.array((0.1, 0.9))
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
_ANEW_LOOKS = 4
"""In so many pictures the curve is made once, as long as the light stays as it is."""
_AS_BEFORE = 3.0
"""Grey levels within which a curve still fits, and"""
_FEWER = 0.02
"""by how much smaller the share of the picture is that it fits, before it is made anew at once."""


def thinned(picture: Luma) -> Luma:
    """A small copy made by leaving pixels out, not by mixing them."""
    step = max(1, round(picture.shape[1] / _WIDTH_PX))
    height, width = picture.shape
    return picture[min(step // 2, height - 1) :: step, min(step // 2, width - 1) :: step]


def identity() -> NDArray[np.uint8]:
    """The curve of unchanged light."""
    return _LEVELS.astype(np.uint8)


class Light:
    """The light on one camera. `follow` once a picture."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """The scene is remembered in the light that there is."""
        self.curve = identity()
        """From remembered to present greys, 256 entries."""
        self._looks = 0
        self._fitted = 1.0

    def follow(self, scene: Luma, frame: Luma, held: Mask) -> bool:
        """Make the curve anew when it is time, or when it no longer fits; whether it was made."""
        self._looks -= 1
        if self._looks > 0 and _fits(self.curve, scene, frame, held) > self._fitted - _FEWER:
            return False
        self.curve = tone_curve(scene, frame, held, self.curve)
        self._looks, self._fitted = _ANEW_LOOKS, _fits(self.curve, scene, frame, held)
        return True


def _fits(curve: NDArray[np.uint8], scene: Luma, frame: Luma, held: Mask) -> float:
    """Share of the picture outside `held` that is as the curve says."""
    expected = cv2.LUT(np.ascontiguousarray(thinned(scene)), curve)
    off = cv2.absdiff(np.ascontiguousarray(thinned(frame)), expected)
    counted = cv2.bitwise_not(np.ascontiguousarray(thinned(held)))
    fitting = cv2.bitwise_and(
        cv2.threshold(off, _AS_BEFORE, 255.0, cv2.THRESH_BINARY_INV)[1], counted
    )
    return cv2.countNonZero(fitting) / max(1, cv2.countNonZero(counted))


def tone_curve(scene: Luma, frame: Luma, held: Mask, last: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Grey level of the empty scene -> the level it has now, 256 entries.

    Per bin of scene grey a trimmed mean of the change, pulled to the guess that explains most of
    the picture. Bodies are a minority of a bin and are trimmed away. `last` is the curve before.
    """
    few, now = np.ascontiguousarray(thinned(scene)), np.ascontiguousarray(thinned(frame))
    free = np.asarray(cv2.bitwise_not(np.ascontiguousarray(thinned(held))), np.uint8)
    changes = _Changes(few, now, free)
    if changes.px < _LEAST_PX:
        return last
    shift = _first_guess(changes, now, free, last)
    base = _PULL_PX * shift
    for reach in (40.0, 20.0, 10.0):
        px, total = changes.near(shift, reach)
        shift = (total + base) / (px + _PULL_PX)
    curve = _LEVELS + np.interp(_LEVELS, _CENTRES, shift)
    return np.rint(np.minimum(np.maximum(curve, 0.0), 255.0)).astype(np.uint8)


class _Changes:
    """How many pixels of each bin of scene grey have changed by how much.

    Kept as running sums over the change, so that every question about a range of it is two
    look-ups a bin.
    """

    def __init__(self, scene: Luma, now: Luma, free: Mask) -> None:
        # what has changed by more than a byte can say is put at its end
        risen = np.asarray(cv2.addWeighted(now, 1.0, scene, -1.0, 128.0), np.uint8)
        spans = [0.0, 256.0, 0.0, 256.0]
        counts = cv2.calcHist([scene, risen], [0, 1], free, [_BINS, 256], spans)
        running = np.zeros((2, _BINS, 257), np.float32)
        np.cumsum(counts, axis=1, out=running[0, :, 1:])
        np.cumsum(counts * _CHANGES, axis=1, out=running[1, :, 1:])
        self._running = running.reshape(2, -1)
        self._by_change = running[0, :, 1:].sum(axis=0)
        self.by_bin: NDArray[np.float32] = running[0, :, -1]
        """Pixels in each bin."""
        self.px = float(self._by_change[-1])

    def near(self, shift: NDArray[np.float64], reach: float) -> NDArray[np.float32]:
        """Per bin, the pixels that changed by up to `reach` more or less than `shift`, and the sum
        of their changes: 2 x ... x bins.
        """
        least = np.minimum(np.maximum(shift + (129.0 - reach), 0.0), 256.0).astype(np.int32)
        most = np.minimum(np.maximum(shift + (129.0 + reach), 0.0), 256.0).astype(np.int32)
        return self._running[:, most + _ROWS] - self._running[:, least + _ROWS]

    def usual(self) -> float:
        """The middle change of all pixels."""
        return float(np.searchsorted(self._by_change, 0.5 * self.px)) - 128.0


def _first_guess(
    changes: _Changes, now: Luma, free: Mask, last: NDArray[np.uint8]
) -> NDArray[np.float64]:
    """Per bin, the change of light that explains most pixels: the last one, an even shift, or a
    gain that fits the spread of the greys.
    """
    before = last[_MIDDLES].astype(np.float64) - _MIDDLES
    even = np.full(_BINS, changes.usual())
    guesses = np.stack([before, even, _stretch(changes, now, free)])
    explained = changes.near(guesses, _CLOSE)[0].sum(axis=1)
    explained[0] *= _HABIT
    return np.asarray(guesses[np.argmax(explained)], np.float64)


def _stretch(changes: _Changes, now: Luma, free: Mask) -> NDArray[np.float64]:
    """The gain and offset that take the dark and the bright end of the greys where they are now."""
    dark, bright = 8.0 * _ends(changes.by_bin) + 3.5
    greys = cv2.calcHist([now], [0], free, [256], [0.0, 256.0])
    now_dark, now_bright = _ends(np.asarray(greys, np.float32).ravel())
    gain = 1.0
    if bright - dark > 20.0:
        gain = min(4.0, max(0.2, (now_bright - now_dark) / (bright - dark)))
    return np.asarray(now_dark + gain * (_CENTRES - dark) - _CENTRES, np.float64)


def _ends(counts: NDArray[np.float32]) -> NDArray[np.float64]:
    """The indices below which a tenth and nine tenths of the counts lie."""
    running = np.cumsum(counts)
    return np.asarray(np.searchsorted(running, running[-1] * _TENTHS), np.float64)
