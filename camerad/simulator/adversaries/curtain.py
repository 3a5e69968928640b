"""A curtain in an open window."""

import math
from dataclasses import dataclass

import numpy as np

from camerad.simulator.adversaries.layers import Depth, Luma, Spot, wave


@dataclass(frozen=True)
class Curtain:
    """A curtain beside the spot, as high as a person, that the wind bellies and lets fall."""

    spot: Spot
    seed: int = 1
    depth: Depth = Depth.BODY

    def over(self, picture: Luma, t_s: float) -> Luma:
        height, width = picture.shape
        top = max(0, int((self.spot.y - 1.1 * self.spot.high) * height))
        foot = int(self.spot.y * height)
        rows = np.linspace(0.0, 1.0, foot - top)[:, None]
        columns = ((np.arange(width) + 0.5) / width)[None, :] - self.spot.x
        gust = 0.5 + 0.5 * wave(self.seed, t_s, 8.0)
        # it hangs from its rail: the hem swings, the top does not
        bulge = 0.05 * gust * rows**1.5 * (1.0 + math.sin(1.9 * t_s))
        half = 0.18 * self.spot.high + 0.5 * bulge
        inside = (columns > -half) & (columns < half + bulge)
        folds = 18.0 * np.sin(420.0 * (columns - bulge) + 2.0 * rows * math.sin(1.1 * t_s))
        cloth = 190.0 + folds - 30.0 * rows
        drawn = picture.copy()
        part = drawn[top:foot]
        part[inside] = np.clip(cloth, 0, 255).astype(np.uint8)[inside]
        return drawn
