"""The moving figures: people, an electric bicycle with its rider, a car.

Each function puts one figure at one moment onto a brush. Where and when they move is in `script`.
Figures are anonymous on purpose: a head without a face.
"""

import itertools
import math
from dataclasses import dataclass

from camerad.simulator.canvas import Brush, Colour, Pixel, View, World, shade

_THIGH_M = _SHIN_M = 0.445
_STRIDE_M = 1.06  # two steps


@dataclass(frozen=True)
class Clothes:
    """How a person is dressed and how tall they are (1 is 1.72 m)."""

    coat: Colour
    trousers: Colour
    hair: Colour = (28, 30, 34)
    skin: Colour = (128, 160, 205)
    size: float = 1.0
    bag: Colour | None = None


@dataclass(frozen=True)
class Pose:
    """A person at one moment. `heading` is a unit vector on the ground (x, z)."""

    x: float
    z: float
    heading: tuple[float, float]
    walked_m: float
    stride: float
    """1 in full walk, 0 standing."""
    idle_s: float = 0.0
    """Time spent standing; drives the small movements of one who waits."""


class _Body:
    """Turns (forward, sideways, up) of a body into pixels."""

    def __init__(self, view: View, pose: Pose, size: float) -> None:
        self._view, self._pose, self._size = view, pose, size

    def at(self, forward: float, sideways: float, up: float) -> Pixel:
        hx, hz = self._pose.heading
        k = self._size
        world: World = (
            self._pose.x + k * (forward * hx + sideways * hz),
            k * up,
            self._pose.z + k * (forward * hz - sideways * hx),
        )
        return self._view.pixel(world)

    def px(self, metres: float) -> float:
        return metres * self._size * self._view.px_per_m(self._pose.z)


def draw_person(brush: Brush, view: View, pose: Pose, clothes: Clothes) -> None:
    body = _Body(view, pose, clothes.size)
    idle = 1.0 - pose.stride
    phase = pose.walked_m / (_STRIDE_M * clothes.size)
    bob = 0.018 * pose.stride * math.cos(4 * math.pi * phase)
    sway = idle * (0.045 * math.sin(pose.idle_s * 1.1) + 0.025 * math.sin(pose.idle_s * 2.7 + 1.0))
    hip = (0.0, sway * 0.4, 0.91 + 0.015 * idle + bob)
    shoulders = (0.03 * pose.stride, sway, 1.42 + bob)

    # the limbs of the side turned away are drawn first and a little darker
    near = 1.0 if pose.heading[0] >= 0 else -1.0
    for side in (-near, near):
        dim = 0.8 if side == -near else 1.0
        _leg(brush, body, hip, side, phase, pose.stride, shade(clothes.trousers, dim))
        if side == -near:
            _arm(brush, body, shoulders, side, phase, pose, clothes, dim)
    _torso(brush, body, hip, shoulders, clothes)
    _head(brush, body, shoulders, sway, pose, clothes)
    _arm(brush, body, shoulders, near, phase, pose, clothes, 1.08)
    if clothes.bag is not None:
        hand_x = -0.05 + 0.06 * math.sin(2 * math.pi * phase) * pose.stride
        top = body.at(hand_x, near * 0.27 + sway, 0.62)
        low = body.at(hand_x, near * 0.27 + sway, 0.40)
        brush.line(top, low, body.px(0.24), clothes.bag)


def _leg(
    brush: Brush,
    body: _Body,
    hip: tuple[float, float, float],
    side: float,
    phase: float,
    stride: float,
    colour: Colour,
) -> None:
    p = (phase + (0.0 if side > 0 else 0.5)) % 1.0
    reach = 0.3 * _STRIDE_M
    if p < 0.6:  # the foot stands: it moves back exactly as fast as the body goes forward
        forward, lift = reach - p * _STRIDE_M, 0.0
    else:
        swing = (p - 0.6) / 0.4
        forward = -reach + 2 * reach * (1 - math.cos(math.pi * swing)) / 2
        lift = 0.13 * math.sin(math.pi * swing)
    forward, lift = forward * stride, lift * stride
    width = 0.085 if stride > 0.5 else 0.11
    ankle = (forward, side * width, 0.07 + lift)
    hip_side = (hip[0], hip[1] + side * 0.09, hip[2])
    knee = _knee(hip_side, ankle)
    brush.line(body.at(*hip_side), body.at(*knee), body.px(0.175), colour)
    brush.line(body.at(*knee), body.at(*ankle), body.px(0.135), colour)
    toe = (forward + 0.16, side * width * 1.15, 0.035 + lift * 0.6)
    brush.line(body.at(*ankle), body.at(*toe), body.px(0.085), (38, 38, 42))


