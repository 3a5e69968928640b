"""The labelled clips made into other ones, whose stays are known too: proxies for unseen clips.

Each alteration takes pictures and zones and gives both back: mirrored, backwards, at another speed,
in another light, noisier, smaller, cut off below, compressed once more. Nothing detects here.
"""

import copy
import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from camerad.clip import Clip

Luma = NDArray[np.uint8]


@dataclass(frozen=True)
class Footage:
    """A clip in memory. `zones` as in labels.json: polygon, dwell_s, stays."""

    name: str
    pictures: list[Luma]
    times_s: list[float]
    zones: list[dict[str, Any]]


Alteration = Callable[[Footage], Footage]


def read(path: Path, label: dict[str, Any], width_px: int) -> Footage:
    """The clip of a label, shrunk to the width it is analysed at."""
    pictures, times_s = [], []
    with Clip(path) as clip:
        for luma, t_s in clip:
            pictures.append(shrunk(luma, width_px))
            times_s.append(t_s)
    return Footage(label["file"], pictures, times_s, copy.deepcopy(label["zones"]))


def shrunk(luma: Luma, width_px: int) -> Luma:
    """Not wider than `width_px`."""
    height, width = luma.shape
    if width <= width_px:
        return luma.copy()
    size = (width_px, round(width_px * height / width))
    return np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), np.uint8)


def mirrored(footage: Footage) -> Footage:
    """Left is right."""
    zones = _moved(footage.zones, lambda x, y: (1.0 - x, y))
    return replace(footage, pictures=[np.fliplr(p).copy() for p in footage.pictures], zones=zones)


def backwards(footage: Footage) -> Footage:
    """From the last picture to the first."""
    end_s = footage.times_s[-1]
    zones = copy.deepcopy(footage.zones)
    for stay in _stays(zones):
        stay["from_s"], stay["to_s"] = end_s - stay["to_s"], end_s - stay["from_s"]
    times_s = [end_s - t_s for t_s in reversed(footage.times_s)]
    return replace(footage, pictures=footage.pictures[::-1], times_s=times_s, zones=zones)


def slowed(factor: float) -> Alteration:
    """Everything, dwell too, takes `factor` times as long."""

    def alter(footage: Footage) -> Footage:
        zones = copy.deepcopy(footage.zones)
        for zone in zones:
            zone["dwell_s"] = [dwell_s * factor for dwell_s in zone["dwell_s"]]
        for stay in _stays(zones):
            stay["from_s"], stay["to_s"] = stay["from_s"] * factor, stay["to_s"] * factor
        return replace(footage, times_s=[t_s * factor for t_s in footage.times_s], zones=zones)

    return alter


