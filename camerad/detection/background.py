"""The empty scene: learned everywhere except where something is being followed.

That exception decides everything: a background that learns under a standing person forgets the
person within seconds. Global light (exposure, dusk, a lamp) is taken out by a tone curve from
the remembered scene to the present picture. No blobs, no tracks here.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from camerad.detection.settings import DetectionSettings

Luma = NDArray[np.uint8]
Mask = NDArray[np.uint8]

_STEP = 3
"""The tone curve looks at every third pixel of every third row."""
_BINS = 32
"""Grey levels are put in this many bins for the tone curve."""
_CENTRES = np.arange(_BINS) * 8 + 3.5
_LEVELS = np.arange(256)
_PULL_PX = 60.0
_NOISE_START = 1.5
_NOISE_CAP = 30.0


@dataclass(frozen=True)
class Foreground:
    """What differs from the empty scene. All arrays are H x W uint8."""

    mask: Mask
    """255 where the picture differs."""
    solid: Mask
    """255 where it differs by more than a shadow could."""
    expected: Luma
    """The empty scene in the present light."""
    new_scene: bool
    """So much differs that this is another scene, or another light."""


class Background:
    """One camera's empty scene. Not shared between threads."""

    def __init__(self, first: Luma, settings: DetectionSettings) -> None:
        self._settings = settings
        self._scene = first.astype(np.float32)
        self._scene_u8 = first.copy()
        self._noise = np.full(first.shape, _NOISE_START, np.float32)
        self._threshold = self._thresholds()
        self._curve = np.arange(256, dtype=np.uint8)
        self._difference: Mask = np.zeros_like(first)
        self._dilate = cv2.getStructuringElement(cv2.MORPH_RECT, (3, 5))

    def subtract(self, frame: Luma, held: Mask) -> Foreground:
        """Compare `frame` with the empty scene; `held` (255) is left out of the light estimate."""
        self._curve = self._tone_curve(frame, held)
        expected = cv2.LUT(self._scene_u8, self._curve)
        difference = np.asarray(cv2.absdiff(frame, expected), np.uint8)
        self._difference = difference
        mask = cv2.compare(difference, self._threshold, cv2.CMP_GT)
        mask = cv2.medianBlur(mask, 3)
        share = cv2.countNonZero(mask) / mask.size
        darkest_shadow = cv2.convertScaleAbs(expected, alpha=self._settings.shadow_ratio)
        shadow = cv2.bitwise_and(
            cv2.compare(frame, darkest_shadow, cv2.CMP_GT),
            cv2.compare(frame, expected, cv2.CMP_LT),
        )
        solid = cv2.bitwise_and(mask, cv2.bitwise_not(shadow))
        return Foreground(
            mask=np.asarray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, self._dilate), np.uint8),
            solid=np.asarray(solid, np.uint8),
            expected=np.asarray(expected, np.uint8),
            new_scene=share > self._settings.relearn_share,
        )

    def changed(self, frame: Luma, previous: Luma) -> Mask:
        """255 where two pictures differ by more than this scene's noise."""
        difference = cv2.absdiff(frame, cv2.LUT(previous, self._step_curve(frame, previous)))
        return np.asarray(cv2.compare(difference, self._threshold, cv2.CMP_GT), np.uint8)

    def learn(self, frame: Luma, held: Mask, elapsed_s: float) -> None:
        """Follow slow change. Where `held` is 255 only the light is followed, not the picture."""
        rate = 1.0 - float(np.exp(-elapsed_s / self._settings.learn_s))
        lit = cv2.LUT(self._scene_u8, self._curve)
        target = frame.copy()
        cv2.copyTo(lit, held, target)
        cv2.accumulateWeighted(target, self._scene, rate)
        self._scene_u8 = np.asarray(cv2.convertScaleAbs(self._scene), np.uint8)
        rate = 1.0 - float(np.exp(-elapsed_s / self._settings.noise_s))
        free = cv2.bitwise_not(held)
        cv2.accumulateWeighted(self._difference, self._noise, rate, mask=free)
        self._threshold = self._thresholds()

    def absorb(self, frame: Luma, window: tuple[slice, slice]) -> None:
        """Take the picture as the empty scene in `window` (rows, columns)."""
        # the scene is remembered in its own light, the picture may be in another
        levels = np.arange(256)
        rising = np.maximum.accumulate(self._curve)
        back = np.interp(levels, rising, levels).astype(np.float32)
        self._scene[window] = back[frame[window]]
        self._scene_u8[window] = np.rint(self._scene[window]).astype(np.uint8)

    def restart(self, frame: Luma) -> None:
        """Forget the scene: `frame` is the empty scene now."""
        self._scene = frame.astype(np.float32)
        self._scene_u8 = frame.copy()

    def _step_curve(self, frame: Luma, previous: Luma) -> NDArray[np.uint8]:
        """The light's change between two pictures, as a plain shift."""
        step = frame[::_STEP, ::_STEP].astype(np.int16) - previous[::_STEP, ::_STEP]
        shift = int(np.median(step))
        return np.clip(np.arange(256) + shift, 0, 255).astype(np.uint8)

    def _thresholds(self) -> NDArray[np.uint8]:
        noise = np.minimum(self._noise, _NOISE_CAP)
        wanted = noise * self._settings.noise_factor + self._settings.min_contrast / 2
        return np.clip(wanted, self._settings.min_contrast, 255).astype(np.uint8)

    def _tone_curve(self, frame: Luma, held: Mask) -> NDArray[np.uint8]:
        """Grey level of the empty scene -> grey level it has now, 256 entries.

        Per bin of scene grey a trimmed mean of the change; bins with few pixels take over their
        neighbours' value. Pixels of bodies are a minority of a bin and are trimmed away.
        """
        scene = self._scene_u8[::_STEP, ::_STEP].ravel()
        change = frame[::_STEP, ::_STEP].ravel().astype(np.float32) - scene
        free = held[::_STEP, ::_STEP].ravel() == 0
        scene, change = scene[free], change[free]
        if scene.size < 500:
            return self._curve
        bins = scene >> 3
        base = self._first_guess(scene, change)
        shift = base.copy()
        for reach in (40.0, 20.0, 10.0):
            near = np.abs(change - shift[bins]) < reach
            count = np.bincount(bins[near], minlength=_BINS)
            total = np.bincount(bins[near], weights=change[near], minlength=_BINS)
            # the pull towards the guess steadies bins with few pixels
            shift = ((total + _PULL_PX * base) / (count + _PULL_PX)).astype(np.float32)
        curve = _LEVELS + np.interp(_LEVELS, _CENTRES, shift)
        return np.clip(np.rint(curve), 0, 255).astype(np.uint8)

    def _first_guess(self, scene: Luma, change: NDArray[np.float32]) -> NDArray[np.float32]:
        """Per bin, the change of light that explains most pixels: the last one, an even shift, or
        a gain that fits the spread of the greys.
        """
        last = self._curve[np.rint(_CENTRES).astype(int)] - np.rint(_CENTRES)
        even = np.full(_BINS, np.median(change))
        guesses = [last, even]
        few = slice(None, None, 4)
        sample, moved = scene[few], change[few]
        dark, bright = np.percentile(sample, (10, 90))
        if bright - dark > 20.0:
            now_dark, now_bright = np.percentile(sample + moved, (10, 90))
            gain = np.clip((now_bright - now_dark) / (bright - dark), 0.2, 4.0)
            guesses.append(now_dark + gain * (_CENTRES - dark) - _CENTRES)
        bins = sample >> 3
        wrong = [float(np.median(np.abs(moved - guess[bins]))) for guess in guesses]
        # the last one wins unless another is clearly better
        best = min(range(len(guesses)), key=lambda i: wrong[i] + (0.0 if i == 0 else 0.5))
        return np.asarray(guesses[best], np.float32)
