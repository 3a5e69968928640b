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
from camerad.detection.tone_curve import identity, thinned, tone_curve

Luma = NDArray[np.uint8]
Mask = NDArray[np.uint8]

_NOISE_START = 1.5
_NOISE_CAP = 30.0
_LEARN_EVERY_S = 0.4
"""The scene changes slowly: it need not be averaged at every picture."""
_NOISE_EVERY_S = 0.8


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
        self._expected = self._scene_u8
        self._noise = np.full(first.shape, _NOISE_START, np.float32)
        self._threshold = self._thresholds()
        self._curve = identity()
        self._difference: Mask = np.zeros_like(first)
        self._dilate = cv2.getStructuringElement(cv2.MORPH_RECT, (3, 5))
        self._unlearned_s = 0.0
        self._unheard_s = 0.0

    @property
    def scene(self) -> Luma:
        """The empty scene as remembered, in the light it was learned in."""
        return self._scene_u8

    def subtract(self, frame: Luma, held: Mask) -> Foreground:
        """Compare `frame` with the empty scene; `held` (255) is left out of the light estimate."""
        self._curve = tone_curve(self._scene_u8, frame, held, self._curve)
        self._expected = np.asarray(cv2.LUT(self._scene_u8, self._curve), np.uint8)
        expected = self._expected
        self._difference = np.asarray(cv2.absdiff(frame, expected), np.uint8)
        mask = cv2.compare(self._difference, self._threshold, cv2.CMP_GT)
        mask = cv2.medianBlur(mask, 3)
        found = cv2.countNonZero(mask)
        if not found:
            nothing = np.asarray(mask, np.uint8)
            return Foreground(nothing, nothing, expected, new_scene=False)
        darkest_shadow = cv2.convertScaleAbs(expected, alpha=self._settings.shadow_ratio)
        # darker than the scene but not as dark as a body: cast shadow, perhaps
        shadow = cv2.bitwise_and(
            cv2.compare(frame, darkest_shadow, cv2.CMP_GT),
            cv2.compare(frame, expected, cv2.CMP_LT),
        )
        solid = cv2.subtract(mask, shadow)
        return Foreground(
            mask=np.asarray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, self._dilate), np.uint8),
            solid=np.asarray(solid, np.uint8),
            expected=expected,
            new_scene=found / mask.size > self._settings.relearn_share,
        )

    def changed(self, frame: Luma, previous: Luma) -> Mask:
        """255 where two pictures differ by more than this scene's noise."""
        step = thinned(frame).astype(np.int16) - thinned(previous)
        shift = int(np.median(step[::2, ::2]))
        lit = previous
        if shift > 0:
            lit = np.minimum(previous, np.uint8(255 - shift)) + np.uint8(shift)
        elif shift < 0:
            lit = np.maximum(previous, np.uint8(-shift)) - np.uint8(-shift)
        difference = cv2.absdiff(frame, lit)
        return np.asarray(cv2.compare(difference, self._threshold, cv2.CMP_GT), np.uint8)

    def learn(self, frame: Luma, held: Mask, elapsed_s: float) -> None:
        """Follow slow change. Where `held` is 255 only the light is followed, not the picture."""
        self._unlearned_s += elapsed_s
        self._unheard_s += elapsed_s
        if self._unlearned_s >= _LEARN_EVERY_S:
            rate = 1.0 - float(np.exp(-self._unlearned_s / self._settings.learn_s))
            self._unlearned_s = 0.0
            target = frame.copy()
            cv2.copyTo(self._expected, held, target)
            cv2.accumulateWeighted(target, self._scene, rate)
            self._scene_u8 = np.asarray(cv2.convertScaleAbs(self._scene), np.uint8)
        if self._unheard_s >= _NOISE_EVERY_S:
            rate = 1.0 - float(np.exp(-self._unheard_s / self._settings.noise_s))
            self._unheard_s = 0.0
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
        self._expected = self._scene_u8
        self._curve = identity()

    def _thresholds(self) -> Mask:
        least = float(self._settings.min_contrast)
        factor = self._settings.noise_factor
        wanted = np.asarray(cv2.convertScaleAbs(self._noise, alpha=factor, beta=least / 2))
        most = min(255.0, _NOISE_CAP * factor + least / 2)
        return np.clip(wanted, round(least), round(most)).astype(np.uint8)