def toned(tone: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> Alteration:
    """Each grey becomes another."""
    table = np.clip(tone(np.arange(256.0)), 0, 255).astype(np.uint8)
    return lambda footage: replace(footage, pictures=[table[p] for p in footage.pictures])


def noisy(sigma: float) -> Alteration:
    """With the grain of a dark night."""

    def alter(footage: Footage) -> Footage:
        dice = np.random.default_rng(3)
        grain = dice.normal(0.0, sigma, (7, *footage.pictures[0].shape)).astype(np.float32)
        grown = []
        for index, picture in enumerate(footage.pictures):
            rolled = np.roll(grain[index % 7], (index * 37) % 101, axis=1)
            grown.append(np.clip(picture + rolled, 0, 255).astype(np.uint8))
        return replace(footage, pictures=grown)

    return alter


def drifting(footage: Footage) -> Footage:
    """The light comes and goes by a quarter, as clouds do."""
    lit = [
        np.clip(p * (1.0 + 0.25 * np.sin(t_s / 4.0)), 0, 255).astype(np.uint8)
        for p, t_s in zip(footage.pictures, footage.times_s, strict=True)
    ]
    return replace(footage, pictures=lit)


def smaller(share: float) -> Alteration:
    """The same scene in the lower right of a larger grey frame: people are smaller.

    The lower and the right edge stay where they are, because people come and go over them.
    """

    def alter(footage: Footage) -> Footage:
        high, wide = footage.pictures[0].shape
        above, aside = round(high * (1 / share - 1)), round(wide * (1 / share - 1))
        framed = []
        for picture in footage.pictures:
            larger = np.full((high + above, wide + aside), 100, np.uint8)
            larger[above:, aside:] = picture
            framed.append(shrunk(larger, wide))
        zones = _moved(
            footage.zones,
            lambda x, y: ((x * wide + aside) / (wide + aside), (y * high + above) / (high + above)),
        )
        return replace(footage, pictures=framed, zones=zones)

    return alter


def cut_below(keep: float) -> Alteration:
    """Only the upper `keep` of each picture; zones that reached lower end at the lower edge."""

    def alter(footage: Footage) -> Footage:
        rows = round(footage.pictures[0].shape[0] * keep)
        zones = [z for z in footage.zones if min(y for _, y in z["polygon"]) < keep - 0.05]
        zones = copy.deepcopy(zones)
        for zone in zones:
            lowest = max(y for _, y in zone["polygon"])
            zone["polygon"] = [
                (x, 1.0 if y == lowest and lowest > keep - 0.2 else min(1.0, y / keep))
                for x, y in zone["polygon"]
            ]
        return replace(footage, pictures=[p[:rows].copy() for p in footage.pictures], zones=zones)

    return alter


def recompressed(crf: int) -> Alteration:
    """H.264 once more, as a poor sub-stream does it."""

    def alter(footage: Footage) -> Footage:
        import av

        high, wide = (n - n % 2 for n in footage.pictures[0].shape)
        fps = max(1, round((len(footage.times_s) - 1) / footage.times_s[-1]))
        film = io.BytesIO()
        grey = np.full((high // 2, wide), 128, np.uint8)
        with av.open(film, "w", format="mp4") as target:
            stream = target.add_stream("libx264", rate=fps)
            stream.width, stream.height, stream.pix_fmt = wide, high, "yuv420p"
            stream.options = {"preset": "veryfast", "crf": str(crf), "g": str(2 * fps)}
            for picture in footage.pictures:
                planes = np.vstack([picture[:high, :wide], grey])
                target.mux(stream.encode(av.VideoFrame.from_ndarray(planes, format="yuv420p")))
            target.mux(stream.encode(None))
        film.seek(0)
        with av.open(film) as source:
            pictures = [f.to_ndarray(format="yuv420p")[:high] for f in source.decode(video=0)]
        return replace(footage, pictures=[np.asarray(p, np.uint8).copy() for p in pictures])

    return alter


ALTERATIONS: dict[str, Alteration] = {
    "mirrored": mirrored,
    "backwards": backwards,
    "two thirds of the speed": slowed(1.5),
    "one and a half times as fast": slowed(1 / 1.5),
    "twice as fast": slowed(0.5),
    "dark": toned(lambda grey: 0.4 * grey + 8.0),
    "steep": toned(lambda grey: 1.5 * (grey - 128.0) + 128.0),
    "bright": toned(lambda grey: 255.0 * (grey / 255.0) ** 0.5),
    "negative": toned(lambda grey: 255.0 - grey),
    "noisy": noisy(6.0),
    "light comes and goes": drifting,
    "smaller": smaller(0.75),
    "cut below": cut_below(0.8),
    "poor compression": recompressed(36),
    "mirrored, dark, noisy": lambda f: noisy(5.0)(toned(lambda g: 0.6 * g + 10.0)(mirrored(f))),
    "backwards, drifting, poor": lambda f: recompressed(34)(drifting(backwards(f))),
}
"""What is done to each clip, by name."""


def _stays(zones: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [stay for zone in zones for stay in zone["stays"]]


def _moved(
    zones: list[dict[str, Any]], to: Callable[[float, float], tuple[float, float]]
) -> list[dict[str, Any]]:
    moved = copy.deepcopy(zones)
    for zone in moved:
        zone["polygon"] = [to(float(x), float(y)) for x, y in zone["polygon"]]
    return moved
