"""What stands in a street: fences, trees, lamps, stalls, signs. All of them are `props.Prop`."""

import math
from dataclasses import dataclass

import numpy as np

from camerad.simulator.canvas import Brush, Colour, Patch, Picture, View, shade


@dataclass(frozen=True)
class Fence:
    """Bars between x0 and x1: a school gate, the railing of a bridge."""

    x0: float
    x1: float
    z: float
    tall: float = 1.6
    every: float = 0.16
    colour: Colour = (150, 156, 160)
    bar_m: float = 0.035
    posts_m: float = 0.0

    def paint(self, picture: Picture, view: View, rng: np.random.Generator) -> Patch | None:
        p, z, k = view.pixel, self.z, view.px_per_m(self.z)
        brush = Brush()
        count = int((self.x1 - self.x0) / self.every)
        for i in range(count + 1):
            x = self.x0 + i * self.every
            brush.line(p((x, 0.1, z)), p((x, self.tall - 0.05, z)), self.bar_m * k, self.colour)
        for y in (0.18, self.tall - 0.1):
            a, b = p((self.x0, y, z)), p((self.x1, y, z))
            brush.line(a, b, 0.07 * k, shade(self.colour, 0.85))
        if self.posts_m:
            for i in range(int((self.x1 - self.x0) / self.posts_m) + 1):
                x = self.x0 + i * self.posts_m
                brush.line(p((x, 0, z)), p((x, self.tall + 0.15, z)), 0.24 * k, self.colour)
                brush.ellipse(p((x, self.tall + 0.2, z)), (0.15 * k, 0.1 * k), self.colour)
        return brush.paint(picture)


@dataclass(frozen=True)
class Tree:
    """A tree with its crown; the crown is a heap of leaves in several greens."""

    x: float
    z: float
    tall: float = 5.5
    crown: float = 1.9
    green: Colour = (52, 108, 70)
    trunk: Colour = (58, 74, 92)

    def paint(self, picture: Picture, view: View, rng: np.random.Generator) -> Patch | None:
        p, k = view.pixel, view.px_per_m(self.z)
        brush = Brush()
        fork = self.tall - self.crown * 0.9
        brush.line(p((self.x, 0, self.z)), p((self.x, fork, self.z)), 0.26 * k, self.trunk)
        brush.line(
            p((self.x - 0.06, 0, self.z)), p((self.x - 0.06, fork, self.z)), 0.1 * k,
            shade(self.trunk, 0.7),
        )  # fmt: skip
        for _ in range(420):
            angle, radius = rng.uniform(0, 2 * math.pi), math.sqrt(rng.uniform(0, 1)) * self.crown
            up = radius * math.sin(angle) * 0.8
            spot = p((self.x + radius * math.cos(angle), self.tall + up, self.z))
            light = 0.75 + 0.3 * (up / self.crown) + float(rng.uniform(-0.22, 0.22))
            size = float(rng.uniform(0.12, 0.3)) * k
            brush.ellipse(spot, (size, size * 0.8), shade(self.green, light))
        return brush.paint(picture)


@dataclass(frozen=True)
class Lamp:
    """A street lamp; its glow comes with the light of the night."""

    x: float
    z: float
    tall: float = 5.0
    reach: float = 1.1
    colour: Colour = (120, 122, 124)

    def paint(self, picture: Picture, view: View, rng: np.random.Generator) -> Patch | None:
        p, z, k = view.pixel, self.z, view.px_per_m(self.z)
        brush = Brush()
        brush.line(p((self.x, 0, z)), p((self.x, self.tall, z)), 0.14 * k, self.colour)
        brush.line(p((self.x, 0, z)), p((self.x, 0.7, z)), 0.24 * k, shade(self.colour, 0.8))
        tip = p((self.x + self.reach, self.tall + 0.15, z))
        brush.line(p((self.x, self.tall, z)), tip, 0.09 * k, self.colour)
        brush.ellipse(tip, (0.32 * k, 0.1 * k), (205, 215, 220))
        return brush.paint(picture)