def _knee(
    hip: tuple[float, float, float], ankle: tuple[float, float, float]
) -> tuple[float, float, float]:
    df, du = ankle[0] - hip[0], ankle[2] - hip[2]
    distance = min(math.hypot(df, du), _THIGH_M + _SHIN_M - 1e-3)
    bend = math.acos(distance / (2 * _THIGH_M))
    down = math.atan2(df, -du) + bend
    return (
        hip[0] + _THIGH_M * math.sin(down),
        (hip[1] + ankle[1]) / 2,
        hip[2] - _THIGH_M * math.cos(down),
    )


def _arm(
    brush: Brush,
    body: _Body,
    shoulders: tuple[float, float, float],
    side: float,
    phase: float,
    pose: Pose,
    clothes: Clothes,
    dim: float,
) -> None:
    swing = 0.42 * pose.stride * math.sin(2 * math.pi * phase + (math.pi if side > 0 else 0.0))
    bend = 0.35 + 0.2 * pose.stride
    if pose.stride < 0.5 and side > 0:
        # one who waits looks at a telephone now and then
        raised = max(0.0, math.sin(pose.idle_s * 0.45)) ** 0.5
        swing, bend = swing + 0.25 * raised, bend + 1.7 * raised
    start = (shoulders[0], shoulders[1] + side * 0.2, shoulders[2] - 0.04)
    elbow = (
        start[0] + 0.29 * math.sin(swing),
        start[1] + side * 0.05,
        start[2] - 0.29 * math.cos(swing),
    )
    hand = (
        elbow[0] + 0.26 * math.sin(swing + bend),
        elbow[1] - side * 0.03,
        elbow[2] - 0.26 * math.cos(swing + bend),
    )
    sleeve = shade(clothes.coat, 0.86 * dim)
    brush.line(body.at(*start), body.at(*elbow), body.px(0.115), sleeve)
    brush.line(body.at(*elbow), body.at(*hand), body.px(0.095), sleeve)
    brush.ellipse(body.at(*hand), (body.px(0.055), body.px(0.06)), clothes.skin)


def _torso(
    brush: Brush,
    body: _Body,
    hip: tuple[float, float, float],
    shoulders: tuple[float, float, float],
    clothes: Clothes,
) -> None:
    brush.polygon(
        (
            body.at(shoulders[0], shoulders[1] - 0.2, shoulders[2]),
            body.at(shoulders[0], shoulders[1] + 0.2, shoulders[2]),
            body.at(hip[0], hip[1] + 0.16, hip[2] - 0.1),
            body.at(hip[0], hip[1] - 0.16, hip[2] - 0.1),
        ),
        clothes.coat,
    )
    # a side view has depth too
    middle = body.at(shoulders[0], shoulders[1], shoulders[2] - 0.1)
    low = body.at(hip[0], hip[1], hip[2])
    brush.line(middle, low, body.px(0.3), clothes.coat)
    left = body.at(shoulders[0], shoulders[1] - 0.15, shoulders[2] - 0.05)
    right = body.at(shoulders[0], shoulders[1] + 0.15, shoulders[2] - 0.05)
    brush.line(left, right, body.px(0.17), shade(clothes.coat, 1.06))


def _head(
    brush: Brush,
    body: _Body,
    shoulders: tuple[float, float, float],
    sway: float,
    pose: Pose,
    clothes: Clothes,
) -> None:
    turn = 0.05 * math.sin(pose.idle_s * 0.8) * (1.0 - pose.stride)
    neck = (shoulders[0], shoulders[1], shoulders[2])
    centre = (shoulders[0] + 0.02, sway * 1.3 + turn, shoulders[2] + 0.21)
    brush.line(body.at(*neck), body.at(*centre), body.px(0.11), shade(clothes.skin, 0.85))
    x, y = body.at(*centre)
    brush.ellipse((x, y), (body.px(0.095), body.px(0.125)), clothes.skin)
    away = pose.heading[1] > 0.5
    drop = 0.0 if away else 0.045
    cap = body.at(centre[0] - 0.025, centre[1], centre[2] + drop)
    brush.ellipse(cap, (body.px(0.104), body.px(0.105 if away else 0.088)), clothes.hair)
    if not away:
        face = body.at(centre[0] + 0.035, centre[1] + turn, centre[2] - 0.03)
        brush.ellipse(face, (body.px(0.078), body.px(0.088)), clothes.skin)


