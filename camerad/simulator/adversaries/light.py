"""Light that comes, goes and wanders: headlights, a lamp, a cloud, nightfall.

Light multiplies what is there; it never hides it. That is how it differs from a body.
"""

import math
from dataclasses import dataclass, field

import cv2
import numpy as np

from camerad.simulator.adversaries.layers import (
    Depth,
    Field,
    Luma,
    Spot,
    axes,
    bump,
    lit,
    ramp,
    tile,
    wave,
)


@dataclass(frozen=True)
class Night:
    """The whole scene by little light, from `from_s` on; dusk takes `over_s`."""

    gain: float = 0.55
    from_s: float = 0.0
    over_s: float = 0.0
    depth: Depth = Depth.GROUND

    def over(self, picture: Luma, t_s: float) -> Luma:
        dark = ramp(t_s, self.from_s, self.from_s + self.over_s)
        gain = 1.0 - (1.0 - self.gain) * dark
        return np.asarray(cv2.convertScaleAbs(picture, alpha=gain, beta=6.0 * dark), np.uint8)


@dataclass(frozen=True)
class Headlights:
    """The beams of cars that turn: a pool on the ground and a patch on the wall sweep through the
    spot, first from one side, then from the other. With `waits_s` one car stops with its beams on
    the spot, and its engine shakes them."""

    spot: Spot
    first_s: float = 6.0
    every_s: float = 9.0
    sweep_s: float = 3.0
    waits_s: float = 0.0
    strength: float = 1.5
    depth: Depth = Depth.LIGHT

    def over(self, picture: Luma, t_s: float) -> Luma:
        since = t_s - self.first_s
        if since < 0.0:
            return picture
        turn, moment = divmod(since, self.every_s + self.waits_s)
        reached = self._reached(moment)
        if reached is None:
            return picture
        columns, rows = axes(picture)
        span = 1.3
        from_right = int(turn) % 2 == 1
        half_way = self.spot.x if self.waits_s else 0.5
        x = half_way + span * (0.5 - reached if from_right else reached - 0.5)
        wide = 0.6 * self.spot.high
        pool = bump(columns, x, 0.16) * bump(rows, self.spot.y, 0.12)
        # on the wall the beam is an upright patch, as high as a person and as wide
        wall = bump(columns, x + 0.05, 0.16 * wide + 0.02) * bump(
            rows, self.spot.y - 0.5 * self.spot.high, 0.5 * self.spot.high
        )
        drawn = lit(picture, np.asarray(1.0 + self.strength * (pool + 0.8 * wall), np.float32))
        lamp = (self.spot.y + 0.02) - rows
        glare = bump(columns, x - 0.2 if not from_right else x + 0.2, 0.02) * bump(lamp, 0.0, 0.025)
        return np.asarray(np.clip(drawn + 190.0 * glare, 0, 255), np.uint8)

    def _reached(self, moment: float) -> float | None:
        """How far along its way a beam is after `moment` seconds; None when it is past."""
        half = self.sweep_s / 2
        if moment < half:
            return moment / self.sweep_s
        if moment < half + self.waits_s:
            return 0.5 + 0.004 * math.sin(19.0 * moment)
        if moment < self.sweep_s + self.waits_s:
            return (moment - self.waits_s) / self.sweep_s
        return None


@dataclass(frozen=True)
class Lamp:
    """A lamp over the spot that is switched at each of `switches_s`, first on; a tube that flickers
    before it burns. `wide` is the pool's half width in frame widths."""

    spot: Spot
    switches_s: tuple[float, ...]
    wide: float = 0.22
    strength: float = 1.3
    depth: Depth = Depth.LIGHT

    def over(self, picture: Luma, t_s: float) -> Luma:
        burning = self._burning(t_s)
        if burning == 0.0:
            return picture
        columns, rows = axes(picture)
        above = rows < self.spot.y
        down = np.where(above, 0.6 * self.spot.high + 0.1, 0.16).astype(np.float32)
        pool = bump(columns, self.spot.x, self.wide) * np.exp(-(((rows - self.spot.y) / down) ** 2))
        return lit(picture, np.asarray(1.0 + burning * self.strength * pool, np.float32))

    def _burning(self, t_s: float) -> float:
        past = [at for at in self.switches_s if at <= t_s]
        if len(past) % 2 == 0:
            return 0.0
        since = t_s - past[-1]
        if since < 1.4:
            return 0.7 if int(since * 5.0) % 2 == 0 else 0.05
        return 1.0 - 0.25 * math.exp(-since / 6.0)


@dataclass(frozen=True)
class Doorway:
    """A door that opens: an upright sheet of light as high and wide as a person, at the spot."""

    spot: Spot
    opens_s: float
    shuts_s: float
    strength: float = 0.8
    depth: Depth = Depth.LIGHT

    def over(self, picture: Luma, t_s: float) -> Luma:
        share = ramp(t_s, self.opens_s, self.opens_s + 1.2)
        share -= ramp(t_s, self.shuts_s, self.shuts_s + 1.2)
        if share <= 0.0:
            return picture
        columns, rows = axes(picture)
        wide = 0.2 * self.spot.high * share
        across = _edge(np.abs(columns - self.spot.x) - wide, 0.006)
        foot = _edge(rows - self.spot.y, 0.012)
        top = _edge(self.spot.y - 1.05 * self.spot.high - rows, 0.012)
        return lit(picture, np.asarray(1.0 + self.strength * across * foot * top, np.float32))


@dataclass
class Clouds:
    """Shadows of clouds that drift over the scene, `period_s` from one to the next."""

    seed: int = 1
    darkest: float = 0.5
    period_s: float = 14.0
    depth: Depth = Depth.LIGHT
    _sky: Field | None = field(default=None, init=False, repr=False)

    def over(self, picture: Luma, t_s: float) -> Luma:
        if self._sky is None:
            self._sky = tile(self.seed, 256, 64)
        height, width = picture.shape
        # the picture sees two thirds of a tile, the tile goes round in four clouds' time
        shift = int(256.0 * t_s / (4.0 * self.period_s))
        window = np.take(self._sky, np.arange(shift, shift + 171) % 256, axis=1)[:171]
        small = 1.0 / (1.0 + np.exp(-5.0 * window))
        shade = cv2.resize(small.astype(np.float32), (width, height))
        whole = 1.0 + 0.06 * wave(self.seed, t_s, 9.0)
        return lit(picture, np.asarray(whole * (1.0 - (1.0 - self.darkest) * shade), np.float32))


def _edge(beyond: Field, soft: float) -> Field:
    """1 well inside, 0 well beyond."""
    return np.asarray(1.0 / (1.0 + np.exp(np.clip(beyond / soft, -20.0, 20.0))), np.float32)