@dataclass(frozen=True)
class Stall:
    """A market stall: a table of goods under a striped awning."""

    x: float
    z: float
    wide: float = 2.2
    awning: Colour = (70, 70, 190)
    goods: Colour = (60, 150, 210)

    def paint(self, picture: Picture, view: View, rng: np.random.Generator) -> Patch | None:
        p, z, k = view.pixel, self.z, view.px_per_m(self.z)
        left, right = self.x - self.wide / 2, self.x + self.wide / 2
        brush = Brush()
        for x in (left, right):
            brush.line(p((x, 0, z)), p((x, 2.2, z)), 0.06 * k, (130, 134, 138))
        table = ((left, 0.1), (left, 0.85), (right, 0.85), (right, 0.1))
        brush.polygon((p((x, y, z)) for x, y in table), (96, 118, 140))
        top = ((left, 0.85, z), (right, 0.85, z), (right, 0.85, z + 0.9), (left, 0.85, z + 0.9))
        brush.polygon((p(c) for c in top), (120, 140, 158))
        for _ in range(int(40 * self.wide)):
            x, deep = float(rng.uniform(left + 0.1, right - 0.1)), float(rng.uniform(0, 0.8))
            spot = p((x, 0.92, z + deep))
            tint = shade(self.goods, float(rng.uniform(0.6, 1.25)))
            brush.ellipse(spot, (0.085 * k, 0.075 * k), tint)
        bands = 8
        for i in range(bands):
            a = left - 0.2 + (self.wide + 0.4) * i / bands
            b = left - 0.2 + (self.wide + 0.4) * (i + 1) / bands
            colour = self.awning if i % 2 == 0 else (216, 220, 224)
            cloth = ((a, 2.1, z - 0.5), (b, 2.1, z - 0.5), (b, 2.7, z + 1.0), (a, 2.7, z + 1.0))
            brush.polygon((p(c) for c in cloth), colour)
            hem = ((a, 2.1), (b, 2.1), (b, 1.9), (a, 1.9))
            brush.polygon((p((x, y, z - 0.5)) for x, y in hem), shade(colour, 0.8))
        return brush.paint(picture)


@dataclass(frozen=True)
class Sign:
    """A board on a wall with something like writing on it."""

    x0: float
    x1: float
    z: float
    y: float
    tall: float = 0.7
    colour: Colour = (52, 48, 172)
    ink: Colour = (90, 215, 245)
    glyphs: int = 6

    def paint(self, picture: Picture, view: View, rng: np.random.Generator) -> Patch | None:
        p, z, k = view.pixel, self.z, view.px_per_m(self.z)
        brush, ink = Brush(), Brush()
        face = ((self.x0, 0.0), (self.x0, self.tall), (self.x1, self.tall), (self.x1, 0.0))
        brush.polygon((p((x, self.y + y, z)) for x, y in face), self.colour)
        step = (self.x1 - self.x0) / (self.glyphs + 1)
        half = min(step, self.tall) * 0.3
        for i in range(self.glyphs):
            x = self.x0 + (i + 1) * step
            y = self.y + self.tall / 2
            levels = (-half, -0.4 * half, 0.25 * half, half)
            strokes = [((-half, dy), (half, dy)) for dy in levels if rng.random() < 0.7]
            strokes += [((dx, -half), (dx, half)) for dx in levels if rng.random() < 0.6]
            slant = half * float(rng.uniform(-1, 1))
            strokes.append(((slant, half), (-slant, -half)))
            for a, b in strokes:
                start, end = p((x + a[0], y + a[1], z)), p((x + b[0], y + b[1], z))
                ink.line(start, end, 0.04 * k, self.ink)
        patch = brush.paint(picture)
        # a camera this far away shows that something is written, not what
        ink.paint(picture, opacity=0.85, blur_px=0.9)
        return patch