def draw_bicycle(
    brush: Brush, view: View, pose: Pose, clothes: Clothes, paint: Colour = (70, 60, 165)
) -> None:
    """An electric bicycle seen from the side, with its rider."""
    body = _Body(view, pose, 1.0)
    tyre = (34, 34, 36)
    for forward in (-0.58, 0.6):
        hub = body.at(forward, 0.0, 0.27)
        brush.ellipse(hub, (body.px(0.27), body.px(0.27)), tyre)
        brush.ellipse(hub, (body.px(0.19), body.px(0.19)), (150, 150, 150))
        brush.ellipse(hub, (body.px(0.07), body.px(0.07)), (70, 70, 74))
    step = [(-0.72, 0.72), (-0.1, 0.72), (0.02, 0.36), (0.38, 0.36), (0.5, 0.95), (0.62, 0.9)]
    step += [(0.55, 0.25), (-0.35, 0.22), (-0.75, 0.5)]
    brush.polygon((body.at(f, 0.0, u) for f, u in step), paint)
    brush.line(body.at(0.55, 0.0, 0.3), body.at(0.43, 0.0, 1.05), body.px(0.07), (60, 60, 64))
    brush.line(body.at(0.33, 0.0, 1.08), body.at(0.48, 0.0, 1.04), body.px(0.06), (40, 40, 42))
    leg, coat = clothes.trousers, clothes.coat
    brush.line(body.at(-0.3, 0.0, 0.84), body.at(0.12, 0.0, 0.8), body.px(0.19), leg)
    brush.line(body.at(0.12, 0.0, 0.8), body.at(0.16, 0.0, 0.42), body.px(0.13), leg)
    brush.line(body.at(0.16, 0.0, 0.4), body.at(0.3, 0.0, 0.39), body.px(0.09), (38, 38, 42))
    brush.line(body.at(-0.3, 0.0, 0.86), body.at(-0.18, 0.0, 1.28), body.px(0.34), coat)
    brush.line(body.at(-0.16, 0.0, 1.3), body.at(0.06, 0.0, 1.08), body.px(0.11), shade(coat, 0.85))
    brush.line(body.at(0.06, 0.0, 1.08), body.at(0.36, 0.0, 1.09), body.px(0.09), shade(coat, 0.85))
    head = body.at(-0.1, 0.0, 1.6)
    brush.ellipse(head, (body.px(0.1), body.px(0.125)), clothes.skin)
    helmet = body.at(-0.12, 0.0, 1.65)
    brush.ellipse(helmet, (body.px(0.125), body.px(0.105)), (60, 170, 225))


# the outline of a car: (forward, up) in metres, from the rear bumper over the roof to the front
_CAR = (
    (-2.05, 0.32),
    (-2.1, 0.75),
    (-1.9, 0.98),
    (-1.35, 1.42),
    (0.15, 1.46),
    (0.95, 0.98),
    (1.85, 0.86),
    (2.1, 0.66),
    (2.08, 0.3),
)


def draw_car(brush: Brush, view: View, pose: Pose, paint: Colour, *, lights: bool = False) -> None:
    """A car that drives along x, seen from the side and from above."""
    body = _Body(view, pose, 1.0)
    # sideways is towards the camera on one heading and away on the other
    near = 0.85 if pose.heading[0] > 0 else -0.85
    for (fa, ua), (fb, ub) in itertools.pairwise(_CAR):
        roofish = abs(ub - ua) < 0.25
        glass = min(ua, ub) > 0.9 and not roofish
        colour = (74, 66, 58) if glass else shade(paint, 1.12 if roofish else 0.95)
        corners = ((fa, near, ua), (fb, near, ub), (fb, -near, ub), (fa, -near, ua))
        brush.polygon((body.at(*c) for c in corners), colour)
    brush.polygon((body.at(f, near, u) for f, u in _CAR), paint)
    for pane in (
        ((-1.28, 1.0), (-1.12, 1.34), (-0.5, 1.37), (-0.5, 1.0)),
        ((-0.42, 1.0), (-0.42, 1.37), (0.1, 1.38), (0.72, 1.0)),
    ):
        brush.polygon((body.at(f, near * 1.001, u) for f, u in pane), (70, 62, 54))
    line = shade(paint, 0.72)
    brush.line(body.at(-2.0, near, 0.62), body.at(2.0, near, 0.6), body.px(0.025), line)
    brush.line(body.at(-0.46, near, 0.96), body.at(-0.5, near, 0.4), body.px(0.02), line)
    for forward in (-1.3, 1.32):
        hub = body.at(forward, near, 0.31)
        brush.ellipse(hub, (body.px(0.33), body.px(0.33)), (28, 28, 30))
        brush.ellipse(hub, (body.px(0.2), body.px(0.2)), (150, 152, 156))
    lamp = (235, 250, 255) if lights else (200, 215, 220)
    brush.ellipse(body.at(2.0, near * 0.9, 0.68), (body.px(0.1), body.px(0.07)), lamp)
    brush.ellipse(body.at(-2.03, near * 0.9, 0.78), (body.px(0.06), body.px(0.09)), (40, 40, 190))
