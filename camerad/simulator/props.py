"""What is built in a scene: houses, walls, the village gate; and what every prop can do.

Each prop paints itself onto a picture and hands back what it covers, so that people can walk
behind it. What stands in the street is in `furniture`.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from camerad.simulator.canvas import Brush, Colour, Patch, Picture, View, shade

_WALL_GRAIN = 3.0


class Prop(Protocol):
    """Something that stands at depth `z`."""

    @property
    def z(self) -> float: ...

    def paint(self, picture: Picture, view: View, rng: np.random.Generator) -> Patch | None:
        """Draw it; returns what it covers."""
        ...


def _grain(picture: Picture, patch: Patch | None, rng: np.random.Generator) -> None:
    if patch is None:
        return
    height, width = patch.cover.shape
    part = picture[patch.y : patch.y + height, patch.x : patch.x + width]
    grain = rng.normal(0.0, _WALL_GRAIN, (height, width, 1)) * patch.cover[..., None]
    part[:] = np.clip(part + grain, 0, 255).astype(np.uint8)


@dataclass(frozen=True)
class House:
    """A house with its front at `z`, from x0 to x1, `tall` metres to the eaves."""

    x0: float
    x1: float
    z: float
    tall: float = 3.4
    wall: Colour = (196, 206, 212)
    roof: Colour = (84, 80, 78)
    door: Colour = (52, 50, 112)
    storeys: int = 1
    lit: bool = False
    couplets: bool = True
    depth: float = 5.0

    def paint(self, picture: Picture, view: View, rng: np.random.Generator) -> Patch | None:
        p = view.pixel
        z, back = self.z, self.z + self.depth
        wall = Brush()
        for x in (self.x0, self.x1):
            # the side that the camera can see
            if (x == self.x0) == (x > 0):
                corners = ((x, 0, z), (x, self.tall, z), (x, self.tall, back), (x, 0, back))
                wall.polygon((p(c) for c in corners), shade(self.wall, 0.78))
        front = ((self.x0, 0), (self.x0, self.tall), (self.x1, self.tall), (self.x1, 0))
        wall.polygon((p((x, y, z)) for x, y in front), self.wall)
        foot = ((self.x0, 0), (self.x0, 0.55), (self.x1, 0.55), (self.x1, 0))
        wall.polygon((p((x, y, z)) for x, y in foot), shade(self.wall, 0.72))
        patch = wall.paint(picture)
        _grain(picture, patch, rng)
        self._roof(picture, view)
        self._openings(picture, view)
        return patch

    def _roof(self, picture: Picture, view: View) -> None:
        p, z = view.pixel, self.z
        ridge, over = self.tall + 1.3, 0.35
        brush = Brush()
        low, high = z - over, z + self.depth / 2
        slope = (
            (self.x0 - over, self.tall - 0.1, low),
            (self.x1 + over, self.tall - 0.1, low),
            (self.x1 + over, ridge, high),
            (self.x0 - over, ridge, high),
        )
        brush.polygon((p(c) for c in slope), self.roof)
        count = int((self.x1 - self.x0 + 2 * over) / 0.3)
        for i in range(count + 1):
            x = self.x0 - over + i * 0.3
            a, b = p((x, self.tall - 0.1, low)), p((x, ridge, high))
            brush.line(a, b, 0.8, shade(self.roof, 0.78))
        eave_a, eave_b = p(slope[0]), p(slope[1])
        brush.line(eave_a, eave_b, 0.14 * view.px_per_m(z), shade(self.roof, 0.62))
        brush.line(p(slope[3]), p(slope[2]), 0.16 * view.px_per_m(z), shade(self.roof, 0.8))
        brush.paint(picture)
        under = Brush()
        y = self.tall - 0.12
        shadow = ((self.x0, y), (self.x1, y), (self.x1, y - 0.4), (self.x0, y - 0.4))
        under.polygon((p((x, h, z)) for x, h in shadow), (20, 20, 24))
        under.paint(picture, opacity=0.35, blur_px=2.0)

    def _openings(self, picture: Picture, view: View) -> None:
        brush = Brush()
        bays = max(1, round((self.x1 - self.x0) / 2.6))
        step = (self.x1 - self.x0) / bays
        glass = (120, 205, 250) if self.lit else (92, 84, 74)
        for storey in range(self.storeys):
            base = storey * 3.0
            for bay in range(bays):
                middle = self.x0 + (bay + 0.5) * step
                if storey == 0 and bay == bays // 2:
                    self._door(brush, view, middle)
                else:
                    self._window(brush, view, middle, base + 1.0, glass)
        brush.paint(picture)

    def _door(self, brush: Brush, view: View, x: float) -> None:
        p, z, k = view.pixel, self.z, view.px_per_m(self.z)
        for a, b, top, colour in (
            (x - 0.72, x + 0.72, 2.3, (120, 128, 132)),
            (x - 0.62, x + 0.62, 2.2, self.door),
        ):
            corners = ((a, 0.05), (a, top), (b, top), (b, 0.05))
            brush.polygon((p((cx, cy, z)) for cx, cy in corners), colour)
        brush.line(p((x, 0.05, z)), p((x, 2.2, z)), 0.03 * k, shade(self.door, 0.5))
        if self.couplets:
            for side in (-0.88, 0.88):
                brush.line(p((x + side, 0.7, z)), p((x + side, 1.95, z)), 0.17 * k, (44, 40, 190))
            brush.line(p((x - 0.6, 2.45, z)), p((x + 0.6, 2.45, z)), 0.2 * k, (44, 40, 190))

    def _window(self, brush: Brush, view: View, x: float, y: float, glass: Colour) -> None:
        p, z, k = view.pixel, self.z, view.px_per_m(self.z)
        for grow, colour in ((0.08, (176, 182, 186)), (0.0, glass)):
            a, b, low, top = x - 0.6 - grow, x + 0.6 + grow, y - grow, y + 1.15 + grow
            corners = ((a, low), (a, top), (b, top), (b, low))
            brush.polygon((p((cx, cy, z)) for cx, cy in corners), colour)
        bar = (70, 72, 76) if not self.lit else (60, 90, 120)
        for dx in (-0.3, 0.0, 0.3):
            brush.line(p((x + dx, y, z)), p((x + dx, y + 1.15, z)), 0.03 * k, bar)
        brush.line(p((x - 0.6, y + 0.6, z)), p((x + 0.6, y + 0.6, z)), 0.03 * k, bar)


@dataclass(frozen=True)
class Wall:
    """A wall along the front, with a coping."""

    x0: float
    x1: float
    z: float
    tall: float = 2.1
    colour: Colour = (150, 160, 170)
    brick: bool = False

    def paint(self, picture: Picture, view: View, rng: np.random.Generator) -> Patch | None:
        p, k = view.pixel, view.px_per_m(self.z)
        brush = Brush()
        face = ((self.x0, 0), (self.x0, self.tall), (self.x1, self.tall), (self.x1, 0))
        brush.polygon((p((x, y, self.z)) for x, y in face), self.colour)
        if self.brick:
            for i in range(1, int(self.tall / 0.16)):
                a, b = p((self.x0, i * 0.16, self.z)), p((self.x1, i * 0.16, self.z))
                brush.line(a, b, 0.8, shade(self.colour, 0.86))
        low = ((self.x0, 0), (self.x0, 0.35), (self.x1, 0.35), (self.x1, 0))
        brush.polygon((p((x, y, self.z)) for x, y in low), shade(self.colour, 0.75))
        brush.line(
            p((self.x0, self.tall, self.z)),
            p((self.x1, self.tall, self.z)),
            0.16 * k,
            shade(self.colour, 0.66),
        )
        patch = brush.paint(picture)
        _grain(picture, patch, rng)
        return patch


@dataclass(frozen=True)
class Archway:
    """A village gate: pillars at x0 and x1, a tiled crossbeam with a red board between them."""

    x0: float
    x1: float
    z: float
    tall: float = 4.2
    colour: Colour = (140, 150, 165)
    board: Colour = (46, 42, 150)

    def paint(self, picture: Picture, view: View, rng: np.random.Generator) -> Patch | None:
        p, z, k = view.pixel, self.z, view.px_per_m(self.z)
        brush = Brush()
        for x in (self.x0, self.x1):
            brush.polygon(
                (p((x + dx, y, z)) for dx, y in ((-0.5, 0), (-0.5, 0.5), (0.5, 0.5), (0.5, 0))),
                shade(self.colour, 0.7),
            )
            sides = ((-0.32, 0.5), (-0.32, self.tall), (0.32, self.tall), (0.32, 0.5))
            brush.polygon((p((x + dx, y, z)) for dx, y in sides), self.colour)
            edge = p((x + 0.24, 0.5, z)), p((x + 0.24, self.tall, z))
            brush.line(*edge, 0.16 * k, shade(self.colour, 0.82))
            brush.line(p((x, 1.1, z)), p((x, 3.0, z)), 0.3 * k, (48, 44, 172))
        beam = self.tall
        brush.line(
            p((self.x0 - 0.5, beam - 0.35, z)),
            p((self.x1 + 0.5, beam - 0.35, z)),
            0.6 * k,
            self.board,
        )
        roof = (
            (self.x0 - 1.1, beam),
            (self.x1 + 1.1, beam),
            (self.x1 + 0.6, beam + 0.7),
            (self.x0 - 0.6, beam + 0.7),
        )
        brush.polygon((p((x, y, z)) for x, y in roof), (82, 76, 72))
        brush.line(
            p((self.x0 - 1.15, beam, z)), p((self.x1 + 1.15, beam, z)), 0.1 * k, (58, 54, 52)
        )
        patch = brush.paint(picture)
        _grain(picture, patch, rng)
        return patch
