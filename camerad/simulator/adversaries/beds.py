"""The pictures under an adversary: a drawn place, or a stretch of footage with nobody in it."""

from collections.abc import Iterable

import cv2
import numpy as np

from camerad.simulator.adversaries.layers import Bed, Luma, Spot
from camerad.simulator.scenes import EAST_GATE, Scene
from camerad.simulator.stage import Stage

DRAWN_SPOT = Spot(0.55, 0.8, 0.36)


def drawn_bed(width_px: int = 320, scene: Scene = EAST_GATE, spot: Spot = DRAWN_SPOT) -> Bed:
    """One picture of a demo place without its people."""
    empty = Scene(**{**vars(scene), "cast": ()})
    picture = cv2.cvtColor(Stage(empty).frame(0.0), cv2.COLOR_BGR2GRAY)
    return Bed(scene.id, (shrunk(np.asarray(picture, np.uint8), width_px),), 5.0, spot)


def footage_bed(
    name: str,
    film: Iterable[tuple[Luma, float]],
    from_s: float,
    to_s: float,
    spot: Spot,
    *,
    width_px: int = 320,
    fps: float = 5.0,
) -> Bed:
    """The stretch `from_s` to `to_s` of a clip given as (picture, seconds), at about `fps`.

    Raises ValueError when the clip is over before the stretch begins.
    """
    pictures: list[Luma] = []
    due_s = from_s
    for picture, t_s in film:
        if t_s > to_s:
            break
        if t_s >= due_s - 1e-6:
            pictures.append(shrunk(picture, width_px))
            due_s += 1.0 / fps
    if not pictures:
        raise ValueError(f"{name}: the clip is over before {from_s:g} s")
    return Bed(name, tuple(pictures), fps, spot)


def shrunk(picture: Luma, width_px: int) -> Luma:
    """The picture at that width."""
    height, width = picture.shape
    size = (width_px, round(width_px * height / width))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
