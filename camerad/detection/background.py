"""The empty scene: learned everywhere except where something is being followed.

That exception decides everything: a background that learns under a standing person forgets the
person within seconds. What changes the picture without a body in it is taken out first: even
light by a tone curve (`tone_curve`), light on parts of it by a soft gain (`uneven_light`), a shaken
camera by moving the picture back (`steadying`), rain and snow by what stays (`precipitation`).
No blobs, no tracks here.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from camerad.detection.medians import median
from camerad.detection.precipitation import Precipitation
from camerad.detection.settings import DetectionSettings
from camerad.detection.steadying import steadied
from camerad.detection.tone_curve import Light, identity, thinned, tone_curve
from camerad.detection.uneven_light import Gain, brightened, lit, uneven_light, unlit

Luma = NDArray[np.uint8]
Mask = NDArray[np.uint8]

_NOISE_START = 1.5
_NOISE_CAP = 30.0
_LEARN_EVERY_S = 0.4
"""The scene changes slowly: it need not be averaged at every picture."""
_NOISE_EVERY_S = 0.8
_WORTH_A_TRY = 0.01
"""With less foreground than this share of the picture nothing but bodies is looked for."""
_MAY_BE_SHAKEN = 0.003
"""The same for a shaken camera: where there are few edges little differs."""
_LITTLE = 0.0005
"""The same where light has lately fallen on parts of the picture."""
_MISFIT = 0.25
"""Of the greys around a pixel, what is left where a picture was moved back."""
_STEADIER = 0.7
"""A picture moved back must leave less than this share of the foreground."""
_BETTER_LIT = 0.4
"""The same for light on parts of the picture, unless it explains much of the whole picture."""
_HABIT_LOOKS = 20
"""For so many pictures a camera that shook, or uneven light, is expected to go on."""
_BACKOFF_LOOKS = 24
"""What did not explain the difference is not tried again for so many pictures: bodies are about."""
_MORE = 1.3
"""Unless the difference has grown by this factor since: something came on top of the bodies."""
_OLD_SHARE = 0.3
"""A picture of an earlier scene differs from it by less than this share."""
_NEIGHBOURS = np.ones((3, 3), np.uint8)
_CLOSING = np.ones((5, 3), np.uint8)
_AROUND_PX = 61
"""The light under a body is taken from this far around it."""


class _Tries:
    """When it is worth to ask for something but bodies in what differs. `due` once a picture."""

    def __init__(self) -> None:
        self._looks = 0
        self._px = 0.0

    def due(self, px: int, least_px: float, *, expected: bool) -> bool:
        """`px` differ; what is `expected` is asked for in every picture with the least of them."""
        self._looks -= 1
        if px <= least_px or not (expected or self._looks < 0 or px > self._px):
            return False
        self._looks, self._px = _BACKOFF_LOOKS, _MORE * px
        return True


@dataclass(frozen=True)
class Foreground:
    """What differs from the empty scene. All arrays are H x W uint8."""

    mask: Mask
    """255 where the picture differs."""
    solid: Mask
    """255 where it differs by more than a shadow could."""
    expected: Luma
    """The empty scene in the present light."""
    frame: Luma
    """The picture itself; that of a shaken camera has been moved back to where the scene is."""
    share: float
    """How much of the picture differs, 0..1, before rain was taken out."""


class Background:
    """One camera's empty scene. Not shared between threads."""

    def __init__(self, first: Luma, settings: DetectionSettings) -> None:
        self._settings = settings
        self._scene = first.astype(np.float32)
        self._scene_u8 = first.copy()
        self._expected = self._scene_u8
        self._relit = False
        """Whether the scene has changed since it was last put in the present light."""
        self._noise = np.full(first.shape, _NOISE_START, np.float32)
        self.threshold = self._thresholds()
        """Grey levels by which a pixel must differ to mean anything, H x W uint8; to be read."""
        self._light = Light()
        self._difference: Mask = np.zeros_like(first)
        self._unlearned_s = 0.0
        self._unheard_s = 0.0
        self.precipitation = Precipitation()
        self._shaken = 0
        self._unevenly_lit = 0
        self._shake_tries, self._light_tries = _Tries(), _Tries()
        self._gain: Gain | None = None
        """How light on parts of the picture changes the scene in the last picture."""
        self._earlier: Luma | None = None
        """The scene before the last restart."""

    @property
    def scene(self) -> Luma:
        """The empty scene as remembered, in the light it was learned in."""
        return self._scene_u8

    def subtract(self, frame: Luma, held: Mask, *, tries: bool = True) -> Foreground:
        """Compare `frame` with the empty scene; `held` (255) is left out of the light estimate.

        Without `tries` what differs is not asked for shake and light: in the pictures that the
        scene itself is made of only bodies differ.
        """
        frame, mask = self._compared(frame, held, tries=tries)
        found = cv2.countNonZero(mask)
        self._difference = np.asarray(cv2.absdiff(frame, self._expected), np.uint8)
        mask = self.precipitation.settled(mask)
        expected = self._expected
        if not found:
            return Foreground(mask, mask, expected, frame, share=0.0)
        there = _around(mask)
        closed, solid = np.zeros_like(mask), np.zeros_like(mask)
        closed[there] = cv2.morphologyEx(mask[there], cv2.MORPH_CLOSE, _CLOSING)
        solid[there] = cv2.subtract(mask[there], self._shadow(frame[there], expected[there]))
        return Foreground(closed, solid, expected, frame, share=found / mask.size)

    def _shadow(self, frame: Luma, expected: Luma) -> Mask:
        """Darker than the scene but not as dark as a body: cast shadow, perhaps."""
        darkest = cv2.convertScaleAbs(expected, alpha=self._settings.shadow_ratio)
        lighter = cv2.compare(frame, darkest, cv2.CMP_GT)
        return np.asarray(
            cv2.bitwise_and(lighter, cv2.compare(frame, expected, cv2.CMP_LT)), np.uint8
        )

    def _compared(self, frame: Luma, held: Mask, *, tries: bool) -> tuple[Luma, Mask]:
        """The picture where the scene is, and where it differs. Sets the scene it should show.

        What explains the difference without a body is tried only where there is some: an even
        change of light first, then a shaken camera, then light on parts of the picture.
        """
        self._gain = None
        if self._light.follow(self._scene_u8, frame, held) or self._relit:
            self._expected = np.asarray(cv2.LUT(self._scene_u8, self._light.curve), np.uint8)
            self._relit = False
        mask = self._differs(frame, self._expected, self.threshold)
        if not tries:
            return frame, mask
        found = cv2.countNonZero(mask)
        if self._shake_tries.due(found, _MAY_BE_SHAKEN * mask.size, expected=self._shaken > 0):
            still = steadied(frame, self._expected, held)
            if still is not None:
                moved = self._differs(still, self._expected, self.threshold)
                if self._fits_better(moved, mask, held):
                    frame, self._shaken = still, _HABIT_LOOKS
        if self._shaken:
            self._shaken -= 1
            mask = self._differs(frame, self._expected, self.threshold)
            found = cv2.countNonZero(mask)
        little = _LITTLE if self._unevenly_lit else _WORTH_A_TRY
        if self._light_tries.due(found, little * mask.size, expected=self._unevenly_lit > 0):
            self._unevenly_lit = max(0, self._unevenly_lit - 1)
            mask = self._in_uneven_light(frame, mask, found)
        return frame, mask

    def _fits_better(self, moved: Mask, mask: Mask, held: Mask) -> bool:
        """Whether much less differs, in the whole picture or beside what is followed."""
        if cv2.countNonZero(moved) < _STEADIER * cv2.countNonZero(mask):
            return True
        free = cv2.bitwise_not(held)
        beside = cv2.countNonZero(cv2.bitwise_and(mask, free))
        return cv2.countNonZero(cv2.bitwise_and(moved, free)) < _STEADIER * beside

    def _in_uneven_light(self, frame: Luma, mask: Mask, found: int) -> Mask:
        """The better of `mask` and what remains when light on parts of the picture is allowed."""
        gain = uneven_light(self._scene_u8, frame, self.threshold)
        if gain is None:
            return mask
        expected = lit(self._scene_u8, gain)
        # what is lit more shows more noise
        threshold = cv2.multiply(self.threshold, np.maximum(gain, 1.0), dtype=cv2.CV_8U)
        rest = self._differs(frame, expected, np.asarray(threshold, np.uint8))
        left = cv2.countNonZero(rest)
        if left > _BETTER_LIT * found and found - left < _WORTH_A_TRY * mask.size:
            return mask
        # one curve for all greys cannot say what light on one place does
        self._expected, self._gain, self._relit = expected, gain, True
        self._light.forget()
        self._unevenly_lit = _HABIT_LOOKS
        return rest

    def _differs(self, frame: Luma, expected: Luma, threshold: Mask) -> Mask:
        if self._shaken:
            # what was moved back fits to a part of a pixel, which tells where greys are steep
            steep = cv2.morphologyEx(expected, cv2.MORPH_GRADIENT, _NEIGHBOURS)
            near = cv2.convertScaleAbs(steep, alpha=_MISFIT)
            difference = cv2.subtract(cv2.absdiff(frame, expected), near)
        else:
            difference = cv2.absdiff(frame, expected)
        mask = cv2.compare(difference, threshold, cv2.CMP_GT)
        return np.asarray(cv2.medianBlur(mask, 3), np.uint8)

    def changed(self, frame: Luma, previous: Luma) -> Mask:
        """255 where two pictures differ by more than this scene's noise."""
        few, before = thinned(frame)[::2, ::2], thinned(previous)[::2, ::2]
        shift = int(median(few.astype(np.int16) - before))
        # a picture and a number, held between black and white
        lit = cv2.addWeighted(previous, 1.0, previous, 0.0, shift) if shift else previous
        difference = cv2.absdiff(frame, lit)
        return np.asarray(cv2.compare(difference, self.threshold, cv2.CMP_GT), np.uint8)

    def learn(self, frame: Luma, held: Mask, elapsed_s: float) -> None:
        """Follow slow change. Where `held` is 255 only the light is followed, not the picture."""
        self._unlearned_s += elapsed_s
        self._unheard_s += elapsed_s
        if self._unlearned_s >= _LEARN_EVERY_S:
            rate = 1.0 - float(np.exp(-self._unlearned_s / self._settings.learn_s))
            self._unlearned_s = 0.0
            # the scene keeps the light it was learned in, or it would get patches
            target = frame.copy() if self._gain is None else unlit(frame, self._gain)
            cv2.copyTo(self._expected if self._gain is None else self._scene_u8, held, target)
            cv2.accumulateWeighted(target, self._scene, rate)
            if self._gain is not None:
                self._scene = brightened(self._scene, self._gain, rate)
            self._scene_u8 = np.asarray(cv2.convertScaleAbs(self._scene), np.uint8)
            self._relit = True
        if self._unheard_s >= _NOISE_EVERY_S:
            rate = 1.0 - float(np.exp(-self._unheard_s / self._settings.noise_s))
            self._unheard_s = 0.0
            free = cv2.bitwise_not(held)
            cv2.accumulateWeighted(self._difference, self._noise, rate, mask=free)
            self.threshold = self._thresholds()

    def absorb(self, frame: Luma, window: tuple[slice, slice], where: Mask | None = None) -> None:
        """Take the picture as the empty scene in `window` (rows, columns), or in the part of it
        where `where` is not 0.
        """
        # the scene is remembered in its own light, the picture may be in another
        if self._gain is not None:
            taken = unlit(frame[window], self._gain[window]).astype(np.float32)
        else:
            levels = np.arange(256)
            rising = np.maximum.accumulate(self._light.curve)
            back = np.interp(levels, rising, levels).astype(np.float32)
            taken = back[frame[window]]
        if where is not None:
            taken = np.where(where > 0, taken, self._scene[window])
        self._scene[window] = taken
        self._scene_u8[window] = np.rint(taken).astype(np.uint8)
        self._relit = True

    def restart(self, frame: Luma, held: Mask) -> None:
        """`frame` is the empty scene now; under `held` (255) the old one in the new light."""
        self._earlier = self._scene_u8.copy()
        scene = frame.astype(np.float32)
        if cv2.countNonZero(held):
            free = (held == 0).astype(np.float32)
            size = (_AROUND_PX, _AROUND_PX)
            now, then = cv2.blur(scene * free, size) + 1.0, cv2.blur(self._scene * free, size) + 1.0
            under = np.clip(self._scene * np.clip(now / then, 0.1, 8.0), 0, 255)
            scene = np.where(held > 0, under, scene).astype(np.float32)
        self._begin_with(scene)

    def recall(self, frame: Luma) -> bool:
        """Whether `frame` shows the scene before the last restart; that one is back then."""
        earlier = self._earlier
        if earlier is None:
            return False
        curve = tone_curve(earlier, frame, np.zeros_like(frame), identity())
        expected = np.asarray(cv2.LUT(earlier, curve), np.uint8)
        mask = self._differs(frame, expected, self.threshold)
        if cv2.countNonZero(mask) > _OLD_SHARE * mask.size:
            return False
        self._earlier = None
        self._begin_with(earlier.astype(np.float32))
        return True

    def _begin_with(self, scene: NDArray[np.float32]) -> None:
        self._scene = scene
        self._scene_u8 = np.asarray(cv2.convertScaleAbs(scene), np.uint8)
        self._expected = self._scene_u8
        self._gain, self._relit = None, True
        self._light.forget()

    def _thresholds(self) -> Mask:
        least = float(self._settings.min_contrast)
        factor = self._settings.noise_factor
        wanted = np.asarray(cv2.convertScaleAbs(self._noise, alpha=factor, beta=least / 2))
        most = min(255.0, _NOISE_CAP * factor + least / 2)
        return np.clip(wanted, round(least), round(most)).astype(np.uint8)


def _around(mask: Mask) -> tuple[slice, slice]:
    """Rows and columns of all that is not 0, with the room that closing it needs."""
    x, y, w, h = cv2.boundingRect(mask)
    rows, columns = _CLOSING.shape
    return slice(max(0, y - rows), y + h + rows), slice(max(0, x - columns), x + w + columns)
