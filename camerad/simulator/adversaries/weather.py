"""Rain, snow and wind in the leaves."""

import math
from dataclasses import dataclass, field

import cv2
import numpy as np

from camerad.simulator.adversaries.layers import Depth, Field, Luma, Spot, dice, wave


@dataclass(frozen=True)
class Rain:
    """Streaks that fall through the picture in gusts, brighter than what is behind them; near ones
    are long, wide and blurred. `per_frame` counts the far ones at full strength."""

    seed: int = 1
    per_frame: int = 160
    light: float = 60.0
    depth: Depth = Depth.NEAR

    def over(self, picture: Luma, t_s: float) -> Luma:
        height, width = picture.shape
        chance = dice(self.seed, t_s)
        gust = 0.65 + 0.35 * wave(self.seed, t_s, 8.0)
        slant = 0.12 + 0.1 * wave(self.seed + 1, t_s, 11.0)
        veil = np.zeros((height, width), np.uint8)
        far = int(self.per_frame * gust)
        self._streaks(veil, chance, far, 0.035, 0.1, slant, max(1, height // 300), 0.7)
        soft = cv2.GaussianBlur(veil, (3, 3), 0.6)
        veil[:] = 0
        near = int(0.05 * self.per_frame * gust)
        self._streaks(veil, chance, near, 0.15, 0.4, slant, max(2, height // 60), 0.6)
        soft = cv2.max(soft, cv2.GaussianBlur(veil, (0, 0), max(1.0, height / 150)))
        # the ground shines and dims with the water that runs over it
        return np.asarray(cv2.addWeighted(picture, 1.0, soft, 1.0, -2.0 * gust), np.uint8)

    def _streaks(
        self,
        veil: Luma,
        chance: np.random.Generator,
        count: int,
        short: float,
        long: float,
        slant: float,
        wide: int,
        share: float,
    ) -> None:
        height, width = veil.shape
        places = chance.uniform(-0.1, 1.1, (count, 2)) * (width, height)
        lengths = chance.uniform(short, long, count) * height
        greys = chance.uniform(0.35, 1.0, count) * self.light * share
        for (x, y), length, grey in zip(places, lengths, greys, strict=True):
            end = (round(x + slant * length), round(y + length))
            cv2.line(veil, (round(x), round(y)), end, float(grey), wide, cv2.LINE_AA)


@dataclass(frozen=True)
class DropOnLens:
    """A drop that lies on the glass before the spot for `lies_s` and then runs down: what is behind
    it is blurred and upside down."""

    spot: Spot
    falls_s: float
    lies_s: float
    wide: float = 0.06
    """Half its width, of the frame's height."""
    depth: Depth = Depth.NEAR

    def over(self, picture: Luma, t_s: float) -> Luma:
        since = t_s - self.falls_s
        if since < 0.0:
            return picture
        height, width = picture.shape
        run = max(0.0, since - self.lies_s)
        y = (self.spot.y - 0.6 * self.spot.high + 0.01 * since + 0.12 * run * run) * height
        across = self.wide * height
        tall = across * (1.5 + min(1.5, 2.0 * run))
        x = self.spot.x * width + 0.1 * across * math.sin(3.0 * run)
        x0, x1 = max(0, int(x - across)), min(width, int(x + across) + 1)
        y0, y1 = max(0, int(y - tall)), min(height, int(y + tall) + 1)
        if x1 - x0 < 3 or y1 - y0 < 3:
            return picture
        drawn = picture.copy()
        part = drawn[y0:y1, x0:x1]
        behind = cv2.GaussianBlur(part[::-1, ::-1], (0, 0), max(1.0, 0.2 * across))
        columns, rows = np.arange(x0, x1) - x, np.arange(y0, y1) - y
        far = (columns[None, :] / across) ** 2 + (rows[:, None] / tall) ** 2
        cover = np.clip(4.0 * (1.0 - far), 0.0, 0.9)
        shine = 40.0 * np.exp(-12.0 * (far - 0.6) ** 2) * (rows[:, None] < 0)
        part[:] = np.clip(part * (1 - cover) + behind * cover + shine * cover, 0, 255)
        return drawn


@dataclass(frozen=True)
class Snow:
    """Flakes that sink and wobble, each on a way of its own; near ones are large and blurred."""

    seed: int = 1
    flakes: int = 140
    light: float = 130.0
    depth: Depth = Depth.NEAR

    def over(self, picture: Luma, t_s: float) -> Luma:
        height, width = picture.shape
        chance = np.random.default_rng(self.seed)
        count = self.flakes
        x, y = chance.uniform(0.0, 1.0, (2, count))
        # a fifth are near: bigger, faster, softer
        near = chance.uniform(0.0, 1.0, count) ** 3
        sinks = (0.18 + 0.5 * near) * chance.uniform(0.8, 1.2, count)
        phase = chance.uniform(0.0, 2 * math.pi, count)
        drift = 0.05 * t_s + 0.06 * wave(self.seed, t_s, 7.0)
        x = (x + drift * (0.6 + near) + 0.012 * np.sin(1.9 * t_s + phase)) % 1.1 - 0.05
        y = (y + sinks * t_s) % 1.1 - 0.05
        fine, coarse = np.zeros((2, height, width), np.uint8)
        for fx, fy, size in zip(x, y, near, strict=True):
            on = coarse if size > 0.5 else fine
            radius = (0.003 + 0.016 * size) * height
            spot = (round(fx * width * 16), round(fy * height * 16))
            grey = self.light * (0.6 + 0.4 * (1.0 - size))
            cv2.circle(on, spot, max(8, round(radius * 16)), grey, -1, cv2.LINE_AA, 4)
        soft = cv2.max(fine, cv2.GaussianBlur(coarse, (0, 0), max(1.0, 0.008 * height)))
        return np.asarray(cv2.add(picture, soft), np.uint8)


@dataclass
class Branch:
    """A branch that hangs into the picture before the spot and swings in gusts, its leaves
    fluttering, and its shadow on the ground."""

    spot: Spot
    seed: int = 1
    leaves: int = 90
    swing: float = 0.035
    """How far its tip goes, in frame widths."""
    depth: Depth = Depth.NEAR
    _places: Field | None = field(default=None, init=False, repr=False)

    def over(self, picture: Luma, t_s: float) -> Luma:
        height, width = picture.shape
        if self._places is None:
            self._places = self._grown()
        gust = 0.55 + 0.45 * wave(self.seed, t_s, 9.0)
        lean = self.swing * gust * (0.6 + math.sin(2.3 * t_s) + 0.4 * math.sin(5.1 * t_s))
        drawn = picture.copy()
        self._shadow(drawn, lean)
        for index, (x, y, lever, size, grey) in enumerate(self._places):
            flutter = 0.25 * gust * size * math.sin(7.0 * t_s + 1.3 * index)
            fx = (x + lean * lever + flutter) * width * 16
            fy = (y + 0.25 * lean * lever * math.sin(1.7 * t_s)) * height * 16
            half = (max(16, round(size * width * 16)), max(12, round(0.5 * size * width * 16)))
            angle = (37.0 * index + 40.0 * gust * math.sin(6.0 * t_s + index)) % 360.0
            spot = (round(fx), round(fy))
            cv2.ellipse(drawn, spot, half, angle, 0, 360, float(grey), -1, cv2.LINE_AA, 4)
        return drawn

    def _grown(self) -> Field:
        """Leaf -> (x, y, how much it swings, size, grey); the lowest swing most."""
        chance = np.random.default_rng(self.seed)
        down = chance.uniform(0.0, 1.0, self.leaves) ** 0.7
        reach = self.spot.y - 0.4 * self.spot.high
        x = self.spot.x + 0.05 * (1.0 - down) + chance.normal(0.0, 0.028, self.leaves)
        size = chance.uniform(0.008, 0.02, self.leaves)
        grey = chance.uniform(30.0, 95.0, self.leaves)
        return np.stack([x, reach * down, 0.15 + 0.85 * down, size, grey], axis=1).astype(
            np.float32
        )

    def _shadow(self, drawn: Luma, lean: float) -> None:
        height, width = drawn.shape
        rows = slice(max(0, int((self.spot.y - 0.06) * height)), int((self.spot.y + 0.1) * height))
        part = drawn[rows]
        columns = (np.arange(width) + 0.5) / width - self.spot.x - 0.12 - 0.8 * lean
        depths = np.linspace(-1.6, 1.6, part.shape[0])
        dapple = 0.7 + 0.3 * np.sin(260.0 * columns)[None, :] * np.sin(9.0 * depths)[:, None]
        dark = np.exp(-((columns / 0.07) ** 2))[None, :] * np.exp(-(depths**2))[:, None]
        part[:] = (part * (1.0 - 0.4 * dark * dapple)).astype(np.uint8)


@dataclass(frozen=True)
class BlownLeaves:
    """Leaves that the wind drives over the ground, in heaps, past the spot and to it."""

    spot: Spot
    seed: int = 1
    count: int = 24
    depth: Depth = Depth.BODY

    def over(self, picture: Luma, t_s: float) -> Luma:
        height, width = picture.shape
        chance = np.random.default_rng(self.seed)
        x, y = chance.uniform(0.0, 1.0, (2, self.count))
        speed = chance.uniform(0.06, 0.2, self.count)
        hops = chance.uniform(0.0, 0.05, self.count)
        drawn = picture.copy()
        gust = t_s + 1.6 * wave(self.seed, t_s, 6.0)
        for index in range(self.count):
            fx = (x[index] + speed[index] * gust) % 1.2 - 0.1
            fy = self.spot.y + 0.08 * (y[index] - 0.5)
            fy -= hops[index] * abs(math.sin(3.0 * t_s + index))
            spot = (round(fx * width * 16), round(fy * height * 16))
            half = (max(16, round(0.007 * width * 16)), max(12, round(0.004 * width * 16)))
            angle = 90.0 * t_s * (1 + index % 3) % 360.0
            grey = 45.0 + 7.0 * (index % 9)
            cv2.ellipse(drawn, spot, half, angle, 0, 360, grey, -1, cv2.LINE_AA, 4)
        return drawn
