"""What the camera itself does: noise, compression, infrared, a shaken pole, a hunting focus."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from camerad.simulator.adversaries.layers import (
    Depth,
    Field,
    Luma,
    axes,
    bump,
    dice,
    lit,
    ramp,
    tile,
    wave,
)

_GRAINS = 7
_GRAIN_PX = 512


@dataclass
class Noise:
    """A sensor's noise: `start` grey levels (standard deviation), growing to `end` by `by_s`."""

    start: float = 1.5
    end: float = 1.5
    by_s: float = 1.0
    seed: int = 1
    depth: Depth = Depth.SENSOR
    _grains: Sequence[Field] = field(default=(), init=False, repr=False)

    def over(self, picture: Luma, t_s: float) -> Luma:
        if not self._grains:
            self._grains = [self._grain(index) for index in range(_GRAINS)]
        height, width = picture.shape
        chance = dice(self.seed, t_s)
        grain = self._grains[int(chance.integers(_GRAINS))]
        rows = (np.arange(height) + int(chance.integers(_GRAIN_PX))) % _GRAIN_PX
        columns = (np.arange(width) + int(chance.integers(_GRAIN_PX))) % _GRAIN_PX
        sigma = self.start + (self.end - self.start) * min(1.0, t_s / self.by_s)
        grainy = np.asarray(grain[rows][:, columns] * np.float32(sigma), np.float32)
        return np.asarray(cv2.add(picture, grainy, dtype=cv2.CV_8U), np.uint8)

    def _grain(self, index: int) -> Field:
        raw = np.random.default_rng((self.seed, index)).standard_normal((_GRAIN_PX, _GRAIN_PX))
        smooth = cv2.GaussianBlur(raw.astype(np.float32), (0, 0), 0.6)
        return np.asarray(smooth / smooth.std(), np.float32)


@dataclass(frozen=True)
class Compression:
    """A starved encoder: blocks that change with every picture, and a pulse at each key frame."""

    quality: int = 14
    key_every_s: float = 2.0
    depth: Depth = Depth.SENSOR

    def over(self, picture: Luma, t_s: float) -> Luma:
        in_group = math.fmod(t_s, self.key_every_s) / self.key_every_s
        quality = round(self.quality * (0.6 if in_group < 0.08 else 1.0 + 0.8 * in_group))
        _, coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
        return np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), np.uint8)


@dataclass
class Infrared:
    """Day turns to infrared at each of `switches_s`, and back: black, then glare, then a scene in
    which cloth, leaves and walls have other greys than by day, lit from the camera."""

    switches_s: tuple[float, ...]
    seed: int = 1
    depth: Depth = Depth.SENSOR
    _matter: Field | None = field(default=None, init=False, repr=False)

    def over(self, picture: Luma, t_s: float) -> Luma:
        past = [at for at in self.switches_s if at <= t_s]
        since = t_s - past[-1] if past else math.inf
        if since < 0.4:
            return np.asarray(cv2.convertScaleAbs(picture, alpha=0.05), np.uint8)
        seen = self._by_infrared(picture) if len(past) % 2 == 1 else picture
        # exposure finds its way back from too much
        glare = 1.0 + 1.5 * math.exp(-(since - 0.4) / 0.5) if past else 1.0
        return np.asarray(cv2.convertScaleAbs(seen, alpha=glare), np.uint8)

    def _by_infrared(self, picture: Luma) -> Luma:
        if self._matter is None:
            self._matter = tile(self.seed, 256, 32)
        height, width = picture.shape
        matter = cv2.resize(self._matter[:144], (width, height))
        columns, rows = axes(picture)
        lamp = 0.35 + 0.9 * bump(columns, 0.5, 0.55) * bump(rows, 0.6, 0.6)
        throws = 0.62 + 0.22 * np.tanh(1.5 * matter)
        return lit(picture, np.asarray(throws * lamp, np.float32), 24.0)


@dataclass(frozen=True)
class Shake:
    """A pole in the wind: the picture jumps by `far` of the frame's width, more in gusts."""

    seed: int = 1
    far: float = 0.004
    depth: Depth = Depth.SENSOR

    def over(self, picture: Luma, t_s: float) -> Luma:
        height, width = picture.shape
        chance = dice(self.seed, t_s)
        gust = 0.4 + 1.6 * max(0.0, wave(self.seed, t_s, 10.0))
        dx, dy = chance.normal(0.0, 1.0, 2) * (
            self.far * gust * width,
            0.7 * self.far * gust * width,
        )
        turn = float(chance.normal(0.0, 1.0)) * 0.1 * gust
        moved = cv2.getRotationMatrix2D((width / 2, height / 2), turn, 1.0)
        moved[:, 2] += (dx, dy)
        shaken = cv2.warpAffine(picture, moved, (width, height), borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(shaken, np.uint8)


@dataclass(frozen=True)
class FocusHunt:
    """An autofocus that searches at each of `hunts_s` for `seconds`, and breathes as it does."""

    hunts_s: tuple[float, ...]
    seconds: float = 2.5
    blur: float = 0.012
    """Widest blur, of the frame's height."""
    depth: Depth = Depth.SENSOR

    def over(self, picture: Luma, t_s: float) -> Luma:
        for at in self.hunts_s:
            share = ramp(t_s, at, at + 0.4 * self.seconds) - ramp(
                t_s, at + 0.6 * self.seconds, at + self.seconds
            )
            if share <= 0.01:
                continue
            height, width = picture.shape
            grown = cv2.getRotationMatrix2D((width / 2, height / 2), 0.0, 1.0 + 0.02 * share)
            near = cv2.warpAffine(picture, grown, (width, height), borderMode=cv2.BORDER_REPLICATE)
            return np.asarray(
                cv2.GaussianBlur(near, (0, 0), 0.3 + self.blur * share * height), np.uint8
            )
        return picture
